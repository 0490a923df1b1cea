/* SPDX-License-Identifier: Apache-2.0 */
/* The harness's measurement of itself: exact on the virtual clock, plausible on the real one. */
#include "unit/measure/cell.h"
#include "unit/measure/stage.h"
#include "unit/peers/ranks.h"

#include <math.h>

static void test_on_the_virtual_clock_all_is_exact(void **state)
{
    cx_harness_t harness;
    cell_t       cell;

    (void)state;
    assert_int_equal(cell_open_alone(&cell, "sim", "", 8), CX_OK);
    assert_int_equal(cx_harness_measure(&cell.job, &harness), CX_OK);
    assert_true(harness.spin_slope_ratio == 1);
    assert_true(harness.spin_intercept_us == 0);
    assert_true(harness.empty_window_us_p50 == 0);
    assert_true(harness.empty_window_us_p99 == 0);
    assert_true(isnan(harness.timer_resolution_us)); /* a clock that stands shows no step */
    assert_true(harness.align_skew_us_p50 == 0);
    assert_true(harness.barrier_us_p50 == 0);
    cell_close_alone(&cell);
}

static void test_on_the_real_clock_numbers_are_plausible(void **state)
{
    cx_harness_t harness;
    cell_t       cell;

    (void)state;
    assert_int_equal(cell_open_alone(&cell, "host", "", 8), CX_OK);
    assert_int_equal(cx_harness_measure(&cell.job, &harness), CX_OK);
    assert_true(harness.timer_resolution_us > 0);
    assert_true(harness.empty_window_us_p50 >= 0);
    assert_true(harness.empty_window_us_p99 >= harness.empty_window_us_p50);
    assert_true(harness.spin_slope_ratio > 0.5);
    assert_true(harness.align_skew_us_p50 == 0);
    cell_close_alone(&cell);
}

/* Every rank's clock is 1 us behind that of the rank before: so far they leave a barrier apart. */
static cx_status_t measure_shifted(world_t *world)
{
    cx_harness_t harness;
    cell_t       cell;

    CX_TRY(cell_open(&cell, world->ops, world->peers, "sim", "", 8));
    cell.common_shift_ns = 1000 * world->meeting.rank;
    CX_TRY(cx_harness_measure(&cell.job, &harness));
    world->outcome->values[0] = harness.align_skew_us_p50;
    world->outcome->values[1] = harness.align_skew_us_p99;
    world->outcome->values[2] = harness.barrier_us_p50;
    cell_close(&cell);
    return CX_OK;
}

static void test_skew_is_from_the_first_to_the_last_rank(void **state)
{
    outcome_t outcomes[4];

    (void)state;
    run_ranks(SOCKETS, 4, measure_shifted, 1, outcomes);
    expect(outcomes, 4, CX_OK, "");
    for (int rank = 0; rank < 4; rank++) {
        assert_true(outcomes[rank].values[0] == 3);
        assert_true(outcomes[rank].values[1] == 3);
        assert_true(outcomes[rank].values[2] == 0);
    }
}

static void test_failures_leave_the_result_alone(void **state)
{
    static const char fails[] = "psbx";

    (void)state;
    for (const char *letter = fails; *letter; letter++) {
        cx_job_t    *job     = stage_open(1, 1000);
        cx_harness_t harness = {.spin_slope_ratio = 42};

        stage.fails = *letter;
        assert_int_equal(cx_harness_measure(job, &harness), CX_BACKEND);
        assert_true(harness.spin_slope_ratio == 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_the_virtual_clock_all_is_exact),
        cmocka_unit_test(test_on_the_real_clock_numbers_are_plausible),
        cmocka_unit_test(test_skew_is_from_the_first_to_the_last_rank),
        cmocka_unit_test(test_failures_leave_the_result_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
