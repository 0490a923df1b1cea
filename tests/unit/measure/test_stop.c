/* SPDX-License-Identifier: Apache-2.0 */
/* When sampling ends: a table of series and what is decided on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "measure/stop.h"

#include <string.h>

/* constant: 10 · noisy: 10 to 11, independent · step: 10, and 20 in the last quarter */
typedef enum form { CONSTANT, NOISY, STEP } form_t;

static double value_of(form_t form, int64_t i, int64_t count)
{
    switch (form) {
    case NOISY:
        return 10 + (double)cx_prng_below(cx_prng_at(3, (uint64_t)i), 1000) / 1000;
    case STEP:
        return i < count / 4 * 3 ? 10 : 20;
    default:
        return 10;
    }
}

static cx_sampling_t sampling_with(double target_ratio)
{
    return (cx_sampling_t){.budget_us    = 1000,
                           .target_ratio = target_ratio,
                           .samples_min  = 30,
                           .samples_max  = 10000,
                           .warmup_min   = 5};
}

static cx_stop_t decide(const cx_sampling_t *sampling, form_t form, int64_t count,
                        double elapsed_us, int64_t *checked_at)
{
    cx_series_t series;
    cx_stop_t   stop;

    assert_int_equal(cx_series_init(&series, 1, 20000), CX_OK);
    for (int64_t i = 0; i < count; i++) {
        series.reduced_us[i] = value_of(form, i, count);
    }
    series.count = count;
    stop         = cx_stop_reached(sampling, &series, elapsed_us, checked_at);
    cx_series_fini(&series);
    return stop;
}

static void test_the_table_of_decisions(void **state)
{
    static const struct {
        double    target_ratio;
        form_t    form;
        int64_t   count;
        double    elapsed_us;
        cx_stop_t stop;
    } rows[] = {
        {0.01, CONSTANT, 10000, 0, CX_STOP_SAMPLES_MAX},
        {0.01, CONSTANT, 10001, 9999, CX_STOP_SAMPLES_MAX},
        {0.01, CONSTANT, 34, 0, CX_STOP_NOT_YET}, /* warmup_min + samples_min are 35 */
        {0.01, CONSTANT, 35, 0, CX_STOP_TARGET},
        {0, CONSTANT, 9999, 999, CX_STOP_NOT_YET}, /* no target: the budget decides */
        {0, CONSTANT, 100, 1000, CX_STOP_BUDGET},
        {1e-9, NOISY, 2000, 999, CX_STOP_NOT_YET},
        {0.05, NOISY, 2000, 0, CX_STOP_TARGET},
        {0.05, NOISY, 2000, 1000, CX_STOP_BUDGET},
        {0.5, STEP, 2000, 0, CX_STOP_NOT_YET},  /* not settled: no interval is believed */
        {0, STEP, 2000, 1000, CX_STOP_NOT_YET}, /* and the budget is extended, */
        {0, STEP, 2000, 3999, CX_STOP_NOT_YET},
        {0, STEP, 2000, 4000, CX_STOP_BUDGET},      /* but only so far */
        {0.01, CONSTANT, 5, 1000, CX_STOP_NOT_YET}, /* all of it is warm-up */
        {0, CONSTANT, 10, 3999, CX_STOP_NOT_YET},   /* five samples have no interval, */
        {0, CONSTANT, 10, 4000, CX_STOP_BUDGET},    /* but nobody waits for ever */
        {0, CONSTANT, 11, 1000, CX_STOP_BUDGET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_sampling_t sampling   = sampling_with(rows[i].target_ratio);
        int64_t       checked_at = 0;
        cx_stop_t     stop =
            decide(&sampling, rows[i].form, rows[i].count, rows[i].elapsed_us, &checked_at);

        if (stop != rows[i].stop) {
            fail_msg("row %zu: %s, expected %s", i, cx_stop_slug(stop), cx_stop_slug(rows[i].stop));
        }
    }
}

static void test_the_interval_is_looked_at_when_a_quarter_more_is_there(void **state)
{
    cx_sampling_t sampling   = sampling_with(1e-9);
    int64_t       checked_at = 0;

    (void)state;
    assert_int_equal(decide(&sampling, NOISY, 100, 0, &checked_at), CX_STOP_NOT_YET);
    assert_int_equal(checked_at, 100);
    sampling.target_ratio = 0.5;
    assert_int_equal(decide(&sampling, NOISY, 124, 0, &checked_at), CX_STOP_NOT_YET);
    assert_int_equal(checked_at, 100);
    assert_int_equal(decide(&sampling, NOISY, 125, 0, &checked_at), CX_STOP_TARGET);
    assert_int_equal(checked_at, 125);
}

/* A slow wave is worth few independent samples, whatever its interval looks like. */
static void test_dependent_samples_are_not_enough(void **state)
{
    cx_sampling_t sampling   = sampling_with(1);
    int64_t       checked_at = 0;
    cx_series_t   series;

    (void)state;
    assert_int_equal(cx_series_init(&series, 1, 400), CX_OK);
    for (int64_t i = 0; i < 400; i++) {
        series.reduced_us[i] = 10 + 0.001 * (double)(i % 100 < 50 ? i % 50 : 50 - i % 50);
    }
    series.count = 400;
    assert_int_equal(cx_stop_reached(&sampling, &series, 0, &checked_at), CX_STOP_NOT_YET);
    sampling.samples_min = 2;
    checked_at           = 0;
    assert_int_equal(cx_stop_reached(&sampling, &series, 0, &checked_at), CX_STOP_TARGET);
    cx_series_fini(&series);
}

static void test_every_reason_has_its_word(void **state)
{
    static const char *const slugs[] = {"not yet", "target", "budget", "samples-max", "failure"};

    (void)state;
    for (int i = 0; i <= CX_STOP_FAILURE; i++) {
        assert_string_equal(cx_stop_slug((cx_stop_t)i), slugs[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_of_decisions),
        cmocka_unit_test(test_the_interval_is_looked_at_when_a_quarter_more_is_there),
        cmocka_unit_test(test_dependent_samples_are_not_enough),
        cmocka_unit_test(test_every_reason_has_its_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
