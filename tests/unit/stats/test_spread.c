/* SPDX-License-Identifier: Apache-2.0 */
/* Tests mean, deviation and relative spread against GSL.
 * Not quantiles (test_quantile.c). */
#include "stats/spread.h"

#include "series.h"

#include <gsl/gsl_statistics_double.h>

static void test_mean_and_stddev_agree_with_gsl(void **state)
{
    (void)state;
    static const struct {
        double  level, stddev;
        int64_t count;
    } rows[] = {{0.0, 1.0, 2}, {100.0, 5.0, 3}, {1e6, 1e-3, 1000}, {-5.0, 1e3, 10000}};
    static double values[10000];
    gsl_rng      *generator = new_generator();

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const size_t count = (size_t)rows[i].count;

        fill_gaussian(generator, rows[i].level, rows[i].stddev, values, rows[i].count);
        assert_near(cx_mean(values, rows[i].count), gsl_stats_mean(values, 1, count),
                    1e-9 * rows[i].stddev + 1e-15 * fabs(rows[i].level));
        assert_near(cx_stddev(values, rows[i].count), gsl_stats_sd(values, 1, count),
                    1e-6 * rows[i].stddev);
    }
    gsl_rng_free(generator);
}

static void test_constant_array_has_exact_mean_and_no_deviation(void **state)
{
    (void)state;
    double values[1000];

    for (int64_t i = 0; i < LENGTH(values); i++) {
        values[i] = 0.1;
    }
    assert_near(cx_mean(values, LENGTH(values)), 0.1, 0.0);
    assert_near(cx_stddev(values, LENGTH(values)), 0.0, 0.0);
}

static void test_mean_of_nothing_is_nan(void **state)
{
    (void)state;
    assert_nan(cx_mean(NULL, 0));
}

static void test_deviation_needs_two_values(void **state)
{
    (void)state;
    const double values[] = {3.0, 5.0};

    assert_nan(cx_stddev(values, 0));
    assert_nan(cx_stddev(values, 1));
    assert_near(cx_stddev(values, 2), sqrt(2.0), 1e-15);
}

static void test_ratio_of_a_whole_that_is_not_positive_is_nan(void **state)
{
    (void)state;
    assert_near(cx_ratio_of(1.0, 4.0), 0.25, 0.0);
    assert_nan(cx_ratio_of(1.0, 0.0));
    assert_nan(cx_ratio_of(1.0, -4.0));
    assert_nan(cx_ratio_of(1.0, NAN));
}

static void test_sorted_spread_is_range_over_median(void **state)
{
    (void)state;
    const double sorted[] = {8.0, 10.0, 11.0, 13.0};

    assert_near(cx_sorted_spread_ratio(sorted, 4), 0.5, 1e-15);
    assert_near(cx_sorted_spread_ratio(sorted, 1), 0.0, 0.0);
    assert_nan(cx_sorted_spread_ratio(sorted, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_and_stddev_agree_with_gsl),
        cmocka_unit_test(test_constant_array_has_exact_mean_and_no_deviation),
        cmocka_unit_test(test_mean_of_nothing_is_nan),
        cmocka_unit_test(test_deviation_needs_two_values),
        cmocka_unit_test(test_ratio_of_a_whole_that_is_not_positive_is_nan),
        cmocka_unit_test(test_sorted_spread_is_range_over_median),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
