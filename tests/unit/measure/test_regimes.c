/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the regimes: operations, stamps, samples, the reduction over ranks. */
#include "unit/measure/stage.h"

#include "measure/regimes.h"
#include "stats/spread.h"

static const cx_sampling_t isolated  = {.regime = CX_REGIME_ISOLATED, .stamp_ops = 1};
static const cx_sampling_t steady    = {.regime = CX_REGIME_STEADY, .stamp_ops = 1};
static const cx_sampling_t graph     = {.regime = CX_REGIME_GRAPH, .stamp_ops = 20};
static const cx_sampling_t sparse    = {.regime = CX_REGIME_STEADY, .stamp_ops = 64};
static const cx_sampling_t loop_mean = {.regime = CX_REGIME_LOOP_MEAN};

static void test_counts_of_a_block(void **state)
{
    static const struct {
        const cx_sampling_t *sampling;
        int64_t              wanted, most, operations, stamps, samples;
    } rows[] = {
        {&isolated, 8, 4096, 8, 8, 8},
        {&isolated, 8, 3, 3, 3, 3},
        {&steady, 8, 4096, 10, 10, 8},
        {&steady, 6, 4096, 8, 8, 6},
        {&steady, 5, 4096, 6, 6, 5},
        {&steady, 1, 4096, 2, 2, 1},
        {&steady, 100, 16, 16, 16, 14},
        {&steady, 100, 4, 4, 4, 3},
        {&steady, 100, 1, 1, 1, 1},
        {&steady, 1, 16, 2, 2, 1},
        {&loop_mean, 1, 21, 21, 1, 1},
        {&loop_mean, 500, 21, 21, 1, 1},
        {&steady, 4094, 4096, 4096, 4096, 4094},
        {&graph, 8, 20 * 4096, 160, 8, 8},
        {&graph, 5000, 20 * 4096, 20 * 4096, 4096, 4096},
        {&graph, 8, 20, 20, 1, 1}, /* every slot serves once */
        {&graph, 8, 2, 2, 1, 1},   /* and there are fewer than operations of a graph */
        {&sparse, 8, 4096, 640, 10, 8},
        {&sparse, 100, 256, 256, 4, 3},
        {&sparse, 100, 2, 2, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t operations =
            cx_regime_operation_count(rows[i].sampling, rows[i].wanted, rows[i].most);

        assert_int_equal(operations, rows[i].operations);
        assert_int_equal(cx_regime_stamp_count(rows[i].sampling, operations), rows[i].stamps);
        assert_int_equal(cx_regime_sample_count(rows[i].sampling, operations), rows[i].samples);
    }
}

static void test_operations_of_a_sample(void **state)
{
    static const struct {
        const cx_sampling_t *sampling;
        int64_t              most, operations;
    } rows[] = {{&isolated, 4096, 1}, {&steady, 4096, 1}, {&sparse, 4096, 64}, {&sparse, 16, 16},
                {&graph, 4096, 20},   {&graph, 2, 2},     {&loop_mean, 21, 20}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(cx_regime_sample_operation_count(rows[i].sampling, rows[i].most),
                         rows[i].operations);
    }
}

static void test_each_regime_runs_its_own_block(void **state)
{
    static const struct {
        const cx_sampling_t *sampling;
        const char          *log;
    } rows[] = {{&isolated, "b[me0wm]sb[me0wm]s"},
                {&steady, "b[me0me0wm]s"},
                {&loop_mean, "e0wsb[me0wm]s"}};
    cx_stamp_t stamps[2];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        cx_job_t *job = stage_open(1, 1000);

        assert_int_equal(cx_regime_run(job, rows[i].sampling, 2, stamps), CX_OK);
        assert_string_equal(stage.log, rows[i].log);
    }
}

/* Three ranks: 12.5, 13 and 40.25 us, started 0, 2 and 5 us after the first. */
static void fill(const cx_sampling_t *sampling, int64_t operation_count, cx_series_t *series)
{
    static const double durations_us[] = {12.5, 13, 40.25};
    static const int    starts_ns[]    = {0, 2000, 5000};

    assert_int_equal(cx_series_init(series, 3, 32), CX_OK);
    series->count = 4; /* a block lands behind what is there */
    for (int32_t rank = 0; rank < 3; rank++) {
        cx_stamp_t stamps[16];

        for (int64_t i = 0; i < cx_regime_stamp_count(sampling, operation_count); i++) {
            stamps[i].duration_us = durations_us[rank] + (double)i;
            stamps[i].start_ns    = INT64_C(1000000000) + 100000 * i + starts_ns[rank];
            stamps[i].end_ns = stamps[i].start_ns + (int64_t)(durations_us[rank] * 1000) + 1000 * i;
        }
        cx_regime_samples(sampling, stamps, operation_count, rank, series);
    }
    cx_regime_reduce(sampling, cx_regime_sample_count(sampling, operation_count), series);
}

static void test_isolated_takes_the_slowest_rank_and_keeps_the_skew(void **state)
{
    cx_series_t series;

    (void)state;
    fill(&isolated, 6, &series);
    assert_true(series.has_skew);
    for (int64_t i = 0; i < 6; i++) {
        assert_true(series.reduced_us[4 + i] == 40.25 + (double)i);
        assert_true(series.rank_us[32 + 4 + i] == 13 + (double)i);
        assert_true(series.arrival_us[4 + i] == 0);
        assert_true(series.arrival_us[32 + 4 + i] == 2);
        assert_true(series.arrival_us[64 + 4 + i] == 5);
        assert_true(series.exit_us[4 + i] == 0);
        assert_true(series.exit_us[32 + 4 + i] == 2.5);
        assert_true(series.exit_us[64 + 4 + i] == 32.75);
    }
    assert_int_equal(series.count, 4); /* the caller moves it */
    cx_series_fini(&series);
}

static void test_steady_drops_the_head_and_takes_the_median_rank(void **state)
{
    cx_series_t series;

    (void)state;
    fill(&steady, 10, &series);
    assert_false(series.has_skew);
    for (int64_t i = 0; i < 8; i++) {
        assert_true(series.reduced_us[4 + i] == 13 + 2 + (double)i);
    }
    assert_true(series.reduced_us[12] == 0);
    cx_series_fini(&series);
}

static void test_graph_takes_the_median_rank_and_keeps_the_skew(void **state)
{
    cx_series_t series;

    (void)state;
    fill(&graph, INT64_C(3) * 20, &series);
    assert_true(series.has_skew);
    for (int64_t i = 0; i < 3; i++) {
        assert_true(series.reduced_us[4 + i] == 13 + (double)i);
        assert_true(series.arrival_us[64 + 4 + i] == 5);
    }
    assert_true(series.reduced_us[7] == 0);
    cx_series_fini(&series);
}

static void test_loop_mean_is_one_sample_of_the_mean_rank(void **state)
{
    cx_series_t series;

    (void)state;
    fill(&loop_mean, 1, &series);
    assert_true(series.reduced_us[4] == cx_mean((const double[]){12.5, 13, 40.25}, 3));
    assert_true(series.reduced_us[5] == 0);
    cx_series_fini(&series);
}

/* Where some ranks have nothing to do, the median would be of those. */
static void test_slowest_rank_can_be_asked_for_in_a_chain(void **state)
{
    cx_sampling_t sampling = steady;
    cx_series_t   series;

    (void)state;
    sampling.wants_slowest_rank = true;
    fill(&sampling, 10, &series);
    for (int64_t i = 0; i < 8; i++) {
        assert_true(series.reduced_us[4 + i] == 40.25 + 2 + (double)i);
    }
    cx_series_fini(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slowest_rank_can_be_asked_for_in_a_chain),
        cmocka_unit_test(test_counts_of_a_block),
        cmocka_unit_test(test_operations_of_a_sample),
        cmocka_unit_test(test_each_regime_runs_its_own_block),
        cmocka_unit_test(test_isolated_takes_the_slowest_rank_and_keeps_the_skew),
        cmocka_unit_test(test_steady_drops_the_head_and_takes_the_median_rank),
        cmocka_unit_test(test_graph_takes_the_median_rank_and_keeps_the_skew),
        cmocka_unit_test(test_loop_mean_is_one_sample_of_the_mean_rank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
