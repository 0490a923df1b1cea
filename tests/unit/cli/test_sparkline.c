/* SPDX-License-Identifier: Apache-2.0 */
/* Tests ladders as cells: levels, scale, gaps and failures. */
#include "cli/sparkline.h"

#include "records.h"

static const double powers[] = {1, 2, 4, 8, 16, 32, 64, 128};

static void print(bool is_utf8, const cx_spark_scale_t *scale, const double *rungs, int64_t count,
                  const char *expected)
{
    const cx_style_t style = {.is_utf8 = is_utf8};
    char             out[256];

    assert_string_equal(cx_sparkline_print(&style, scale, rungs, count, out, sizeof out), expected);
}

static void test_powers_climb_all_levels(void **state)
{
    (void)state;
    cx_spark_scale_t scale = cx_spark_scale_empty();

    cx_spark_scale_widen(&scale, powers, LENGTH(powers));
    print(true, &scale, powers, LENGTH(powers), "▁▂▃▄▅▆▇█");
    print(false, &scale, powers, LENGTH(powers), ".:-=+*#@");
}

static void test_rows_share_a_scale(void **state)
{
    (void)state;
    static const double low[] = {1, 1, 1};
    cx_spark_scale_t    scale = cx_spark_scale_empty();

    cx_spark_scale_widen(&scale, low, 3);
    cx_spark_scale_widen(&scale, powers + 7, 1);
    print(true, &scale, low, 3, "▁▁▁");
    print(true, &scale, powers + 7, 1, "█");
}

static void test_gaps_and_failures_are_no_levels(void **state)
{
    (void)state;
    static const double rungs[] = {1, NAN, CX_RUNG_FAILED, 2};
    cx_spark_scale_t    scale   = cx_spark_scale_empty();

    cx_spark_scale_widen(&scale, rungs, 4);
    assert_true(scale.low == 1 && scale.high == 2);
    print(true, &scale, rungs, 4, "▁·x█");
    print(false, &scale, rungs, 4, "._x@");
}

static void test_one_value_or_none_is_the_lowest_level(void **state)
{
    (void)state;
    static const double one = 5, none = NAN;
    cx_spark_scale_t    scale = cx_spark_scale_empty();

    print(true, &scale, &none, 1, "·");
    cx_spark_scale_widen(&scale, &one, 1);
    print(true, &scale, &one, 1, "▁");
    print(true, &scale, &one, 0, "");
}

static void test_a_short_buffer_never_cuts_a_cell(void **state)
{
    (void)state;
    const cx_style_t style = {.is_utf8 = true};
    cx_spark_scale_t scale = cx_spark_scale_empty();
    char             out[6];

    cx_spark_scale_widen(&scale, powers, LENGTH(powers));
    assert_string_equal(cx_sparkline_print(&style, &scale, powers, LENGTH(powers), out, sizeof out),
                        "▁");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_powers_climb_all_levels),
        cmocka_unit_test(test_rows_share_a_scale),
        cmocka_unit_test(test_gaps_and_failures_are_no_levels),
        cmocka_unit_test(test_one_value_or_none_is_the_lowest_level),
        cmocka_unit_test(test_a_short_buffer_never_cuts_a_cell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
