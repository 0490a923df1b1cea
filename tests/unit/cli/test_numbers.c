/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how numbers are written for people. */
#include "cli/numbers.h"

#include "records.h"

static void test_three_digits_without_exponent(void **state)
{
    (void)state;
    static const struct {
        double      value;
        const char *text;
    } rows[] = {{0, "0"},           {0.42, "0.420"},     {4.2, "4.20"},        {9.996, "10.0"},
                {99.96, "100"},     {42.149, "42.1"},    {999.6, "1000"},      {20034.7, "20000"},
                {1e-4, "0.000100"}, {-3.14159, "-3.14"}, {1234567, "1230000"}, {NAN, "-"},
                {INFINITY, "-"},    {1, "1.00"},         {0.099996, "0.100"}};
    char out[CX_NUMBER_BYTES_MAX];

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_string_equal(cx_number_print(rows[i].value, out, sizeof out), rows[i].text);
    }
}

static void test_a_column_is_in_ms_only_when_all_of_it_is(void **state)
{
    (void)state;
    static const double small[] = {0.4, 250000}, large[] = {1000, 250000}, none[] = {NAN, NAN};
    char                out[CX_NUMBER_BYTES_MAX];

    assert_int_equal(cx_time_unit_of(small, 2), CX_TIME_UNIT_US);
    assert_int_equal(cx_time_unit_of(large, 2), CX_TIME_UNIT_MS);
    assert_int_equal(cx_time_unit_of(none, 2), CX_TIME_UNIT_US);
    assert_int_equal(cx_time_unit_of(none, 0), CX_TIME_UNIT_US);
    assert_string_equal(cx_number_print_time(2500, CX_TIME_UNIT_MS, out, sizeof out), "2.50");
    assert_string_equal(cx_number_print_time(2500, CX_TIME_UNIT_US, out, sizeof out), "2500");
    assert_string_equal(cx_number_print_rate(11.24e9, out, sizeof out), "11.2");
}

static void test_bytes_are_exact(void **state)
{
    (void)state;
    static const struct {
        int64_t     bytes;
        const char *text;
    } rows[] = {{0, "0 B"},
                {8, "8 B"},
                {1023, "1023 B"},
                {1024, "1 KiB"},
                {1536, "1.5 KiB"},
                {4096, "4 KiB"},
                {1025, "1025 B"},
                {1000000, "1000000 B"},
                {INT64_C(64) << 20, "64 MiB"},
                {INT64_C(8) << 30, "8 GiB"},
                {INT64_MIN, "-"}};
    char out[CX_NUMBER_BYTES_MAX];

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_string_equal(cx_number_print_bytes(rows[i].bytes, out, sizeof out), rows[i].text);
    }
}

static void test_percent_count_and_clock(void **state)
{
    (void)state;
    char out[CX_NUMBER_BYTES_MAX];

    assert_string_equal(cx_number_print_percent(0.0123, out, sizeof out), "1.2%");
    assert_string_equal(cx_number_print_percent(0.0996, out, sizeof out), "10%");
    assert_string_equal(cx_number_print_percent(1.5, out, sizeof out), "150%");
    assert_string_equal(cx_number_print_percent(NAN, out, sizeof out), "-");
    assert_string_equal(cx_number_print_count(20000, out, sizeof out), "20000");
    assert_string_equal(cx_number_print_count(INT64_MIN, out, sizeof out), "-");
    assert_string_equal(cx_number_print_clock(134, out, sizeof out), "02:14");
    assert_string_equal(cx_number_print_clock(3720, out, sizeof out), "1:02:00");
    assert_string_equal(cx_number_print_clock(3599.7, out, sizeof out), "1:00:00");
    assert_string_equal(cx_number_print_clock(NAN, out, sizeof out), "--:--");
    assert_string_equal(cx_number_print_clock(-1, out, sizeof out), "--:--");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_digits_without_exponent),
        cmocka_unit_test(test_a_column_is_in_ms_only_when_all_of_it_is),
        cmocka_unit_test(test_bytes_are_exact),
        cmocka_unit_test(test_percent_count_and_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
