/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips of a flag between two processes, in memory that both have mapped.
 * Not a barrier. The includer has included host_memory.inl and defined clock_ticks(). */
#include <sched.h>
#include <stdatomic.h>

#define POLLS_BETWEEN_LOOKS 1024

/* Flag memory: the flag itself is the number of a round, so that nothing is ever reset. */
typedef struct flag {
    _Atomic uint64_t round; /* which the other side writes */
    uint64_t         rest_of_its_line[7];
    uint64_t         past_count;
} flag_t;

/* A processor that two ranks share is given away at every look. */
static cx_status_t await_flag(const cx_device_t *device, const flag_t *flag, uint64_t round,
                              int64_t give_up_ticks)
{
    const cx_core_t *core = device->core;

    for (uint64_t polls = 1; atomic_load_explicit(&flag->round, memory_order_acquire) < round;
         polls++) {
        if (polls % POLLS_BETWEEN_LOOKS != 0 && !core->is_oversubscribed) {
            continue;
        }
        if (clock_ticks(device) > give_up_ticks || core->is_over(core)) {
            return CX_CORE_FAIL(core, CX_TIMEOUT,
                                "the round trips of a flag gave up: the other side did not answer "
                                "in time");
        }
        (void)sched_yield();
    }
    return CX_OK;
}

static cx_status_t ping_pong(cx_device_t *device, cx_stream_t *stream,
                             const cx_device_ping_pong_t *asked)
{
    flag_t  *own = asked->own_flag, *peer = asked->peer_flag;
    uint64_t past_count    = own->past_count;
    int64_t  timeout_ticks = spin_ticks(asked->timeout_us);

    (void)stream;
    if (asked->round_count < 0 || timeout_ticks < 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "no %lld round trips of a flag within %g us can be made",
                            (long long)asked->round_count, asked->timeout_us);
    }
    timeout_ticks += clock_ticks(device);
    for (uint64_t round = past_count + 1; round <= past_count + (uint64_t)asked->round_count;
         round++) {
        cx_status_t status;

        if (asked->begins) {
            atomic_store_explicit(&peer->round, round, memory_order_release);
        }
        status = await_flag(device, own, round, timeout_ticks);
        if (status != CX_OK) {
            return status;
        }
        if (!asked->begins) {
            atomic_store_explicit(&peer->round, round, memory_order_release);
        }
    }
    own->past_count = past_count + (uint64_t)asked->round_count;
    return CX_OK;
}
