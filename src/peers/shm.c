/* SPDX-License-Identifier: Apache-2.0 */
/* Steps: each rank counts its own up, and a step is over when all have reached it.
 *
 * A rank can be at most one step ahead of another, because it needs all others to leave a step. So
 * what belongs to a step lies in one of two places, chosen by the step's parity, and is free again
 * two steps later: no second synchronisation, no flag that is ever reset, and nobody has to wait
 * for a rank that has left. */
#include "peers/shm.h"

#include "base/deadline.h"
#include "base/fail.h"

#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define AREA_BYTES ((size_t)64 * 1024)
/* Two cache lines, as processors fetch them in pairs. */
#define LINE_BYTES 128
#define LOOK_NS (5 * CX_NS_PER_MS)
/* Loads between two looks around: some microseconds. */
#define SPIN_COUNT 100
/* How long a rank waits before it offers its processor. Long, where each rank has one: a yield may
 * not come back for a time slice, and ranks that yield to each other on one processor look idle to
 * a scheduler that should part them. */
#define PATIENCE_NS (CX_NS_PER_MS / 20)
/* Where there are fewer processors than ranks, the rank that is waited for may need this one. */
#define SPIN_COUNT_OVERSUBSCRIBED 16

typedef enum cx_verdict_state { NONE, IN_WRITING, WRITTEN } cx_verdict_state_t;

typedef struct cx_shm_line {
    _Alignas(LINE_BYTES) _Atomic uint64_t step;
    cx_call_t calls[2];
    cpu_set_t cpus; /* where the rank may run, as it was when it came */
} cx_shm_line_t;

struct cx_shm_head {
    _Alignas(LINE_BYTES) _Atomic uint32_t verdict_state; /* cx_verdict_state_t */
    cx_status_t   verdict_status;
    char          verdict[CX_VERDICT_BYTES];
    cx_shm_line_t lines[]; /* [rank_count], then [rank_count][2] areas */
};

static size_t lines_bytes(int32_t rank_count)
{
    return sizeof(cx_shm_head_t) + (size_t)rank_count * sizeof(cx_shm_line_t);
}

size_t cx_shm_bytes(int32_t rank_count)
{
    return lines_bytes(rank_count) + (size_t)rank_count * 2 * AREA_BYTES;
}

static char *area(const cx_shm_t *shm, int32_t rank)
{
    return (char *)shm->head + lines_bytes(shm->rank_count) +
           ((size_t)rank * 2 + (shm->step & 1)) * AREA_BYTES;
}

cx_status_t cx_shm_open(cx_shm_t *shm, int fd, int32_t rank, int32_t rank_count)
{
    void *memory = mmap(NULL, cx_shm_bytes(rank_count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED) {
        return CX_FAIL(CX_RESOURCE, "cannot map the shared memory of %" PRId32 " ranks",
                       rank_count);
    }
    *shm = (cx_shm_t){.head       = memory,
                      .rank       = rank,
                      .rank_count = rank_count,
                      .spin_count = SPIN_COUNT_OVERSUBSCRIBED};
    (void)sched_getaffinity(0, sizeof(cpu_set_t), &shm->head->lines[rank].cpus);
    return CX_OK;
}

void cx_shm_settle(cx_shm_t *shm)
{
    cpu_set_t all;

    CPU_ZERO(&all);
    for (int32_t rank = 0; rank < shm->rank_count; rank++) {
        CPU_OR(&all, &all, &shm->head->lines[rank].cpus);
    }
    if (CPU_COUNT(&all) >= shm->rank_count) {
        shm->spin_count  = SPIN_COUNT;
        shm->patience_ns = PATIENCE_NS;
    }
}

void cx_shm_close(cx_shm_t *shm)
{
    if (shm->head) {
        (void)munmap(shm->head, cx_shm_bytes(shm->rank_count));
        shm->head = NULL;
    }
}

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint64_t step_of(const cx_shm_t *shm, int32_t rank)
{
    return atomic_load_explicit(&shm->head->lines[rank].step, memory_order_acquire);
}

/* The first rank that fails says why to all; a later one keeps its own sentence. */
static cx_status_t spread_failure(cx_shm_t *shm, cx_star_t *star, cx_status_t status)
{
    cx_shm_head_t *head     = shm->head;
    uint32_t       expected = NONE;

    if (atomic_compare_exchange_strong(&head->verdict_state, &expected, IN_WRITING)) {
        head->verdict_status = status;
        memcpy(head->verdict, star->verdict, sizeof head->verdict);
        atomic_store_explicit(&head->verdict_state, WRITTEN, memory_order_release);
    }
    return status;
}

static cx_status_t fail_silent(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call)
{
    cx_rank_list_t silent = {0};
    char           own[128];

    for (int32_t rank = 0; rank < shm->rank_count; rank++) {
        if (step_of(shm, rank) < shm->step) {
            cx_rank_list_add(&silent, rank);
        }
    }
    cx_call_describe(call, shm->rank, shm->step, own, sizeof own);
    return cx_star_fail(star, CX_TIMEOUT, "no answer from rank %s: %s", cx_rank_list_text(&silent),
                        own);
}

/* The slow path of waiting for `rank` since `*since_ns` (0 at the first look): is there still
 * something to wait for? The order matters: a rank may leave for good once it has seen everybody,
 * and a rank that fails says so before it leaves, so a closed connection is only believed after
 * both were looked at. */
static cx_status_t look_around(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call, int32_t rank,
                               int64_t deadline_ns, int64_t *since_ns)
{
    cx_shm_head_t *head      = shm->head;
    int64_t        now_ns    = cx_now_ns();
    int32_t        lost_rank = -1;

    *since_ns = *since_ns ? *since_ns : now_ns;
    if (now_ns >= shm->next_look_ns) {
        lost_rank         = cx_star_find_lost(star);
        shm->next_look_ns = now_ns + LOOK_NS;
    }
    if (step_of(shm, rank) >= shm->step) {
        return CX_OK;
    }
    if (atomic_load_explicit(&head->verdict_state, memory_order_acquire) == WRITTEN) {
        return cx_star_fail(star, head->verdict_status, "%.*s", CX_VERDICT_BYTES - 1,
                            head->verdict);
    }
    if (lost_rank >= 0) {
        return spread_failure(
            shm, star,
            cx_star_fail(star, CX_PEER, "rank %" PRId32 " closed its connection", lost_rank));
    }
    if (now_ns >= deadline_ns) {
        return spread_failure(shm, star, fail_silent(shm, star, call));
    }
    if (now_ns - *since_ns >= shm->patience_ns) {
        (void)sched_yield();
    }
    return CX_OK;
}

static cx_status_t wait_for(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call, int32_t rank,
                            int64_t deadline_ns)
{
    int64_t spins = 0, since_ns = 0;

    while (step_of(shm, rank) < shm->step) {
        relax();
        if (++spins >= shm->spin_count) {
            CX_TRY(look_around(shm, star, call, rank, deadline_ns, &since_ns));
            spins = 0;
        }
    }
    return CX_OK;
}

/* All ranks compare all calls with rank 0's, so all come to the same sentence. */
static cx_status_t compare_calls(cx_shm_t *shm, cx_star_t *star)
{
    const cx_shm_line_t *lines = shm->head->lines;
    const cx_call_t     *first = &lines[0].calls[shm->step & 1];
    char                 theirs[128], firsts[128];

    for (int32_t rank = 1; rank < shm->rank_count; rank++) {
        const cx_call_t *call = &lines[rank].calls[shm->step & 1];

        if (!cx_call_is_same(call, first)) {
            cx_call_describe(call, rank, shm->step, theirs, sizeof theirs);
            cx_call_describe(first, 0, shm->step, firsts, sizeof firsts);
            return cx_star_fail(star, CX_PEER, "ranks are out of step: %s, %s", theirs, firsts);
        }
    }
    return CX_OK;
}

/* Publishes what lies in the own area of this step and waits until all have. `shm->step` is this
 * step already. */
static cx_status_t meet(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call, int64_t deadline_ns)
{
    cx_shm_line_t *line = &shm->head->lines[shm->rank];

    line->calls[shm->step & 1] = *call;
    atomic_store_explicit(&line->step, shm->step, memory_order_release);
    for (int32_t rank = 0; rank < shm->rank_count; rank++) {
        CX_TRY(wait_for(shm, star, call, rank, deadline_ns));
    }
    return compare_calls(shm, star);
}

/* Bytes of the chunk that starts at `done_bytes`. */
static size_t chunk_bytes(const cx_call_t *call, size_t done_bytes)
{
    size_t left_bytes = (size_t)call->bytes - done_bytes;

    return left_bytes < AREA_BYTES ? left_bytes : AREA_BYTES;
}

cx_status_t cx_shm_allgather(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call,
                             const void *mine, void *all, int64_t deadline_ns)
{
    size_t done_bytes = 0;

    do {
        size_t bytes = chunk_bytes(call, done_bytes);

        shm->step++;
        if (bytes > 0) {
            memcpy(area(shm, shm->rank), (const char *)mine + done_bytes, bytes);
        }
        CX_TRY(meet(shm, star, call, deadline_ns));
        for (int32_t rank = 0; bytes > 0 && rank < shm->rank_count; rank++) {
            memcpy((char *)all + (size_t)rank * (size_t)call->bytes + done_bytes, area(shm, rank),
                   bytes);
        }
        done_bytes += bytes;
    } while (done_bytes < call->bytes);
    return CX_OK;
}

cx_status_t cx_shm_broadcast(cx_shm_t *shm, cx_star_t *star, const cx_call_t *call, void *bytes,
                             int64_t deadline_ns)
{
    bool   is_root    = shm->rank == call->root_rank;
    size_t done_bytes = 0;

    do {
        size_t count = chunk_bytes(call, done_bytes);

        shm->step++;
        if (is_root && count > 0) {
            memcpy(area(shm, shm->rank), (char *)bytes + done_bytes, count);
        }
        CX_TRY(meet(shm, star, call, deadline_ns));
        if (!is_root && count > 0) {
            memcpy((char *)bytes + done_bytes, area(shm, call->root_rank), count);
        }
        done_bytes += count;
    } while (done_bytes < call->bytes);
    return CX_OK;
}
