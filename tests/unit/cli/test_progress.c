/* SPDX-License-Identifier: Apache-2.0 */
/* Tests progress on a pseudo terminal and as lines, with the time given by the test. */
#include "cli/progress.h"

#include "base/deadline.h"
#include "records.h"

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#define START_NS (1000 * CX_NS_PER_S)

typedef struct terminal {
    int        master;
    FILE      *stream;
    cx_style_t style;
    char       text[65536];
    size_t     length;
} terminal_t;

static void open_terminal(terminal_t *terminal, unsigned short column_count)
{
    struct winsize size = {.ws_row = 24, .ws_col = column_count};
    int            slave;

    memset(terminal, 0, sizeof *terminal);
    assert_int_equal(openpty(&terminal->master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(fcntl(terminal->master, F_SETFL, O_NONBLOCK), 0);
    terminal->stream = fdopen(slave, "w");
    assert_non_null(terminal->stream);
    terminal->style = (cx_style_t){.is_utf8      = true,
                                   .is_terminal  = true,
                                   .is_live      = true,
                                   .is_colored   = true,
                                   .column_count = column_count};
}

/* What was written since the last call. */
static const char *read_terminal(terminal_t *terminal)
{
    ssize_t count;

    terminal->length = 0;
    fflush(terminal->stream);
    while ((count = read(terminal->master, terminal->text + terminal->length,
                         sizeof terminal->text - 1 - terminal->length)) > 0) {
        terminal->length += (size_t)count;
    }
    terminal->text[terminal->length] = '\0';
    return terminal->text;
}

static void close_terminal(terminal_t *terminal)
{
    fclose(terminal->stream);
    close(terminal->master);
}

static cx_progress_point_t point_at(double fraction_done)
{
    return (cx_progress_point_t){.label               = "all_reduce.fp32.mpi",
                                 .size_bytes          = 4096,
                                 .time_us_p50         = 41.3,
                                 .ci_half_width_ratio = 0.014,
                                 .fraction_done       = fraction_done,
                                 .launch_index        = 1,
                                 .launch_count        = 3};
}

static void test_a_line_is_redrawn_in_place(void **state)
{
    (void)state;
    terminal_t          terminal;
    cx_progress_t       progress;
    cx_progress_point_t point = point_at(0.5);
    const char         *text;

    open_terminal(&terminal, 120);
    cx_progress_init(&progress, &terminal.style, terminal.stream, CX_PROGRESS_AUTO, 104, START_NS);
    cx_progress_update(&progress, &point, START_NS + 10 * CX_NS_PER_S);
    text = read_terminal(&terminal);
    assert_string_equal(text, "\r\033[Kall_reduce.fp32.mpi  4 KiB  41.3 µs ±1.4%  launch 2/3  ▁"
                              "  0/104 █████       ETA 00:10");
    close_terminal(&terminal);
}

static void test_drawing_happens_at_most_ten_times_a_second(void **state)
{
    (void)state;
    terminal_t    terminal;
    cx_progress_t progress;
    int           drawn_count = 0;

    open_terminal(&terminal, 120);
    cx_progress_init(&progress, &terminal.style, terminal.stream, CX_PROGRESS_AUTO, 10, START_NS);
    for (int64_t i = 0; i < 1000; i++) {
        cx_progress_point_t point = point_at((double)i / 1000);

        cx_progress_update(&progress, &point, START_NS + i * CX_NS_PER_MS);
        drawn_count += read_terminal(&terminal)[0] != '\0';
    }
    assert_int_equal(drawn_count, 10);
    close_terminal(&terminal);
}

static void test_fields_drop_from_the_right_and_nothing_wraps(void **state)
{
    (void)state;
    static const struct {
        unsigned short column_count;
        bool           has_bar, has_sparkline, has_launch;
    } rows[] = {{120, true, true, true},
                {76, false, true, true},
                {72, false, false, true},
                {66, false, false, false},
                {30, false, false, false}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        terminal_t          terminal;
        cx_progress_t       progress;
        cx_progress_point_t point = point_at(0.5);
        const char         *text;

        open_terminal(&terminal, rows[i].column_count);
        cx_progress_init(&progress, &terminal.style, terminal.stream, CX_PROGRESS_AUTO, 104,
                         START_NS);
        cx_progress_update(&progress, &point, START_NS + CX_NS_PER_S);
        text = read_terminal(&terminal);
        assert_int_equal(strstr(text, "█") != NULL, rows[i].has_bar);
        assert_int_equal(strstr(text, "▁") != NULL, rows[i].has_sparkline);
        assert_int_equal(strstr(text, "launch 2/3") != NULL, rows[i].has_launch);
        assert_non_null(strstr(text, "ETA"));
        assert_true(cx_style_cell_count(strstr(text, "\033[K") + 3) < rows[i].column_count);
        close_terminal(&terminal);
    }
}

static void test_the_end_leaves_an_empty_line_and_a_visible_cursor(void **state)
{
    (void)state;
    terminal_t          terminal;
    cx_progress_t       progress;
    cx_progress_point_t point = point_at(0.5);
    char                all[65536];

    open_terminal(&terminal, 120);
    cx_progress_init(&progress, &terminal.style, terminal.stream, CX_PROGRESS_AUTO, 2, START_NS);
    cx_progress_update(&progress, &point, START_NS + CX_NS_PER_S);
    cx_progress_case_done(&progress, "all_reduce", CX_OK, NULL, START_NS + 2 * CX_NS_PER_S);
    cx_progress_update(&progress, &point, START_NS + 3 * CX_NS_PER_S);
    cx_progress_fini(&progress);
    (void)snprintf(all, sizeof all, "%s", read_terminal(&terminal));
    assert_null(strstr(all, "\033[?25l"));
    assert_non_null(strstr(all, "\r\033[K1/2  ok  all_reduce\r\n"));
    assert_string_equal(all + strlen(all) - 4, "\r\033[K");
    close_terminal(&terminal);
}

static void test_a_stalled_rank_is_named_in_yellow(void **state)
{
    (void)state;
    terminal_t          terminal;
    cx_progress_t       progress;
    cx_progress_point_t point = point_at(0.5);
    const char         *text;

    open_terminal(&terminal, 120);
    cx_progress_init(&progress, &terminal.style, terminal.stream, CX_PROGRESS_AUTO, 2, START_NS);
    cx_progress_update(&progress, &point, START_NS + CX_NS_PER_S);
    (void)read_terminal(&terminal);
    cx_progress_stalled(&progress, 3, 12.4, "combine", START_NS + 13 * CX_NS_PER_S);
    text = read_terminal(&terminal);
    assert_non_null(strstr(text, "\033[33mrank 3 silent 12 s in combine  all_reduce"));
    close_terminal(&terminal);
}

static void test_eta_is_unknown_first_and_rises_at_most_once_a_second(void **state)
{
    (void)state;
    terminal_t    terminal;
    cx_progress_t progress;
    static const struct {
        double      fraction_done;
        int64_t     at_ms;
        const char *eta;
    } rows[] = {{0.01, 1000, "ETA --:--"}, {0.02, 1500, "ETA 01:14"}, {0.02, 2000, "ETA 01:14"},
                {0.02, 2600, "ETA 02:07"}, {0.02, 2900, "ETA 02:07"}, {0.5, 3000, "ETA 00:03"},
                {0.5, 3900, "ETA 00:04"}};

    open_terminal(&terminal, 120);
    cx_progress_init(&progress, &terminal.style, terminal.stream, CX_PROGRESS_AUTO, 2, START_NS);
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_progress_point_t point = point_at(rows[i].fraction_done);

        cx_progress_update(&progress, &point, START_NS + rows[i].at_ms * CX_NS_PER_MS);
        assert_non_null(strstr(read_terminal(&terminal), rows[i].eta));
    }
    close_terminal(&terminal);
}

/* ---- not a terminal ---- */

static const cx_style_t plain = {.column_count = 100};

static void test_lines_are_appended_without_control_bytes(void **state)
{
    (void)state;
    cx_progress_t       progress;
    cx_progress_point_t point = point_at(0.5);
    capture_t           capture;
    char               *text;

    cx_progress_init(&progress, &plain, capture_open(&capture), CX_PROGRESS_BAR, 2, START_NS);
    for (int64_t i = 1; i <= 65; i++) {
        cx_progress_update(&progress, &point, START_NS + i * CX_NS_PER_S);
    }
    cx_progress_stalled(&progress, 1, 31, "phase\033[2J", START_NS + 66 * CX_NS_PER_S);
    cx_progress_stalled(&progress, 1, 32, "phase", START_NS + 67 * CX_NS_PER_S);
    cx_progress_case_done(&progress, "bad\033]0;name\a", CX_INCORRECT, "element 3",
                          START_NS + 68 * CX_NS_PER_S);
    cx_progress_fini(&progress);
    text = capture_close(&capture);
    assert_string_equal(text, "all_reduce.fp32.mpi  4 KiB  41.3 us +-1.4%  0/2  ETA 00:30\n"
                              "all_reduce.fp32.mpi  4 KiB  41.3 us +-1.4%  0/2  ETA 01:00\n"
                              "rank 1 silent 31 s in phase?[2J  all_reduce.fp32.mpi\n"
                              "1/2  incorrect  bad?]0;name?: element 3\n");
    free(text);
}

static void test_none_says_nothing(void **state)
{
    (void)state;
    cx_progress_t       progress;
    cx_progress_point_t point = point_at(0.5);
    capture_t           capture;
    char               *text;

    cx_progress_init(&progress, &plain, capture_open(&capture), CX_PROGRESS_NONE, 2, START_NS);
    cx_progress_update(&progress, &point, START_NS + 60 * CX_NS_PER_S);
    cx_progress_stalled(&progress, 1, 60, "phase", START_NS + 60 * CX_NS_PER_S);
    cx_progress_case_done(&progress, "a", CX_OK, NULL, START_NS + 61 * CX_NS_PER_S);
    cx_progress_fini(&progress);
    text = capture_close(&capture);
    assert_string_equal(text, "");
    free(text);
}

static void test_nothing_reaches_stdout(void **state)
{
    (void)state;
    FILE               *sink  = tmpfile();
    const int           saved = dup(STDOUT_FILENO);
    terminal_t          terminal;
    cx_progress_t       progress;
    cx_progress_point_t point = point_at(0.5);
    long                written;

    assert_non_null(sink);
    fflush(stdout);
    assert_true(dup2(fileno(sink), STDOUT_FILENO) >= 0);
    open_terminal(&terminal, 120);
    cx_progress_init(&progress, &terminal.style, terminal.stream, CX_PROGRESS_AUTO, 2, START_NS);
    cx_progress_update(&progress, &point, START_NS + CX_NS_PER_S);
    cx_progress_case_done(&progress, "a", CX_TIMEOUT, "late", START_NS + CX_NS_PER_S);
    cx_progress_fini(&progress);
    fflush(stdout);
    written = (long)lseek(STDOUT_FILENO, 0, SEEK_END);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    fclose(sink);
    close_terminal(&terminal);
    assert_int_equal(written, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_redrawn_in_place),
        cmocka_unit_test(test_drawing_happens_at_most_ten_times_a_second),
        cmocka_unit_test(test_fields_drop_from_the_right_and_nothing_wraps),
        cmocka_unit_test(test_the_end_leaves_an_empty_line_and_a_visible_cursor),
        cmocka_unit_test(test_a_stalled_rank_is_named_in_yellow),
        cmocka_unit_test(test_eta_is_unknown_first_and_rises_at_most_once_a_second),
        cmocka_unit_test(test_lines_are_appended_without_control_bytes),
        cmocka_unit_test(test_none_says_nothing),
        cmocka_unit_test(test_nothing_reaches_stdout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
