/* SPDX-License-Identifier: Apache-2.0 */
/* Rank 0 answers one rank at a time, and all ranks again at each instant. */
#include "peers/clockping.h"

#include "base/deadline.h"
#include "base/fail.h"
#include "peers/clockfit.h"

#include <time.h>

/* Instants spread over half a second: with intervals of 10 us that is a drift to 20 ppm or better,
 * about what the clocks of two hosts differ by. */
#define INSTANT_COUNT 10
#define SPREAD_NS (500 * CX_NS_PER_MS)
/* Of which the narrowest counts: enough that one of them meets no interrupt. */
#define PING_COUNT 20

static const cx_call_t ping_call = {.kind = CX_CALL_CLOCK, .bytes = sizeof(int64_t)};

static cx_status_t answer_pings(cx_star_t *star, cx_clock_now_fn now, int32_t rank,
                                int64_t deadline_ns)
{
    int64_t stamp_ns = 0;

    /* Whose turn it is. */
    CX_TRY(cx_star_send(star, rank, &ping_call, &stamp_ns, deadline_ns));
    for (int ping = 0; ping < PING_COUNT; ping++) {
        CX_TRY(cx_star_receive(star, rank, &ping_call, &stamp_ns, deadline_ns));
        stamp_ns = now();
        CX_TRY(cx_star_send(star, rank, &ping_call, &stamp_ns, deadline_ns));
    }
    return CX_OK;
}

static cx_status_t send_pings(cx_star_t *star, cx_clock_now_fn now, int64_t deadline_ns,
                              cx_clock_instant_t *out)
{
    cx_clock_instant_t instant = CX_CLOCK_INSTANT;
    int64_t            turn_ns, answered_ns;

    CX_TRY(cx_star_receive(star, 0, &ping_call, &turn_ns, deadline_ns));
    for (int ping = 0; ping < PING_COUNT; ping++) {
        int64_t sent_ns = now();

        CX_TRY(cx_star_send(star, 0, &ping_call, &sent_ns, deadline_ns));
        CX_TRY(cx_star_receive(star, 0, &ping_call, &answered_ns, deadline_ns));
        cx_clock_narrow(&instant, sent_ns, answered_ns, now());
    }
    *out = instant;
    return CX_OK;
}

/* Rank 0 paces: the instants of every rank are as far apart as its own. */
static void wait_until(int64_t when_ns)
{
    struct timespec when = {.tv_sec  = (time_t)(when_ns / CX_NS_PER_S),
                            .tv_nsec = (long)(when_ns % CX_NS_PER_S)};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static cx_status_t lead(cx_star_t *star, cx_clock_now_fn now, int64_t deadline_ns)
{
    int64_t start_ns  = cx_now_ns();
    int64_t left_ns   = deadline_ns - start_ns;
    int64_t spread_ns = left_ns / 2 < SPREAD_NS ? left_ns / 2 : SPREAD_NS;

    for (int index = 0; index < INSTANT_COUNT; index++) {
        wait_until(start_ns + spread_ns * index / (INSTANT_COUNT - 1));
        for (int32_t rank = 1; rank < star->rank_count; rank++) {
            CX_TRY(answer_pings(star, now, rank, deadline_ns));
        }
    }
    return CX_OK;
}

static cx_status_t follow(cx_star_t *star, cx_clock_now_fn now, int64_t deadline_ns,
                          cx_clock_model_t *out)
{
    cx_clock_instant_t instants[INSTANT_COUNT];

    for (int index = 0; index < INSTANT_COUNT; index++) {
        CX_TRY(send_pings(star, now, deadline_ns, &instants[index]));
    }
    cx_clock_fit(instants, INSTANT_COUNT, out);
    return CX_OK;
}

cx_status_t cx_clock_ping(cx_star_t *star, cx_clock_now_fn now, int64_t deadline_ns,
                          cx_clock_model_t *out)
{
    cx_call_t        end   = {.kind = CX_CALL_CLOCK};
    cx_clock_model_t model = {.reference_ns = now()};

    star->sequence++;
    CX_TRY(star->rank == 0 ? lead(star, now, deadline_ns) : follow(star, now, deadline_ns, &model));
    /* Together to the end: a rank that left after its last ping would look dead to rank 0. */
    CX_TRY(cx_star_allgather(star, &end, NULL, NULL, deadline_ns));
    *out = model;
    return CX_OK;
}
