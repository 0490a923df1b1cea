/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the quantile interval against published ranks, GSL's binomial and simulated coverage.
 * Not the estimate of the effective count (test_autocorr.c). */
#include "stats/ci.h"

#include "series.h"
#include "stats/quantile.h"

#include <gsl/gsl_cdf.h>

#define TRIAL_COUNT 2000

/* member i is i + 1, so the ends of an interval are its ranks */
static double ranks[1000000];

static int fill_ranks(void **state)
{
    (void)state;
    fill_count_up(ranks, LENGTH(ranks));
    return 0;
}

static void test_median_ranks_are_the_published_ones(void **state)
{
    (void)state;
    static const struct {
        int64_t count, low, high;
    } rows[] = {{6, 1, 6},   {8, 1, 8},    {9, 2, 8},    {10, 2, 9},   {15, 4, 12},  {20, 6, 15},
                {25, 8, 18}, {30, 10, 21}, {50, 18, 33}, {70, 27, 44}, {100, 40, 61}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const double        n        = (double)rows[i].count;
        const cx_interval_t interval = cx_quantile_ci(ranks, rows[i].count, n, 0.5, 0.95);

        assert_near(interval.low, (double)rows[i].low, 0.0);
        assert_near(interval.high, (double)rows[i].high, 0.0);
    }
}

/* each end is the closest rank whose tail is at most 2.5 % */
static void check_ranks(int64_t count, double q)
{
    const double        slack    = 1e-9; /* between the two summations */
    const unsigned      n        = (unsigned)count;
    const cx_interval_t interval = cx_quantile_ci(ranks, count, (double)count, q, 0.95);

    if (isnan(interval.low)) {
        assert_true(gsl_cdf_binomial_P(0, q, n) > 0.025 - slack ||
                    gsl_cdf_binomial_Q(n - 1, q, n) > 0.025 - slack);
        return;
    }
    const unsigned low  = (unsigned)interval.low;
    const unsigned high = (unsigned)interval.high;

    assert_true(gsl_cdf_binomial_P(low - 1, q, n) <= 0.025 + slack);
    assert_true(gsl_cdf_binomial_P(low, q, n) > 0.025 - slack);
    assert_true(gsl_cdf_binomial_Q(high - 1, q, n) <= 0.025 + slack);
    assert_true(gsl_cdf_binomial_Q(high - 2, q, n) > 0.025 - slack);
}

static void test_ranks_agree_with_gsl_binomial(void **state)
{
    (void)state;
    static const double  q[]      = {0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999};
    static const int64_t counts[] = {1000, 5000, 20000, 123456, 1000000};

    for (int64_t i = 0; i < LENGTH(q); i++) {
        for (int64_t count = 1; count <= 600; count++) {
            check_ranks(count, q[i]);
        }
        for (int64_t j = 0; j < LENGTH(counts); j++) {
            check_ranks(counts[j], q[i]);
        }
    }
}

static void test_interval_exists_from_the_stated_count_on(void **state)
{
    (void)state;
    static const struct {
        double  q;
        int64_t first_count;
    } rows[] = {{0.5, 6}, {0.95, 72}, {0.99, 368}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        for (int64_t count = 0; count <= 400; count++) {
            const cx_interval_t interval =
                cx_quantile_ci(ranks, count, (double)count, rows[i].q, 0.95);

            assert_int_equal(isnan(interval.low), count < rows[i].first_count);
            assert_int_equal(isnan(interval.high), count < rows[i].first_count);
        }
    }
}

static void test_effective_count_maps_ranks_at_the_same_fraction(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        double  effective_count;
        double  low, high;
    } rows[] = {
        {1000, 10.0, 150.0, 851.0}, /* ranks 2 and 9 of 10 */
        {1000, 10.9, 150.0, 851.0}, /* a broken sample is none */
        {60, 6.0, 5.0, 56.0},       /* ranks 1 and 6 of 6 */
        {100, 100.0, 40.0, 61.0},   /* independent: unchanged */
        {100, 250.0, 40.0, 61.0},   /* never more than there are */
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const cx_interval_t interval =
            cx_quantile_ci(ranks, rows[i].count, rows[i].effective_count, 0.5, 0.95);

        assert_near(interval.low, rows[i].low, 0.0);
        assert_near(interval.high, rows[i].high, 0.0);
    }
}

static void test_interval_never_narrows_as_effective_count_falls(void **state)
{
    (void)state;
    double width = 0.0;

    /* in steps of ten, since the discreteness of neighbouring counts is not monotone */
    for (int64_t effective_count = 1000; effective_count >= 10; effective_count -= 10) {
        const cx_interval_t interval =
            cx_quantile_ci(ranks, 1000, (double)effective_count, 0.5, 0.95);

        assert_true(interval.high - interval.low >= width - 8.0);
        width = fmax(width, interval.high - interval.low);
    }
    assert_true(width > 600.0);
}

static void test_unknown_effective_count_has_no_interval(void **state)
{
    (void)state;
    assert_nan(cx_quantile_ci(ranks, 100, NAN, 0.5, 0.95).low);
    assert_nan(cx_quantile_ci(ranks, 100, 0.0, 0.5, 0.95).high);
    assert_nan(cx_quantile_ci(ranks, 100, 5.0, 0.5, 0.95).low);
}

static double cover_ratio(int64_t count, double q, double phi, double effective_count)
{
    static double values[2000];
    gsl_rng      *generator = new_generator();
    const double  truth     = gsl_cdf_ugaussian_Pinv(q);
    int64_t       covered   = 0;

    for (int64_t trial = 0; trial < TRIAL_COUNT; trial++) {
        fill_ar1(generator, 0.0, 1.0, phi, values, count);
        cx_sort(values, count);
        const cx_interval_t interval = cx_quantile_ci(values, count, effective_count, q, 0.95);

        covered += interval.low <= truth && truth <= interval.high;
    }
    gsl_rng_free(generator);
    return (double)covered / TRIAL_COUNT;
}

static void test_interval_of_independent_samples_covers_the_quantile(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        double  q;
    } rows[] = {{6, 0.5}, {11, 0.5}, {30, 0.5}, {301, 0.5}, {100, 0.9}, {400, 0.99}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_true(cover_ratio(rows[i].count, rows[i].q, 0.0, (double)rows[i].count) >= 0.94);
    }
}

static void test_interval_of_dependent_samples_covers_only_with_effective_count(void **state)
{
    (void)state;
    const int64_t count = 1000;
    const double  phi   = 0.9;

    assert_true(cover_ratio(count, 0.5, phi, (double)count * (1.0 - phi) / (1.0 + phi)) >= 0.94);
    assert_true(cover_ratio(count, 0.5, phi, (double)count) < 0.70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_median_ranks_are_the_published_ones),
        cmocka_unit_test(test_ranks_agree_with_gsl_binomial),
        cmocka_unit_test(test_interval_exists_from_the_stated_count_on),
        cmocka_unit_test(test_effective_count_maps_ranks_at_the_same_fraction),
        cmocka_unit_test(test_interval_never_narrows_as_effective_count_falls),
        cmocka_unit_test(test_unknown_effective_count_has_no_interval),
        cmocka_unit_test(test_interval_of_independent_samples_covers_the_quantile),
        cmocka_unit_test(test_interval_of_dependent_samples_covers_only_with_effective_count),
    };

    return cmocka_run_group_tests(tests, fill_ranks, NULL);
}
