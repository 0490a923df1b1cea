/* SPDX-License-Identifier: Apache-2.0 */
/* Copies and round trips of a flag as C. Written against devices/gpu/copy.cu.inl and flag.cu.inl,
 * not generated from them.
 *
 * STUB_GPU_SKIP_BYTES=16   the last bytes that a copy of a kernel leaves out */
#include "devices/gpu/params.inl"
#include "kernels.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* The pieces that have an address; the rest of the table is empty. */
void stub_run_copies(void **params)
{
    const struct gpu_copies_params *copies = params[0];
    const char                     *fault  = getenv("STUB_GPU_SKIP_BYTES");
    unsigned long long              skip   = fault ? strtoull(fault, NULL, 10) : 0;

    for (int i = 0; i < GPU_COPIES_MAX && copies->copies[i].to; i++) {
        const struct gpu_copy *copy = &copies->copies[i];

        if (copy->byte_count > skip) {
            memcpy(copy->to, copy->from, copy->byte_count - skip);
        }
    }
}

static int await(const unsigned long long *flag, unsigned long long round, int64_t give_up_ns)
{
    while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) < round) {
        if (stub_now_ns() > give_up_ns) {
            return 0;
        }
        (void)sched_yield();
    }
    return 1;
}

void stub_run_ping_pong(void **params)
{
    const struct gpu_ping_pong_params *values     = params[0];
    unsigned long long                 past       = values->own[GPU_FLAG_PAST_WORD];
    int64_t                            give_up_ns = stub_after_ns(values->timeout_ticks);

    for (unsigned long long round = past + 1; round <= past + values->round_count; round++) {
        if (values->begins) {
            __atomic_store_n(values->peer, round, __ATOMIC_RELEASE);
        }
        if (!await(values->own, round, give_up_ns)) {
            *values->is_lost = 1;
            return;
        }
        if (!values->begins) {
            __atomic_store_n(values->peer, round, __ATOMIC_RELEASE);
        }
    }
    values->own[GPU_FLAG_PAST_WORD] = past + values->round_count;
}
