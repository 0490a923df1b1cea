/* SPDX-License-Identifier: Apache-2.0 */
/* Tests lines and words of captures. */
#include "store/import_line.h"

#include "support/expect.h"

static void test_lines_without_ends_and_prefixes(void **state)
{
    (void)state;
    static const char  text[]   = "one\r\n[1,0]<stdout>:  two\n 12: three\n12:four\n\n[x] five";
    static const char *wanted[] = {"one", "  two", "three", "12:four", "", "[x] five"};
    const char        *at       = text;
    char               line[CX_LINE_BYTES_MAX];

    for (int64_t i = 0; i < LENGTH(wanted); i++) {
        assert_true(cx_line_next(&at, text + sizeof text - 1, line));
        assert_string_equal(line, wanted[i]);
    }
    assert_false(cx_line_next(&at, text + sizeof text - 1, line));
}

static void test_a_line_that_never_ends_is_cut(void **state)
{
    (void)state;
    static char text[3 * CX_LINE_BYTES_MAX];
    const char *at = text;
    char        line[CX_LINE_BYTES_MAX];

    memset(text, 'x', sizeof text);
    assert_true(cx_line_next(&at, text + sizeof text, line));
    assert_int_equal(strlen(line), CX_LINE_BYTES_MAX - 1);
    assert_false(cx_line_next(&at, text + sizeof text, line));
}

static void test_words(void **state)
{
    (void)state;
    char line[] = "  a bc\t d ";
    char many[] = "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 "
                  "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0";
    char blank[] = "   ";
    char *words[CX_LINE_WORD_COUNT_MAX];

    assert_int_equal(cx_line_split(line, words), 3);
    assert_string_equal(words[1], "bc");
    assert_int_equal(cx_line_split(many, words), CX_LINE_WORD_COUNT_MAX);
    assert_int_equal(cx_line_split(blank, words), 0);
}

static void test_numbers(void **state)
{
    (void)state;
    double  number = 0;
    int64_t whole  = 0;

    assert_true(cx_word_is_number("1.2e+05", &number));
    assert_true(number == 1.2e5);
    assert_false(cx_word_is_number("N/A", &number));
    assert_false(cx_word_is_number("nan", &number));
    assert_false(cx_word_is_number("inf", &number));
    assert_false(cx_word_is_number("0x10", &number));
    assert_false(cx_word_is_number("1.2us", &number));
    assert_true(cx_word_is_whole("-1", -1, &whole));
    assert_false(cx_word_is_whole("-1", 0, &whole));
    assert_false(cx_word_is_whole("1.5", 0, &whole));
    assert_false(cx_word_is_whole("99999999999999999999", 0, &whole));
    assert_true(cx_line_number_after("warmup iters: 5 iters: 20", " iters: ", &whole));
    assert_int_equal(whole, 5);
    assert_false(cx_line_number_after("iters: x", "iters: ", &whole));
    assert_false(cx_line_number_after("", "iters: ", &whole));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_without_ends_and_prefixes),
        cmocka_unit_test(test_a_line_that_never_ends_is_cut),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
