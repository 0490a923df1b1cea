/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the line of latency over bytes against GSL, and each gate on points made for it.
 * Not the choice of points. */
#include "stats/fit.h"

#include "series.h"

#include <gsl/gsl_fit.h>
#include <string.h>

static void test_points_on_a_line_give_it_back(void **state)
{
    static const double bytes[]      = {1024, 4096, 16384, 65536};
    static const double latency_us[] = {11.024, 14.096, 26.384, 75.536};
    cx_fit_t            fit          = cx_fit_line(bytes, latency_us, 4);

    (void)state;
    assert_int_equal(fit.verdict, CX_FIT_VERDICT_RELIABLE);
    assert_near(fit.alpha, 10, 1e-9);
    assert_near(fit.slope, 1e-3, 1e-12); /* 1 GB/s */
    assert_near(fit.r2_ratio, 1, 1e-12);
    assert_near(fit.share_ratio, 65.536 / 75.536, 1e-12);
    assert_false(fit.is_alpha_extrapolated);
}

/* Noisy ladders of many lengths: coefficients and residuals are GSL's. */
static void test_noisy_points_give_what_gsl_gives(void **state)
{
    gsl_rng *generator = new_generator();

    (void)state;
    for (int64_t count = 3; count <= 24; count++) {
        double bytes[24], latency_us[24], alpha, slope, cov00, cov01, cov11, residual;
        double total = 0, mean = 0;

        for (int64_t i = 0; i < count; i++) {
            bytes[i]      = 1e4 * (double)(i + 1);
            latency_us[i] = 50 + bytes[i] * 2e-3 + gsl_ran_gaussian(generator, 4);
            mean += latency_us[i] / (double)count;
        }
        gsl_fit_linear(bytes, 1, latency_us, 1, (size_t)count, &alpha, &slope, &cov00, &cov01,
                       &cov11, &residual);
        for (int64_t i = 0; i < count; i++) {
            total += (latency_us[i] - mean) * (latency_us[i] - mean);
        }
        cx_fit_t fit = cx_fit_line(bytes, latency_us, count);

        assert_near(fit.alpha, alpha, 1e-9 * fabs(alpha));
        assert_near(fit.slope, slope, 1e-9 * slope);
        assert_near(fit.r2_ratio, 1 - residual / total, 1e-9);
    }
    gsl_rng_free(generator);
}

static void test_order_of_the_points_does_not_matter(void **state)
{
    static const double up[] = {1, 2, 4, 9}, down[] = {9, 4, 2, 1};
    static const double slow[] = {5, 7, 8, 20}, reversed[] = {20, 8, 7, 5};
    cx_fit_t            a = cx_fit_line(up, slow, 4), b = cx_fit_line(down, reversed, 4);

    (void)state;
    assert_int_equal(a.verdict, b.verdict);
    assert_near(a.alpha, b.alpha, 1e-12);
    assert_near(a.slope, b.slope, 1e-12);
    assert_near(a.share_ratio, b.share_ratio, 1e-12);
}

static void test_points_without_a_line_have_a_reason_and_no_numbers(void **state)
{
    static const struct {
        int64_t     count;
        double      x[4], y[4];
        const char *slug;
    } rows[] = {
        {0, {0}, {0}, "too-few-points"},
        {2, {1, 2}, {1, 2}, "too-few-points"},
        {3, {8, 8, 8}, {1, 2, 3}, "one-size"},
        {3, {1, 2, 3}, {7, 7, 7}, "not-rising"},
        {4, {1, 2, 3, 4}, {9, 8, 6, 5}, "not-rising"},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_fit_t fit = cx_fit_line(rows[i].x, rows[i].y, rows[i].count);

        assert_string_equal(cx_fit_verdict_slug(fit.verdict), rows[i].slug);
        assert_nan(fit.alpha);
        assert_nan(fit.slope);
        assert_nan(fit.r2_ratio);
        assert_nan(fit.share_ratio);
        assert_false(fit.is_alpha_extrapolated);
    }
}

/* Three points with two sizes are enough for a line. */
static void test_gates_open_exactly_where_they_should(void **state)
{
    static const struct {
        double      x[3], y[3];
        const char *slug;
        bool        is_extrapolated;
    } rows[] = {
        {{1, 1, 2}, {1, 1, 2}, "reliable", true},
        /* Residual 6 * d^2 of a total of 2 + 6 * d^2: R2 is 0.9 at d^2 = 1/27. */
        {{0, 1, 2}, {1.19, 1.62, 3.19}, "reliable", false},
        {{0, 1, 2}, {1.2, 1.6, 3.2}, "poor-fit", false},
        /* The largest point is a quarter bytes, and a little less. */
        {{0, 10, 100}, {75, 77.5, 100}, "reliable", false},
        {{0, 10, 100}, {75.1, 77.6, 100.1}, "not-bandwidth-bound", false},
        /* Both gates shut: the fit is named, as nothing else can be said then. */
        {{0, 1, 2}, {101.2, 101.6, 103.2}, "poor-fit", false},
        /* The smallest is a tenth of the largest, and a little more. */
        {{10, 50, 100}, {10, 50, 100}, "reliable", false},
        {{10.1, 50, 100}, {10.1, 50, 100}, "reliable", true},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_fit_t fit = cx_fit_line(rows[i].x, rows[i].y, 3);

        assert_string_equal(cx_fit_verdict_slug(fit.verdict), rows[i].slug);
        assert_int_equal(fit.is_alpha_extrapolated, rows[i].is_extrapolated);
        assert_true(fit.slope > 0 && isfinite(fit.alpha) && isfinite(fit.r2_ratio));
    }
}

static void test_every_verdict_has_its_own_slug(void **state)
{
    (void)state;
    for (int i = 0; i < CX_FIT_VERDICT_COUNT; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(cx_fit_verdict_slug((cx_fit_verdict_t)i),
                                    cx_fit_verdict_slug((cx_fit_verdict_t)k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_on_a_line_give_it_back),
        cmocka_unit_test(test_noisy_points_give_what_gsl_gives),
        cmocka_unit_test(test_order_of_the_points_does_not_matter),
        cmocka_unit_test(test_points_without_a_line_have_a_reason_and_no_numbers),
        cmocka_unit_test(test_gates_open_exactly_where_they_should),
        cmocka_unit_test(test_every_verdict_has_its_own_slug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
