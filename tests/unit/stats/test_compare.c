/* SPDX-License-Identifier: Apache-2.0 */
/* Tests comparison verdicts, ratios and p-values: published vectors, simulation, planted shifts.
 * Not the choice of what to compare. */
#include "stats/compare.h"

#include "series.h"

#include <gsl/gsl_cdf.h>
#include <string.h>

#define SIDE_MAX 3000

static double side_a[SIDE_MAX], side_b[SIDE_MAX];

static cx_comparison_t compare(const double *a, int64_t a_count, const double *b, int64_t b_count)
{
    static double scratch[2 * SIDE_MAX + 200 * 200];

    assert_true(cx_compare_scratch_count(a_count, b_count) <= LENGTH(scratch));
    return cx_compare(a, a_count, b, b_count, 0.03, scratch);
}

static void test_p_value_of_published_and_tied_samples(void **state)
{
    (void)state;
    static const struct {
        double  a[10], b[10];
        int64_t a_count, b_count;
        double  excess, variance; /* of U, continuity corrected */
    } rows[] = {
        /* Hollander & Wolfe, table 4.1: U = 15 of 50 */
        {{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
         {1.15, 0.88, 0.90, 0.74, 1.21},
         10,
         5,
         9.5,
         50.0 * 16.0 / 12.0},
        /* by hand: U = 16.5 of 20; ties of 2, 3 and 2 give 6 + 24 + 6 */
        {{1, 1, 2, 3}, {2, 2, 3, 4, 5}, 4, 5, 6.0, 20.0 / 12.0 * (10.0 - 36.0 / 72.0)},
        {{1, 3, 5}, {2, 3, 4}, 3, 3, 0.0, 1.0}, /* U = 4.5 of 9, the middle */
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const double expected = 2.0 * gsl_cdf_ugaussian_Q(rows[i].excess / sqrt(rows[i].variance));
        const cx_comparison_t one = compare(rows[i].a, rows[i].a_count, rows[i].b, rows[i].b_count);
        const cx_comparison_t swapped =
            compare(rows[i].b, rows[i].b_count, rows[i].a, rows[i].a_count);

        assert_near(one.p_value, expected, 1e-12);
        assert_near(swapped.p_value, expected, 1e-12);
    }
}

static void test_ratio_is_the_median_of_all_pairs(void **state)
{
    (void)state;
    static const double a[] = {1.0, 2.0, 4.0}, b[] = {8.0, 2.0, 4.0}, c[] = {3.0, 6.0};

    assert_near(compare(a, 3, b, 3).ratio, 2.0, 1e-15);
    /* 3/4 3/2 3/2 3 3 6 */
    assert_near(compare(a, 3, c, 2).ratio, sqrt(1.5 * 3.0), 1e-15);
}

/* five against five: pairs number 3 and 23 of 25 */
static void test_interval_ranks_follow_the_large_sample_formula(void **state)
{
    (void)state;
    static const double   ones[]     = {1.0, 1.0, 1.0, 1.0, 1.0};
    static const double   rises[]    = {1.0, 2.0, 3.0, 4.0, 5.0};
    const cx_comparison_t comparison = compare(ones, 5, rises, 5);

    assert_near(comparison.ratio, 3.0, 1e-15);
    assert_near(comparison.ratio_low, 1.0, 0.0); /* each ratio five times */
    assert_near(comparison.ratio_high, 5.0, 0.0);
}

static void test_verdict_follows_the_planted_ratio(void **state)
{
    (void)state;
    static const struct {
        double                  ratio, stddev;
        int64_t                 count;
        cx_comparison_verdict_t expected;
    } rows[] = {
        {1.0, 0.5, 30, CX_COMPARISON_SAME},     {1.01, 0.5, 30, CX_COMPARISON_SAME},
        {0.8, 1.0, 10, CX_COMPARISON_FASTER},   {1.2, 1.0, 10, CX_COMPARISON_SLOWER},
        {1.0, 30.0, 10, CX_COMPARISON_UNCLEAR}, {1.03, 1.0, 30, CX_COMPARISON_UNCLEAR},
        {0.8, 5.0, 3000, CX_COMPARISON_FASTER}, {1.0, 5.0, 3000, CX_COMPARISON_SAME},
        {0.5, 1.0, 3, CX_COMPARISON_UNCLEAR},
    };
    gsl_rng *generator = new_generator();

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        fill_gaussian(generator, 100.0, rows[i].stddev, side_a, rows[i].count);
        fill_gaussian(generator, 100.0 * rows[i].ratio, rows[i].stddev, side_b, rows[i].count);
        assert_int_equal(compare(side_a, rows[i].count, side_b, rows[i].count).verdict,
                         rows[i].expected);
    }
    gsl_rng_free(generator);
}

static void test_swapping_sides_inverts_the_ratio(void **state)
{
    (void)state;
    gsl_rng *generator = new_generator();

    fill_gaussian(generator, 100.0, 4.0, side_a, 12);
    fill_gaussian(generator, 120.0, 4.0, side_b, 9);
    const cx_comparison_t slower = compare(side_a, 12, side_b, 9);
    const cx_comparison_t faster = compare(side_b, 9, side_a, 12);

    assert_near(slower.ratio * faster.ratio, 1.0, 1e-12);
    assert_near(slower.ratio_low * faster.ratio_high, 1.0, 1e-12);
    assert_near(slower.ratio_high * faster.ratio_low, 1.0, 1e-12);
    assert_int_equal(slower.verdict, CX_COMPARISON_SLOWER);
    assert_int_equal(faster.verdict, CX_COMPARISON_FASTER);
    gsl_rng_free(generator);
}

static void test_too_few_values_have_a_ratio_but_no_interval(void **state)
{
    (void)state;
    static const double   a[] = {1.0, 1.1, 0.9}, b[] = {2.0, 2.1, 1.9, 2.2};
    const cx_comparison_t comparison = compare(a, 3, b, 4);

    assert_true(comparison.ratio > 1.8 && comparison.ratio < 2.3);
    assert_nan(comparison.ratio_low);
    assert_nan(comparison.ratio_high);
    assert_int_equal(comparison.verdict, CX_COMPARISON_UNCLEAR);
}

static void test_equal_constants_are_the_same(void **state)
{
    (void)state;
    static const double   a[]        = {7.0, 7.0, 7.0, 7.0, 7.0};
    const cx_comparison_t comparison = compare(a, 5, a, 5);

    assert_near(comparison.p_value, 1.0, 0.0);
    assert_near(comparison.ratio, 1.0, 0.0);
    assert_int_equal(comparison.verdict, CX_COMPARISON_SAME);
}

static void test_nothing_is_said_of_empty_or_non_positive_sides(void **state)
{
    (void)state;
    static const double good[] = {1.0, 2.0}, bad[] = {0.0, 2.0};
    const struct {
        const double *a, *b;
        int64_t       a_count, b_count;
    } rows[] = {{good, good, 0, 2}, {good, good, 2, 0}, {good, bad, 2, 2}, {bad, good, 2, 2}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const cx_comparison_t comparison =
            compare(rows[i].a, rows[i].a_count, rows[i].b, rows[i].b_count);

        assert_nan(comparison.ratio);
        assert_nan(comparison.ratio_low);
        assert_nan(comparison.p_value);
        assert_int_equal(comparison.verdict, CX_COMPARISON_UNCLEAR);
    }
}

/* under a true ratio of 1.1: the interval covers it; under 1.0: p below 5 % in 5 % of trials */
static void test_interval_covers_and_p_value_holds_its_level(void **state)
{
    (void)state;
    static const int64_t counts[]  = {5, 12, 40};
    gsl_rng             *generator = new_generator();

    for (int64_t c = 0; c < LENGTH(counts); c++) {
        const int64_t count         = counts[c];
        int64_t       covered_count = 0, rejected_count = 0;

        for (int64_t trial = 0; trial < 2000; trial++) {
            fill_gaussian(generator, 100.0, 5.0, side_a, count);
            fill_gaussian(generator, 100.0, 5.0, side_b, count);
            rejected_count += compare(side_a, count, side_b, count).p_value < 0.05;
            for (int64_t i = 0; i < count; i++) {
                side_b[i] *= 1.1;
            }
            const cx_comparison_t comparison = compare(side_a, count, side_b, count);

            covered_count += comparison.ratio_low <= 1.1 && comparison.ratio_high >= 1.1;
        }
        assert_true(covered_count >= 1880);
        assert_true(rejected_count <= 120);
    }
    gsl_rng_free(generator);
}

/* sd of the mean ratio is 5 % * sqrt(2 / 3000) = 0.13 %; the interval about 1.96 of it each way */
static void test_thinning_does_not_widen_the_interval(void **state)
{
    (void)state;
    gsl_rng *generator = new_generator();

    fill_gaussian(generator, 100.0, 5.0, side_a, SIDE_MAX);
    fill_gaussian(generator, 110.0, 5.5, side_b, SIDE_MAX);
    const cx_comparison_t comparison = compare(side_a, SIDE_MAX, side_b, SIDE_MAX);

    assert_near(comparison.ratio, 1.1, 0.006);
    assert_near(comparison.ratio_high - comparison.ratio_low, 1.1 * 2.0 * 1.96 * 0.0013, 0.0012);
    gsl_rng_free(generator);
}

static void test_slug_names_the_verdict(void **state)
{
    (void)state;
    assert_string_equal(cx_comparison_verdict_slug(CX_COMPARISON_FASTER), "faster");
    assert_string_equal(cx_comparison_verdict_slug(CX_COMPARISON_SLOWER), "slower");
    assert_string_equal(cx_comparison_verdict_slug(CX_COMPARISON_SAME), "same");
    assert_string_equal(cx_comparison_verdict_slug(CX_COMPARISON_UNCLEAR), "unclear");
}

/* as R's p.adjust(p, "holm") */
static void test_holm_agrees_with_r(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        double  given[5], expected[5];
    } rows[] = {
        {0, {0}, {0}},
        {1, {0.04}, {0.04}},
        {4, {0.01, 0.04, 0.03, 0.005}, {0.03, 0.06, 0.06, 0.02}},
        {3, {0.5, 0.6, 0.9}, {1.0, 1.0, 1.0}},
        {3, {0.0, 0.02, 0.0}, {0.0, 0.02, 0.0}},
        {3, {0.02, 0.02, 0.02}, {0.06, 0.06, 0.06}},
        {5, {0.001, 0.01, 0.012, 0.04, 0.8}, {0.005, 0.04, 0.04, 0.08, 0.8}},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        double p_values[5];

        memcpy(p_values, rows[i].given, sizeof p_values);
        cx_holm_adjust(p_values, rows[i].count);
        for (int64_t k = 0; k < rows[i].count; k++) {
            assert_near(p_values[k], rows[i].expected[k], 1e-15);
            assert_false(signbit(p_values[k]));
        }
    }
}

static void test_holm_leaves_unknown_out_of_the_family(void **state)
{
    (void)state;
    double p_values[] = {0.01, NAN, 0.03};

    cx_holm_adjust(p_values, 3);
    assert_near(p_values[0], 0.02, 1e-15);
    assert_nan(p_values[1]);
    assert_near(p_values[2], 0.03, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p_value_of_published_and_tied_samples),
        cmocka_unit_test(test_ratio_is_the_median_of_all_pairs),
        cmocka_unit_test(test_interval_ranks_follow_the_large_sample_formula),
        cmocka_unit_test(test_verdict_follows_the_planted_ratio),
        cmocka_unit_test(test_swapping_sides_inverts_the_ratio),
        cmocka_unit_test(test_too_few_values_have_a_ratio_but_no_interval),
        cmocka_unit_test(test_equal_constants_are_the_same),
        cmocka_unit_test(test_nothing_is_said_of_empty_or_non_positive_sides),
        cmocka_unit_test(test_interval_covers_and_p_value_holds_its_level),
        cmocka_unit_test(test_thinning_does_not_widen_the_interval),
        cmocka_unit_test(test_slug_names_the_verdict),
        cmocka_unit_test(test_holm_agrees_with_r),
        cmocka_unit_test(test_holm_leaves_unknown_out_of_the_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
