/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to the published row, with numbers that can be checked by hand. */
#include "run/row.h"

#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

static cx_series_t series;

/* Two ranks, 12 samples: 100 twice as warm-up, then rank 0 takes 10, rank 1 takes 20; it arrives
 * 3 us late and leaves 13 us late. */
static void fill(bool has_skew)
{
    EXPECT_OK(cx_series_init(&series, 2, 16));
    series.count    = 12;
    series.has_skew = has_skew;
    for (int64_t i = 0; i < 12; i++) {
        series.rank_us[i]         = i < 2 ? 100 : 10;
        series.rank_us[16 + i]    = i < 2 ? 100 : 20;
        series.arrival_us[16 + i] = 3;
        series.exit_us[16 + i]    = 13;
        series.reduced_us[i]      = i < 2 ? 100 : 20;
    }
}

static cx_row_t row_of(cx_collective_t op, double skew_bound_us)
{
    cx_workload_t *workload = calloc(1, sizeof *workload);
    cx_outcome_t   outcome  = {.stop                 = CX_STOP_TARGET,
                               .discarded_count      = 2,
                               .block_count          = 3,
                               .repeated_block_count = 1,
                               .timed_count          = 24,
                               .verified_count       = 22,
                               .wrong_count          = 4};
    cx_row_t       row;

    assert_non_null(workload);
    workload->shape.op            = op;
    workload->point.elems         = 1000;
    workload->point.message_bytes = 4000;
    workload->point.slot_count    = 7;
    workload->busbw_factor        = 1.5;
    cx_row_clear(&row);
    cx_row_fill(workload, &series, &outcome, skew_bound_us, &row);
    free(workload);
    return row;
}

static void test_what_enqueuing_took_is_unknown_where_it_was_not_timed(void **state)
{
    cx_workload_t *workload = calloc(1, sizeof *workload);
    cx_outcome_t   outcome  = {.discarded_count = 2, .sample_operation_count = 64};
    cx_row_t       row;

    (void)state;
    assert_non_null(workload);
    fill(true);
    cx_row_fill(workload, &series, &outcome, 1, &row);
    assert_true(isnan(row.enqueue_us_mean));
    assert_int_equal(row.sample_operation_count, 64);
    outcome.enqueue_us_mean = 5.5;
    cx_row_fill(workload, &series, &outcome, 1, &row);
    assert_true(row.enqueue_us_mean == 5.5);
    free(workload);
    cx_series_fini(&series);
}

static void test_times_are_those_behind_the_warm_up(void **state)
{
    cx_row_t row;

    (void)state;
    fill(true);
    row = row_of(CX_COLLECTIVE_ALL_REDUCE, 1);
    assert_true(row.time_us_p50 == 20 && row.time_us_min == 20 && row.time_us_max == 20);
    assert_true(row.time_us_mean == 20 && row.time_us_stddev == 0);
    assert_true(row.time_us_p50_ci_low == 20 && row.time_us_p50_ci_high == 20);
    assert_true(row.ci_half_width_ratio == 0);
    assert_true(row.time_us_p90 == 20);
    assert_true(isnan(row.time_us_p99)); /* ten samples do not know it */
    assert_int_equal(row.sample_count, 10);
    assert_int_equal(row.discarded_count, 2);
    assert_true(row.effective_count == 10);
    assert_int_equal(row.outlier_count, 0);
    cx_series_fini(&series);
}

static void test_ranks_bandwidths_and_counts(void **state)
{
    cx_row_t row;

    (void)state;
    fill(true);
    row = row_of(CX_COLLECTIVE_ALL_REDUCE, 1);
    assert_true(row.time_us_p50_fastest_rank == 10);
    assert_true(row.time_us_p50_slowest_rank == 20);
    assert_true(row.rank_spread_ratio == 1); /* (20 - 10) / 10 */
    assert_int_equal(row.message_bytes, 4000);
    assert_int_equal(row.elems, 1000);
    assert_true(fabs(row.algbw_bytes_per_s - 200e6) < 1e-3); /* 4000 bytes in 20 us */
    assert_true(fabs(row.busbw_bytes_per_s - 300e6) < 1e-3);
    assert_int_equal(row.block_count, 3);
    assert_int_equal(row.repeated_block_count, 1);
    assert_int_equal(row.slot_count, 7);
    assert_int_equal(row.timed_count, 24);
    assert_int_equal(row.verified_count, 22);
    assert_int_equal(row.wrong_count, 4);
    assert_string_equal(row.stop_reason, "target");
    cx_series_fini(&series);
}

static void test_a_skew_below_the_bound_is_not_claimed(void **state)
{
    static const struct {
        double bound_us;
        bool   has_arrival, has_exit;
    } rows[] = {{0, true, true}, {3, true, true}, {3.5, false, true}, {14, false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_row_t row;

        fill(true);
        row = row_of(CX_COLLECTIVE_ALL_REDUCE, rows[i].bound_us);
        assert_true(row.skew_bound_us == rows[i].bound_us);
        assert_true(rows[i].has_arrival ? row.arrival_skew_us_p50 == 3
                                        : isnan(row.arrival_skew_us_p50));
        assert_true(rows[i].has_exit ? row.exit_skew_us_p50 == 13 : isnan(row.exit_skew_us_p50));
        cx_series_fini(&series);
    }
}

static void test_the_floor_is_beside_the_time(void **state)
{
    cx_shape_t      shape = {.op = CX_COLLECTIVE_SEND_RECV, .dtype = CX_DTYPE_FP32};
    cx_floor_work_t work  = {&shape, NULL, 1000000, 2, CX_REGIME_ISOLATED};
    cx_limits_t     limits;
    cx_row_t        row;

    (void)state;
    fill(true);
    row = row_of(CX_COLLECTIVE_SEND_RECV, 1);
    cx_row_fill_floor(NULL, &work, &series, &row);
    assert_true(isnan(row.floor_us) && isnan(row.floor_ratio) && !row.floor_source);
    cx_limits_clear(&limits);
    cx_row_fill_floor(&limits, &work, &series, &row);
    assert_true(isnan(row.floor_us) && isnan(row.floor_ratio) && !row.floor_source);
    limits.launch_us             = 6;
    limits.link_copy_bytes_per_s = 1e12;
    cx_row_fill_floor(&limits, &work, &series, &row); /* 4 MB take 4 us */
    assert_true(fabs(row.floor_us - 10) < 1e-9);
    assert_true(fabs(row.floor_ratio - 2) < 1e-9);
    assert_string_equal(row.floor_source, "measured");
    cx_row_clear(&row); /* without a median there is nothing to lay beside it */
    cx_row_fill_floor(&limits, &work, &series, &row);
    assert_true(isnan(row.floor_us) && !row.floor_source);
    cx_series_fini(&series);
}

static void test_what_means_nothing_is_unknown(void **state)
{
    cx_row_t row;

    (void)state;
    fill(false);
    row = row_of(CX_COLLECTIVE_BARRIER, 1);
    assert_true(isnan(row.algbw_bytes_per_s) && isnan(row.busbw_bytes_per_s));
    assert_true(isnan(row.arrival_skew_us_p50) && isnan(row.skew_bound_us));
    cx_series_fini(&series);
    fill(true);
    series.rank_count = 1; /* nobody to be late */
    row               = row_of(CX_COLLECTIVE_ALL_REDUCE, 0);
    assert_true(isnan(row.arrival_skew_us_p50));
    cx_series_fini(&series);
}

/* Rank 0 leaves at 10 us of its sample; rank 1 must have come by then. */
static void test_a_barrier_left_too_early_is_seen(void **state)
{
    static const struct {
        double  late_arrival_us, bound_us;
        int64_t violations;
    } rows[] = {{3, 0, 0}, {10, 0, 0}, {10.5, 0, 1}, {10.5, 0.5, 0}, {11, 0.5, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fill(true);
        series.arrival_us[16 + 7] = rows[i].late_arrival_us;
        assert_int_equal(cx_row_barrier_violations(&series, rows[i].bound_us), rows[i].violations);
        cx_series_fini(&series);
    }
}

static void test_copy_in_one_memory_reads_and_writes(void **state)
{
    cx_workload_t *workload = calloc(1, sizeof *workload);
    cx_outcome_t   outcome  = {.discarded_count = 2};
    cx_row_t       row;

    (void)state;
    assert_non_null(workload);
    fill(false);
    workload->shape               = (cx_shape_t){.family = CX_FAMILY_LIMITS,
                                                 .op     = CX_COLLECTIVE_ALL_TO_ALL_V,
                                                 .limit  = CX_LIMIT_MEMORY_COPY};
    workload->point.message_bytes = 4000;
    workload->busbw_factor        = (double)NAN;
    cx_row_clear(&row);
    cx_row_fill(workload, &series, &outcome, 1, &row);
    assert_true(fabs(row.algbw_bytes_per_s - 4e8) < 1);
    assert_true(isnan(row.busbw_bytes_per_s));
    workload->shape.limit = CX_LIMIT_COPY_ENGINE;
    cx_row_fill(workload, &series, &outcome, 1, &row);
    assert_true(fabs(row.algbw_bytes_per_s - 2e8) < 1);
    cx_series_fini(&series);
    free(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_in_one_memory_reads_and_writes),
        cmocka_unit_test(test_what_enqueuing_took_is_unknown_where_it_was_not_timed),
        cmocka_unit_test(test_times_are_those_behind_the_warm_up),
        cmocka_unit_test(test_ranks_bandwidths_and_counts),
        cmocka_unit_test(test_a_skew_below_the_bound_is_not_claimed),
        cmocka_unit_test(test_the_floor_is_beside_the_time),
        cmocka_unit_test(test_what_means_nothing_is_unknown),
        cmocka_unit_test(test_a_barrier_left_too_early_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
