/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ping-pong synchronisation between processes whose clocks are made to differ. */
#include "ranks.h"

#include "peers/clockping.h"

#include <math.h>
#include <poll.h>
#include <signal.h>

/* 200 ppm fast and far away: what a real pair of hosts may do, and more. */
static int64_t skewed_now_ns(void)
{
    int64_t now_ns = cx_now_ns();

    return now_ns + now_ns / 5000 + INT64_C(123456789012345);
}

static cx_status_t learn_skewed_clock(world_t *world)
{
    cx_clock_now_fn  now = world->meeting.rank == 0 ? cx_now_ns : skewed_now_ns;
    cx_clock_model_t model;
    int64_t          before_ns, middle_ns, after_ns;

    CX_TRY(cx_clock_ping(&world->peers->star, now, cx_now_ns() + AMPLE_NS, &model));
    before_ns = cx_now_ns();
    middle_ns = cx_clock_to_common(&model, now());
    after_ns  = cx_now_ns();

    /* How far the model's answer is outside of what the true clock allows. */
    world->outcome->values[0] =
        fmax(0, fmax((double)(before_ns - middle_ns), (double)(middle_ns - after_ns)));
    world->outcome->values[1] = model.bound_ns;
    world->outcome->values[2] = model.drift_ratio;
    return CX_OK;
}

static void skewed_clock_is_learnt_within_its_bound(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(STAR, 3, learn_skewed_clock, 1, outcomes);
    expect(outcomes, 3, CX_OK, "");
    assert_true(outcomes[0].values[0] == 0 && outcomes[0].values[1] == 0);
    for (int32_t rank = 1; rank < 3; rank++) {
        print_message("rank %d: error %.0f ns, bound %.0f ns, drift %.1f ppm\n", (int)rank,
                      outcomes[rank].values[0], outcomes[rank].values[1],
                      outcomes[rank].values[2] * 1e6);
        /* Read at the end of the synchronisation, where the line is as uncertain again. */
        assert_true(outcomes[rank].values[0] <= 3 * outcomes[rank].values[1]);
        assert_true(outcomes[rank].values[1] > 0);
        assert_true(fabs(outcomes[rank].values[2] + 200e-6) <
                    1e-6 + 4 * outcomes[rank].values[1] / 500e6);
    }
}

static cx_status_t die_instead_of_ping(world_t *world)
{
    cx_clock_model_t model;

    if (world->meeting.rank == 2) {
        (void)raise(SIGKILL);
    }
    return cx_clock_ping(&world->peers->star, cx_now_ns, cx_now_ns() + AMPLE_NS, &model);
}

static cx_status_t keep_silent_instead_of_ping(world_t *world)
{
    struct pollfd    poller = {.fd = world->peers->star.fds[0], .events = POLLRDHUP};
    cx_clock_model_t model;

    if (world->meeting.rank == 1) {
        (void)poll(&poller, 1, 20000);
        return CX_FAIL(CX_TIMEOUT, "no answer from rank 1");
    }
    return cx_clock_ping(&world->peers->star, cx_now_ns, cx_now_ns() + 500 * CX_NS_PER_MS, &model);
}

static void dead_and_silent_ranks_are_named(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(STAR, 3, die_instead_of_ping, 1, outcomes);
    expect(outcomes, 2, CX_PEER, "rank 2 closed its connection");
    run_ranks(STAR, 3, keep_silent_instead_of_ping, 1, outcomes);
    expect(outcomes, 3, CX_TIMEOUT, "no answer from rank 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skewed_clock_is_learnt_within_its_bound),
        cmocka_unit_test(dead_and_silent_ranks_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
