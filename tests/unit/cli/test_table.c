/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how columns are laid out, dropped, wrapped and made safe. */
#include "cli/table.h"

#include "records.h"

typedef struct fixture {
    cx_arena_t arena;
    cx_style_t style;
    cx_table_t table;
} fixture_t;

static int make_fixture(void **state)
{
    static fixture_t fixture;

    fixture.style = (cx_style_t){.is_utf8 = true, .column_count = 100};
    cx_arena_init(&fixture.arena);
    cx_table_init(&fixture.table, &fixture.style, &fixture.arena);
    *state = &fixture;
    return 0;
}

static int drop_fixture(void **state)
{
    cx_arena_fini(&((fixture_t *)*state)->arena);
    return 0;
}

static void add_columns(cx_table_t *table)
{
    cx_table_add_column(table, (cx_column_t){.title = ""});
    cx_table_add_column(table, (cx_column_t){.title = "name"});
    cx_table_add_column(table, (cx_column_t){.title = "p50", .unit = "µs", .is_number = true});
    cx_table_add_column(table, (cx_column_t){.title = "ladder", .drop_order = 2});
    cx_table_add_column(table, (cx_column_t){.title = "±", .drop_order = 1, .is_number = true});
    cx_table_add_column(table, (cx_column_t){.title = "check"});
}

static void add_row(cx_table_t *table, const char *const cells[6])
{
    cx_table_add_row(table);
    for (int32_t i = 0; i < 6; i++) {
        cx_table_set(table, i, CX_MEANING_PLAIN, cells[i]);
    }
}

static void fill(cx_table_t *table)
{
    static const char *const first[]  = {">", "a", "4.20", "▁▂", "1.2%", "ok"};
    static const char *const second[] = {NULL, "longer", "42.1",
                                         "▁█", NULL,     "no: a reason of many words"};

    add_columns(table);
    add_row(table, first);
    add_row(table, second);
}

static void check(const cx_table_t *table, bool is_markdown, const char *expected)
{
    capture_t capture;
    char     *text;

    capture_open(&capture);
    if (is_markdown) {
        cx_table_print_markdown(capture.stream, table);
    } else {
        cx_table_print(capture.stream, table);
    }
    text = capture_close(&capture);
    assert_string_equal(text, expected);
    free(text);
}

static void test_numbers_stand_right_and_empty_ones_are_dashes(void **state)
{
    fixture_t *fixture = *state;

    fill(&fixture->table);
    check(&fixture->table, false,
          "  name     p50  ladder     ±  check\n"
          "            µs\n"
          "> a       4.20  ▁▂      1.2%  ok\n"
          "  longer  42.1  ▁█         -  no: a reason of many words\n");
}

static void test_columns_go_by_their_order_and_the_last_wraps(void **state)
{
    fixture_t *fixture = *state;

    fixture->style.column_count = 40;
    fill(&fixture->table);
    check(&fixture->table, false,
          "  name     p50     ±  check\n"
          "            µs\n"
          "> a       4.20  1.2%  ok\n"
          "  longer  42.1     -  no: a reason of\n"
          "                      many words\n");
    fixture->style.column_count = 34;
    check(&fixture->table, false,
          "  name     p50  check\n"
          "            µs\n"
          "> a       4.20  ok\n"
          "  longer  42.1  no: a reason of\n"
          "                many words\n");
}

static void test_what_may_not_be_dropped_stays_at_any_width(void **state)
{
    fixture_t *fixture = *state;

    fixture->style.column_count = 20;
    fill(&fixture->table);
    check(&fixture->table, false,
          "  name     p50  check\n"
          "            µs\n"
          "> a       4.20  ok\n"
          "  longer  42.1  no: a\n"
          "                reason\n"
          "                of many\n"
          "                words\n");
}

static void test_a_table_without_rows_is_its_header(void **state)
{
    fixture_t *fixture = *state;

    add_columns(&fixture->table);
    check(&fixture->table, false, " name  p50  ladder  ±  check\n        µs\n");
}

static void test_cells_are_made_safe(void **state)
{
    static const char *const hostile[] = {">", "\033]0;x\a", "1", "", "1%", "a\nb\342\200\256"};
    fixture_t               *fixture   = *state;

    add_columns(&fixture->table);
    add_row(&fixture->table, hostile);
    check(&fixture->table, false,
          "  name    p50  ladder   ±  check\n"
          "           µs\n"
          "> ?]0;x?    1          1%  a?b?\n");
}

static void test_hidden_columns_take_no_room(void **state)
{
    fixture_t *fixture = *state;

    fill(&fixture->table);
    fixture->table.columns[1].is_hidden = fixture->table.columns[3].is_hidden = true;
    check(&fixture->table, false,
          "   p50     ±  check\n"
          "    µs\n"
          "> 4.20  1.2%  ok\n"
          "  42.1     -  no: a reason of many words\n");
}

static void test_markdown_has_every_column_and_escapes(void **state)
{
    static const char *const row[]   = {">", "a|b<i>", "4.20", "▁", "1%", "`x` *y*"};
    fixture_t               *fixture = *state;

    fixture->style.column_count = 20;
    add_columns(&fixture->table);
    add_row(&fixture->table, row);
    check(&fixture->table, true,
          "|  | name | p50 µs | ladder | ± | check |\n"
          "|---|---|--:|---|--:|---|\n"
          "| &gt; | a\\|b&lt;i&gt; | 4.20 | ▁ | 1% | \\`x\\` \\*y\\* |\n");
}

static void test_too_many_columns_are_refused(void **state)
{
    fixture_t *fixture = *state;

    for (int32_t i = 0; i < CX_TABLE_COLUMNS_MAX; i++) {
        assert_int_equal(cx_table_add_column(&fixture->table, (cx_column_t){.title = "x"}), i);
    }
    assert_int_equal(cx_table_add_column(&fixture->table, (cx_column_t){.title = "x"}), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers_stand_right_and_empty_ones_are_dashes),
        TEST(test_columns_go_by_their_order_and_the_last_wraps),
        TEST(test_what_may_not_be_dropped_stays_at_any_width),
        TEST(test_a_table_without_rows_is_its_header),
        TEST(test_cells_are_made_safe),
        TEST(test_hidden_columns_take_no_room),
        TEST(test_markdown_has_every_column_and_escapes),
        TEST(test_too_many_columns_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
