/* SPDX-License-Identifier: Apache-2.0 */
/* Tests growing texts, the nearest name, and making text printable. */
#include "base/text.h"

#include "support/expect.h"

static void test_text_grows_to_its_maximum_and_says_when_cut(void **state)
{
    (void)state;
    cx_text_t text;

    cx_text_init(&text, 1000);
    for (int i = 0; i < 99; i++) {
        cx_text_append(&text, "0123456789", 10);
        assert_false(text.is_cut);
    }
    cx_text_format(&text, "%s", "abcdefghij");
    assert_false(text.is_cut);
    assert_int_equal(text.length, 1000);
    assert_int_equal(strlen(text.bytes), 1000);
    cx_text_append(&text, "x", 1);
    assert_true(text.is_cut);
    cx_text_format(&text, "y");
    assert_int_equal(text.length, 1000);
    cx_text_fini(&text);
}

static void test_nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"all_reduce", "all_gather", "broadcast", "sum", NULL};
    static const struct {
        const char *name, *nearest;
    } rows[] = {
        {"all_reduse", "all_reduce"},
        {"allgather", "all_gather"},
        {"broadcst", "broadcast"},
        {"sun", "sum"},
        {"xyz", NULL},
        {"", NULL},
        {"reduce", NULL},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const char *nearest = cx_text_nearest(rows[i].name, names, cx_text_name_at);

        if (rows[i].nearest) {
            assert_non_null(nearest);
            assert_string_equal(nearest, rows[i].nearest);
        } else {
            assert_null(nearest);
        }
    }
}

static void test_nearest_of_a_very_long_name_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {"sum", NULL};
    char                     name[4096];

    memset(name, 's', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_null(cx_text_nearest(name, names, cx_text_name_at));
}

static void test_printable_has_no_control_bytes_and_fits(void **state)
{
    (void)state;
    char out[8];

    assert_string_equal(cx_text_printable("a\033[1m\n", out, sizeof out), "a?[1m?");
    assert_string_equal(cx_text_printable("0123456789", out, sizeof out), "0123456");
    assert_string_equal(cx_text_printable("\177", out, sizeof out), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_grows_to_its_maximum_and_says_when_cut),
        cmocka_unit_test(test_nearest_name),
        cmocka_unit_test(test_nearest_of_a_very_long_name_is_none),
        cmocka_unit_test(test_printable_has_no_control_bytes_and_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
