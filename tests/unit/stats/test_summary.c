/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the summary of a series: known vectors, unsupported values, coverage end to end.
 * Not each statistic by itself. */
#include "stats/summary.h"

#include "series.h"

#include <gsl/gsl_statistics_double.h>

static double series[2000], scratch[2000];

static void test_summary_of_nothing_is_unknown(void **state)
{
    (void)state;
    cx_summary_t summary;

    cx_summarize(NULL, 0, NULL, &summary);
    assert_int_equal(summary.sample_count, 0);
    assert_int_equal(summary.outlier_count, 0);

    const double unknown[] = {
        summary.effective_count,
        summary.min,
        summary.max,
        summary.mean,
        summary.stddev,
        summary.p50,
        summary.p90,
        summary.p95,
        summary.p99,
        summary.p50_ci_low,
        summary.p50_ci_high,
        summary.p50_half_width_ratio,
    };
    for (int64_t i = 0; i < LENGTH(unknown); i++) {
        assert_nan(unknown[i]);
    }
}

static void test_summary_of_one_sample_is_that_sample(void **state)
{
    (void)state;
    const double one = 42.0;
    cx_summary_t summary;

    cx_summarize(&one, 1, scratch, &summary);
    assert_int_equal(summary.sample_count, 1);
    assert_near(summary.effective_count, 1.0, 0.0);
    assert_near(summary.min, 42.0, 0.0);
    assert_near(summary.p50, 42.0, 0.0);
    assert_near(summary.max, 42.0, 0.0);
    assert_nan(summary.stddev);
    assert_nan(summary.p90);
    assert_nan(summary.p50_ci_low);
    assert_nan(summary.p50_half_width_ratio);
}

/* 1..100 in an order without correlation, so that all 100 count */
static void test_summary_of_shuffled_hundred(void **state)
{
    (void)state;
    cx_summary_t summary;

    for (int64_t i = 0; i < 100; i++) {
        series[i] = (double)((i * 61 + 17) % 100 + 1);
    }
    cx_summarize(series, 100, scratch, &summary);
    assert_near(summary.effective_count, 100.0, 0.0);
    assert_near(summary.min, 1.0, 0.0);
    assert_near(summary.max, 100.0, 0.0);
    assert_near(summary.mean, gsl_stats_mean(series, 1, 100), 1e-12);
    assert_near(summary.stddev, gsl_stats_sd(series, 1, 100), 1e-12);
    assert_near(summary.p50, 50.0, 0.0);
    assert_near(summary.p90, 90.0, 0.0);
    assert_near(summary.p95, 95.0, 0.0);
    assert_near(summary.p99, 99.0, 0.0);
    assert_near(summary.p50_ci_low, 40.0, 0.0);
    assert_near(summary.p50_ci_high, 61.0, 0.0);
    assert_near(summary.p50_half_width_ratio, 0.21, 1e-15);
    assert_int_equal(summary.outlier_count, 0);
}

static void test_percentile_beyond_the_sample_is_nan_not_the_maximum(void **state)
{
    (void)state;
    cx_summary_t summary;

    fill_count_up(series, 99);
    cx_summarize(series, 99, scratch, &summary);
    assert_near(summary.p95, 95.0, 0.0);
    assert_nan(summary.p99);
    cx_summarize(series, 9, scratch, &summary);
    assert_nan(summary.p90);
    assert_near(summary.p50, 5.0, 0.0);
}

static void test_far_out_values_are_counted_and_kept(void **state)
{
    (void)state;
    cx_summary_t summary;

    fill_count_up(series, 100); /* quartiles 25 and 75: fences at -125 and 225 */
    series[10] = -126.0;
    series[20] = -124.0;
    series[80] = 226.0;
    series[90] = 1000.0;
    cx_summarize(series, 100, scratch, &summary);
    assert_int_equal(summary.outlier_count, 3);
    assert_near(summary.max, 1000.0, 0.0);
    assert_near(summary.min, -126.0, 0.0);
}

static void test_constant_series_has_no_width(void **state)
{
    (void)state;
    cx_summary_t summary;

    for (int64_t i = 0; i < 50; i++) {
        series[i] = 0.3;
    }
    cx_summarize(series, 50, scratch, &summary);
    assert_near(summary.stddev, 0.0, 0.0);
    assert_near(summary.p50_half_width_ratio, 0.0, 0.0);
    assert_int_equal(summary.outlier_count, 0);
}

static void test_series_is_left_in_time_order(void **state)
{
    (void)state;
    const double given[] = {3.0, 1.0, 2.0};
    cx_summary_t summary;

    series[0] = 3.0;
    series[1] = 1.0;
    series[2] = 2.0;
    cx_summarize(series, 3, scratch, &summary);
    assert_memory_equal(series, given, sizeof given);
}

static void test_interval_covers_the_median_of_dependent_series(void **state)
{
    (void)state;
    static const double phis[]    = {0.0, 0.5, 0.9};
    gsl_rng            *generator = new_generator();

    for (int64_t i = 0; i < LENGTH(phis); i++) {
        int64_t covered_count = 0;

        for (int64_t trial = 0; trial < 2000; trial++) {
            cx_summary_t summary;

            fill_ar1(generator, 100.0, 5.0, phis[i], series, 1000);
            cx_summarize(series, 1000, scratch, &summary);
            covered_count += summary.p50_ci_low <= 100.0 && summary.p50_ci_high >= 100.0;
        }
        assert_true(covered_count >= 1880); /* 94 % */
    }
    gsl_rng_free(generator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary_of_nothing_is_unknown),
        cmocka_unit_test(test_summary_of_one_sample_is_that_sample),
        cmocka_unit_test(test_summary_of_shuffled_hundred),
        cmocka_unit_test(test_percentile_beyond_the_sample_is_nan_not_the_maximum),
        cmocka_unit_test(test_far_out_values_are_counted_and_kept),
        cmocka_unit_test(test_constant_series_has_no_width),
        cmocka_unit_test(test_series_is_left_in_time_order),
        cmocka_unit_test(test_interval_covers_the_median_of_dependent_series),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
