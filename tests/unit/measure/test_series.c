/* SPDX-License-Identifier: Apache-2.0 */
/* Storage of samples: shape, clearing, and an honest refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/series.h"
#include "support/refusing_memory.h"

#include <string.h>

static void test_every_array_has_its_shape(void **state)
{
    cx_series_t series;

    (void)state;
    assert_int_equal(cx_series_init(&series, 3, 100), CX_OK);
    assert_int_equal(series.rank_count, 3);
    assert_int_equal(series.capacity, 100);
    assert_int_equal(series.count, 0);
    assert_false(series.has_skew);
    for (int64_t i = 0; i < 300; i++) {
        assert_true(series.rank_us[i] + series.arrival_us[i] + series.exit_us[i] == 0);
    }
    /* Writing to the last element is what a sanitizer would object to. */
    series.rank_us[299] = series.arrival_us[299] = series.exit_us[299] = 1;
    series.reduced_us[99] = series.scratch[102] = series.column[2] = 1;
    cx_series_fini(&series);
    assert_null(series.rank_us);
    cx_series_fini(&series);
}

static void test_clearing_keeps_the_memory(void **state)
{
    cx_series_t series;
    double     *kept;

    (void)state;
    assert_int_equal(cx_series_init(&series, 1, 8), CX_OK);
    kept            = series.rank_us;
    series.count    = 5;
    series.has_skew = true;
    cx_series_clear(&series);
    assert_int_equal(series.count, 0);
    assert_false(series.has_skew);
    assert_ptr_equal(series.rank_us, kept);
    cx_series_fini(&series);
}

static void test_too_much_is_refused_in_words(void **state)
{
    cx_series_t series;

    (void)state;
    cx_detail_clear();
    assert_int_equal(cx_series_init(&series, 7, INT64_C(1) << 52), CX_RESOURCE);
    assert_non_null(strstr(cx_detail()->text, "samples of 7 ranks"));
    assert_null(series.rank_us);
}

static void test_dividing_changes_durations_alone(void **state)
{
    cx_series_t series;

    (void)state;
    assert_int_equal(cx_series_init(&series, 2, 8), CX_OK);
    series.count = 3;
    for (int64_t i = 0; i < 16; i++) {
        series.rank_us[i] = series.arrival_us[i] = series.exit_us[i] = 256;
    }
    series.reduced_us[2] = series.reduced_us[3] = 128;
    cx_series_divide(&series, 128);
    assert_true(series.rank_us[0] == 2 && series.rank_us[2] == 2 && series.rank_us[8 + 2] == 2);
    assert_true(series.rank_us[3] == 256 && series.rank_us[8 + 3] == 256); /* no samples */
    assert_true(series.reduced_us[2] == 1 && series.reduced_us[3] == 128);
    assert_true(series.arrival_us[0] == 256 && series.exit_us[8] == 256);
    cx_series_fini(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dividing_changes_durations_alone),
        cmocka_unit_test(test_every_array_has_its_shape),
        cmocka_unit_test(test_clearing_keeps_the_memory),
        cmocka_unit_test(test_too_much_is_refused_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
