/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what a stream is taken to show, and what untrusted text becomes. Not colours on a page
 * (test_result_table.c). */
#include "records.h"

#include <locale.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const variables[] = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM", "CI",
                                        "COLUMNS",  NULL};

/* A terminal of 90 columns and a pipe, without the variables of whoever runs the tests. */
typedef struct streams {
    FILE *terminal, *pipe;
    int   master;
} streams_t;

static int open_streams(void **state)
{
    static streams_t streams;
    struct winsize   size = {.ws_row = 24, .ws_col = 90};
    int              slave;

    for (const char *const *name = variables; *name; name++) {
        unsetenv(*name);
    }
    setenv("TERM", "xterm", 1);
    assert_int_equal(openpty(&streams.master, &slave, NULL, NULL, &size), 0);
    streams.terminal = fdopen(slave, "w");
    streams.pipe     = tmpfile();
    assert_non_null(streams.terminal);
    assert_non_null(streams.pipe);
    *state = &streams;
    return 0;
}

static int close_streams(void **state)
{
    streams_t *streams = *state;

    fclose(streams->terminal);
    fclose(streams->pipe);
    close(streams->master);
    return 0;
}

static void set_all(const char *const settings[][2])
{
    for (; (*settings)[0]; settings++) {
        setenv((*settings)[0], (*settings)[1], 1);
    }
}

static void unset_all(void)
{
    for (const char *const *name = variables; *name; name++) {
        unsetenv(*name);
    }
    setenv("TERM", "xterm", 1);
}

static void test_colour_is_decided_in_the_stated_order(void **state)
{
    const streams_t *streams = *state;
    static const struct {
        cx_color_t  color;
        bool        is_terminal, is_colored;
        const char *settings[3][2];
    } rows[] = {
        {CX_COLOR_AUTO, true, true, {{NULL, NULL}}},
        {CX_COLOR_AUTO, false, false, {{NULL, NULL}}},
        {CX_COLOR_AUTO, true, false, {{"TERM", "dumb"}, {NULL, NULL}}},
        {CX_COLOR_AUTO, true, false, {{"NO_COLOR", "1"}, {NULL, NULL}}},
        {CX_COLOR_AUTO, true, true, {{"NO_COLOR", ""}, {NULL, NULL}}},
        {CX_COLOR_AUTO, false, true, {{"FORCE_COLOR", "1"}, {NULL, NULL}}},
        {CX_COLOR_AUTO, false, false, {{"FORCE_COLOR", "0"}, {NULL, NULL}}},
        {CX_COLOR_AUTO, false, true, {{"CLICOLOR_FORCE", "1"}, {NULL, NULL}}},
        {CX_COLOR_AUTO, true, false, {{"NO_COLOR", "1"}, {"FORCE_COLOR", "1"}, {NULL, NULL}}},
        {CX_COLOR_ALWAYS, false, true, {{"NO_COLOR", "1"}, {NULL, NULL}}},
        {CX_COLOR_NEVER, true, false, {{"FORCE_COLOR", "1"}, {NULL, NULL}}},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const cx_style_request_t request = {.color = rows[i].color};
        cx_style_t               style;

        unset_all();
        set_all(rows[i].settings);
        cx_style_init(&style, rows[i].is_terminal ? streams->terminal : streams->pipe, &request);
        assert_int_equal(style.is_colored, rows[i].is_colored);
        assert_int_equal(style.is_terminal, rows[i].is_terminal);
    }
}

static void test_a_line_is_live_only_on_a_capable_terminal_outside_ci(void **state)
{
    const streams_t         *streams = *state;
    const cx_style_request_t request = {0};
    cx_style_t               style;

    unset_all();
    cx_style_init(&style, streams->terminal, &request);
    assert_true(style.is_live);
    cx_style_init(&style, streams->pipe, &request);
    assert_false(style.is_live);
    setenv("CI", "true", 1);
    cx_style_init(&style, streams->terminal, &request);
    assert_false(style.is_live);
    unset_all();
    setenv("TERM", "dumb", 1);
    cx_style_init(&style, streams->terminal, &request);
    assert_false(style.is_live);
}

static void test_width_comes_from_option_then_columns_then_window_then_100(void **state)
{
    const streams_t   *streams = *state;
    cx_style_request_t request = {0};
    cx_style_t         style;
    struct winsize     size = {.ws_row = 24, .ws_col = 132};

    unset_all();
    cx_style_init(&style, streams->pipe, &request);
    assert_int_equal(style.column_count, 100);
    cx_style_init(&style, streams->terminal, &request);
    assert_int_equal(style.column_count, 90);
    assert_int_equal(ioctl(streams->master, TIOCSWINSZ, &size), 0);
    assert_int_equal(cx_style_column_count_now(&style, streams->terminal), 132);
    setenv("COLUMNS", "70", 1);
    cx_style_init(&style, streams->terminal, &request);
    assert_int_equal(style.column_count, 70);
    assert_int_equal(cx_style_column_count_now(&style, streams->terminal), 70);
    request.column_count = 80;
    cx_style_init(&style, streams->terminal, &request);
    assert_int_equal(style.column_count, 80);
    request.column_count = 1;
    cx_style_init(&style, streams->terminal, &request);
    assert_true(style.column_count >= 20);
}

static void test_ascii_is_used_in_the_c_locale_and_on_request(void **state)
{
    const streams_t   *streams = *state;
    cx_style_request_t request = {0};
    cx_style_t         style;

    assert_non_null(setlocale(LC_CTYPE, "C"));
    cx_style_init(&style, streams->pipe, &request);
    assert_false(style.is_utf8);
    assert_string_equal(cx_style_glyph(&style, CX_GLYPH_TIE), "~");
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    cx_style_init(&style, streams->pipe, &request);
    assert_true(style.is_utf8);
    assert_string_equal(cx_style_glyph(&style, CX_GLYPH_MICRO), "µs");
    request.is_ascii = true;
    cx_style_init(&style, streams->pipe, &request);
    assert_false(style.is_utf8);
}

static void test_hostile_text_is_made_safe(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utf8, *ascii;
    } rows[] = {
        {"hostref", "hostref", "hostref"},
        {"\033[31mred\033[0m", "?[31mred?[0m", "?[31mred?[0m"},
        {"a\r\nb\tc\177", "a??b?c?", "a??b?c?"},
        {"\302\233 31m", "? 31m", "? 31m"},     /* C1 CSI */
        {"\342\200\256evil", "?evil", "?evil"}, /* right-to-left override */
        {"caf\303\251", "caf\303\251", "caf?"},
        {"\xff\xfe"
         "x",
         "??x", "??x"},                                /* broken */
        {"\300\257", "??", "??"},                      /* overlong '/' */
        {"\355\240\200", "???", "???"},                /* surrogate */
        {"\360\237\230\200", "\360\237\230\200", "?"}, /* emoji */
        {"cut\303", "cut?", "cut?"},
    };
    const cx_style_t utf8 = {.is_utf8 = true}, ascii = {0};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        char out[64];

        assert_string_equal(cx_style_clean(&utf8, rows[i].text, out, sizeof out), rows[i].utf8);
        assert_string_equal(cx_style_clean(&ascii, rows[i].text, out, sizeof out), rows[i].ascii);
    }
}

static void test_cleaning_never_cuts_a_character(void **state)
{
    (void)state;
    const cx_style_t utf8 = {.is_utf8 = true};
    char             out[4];

    assert_string_equal(cx_style_clean(&utf8, "ab\303\251", out, sizeof out), "ab");
    assert_string_equal(cx_style_clean(&utf8, "a\303\251z", out, sizeof out), "a\303\251");
}

static void test_cells_are_counted_as_a_terminal_does(void **state)
{
    (void)state;
    assert_int_equal(cx_style_cell_count("abc"), 3);
    assert_int_equal(cx_style_cell_count("µs ≈ ± ▁█·"), 10);
    assert_int_equal(cx_style_cell_count("e\314\201"), 1); /* combining acute */
    assert_int_equal(cx_style_cell_count("日本"), 4);
    assert_int_equal(cx_style_cell_count(""), 0);
}

static void test_words_wrap_and_long_words_stay_whole(void **state)
{
    (void)state;
    const cx_style_t style = {.is_utf8 = true, .column_count = 20};
    capture_t        capture;
    char            *text;

    cx_style_wrap(capture_open(&capture), &style, CX_MEANING_PLAIN, 0, 2,
                  "the quick brown fox aVeryLongPathThatFitsNowhere end");
    text = capture_close(&capture);
    assert_string_equal(text, "the quick brown fox\n  aVeryLongPathThatFitsNowhere\n  end\n");
    free(text);
}

static void test_a_number_stays_with_its_unit(void **state)
{
    (void)state;
    const cx_style_t style = {.is_utf8 = true, .column_count = 20};
    capture_t        capture;
    char            *text;

    cx_style_wrap(capture_open(&capture), &style, CX_MEANING_PLAIN, 0, 2,
                  "it takes some 12.5 us, 1 2 3 4 5 6 7 8 9 times");
    text = capture_close(&capture);
    assert_string_equal(text, "it takes some\n  12.5 us, 1 2 3 4 5\n  6 7 8 9 times\n");
    free(text);
}

static void test_colour_codes_appear_only_when_asked(void **state)
{
    (void)state;
    cx_style_t style = {.is_colored = true};
    capture_t  capture;
    char      *text;

    cx_style_put(capture_open(&capture), &style, CX_MEANING_FAILED, "x");
    style.is_colored = false;
    cx_style_put(capture.stream, &style, CX_MEANING_FAILED, "x");
    text = capture_close(&capture);
    assert_string_equal(text, "\033[31mx\033[0mx");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colour_is_decided_in_the_stated_order),
        cmocka_unit_test(test_a_line_is_live_only_on_a_capable_terminal_outside_ci),
        cmocka_unit_test(test_width_comes_from_option_then_columns_then_window_then_100),
        cmocka_unit_test(test_ascii_is_used_in_the_c_locale_and_on_request),
        cmocka_unit_test(test_hostile_text_is_made_safe),
        cmocka_unit_test(test_cleaning_never_cuts_a_character),
        cmocka_unit_test(test_cells_are_counted_as_a_terminal_does),
        cmocka_unit_test(test_words_wrap_and_long_words_stay_whole),
        cmocka_unit_test(test_a_number_stays_with_its_unit),
        cmocka_unit_test(test_colour_codes_appear_only_when_asked),
    };

    return cmocka_run_group_tests(tests, open_streams, close_streams);
}
