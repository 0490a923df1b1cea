/* SPDX-License-Identifier: Apache-2.0 */
/* The health of a chain from planted gaps, drifts and spreads. Not where they come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/health.h"

static void test_a_gap_is_what_starts_are_apart_beyond_a_pair(void **state)
{
    static const struct {
        int64_t count;
        double  pair_us[5], start_to_start_us[4], gap_us;
    } rows[] = {
        {2, {10, 12}, {13}, 3},                     /* the lower of two pairs */
        {4, {10, 10, 40, 10}, {10, 10, 40}, 0},     /* a slow pair is no gap */
        {5, {9, 8, 7, 6, 5}, {20, 18, 16, 14}, 9},  /* the lower of the middle two less 7 */
        {4, {10, 10, 10, 10}, {9.5, 9.5, 11}, -.5}, /* clocks of a device may disagree */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double scratch[5];

        assert_true(cx_chain_gap_us(rows[i].pair_us, rows[i].start_to_start_us, rows[i].count,
                                    scratch) == rows[i].gap_us);
    }
}

static void test_drift_is_later_half_less_earlier_half(void **state)
{
    static const struct {
        int64_t count;
        double  pair_us[6], drift_us;
    } rows[] = {
        {2, {10, 12}, 2},
        {5, {10, 10, 13, 14, 15}, 4}, /* halves of 2 and 3 */
        {6, {9, 8, 7, 3, 2, 1}, -6},
        {6, {5, 5, 90, 5, 5, 70}, 0}, /* spikes do not drift */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double scratch[6];

        assert_true(cx_chain_drift_us(rows[i].pair_us, rows[i].count, scratch) == rows[i].drift_us);
    }
}

static void test_the_largest_magnitude_keeps_its_sign(void **state)
{
    static const double values[] = {2, -6, 4, 6};

    (void)state;
    assert_true(cx_largest_magnitude(values, 1) == 2);
    assert_true(cx_largest_magnitude(values, 3) == -6);
    assert_true(cx_largest_magnitude(values, 4) == -6);
}

static void plant(cx_series_t *series, const double *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        series->reduced_us[i] = values[i];
    }
    series->count = count;
}

static void test_trials_become_one_number_each(void **state)
{
    static const cx_pair_sampling_t sampling  = {.chain_iters = 3, .chain_trial_count = 4};
    static const double             gaps[]    = {4, 1, 3, 2};
    static const double             drifts[]  = {0.5, -2, 1, 1.5};
    static const double             spreads[] = {9, 1, 8, 2, 7};
    cx_pair_result_t                result;

    (void)state;
    assert_int_equal(cx_pair_result_init(&result, 2, &sampling, CX_REGIME_STEADY), CX_OK);
    plant(&result.interpair_gap, gaps, 4);
    plant(&result.settle_drift, drifts, 4);
    plant(&result.spread, spreads, 5);
    cx_chain_health(&result);
    assert_true(result.health.interpair_gap_us_p50 == 2); /* nearest rank */
    assert_true(result.health.settle_drift_us_max == -2);
    assert_true(result.health.pair_spread_us_p50 == 7);
    assert_true(result.spread.reduced_us[0] == 9); /* left in their order */
    cx_pair_result_fini(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_gap_is_what_starts_are_apart_beyond_a_pair),
        cmocka_unit_test(test_drift_is_later_half_less_earlier_half),
        cmocka_unit_test(test_the_largest_magnitude_keeps_its_sign),
        cmocka_unit_test(test_trials_become_one_number_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
