/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank keeps from case to case: the device and the harness's measurement on it. */
#include "run/bench.h"

#include "unit/peers/ranks.h"
#include "unit/run/kit.h"

#include <math.h>

static void test_a_device_is_opened_and_measured_once(void **state)
{
    kit_alone_t kit;
    cx_bench_t  bench;
    cx_job_t    job;

    (void)state;
    kit_alone_open(&kit);
    cx_bench_init(&bench, &kit.context);
    assert_true(isnan(bench.harness.spin_slope_ratio));
    EXPECT_OK(cx_bench_device(&bench, "sim"));
    assert_true(bench.harness.spin_slope_ratio == 1);
    assert_true(kit.context.facts.is_virtual_time);
    bench.harness.spin_slope_ratio = 42;
    EXPECT_OK(cx_bench_device(&bench, "sim"));
    assert_true(bench.harness.spin_slope_ratio == 42); /* not again */
    cx_bench_job(&bench, &job);
    assert_ptr_equal(job.window.device, kit.context.core.device);
    assert_ptr_equal(job.window.board, kit.context.own);
    assert_ptr_equal(job.gather, bench.gather);
    cx_bench_fini(&bench);
    kit_alone_close(&kit);
}

static void test_another_device_takes_the_place(void **state)
{
    kit_alone_t kit;
    cx_bench_t  bench;

    (void)state;
    kit_alone_open(&kit);
    cx_bench_init(&bench, &kit.context);
    EXPECT_OK(cx_bench_device(&bench, "sim"));
    EXPECT_OK(cx_bench_device(&bench, "host"));
    assert_string_equal(bench.device_name, "host");
    assert_false(kit.context.facts.is_virtual_time);
    assert_true(bench.harness.timer_resolution_us > 0);
    cx_bench_fini(&bench);
    kit_alone_close(&kit);
}

static void test_a_device_that_is_not_there_leaves_nothing_half_open(void **state)
{
    kit_alone_t kit;
    cx_bench_t  bench;

    (void)state;
    kit_alone_open(&kit);
    cx_bench_init(&bench, &kit.context);
    EXPECT_OK(cx_bench_device(&bench, "sim"));
    EXPECT_FAIL(CX_INVALID, "no device called \"warp\"", cx_bench_device(&bench, "warp"));
    assert_null(bench.device_name);
    assert_null(bench.events);
    EXPECT_OK(cx_bench_device(&bench, "sim"));
    assert_true(bench.harness.spin_slope_ratio == 1);
    cx_bench_fini(&bench);
    kit_alone_close(&kit);
}

/* Rank 1 finds no device: nobody starts measuring with it, and the next device is met together. */
static cx_status_t open_unevenly(world_t *world)
{
    cx_rank_context_t context;
    cx_bench_t        bench;
    cx_status_t       first;

    kit_context(&context, world->ops, world->peers, -1);
    cx_bench_init(&bench, &context);
    first                     = cx_bench_device(&bench, world->meeting.rank == 1 ? "warp" : "sim");
    world->outcome->values[0] = first;
    world->outcome->values[1] = strstr(cx_detail()->text, "no device called \"warp\"") != NULL;
    cx_detail_clear();
    CX_TRY(cx_bench_device(&bench, "sim"));
    world->outcome->values[2] = bench.harness.spin_slope_ratio;
    cx_bench_fini(&bench);
    kit_context_close(&context);
    return CX_OK;
}

static void test_a_device_that_one_rank_lacks_is_lacking_on_all(void **state)
{
    outcome_t outcomes[3];

    (void)state;
    run_ranks(SOCKETS, 3, open_unevenly, 1, outcomes);
    expect(outcomes, 3, CX_OK, "");
    for (int rank = 0; rank < 3; rank++) {
        assert_true(outcomes[rank].values[0] == CX_INVALID);
        assert_true(outcomes[rank].values[1] == 1);
        assert_true(outcomes[rank].values[2] == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_is_opened_and_measured_once),
        cmocka_unit_test(test_another_device_takes_the_place),
        cmocka_unit_test(test_a_device_that_is_not_there_leaves_nothing_half_open),
        cmocka_unit_test(test_a_device_that_one_rank_lacks_is_lacking_on_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
