/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the effective count on series whose correlation is planted.
 * Not what an interval makes of it (test_ci.c, test_summary.c). */
#include "stats/autocorr.h"

#include "series.h"

static double series[100000];

static void test_effective_count_of_ar1_is_the_theoretical_one(void **state)
{
    (void)state;
    static const double phis[]    = {0.0, 0.3, 0.5, 0.9, 0.97};
    const int64_t       count     = 50000;
    gsl_rng            *generator = new_generator();

    for (int64_t i = 0; i < LENGTH(phis); i++) {
        const double expected = (double)count * (1.0 - phis[i]) / (1.0 + phis[i]);

        fill_ar1(generator, 100.0, 3.0, phis[i], series, count);
        assert_near(cx_effective_count(series, count), expected, 0.15 * expected);
    }
    gsl_rng_free(generator);
}

static void test_effective_count_is_right_on_average_for_short_series(void **state)
{
    (void)state;
    const int64_t count     = 1000;
    const double  expected  = (double)count * 0.1 / 1.9;
    gsl_rng      *generator = new_generator();
    double        sum       = 0.0;

    for (int64_t trial = 0; trial < 200; trial++) {
        fill_ar1(generator, 0.0, 1.0, 0.9, series, count);
        sum += cx_effective_count(series, count);
    }
    assert_near(sum / 200.0, expected, 0.25 * expected);
    gsl_rng_free(generator);
}

static void test_effective_count_of_constant_series_is_its_count(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 1000; i++) {
        series[i] = 0.1;
    }
    for (int64_t count = 0; count <= 1000; count += 50) {
        assert_near(cx_effective_count(series, count), (double)count, 0.0);
    }
}

static void test_effective_count_of_tiny_series_is_within_bounds(void **state)
{
    (void)state;
    fill_count_up(series, 10);
    assert_near(cx_effective_count(series, 0), 0.0, 0.0);
    assert_near(cx_effective_count(series, 1), 1.0, 0.0);
    for (int64_t count = 2; count <= 10; count++) {
        const double effective_count = cx_effective_count(series, count);

        assert_true(effective_count >= 1.0 && effective_count <= (double)count);
    }
}

static void test_alternation_is_not_credited(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 1000; i++) {
        series[i] = i % 2 == 0 ? 1.0 : 2.0;
    }
    assert_near(cx_effective_count(series, 1000), 1000.0, 0.0);
}

static void test_unit_and_level_do_not_matter(void **state)
{
    (void)state;
    double   scaled[500];
    gsl_rng *generator = new_generator();

    fill_ar1(generator, 10.0, 1.0, 0.8, series, 500);
    for (int64_t i = 0; i < 500; i++) {
        scaled[i] = 1024.0 * series[i] + 4096.0;
    }
    assert_near(cx_effective_count(scaled, 500), cx_effective_count(series, 500), 1e-6);
    gsl_rng_free(generator);
}

/* all of its 100000 lags would take minutes; at the cap tau is about 2 * 2000 */
static void test_lags_are_capped_on_a_long_ramp(void **state)
{
    (void)state;
    fill_count_up(series, LENGTH(series));
    assert_near(cx_effective_count(series, LENGTH(series)), (double)LENGTH(series) / 4000.0, 3.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effective_count_of_ar1_is_the_theoretical_one),
        cmocka_unit_test(test_effective_count_is_right_on_average_for_short_series),
        cmocka_unit_test(test_effective_count_of_constant_series_is_its_count),
        cmocka_unit_test(test_effective_count_of_tiny_series_is_within_bounds),
        cmocka_unit_test(test_alternation_is_not_credited),
        cmocka_unit_test(test_unit_and_level_do_not_matter),
        cmocka_unit_test(test_lags_are_capped_on_a_long_ramp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
