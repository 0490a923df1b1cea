/* SPDX-License-Identifier: Apache-2.0 */
/* Tests quantities as text: what is read, what is refused, what is printed. */
#include "base/units.h"

#include "support/expect.h"

static void test_bytes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t     bytes; /* -1: refused */
    } rows[] = {
        {"8B", 8},
        {"0B", 0},
        {"64KiB", 65536},
        {"1MB", 1000000},
        {"1.5MB", 1500000},
        {"1kB", 1000},
        {"1GiB", 1 << 30},
        {"2TiB", INT64_C(2) << 40},
        {"8", -1},
        {"", -1},
        {"B", -1},
        {"-1B", -1},
        {"1.5B", -1},
        {"1KB", -1},
        {"1 B", -1},
        {"0x10B", -1},
        {"infB", -1},
        {"nanB", -1},
        {"1e30B", -1},
        {"8B ", -1},
        {"9e15B", 9000000000000000},
        {"9007199254740993B", -1},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        int64_t     bytes = -1;
        const char *why   = cx_units_parse_bytes(rows[i].text, &bytes);

        assert_int_equal(bytes, rows[i].bytes);
        assert_int_equal(why == NULL, rows[i].bytes >= 0);
    }
}

static void test_times_are_read_as_microseconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double      time_us; /* -1: refused */
    } rows[] = {{"250us", 250}, {"2s", 2e6}, {"10ms", 1e4}, {"500ns", 0.5}, {"0.5s", 5e5},
                {"10", -1},     {"-1s", -1}, {"1m", -1},    {"s", -1},      {"1e400s", -1}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        double      time_us = -1;
        const char *why     = cx_units_parse_time(rows[i].text, &time_us);

        assert_true(time_us == rows[i].time_us);
        assert_int_equal(why == NULL, rows[i].time_us >= 0);
    }
}

static void test_ratios_and_whole_numbers(void **state)
{
    (void)state;
    double  ratio = -1;
    int64_t whole = -1;

    assert_null(cx_units_parse_ratio("0.02", &ratio));
    assert_true(ratio == 0.02);
    assert_null(cx_units_parse_ratio("2%", &ratio));
    assert_true(ratio == 0.02);
    assert_non_null(cx_units_parse_ratio("2 %", &ratio));
    assert_non_null(cx_units_parse_ratio("", &ratio));
    assert_null(cx_units_parse_int("-12", &whole));
    assert_int_equal(whole, -12);
    assert_non_null(cx_units_parse_int("12B", &whole));
    assert_non_null(cx_units_parse_int("9223372036854775808", &whole));
    assert_non_null(cx_units_parse_int(" 1", &whole));
    assert_non_null(cx_units_parse_int("", &whole));
    assert_int_equal(whole, -12);
}

static void test_a_refusal_says_what_was_expected(void **state)
{
    (void)state;
    int64_t bytes;
    double  time_us;

    assert_non_null(strstr(cx_units_parse_bytes("64", &bytes), "unit"));
    assert_non_null(strstr(cx_units_parse_time("64", &time_us), "unit"));
}

static void test_units_of_other_tools_have_the_nearest_of_ours(void **state)
{
    (void)state;
    static const struct {
        const char *text, *unit; /* NULL: none is near */
    } rows[] = {{"1K", "KiB"},   {"1KB", "KiB"}, {"1.5M", "MiB"}, {"1mib", "MiB"}, {"1Mi", "MiB"},
                {"64gb", "GiB"}, {"1t", "TiB"},  {"1ms", NULL},   {"1", NULL},     {"1b", NULL}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        int64_t     bytes;
        const char *why = cx_units_parse_bytes(rows[i].text, &bytes);
        const char *nearest;

        assert_non_null(why);
        nearest = strstr(why, "did you mean ");
        assert_int_equal(nearest != NULL, rows[i].unit != NULL);
        assert_true(!nearest || strstr(nearest, rows[i].unit));
    }
}

static void test_printing_takes_the_largest_exact_unit(void **state)
{
    (void)state;
    char out[64];

    assert_string_equal(cx_units_print_bytes(65536, out, sizeof out), "64KiB");
    assert_string_equal(cx_units_print_bytes(1000, out, sizeof out), "1000B");
    assert_string_equal(cx_units_print_bytes(0, out, sizeof out), "0B");
    assert_string_equal(cx_units_print_bytes(INT64_C(1) << 40, out, sizeof out), "1TiB");
    assert_string_equal(cx_units_print_time(250e3, out, sizeof out), "250ms");
    assert_string_equal(cx_units_print_time(6e7, out, sizeof out), "60s");
    assert_string_equal(cx_units_print_time(0.5, out, sizeof out), "0.5us");
    assert_string_equal(cx_units_print_ratio(0.01, out, sizeof out), "0.01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_read),
        cmocka_unit_test(test_times_are_read_as_microseconds),
        cmocka_unit_test(test_ratios_and_whole_numbers),
        cmocka_unit_test(test_a_refusal_says_what_was_expected),
        cmocka_unit_test(test_units_of_other_tools_have_the_nearest_of_ours),
        cmocka_unit_test(test_printing_takes_the_largest_exact_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
