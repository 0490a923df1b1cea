/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels as C. Written against devices/gpu/kernels.cu, not generated from it. */
#include "kernels.h"

#include "backends/gpu/shuffle_params.inl"
#include "collectivex/digest.h"
#include "devices/gpu/params.inl"
#include "stub.h"

#include <sched.h>
#include <string.h>
#include <time.h>

int64_t stub_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t stub_after_ns(unsigned long long ticks)
{
    return stub_now_ns() + (int64_t)ticks * NS_PER_TICK;
}

static void run_poison(void **params)
{
    unsigned char *memory     = *(unsigned char **)params[0];
    uint64_t       byte_count = *(uint64_t *)params[1], seed = *(uint64_t *)params[2];

    for (uint64_t i = 0; i < byte_count; i += 8) {
        uint64_t word = cx_poison_word(seed, i / 8), left = byte_count - i;

        memcpy(memory + i, &word, left < 8 ? left : 8);
    }
}

/* Blocks are added from the last to the first, as no order is promised. */
static void run_digest(void **params)
{
    const unsigned char *memory      = *(const unsigned char **)params[0];
    uint64_t             byte_count  = *(uint64_t *)params[1];
    uint64_t            *sum         = *(uint64_t **)params[2];
    uint64_t             block_count = (byte_count + 15) / 16;

    for (uint64_t i = block_count; i-- > 0;) {
        uint64_t words[2] = {0, 0};
        uint64_t left     = byte_count - 16 * i;

        memcpy(words, memory + 16 * i, left < 16 ? left : 16);
        *sum += cx_digest_block(words[0], words[1], i);
    }
}

static void run_barrier(void **params)
{
    const struct gpu_barrier_params *barrier    = params[0];
    unsigned long long              *own        = barrier->flags[barrier->rank];
    unsigned long long               meeting    = ++own[barrier->rank_count * GPU_FLAG_WORDS];
    int64_t                          give_up_ns = stub_after_ns(barrier->timeout_ticks);

    for (int peer = 0; peer < barrier->rank_count; peer++) {
        __atomic_store_n(barrier->flags[peer] + barrier->rank * GPU_FLAG_WORDS, meeting,
                         __ATOMIC_RELEASE);
    }
    for (int peer = 0; peer < barrier->rank_count; peer++) {
        while (__atomic_load_n(own + peer * GPU_FLAG_WORDS, __ATOMIC_ACQUIRE) < meeting) {
            if (stub_now_ns() > give_up_ns) {
                *barrier->missing_rank = (unsigned long long)peer + 1;
                return;
            }
            (void)sched_yield();
        }
    }
}

const stub_kernel_t *stub_kernel_find(const char *name)
{
    static const stub_kernel_t kernels[] = {
        {"cx_gpu_spin", {8}, NULL},
        {"cx_gpu_poison", {8, 8, 8}, run_poison},
        {"cx_gpu_digest", {8, 8, 8}, run_digest},
        {"cx_gpu_flush", {8, 8}, NULL},
        {"cx_gpu_barrier", {sizeof(struct gpu_barrier_params)}, run_barrier},
        {"cx_gpu_fill", {sizeof(struct gpu_spans_params)}, stub_run_fill},
        {"cx_gpu_verify", {sizeof(struct gpu_spans_params), 8}, stub_run_verify},
        {"cx_gpu_copies", {sizeof(struct gpu_copies_params)}, stub_run_copies},
        {"cx_gpu_ping_pong", {sizeof(struct gpu_ping_pong_params)}, stub_run_ping_pong},
        {"cx_gpu_shuffle_plan", {sizeof(struct gpu_shuffle_params)}, stub_run_shuffle_plan},
        {"cx_gpu_shuffle_pack", {sizeof(struct gpu_shuffle_params)}, stub_run_shuffle_pack},
        {"cx_gpu_shuffle_unpack", {sizeof(struct gpu_shuffle_params)}, stub_run_shuffle_unpack},
        {"cx_gpu_shuffle_return", {sizeof(struct gpu_shuffle_params)}, stub_run_shuffle_return},
        {"cx_gpu_shuffle_sum", {sizeof(struct gpu_shuffle_params)}, stub_run_shuffle_sum},
    };

    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (strcmp(kernels[i].name, name) == 0) {
            return &kernels[i];
        }
    }
    return NULL;
}
