/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what an option table means, with a table of every kind of value. */
#include "model/options.h"

#include "model/case.h"
#include "support/expect.h"

typedef struct thing {
    int64_t     whole, bytes;
    double      time_us, ratio;
    bool        is_on;
    int32_t     color;
    const char *text;
} thing_t;

static const char *const colors[] = {"red", "dark_green", "blue", NULL};
static const cx_option_t rows[]   = {
      CX_OPTION_INT(thing_t, whole, "whole-number", CX_OPTION_KEY, "3", 1, 10, ""),
      CX_OPTION_BYTES(thing_t, bytes, "bytes", CX_OPTION_KEY, "64KiB", 0, 1e6, ""),
      CX_OPTION_TIME(thing_t, time_us, "time", CX_OPTION_FREE, "250ms", 1e3, 1e9, ""),
      CX_OPTION_RATIO(thing_t, ratio, "ratio", CX_OPTION_KEY, "1%", 0, 1, ""),
      CX_OPTION_BOOL(thing_t, is_on, "on", CX_OPTION_KEY, "true", ""),
      CX_OPTION_ENUM(thing_t, color, "color", CX_OPTION_KEY, "dark_green", colors, ""),
      CX_OPTION_TEXT(thing_t, text, "text", CX_OPTION_KEY, false, "none", ""),
      CX_OPTION_END,
};

static thing_t    thing;
static cx_arena_t arena;

static int make_thing(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    memset(&thing, 0, sizeof thing);
    return cx_options_defaults(rows, &thing, &arena) == CX_OK ? 0 : -1;
}

static int drop_thing(void **state)
{
    (void)state;
    cx_arena_fini(&arena);
    return 0;
}

static void test_defaults_are_read_from_the_table(void **state)
{
    (void)state;
    assert_int_equal(thing.whole, 3);
    assert_int_equal(thing.bytes, 65536);
    assert_true(thing.time_us == 250e3);
    assert_true(thing.ratio == 0.01);
    assert_true(thing.is_on);
    assert_int_equal(thing.color, 1);
    assert_string_equal(thing.text, "none");
    assert_int_equal(cx_options_count(rows), 7);
    assert_int_equal(cx_options_count(NULL), 0);
}

static void test_names_with_dash_or_underscore(void **state)
{
    (void)state;
    char out[64];

    assert_ptr_equal(cx_options_find(rows, "whole-number"), &rows[0]);
    assert_ptr_equal(cx_options_find(rows, "whole_number"), &rows[0]);
    assert_null(cx_options_find(rows, "whole"));
    assert_null(cx_options_find(rows, ""));
    assert_null(cx_options_find(NULL, "whole"));
    assert_string_equal(cx_option_key(&rows[0], out, sizeof out), "whole_number");
    assert_string_equal(cx_option_variable(&rows[0], out, sizeof out), "CX_WHOLE_NUMBER");
    assert_string_equal(cx_options_name_at(rows, 1), "bytes");
}

static void test_what_is_refused_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *words;
    } bad[] = {
        {"whole_number", "11", "here: whole-number: 11 is outside 1..10"},
        {"whole_number", "0", "outside"},
        {"whole_number", "x", "expected a whole number, got \"x\""},
        {"bytes", "2MB", "bytes: 2MB is outside 0B..1000000B"},
        {"bytes", "12", "expected a size with a unit"},
        {"time", "1us", "time: 1us is outside 1ms..1000s"},
        {"time", "nan", "expected a time"},
        {"ratio", "101%", "outside"},
        {"ratio", "-nan", "expected a ratio"},
        {"on", "yes", "expected true or false, got \"yes\""},
        {"color", "darkgreen", "did you mean \"dark_green\"? One of red, dark_green, blue"},
        {"color", "purple", "\"purple\"; one of red, dark_green, blue"},
    };
    const thing_t before = thing;

    for (int64_t i = 0; i < LENGTH(bad); i++) {
        EXPECT_FAIL(
            CX_INVALID, bad[i].words,
            cx_option_set(cx_options_find(rows, bad[i].name), &thing, bad[i].text, "here", &arena));
    }
    assert_memory_equal(&before, &thing, sizeof thing);
}

/* A list that is cut would hide a choice. */
static void test_all_choices_of_every_option_are_listed(void **state)
{
    (void)state;
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        const char *text, *last = NULL;
        cx_case_t   one;

        for (size_t i = 0; row->choices && row->choices[i]; i++) {
            last = row->choices[i];
        }
        if (last) {
            cx_detail_clear();
            assert_int_equal(
                cx_option_set(row, &one, "a value of no option", "suite.yaml:123:45", &arena),
                CX_INVALID);
            text = cx_detail()->text;
            assert_string_equal(text + strlen(text) - strlen(last), last);
        }
    }
}

static void test_a_text_too_long_to_be_read_back_is_refused(void **state)
{
    (void)state;
    char text[CX_OPTION_TEXT_BYTES_MAX + 1];

    memset(text, 'x', sizeof text);
    text[CX_OPTION_TEXT_BYTES_MAX] = '\0';
    EXPECT_FAIL(CX_INVALID, "longer than 511 bytes",
                cx_option_set(&rows[6], &thing, text, "here", &arena));
    text[CX_OPTION_TEXT_BYTES_MAX - 1] = '\0';
    EXPECT_OK(cx_option_set(&rows[6], &thing, text, "here", &arena));
    assert_ptr_not_equal(thing.text, text);
    assert_string_equal(thing.text, text);
}

static void test_every_kind_prints_as_it_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *printed;
    } good[] = {
        {"whole_number", "+7", "7"},
        {"bytes", "2048B", "2KiB"},
        {"time", "2000ms", "2s"},
        {"ratio", "50%", "0.5"},
        {"on", "false", "false"},
        {"color", "dark-green", "dark_green"},
        {"text", "", ""},
    };

    for (int64_t i = 0; i < LENGTH(good); i++) {
        const cx_option_t *row = cx_options_find(rows, good[i].name);
        char               out[CX_OPTION_TEXT_BYTES_MAX];

        EXPECT_OK(cx_option_set(row, &thing, good[i].text, "here", &arena));
        assert_string_equal(cx_option_print(row, &thing, out, sizeof out), good[i].printed);
    }
}

static void test_origins_have_slugs(void **state)
{
    (void)state;
    assert_string_equal(cx_origin_slug(CX_ORIGIN_DEFAULT), "default");
    assert_string_equal(cx_origin_slug(CX_ORIGIN_COMMAND), "command line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults_are_read_from_the_table, make_thing,
                                        drop_thing),
        cmocka_unit_test(test_names_with_dash_or_underscore),
        cmocka_unit_test_setup_teardown(test_what_is_refused_and_why, make_thing, drop_thing),
        cmocka_unit_test_setup_teardown(test_all_choices_of_every_option_are_listed, make_thing,
                                        drop_thing),
        cmocka_unit_test_setup_teardown(test_a_text_too_long_to_be_read_back_is_refused, make_thing,
                                        drop_thing),
        cmocka_unit_test_setup_teardown(test_every_kind_prints_as_it_is_read, make_thing,
                                        drop_thing),
        cmocka_unit_test(test_origins_have_slugs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
