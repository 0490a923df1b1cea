/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex compare`: the same work before and after, and whether it got slower. */
#include "run/compare.h"

#include "cli/commands.h"
#include "cli/numbers.h"
#include "cli/style.h"
#include "cli/table.h"
#include "model/run_options.h"
#include "store/fields.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct compare_options {
    double             threshold_ratio, fail_on_ratio;
    int32_t            format;
    cx_style_request_t style;
} compare_options_t;

static const char *const format_slugs[] = {"table", "json", "md", NULL};
enum { FORMAT_TABLE, FORMAT_JSON, FORMAT_MD };

static const cx_option_t rows[] = {
    CX_OPTION_RATIO(compare_options_t, threshold_ratio, "threshold", CX_OPTION_FREE, "3%", 0, 1,
                    "A row is the same when the interval of its ratio lies within this."),
    CX_OPTION_RATIO(compare_options_t, fail_on_ratio, "fail-on", CX_OPTION_FREE, "0", 0, 1,
                    "Exit 4 when a row is certainly slower by more than this, such as 5%; 0: "
                    "never."),
    CX_OPTION_ENUM(compare_options_t, format, "format", CX_OPTION_FREE, "table", format_slugs,
                   "What stdout gets."),
    CX_STYLE_OPTIONS(compare_options_t, style),
    CX_OPTION_END,
};

static const cx_compared_row_t *slowest(const cx_compared_t *compared)
{
    const cx_compared_row_t *found = NULL;

    for (int64_t i = 0; i < compared->row_count; i++) {
        const cx_compared_row_t *row = &compared->rows[i];

        if (row->comparison.verdict == CX_COMPARISON_SLOWER &&
            (!found || row->comparison.ratio > found->comparison.ratio)) {
            found = row;
        }
    }
    return found;
}

static bool has_few_launches(const cx_compared_t *compared)
{
    for (int64_t i = 0; i < compared->row_count; i++) {
        if (compared->rows[i].before_count < 4 || compared->rows[i].after_count < 4) {
            return true;
        }
    }
    return false;
}

static bool exceeds(const cx_compared_row_t *row, double fail_on_ratio)
{
    return fail_on_ratio > 0 && row->comparison.ratio_low > 1 + fail_on_ratio;
}

/* ---- for people ----------------------------------------------------------------------------- */

static void print_answer(const cx_style_t *style, const cx_compared_t *compared,
                         double threshold_ratio)
{
    const int64_t           *counts = compared->verdict_counts;
    const cx_compared_row_t *worst  = slowest(compared);
    char                     percent[CX_NUMBER_BYTES_MAX], size[CX_NUMBER_BYTES_MAX], line[512];

    (void)snprintf(line, sizeof line,
                   "Of %lld rows %lld are slower, %lld faster, %lld the same within %s, %lld not "
                   "certain.",
                   (long long)compared->row_count, (long long)counts[CX_COMPARISON_SLOWER],
                   (long long)counts[CX_COMPARISON_FASTER], (long long)counts[CX_COMPARISON_SAME],
                   cx_number_print_percent(threshold_ratio, percent, sizeof percent),
                   (long long)counts[CX_COMPARISON_UNCLEAR]);
    cx_style_wrap(stdout, style, CX_MEANING_BOLD, 0, 0, line);
    if (has_few_launches(compared)) {
        cx_style_wrap(stdout, style, CX_MEANING_CAVEAT, 0, 0,
                      "Fewer than 4 launches on a side say nothing for certain: measure both with "
                      "--launches 5.");
    }
    if (worst) {
        (void)snprintf(
            line, sizeof line,
            "The worst: %s%s%s at %s takes %.3g times as long (95 %%: %.3g to %.3g).",
            worst->case_id, worst->component ? ", " : "", worst->component ? worst->component : "",
            cx_number_print_bytes(worst->requested_bytes, size, sizeof size),
            worst->comparison.ratio, worst->comparison.ratio_low, worst->comparison.ratio_high);
        cx_style_wrap(stdout, style, CX_MEANING_FAILED, 0, 0, line);
    }
}

static void print_notes(const cx_style_t *style, const char *title, const cx_compared_note_t *notes,
                        int64_t count)
{
    if (count > 0) {
        (void)printf("\n%s\n", title);
    }
    for (int64_t i = 0; i < count; i++) {
        char clean[512], line[1024];

        (void)snprintf(line, sizeof line, "  %s: %s", notes[i].subject, notes[i].text);
        (void)printf("%s\n", cx_style_clean(style, line, clean, sizeof clean));
    }
}

static cx_meaning_t meaning_of(cx_comparison_verdict_t verdict)
{
    static const cx_meaning_t meanings[CX_COMPARISON_COUNT] = {
        [CX_COMPARISON_FASTER]  = CX_MEANING_BEST,
        [CX_COMPARISON_SLOWER]  = CX_MEANING_FAILED,
        [CX_COMPARISON_SAME]    = CX_MEANING_PLAIN,
        [CX_COMPARISON_UNCLEAR] = CX_MEANING_DIM,
    };

    return meanings[verdict];
}

static void add_row(cx_table_t *table, const cx_compared_row_t *row)
{
    const cx_comparison_t *comparison = &row->comparison;
    const cx_meaning_t     meaning    = meaning_of(comparison->verdict);
    char                   text[CX_NUMBER_BYTES_MAX], interval[2 * CX_NUMBER_BYTES_MAX];

    cx_table_add_row(table);
    cx_table_set(table, 0, CX_MEANING_PLAIN, row->case_id);
    cx_table_set(table, 1, CX_MEANING_PLAIN, row->component);
    cx_table_set(table, 2, CX_MEANING_PLAIN,
                 cx_number_print_bytes(row->requested_bytes, text, sizeof text));
    cx_table_set(table, 3, CX_MEANING_PLAIN, cx_number_print(row->before_us, text, sizeof text));
    cx_table_set(table, 4, CX_MEANING_PLAIN, cx_number_print(row->after_us, text, sizeof text));
    cx_table_set(table, 5, meaning, cx_number_print(comparison->ratio, text, sizeof text));
    (void)snprintf(interval, sizeof interval, "%.3g to %.3g", comparison->ratio_low,
                   comparison->ratio_high);
    cx_table_set(table, 6, CX_MEANING_DIM, isnan(comparison->ratio_low) ? NULL : interval);
    cx_table_set(table, 7, CX_MEANING_DIM, cx_number_print(comparison->p_value, text, sizeof text));
    cx_table_set(table, 8, meaning, cx_comparison_verdict_slug(comparison->verdict));
}

/* Rows first <= i < end, with a column for their case or not. */
static void fill_table(const cx_compared_t *compared, int64_t first, int64_t end, bool has_case,
                       cx_table_t *table)
{
    static const cx_column_t columns[] = {
        {.title = "case"},
        {.title = "component", .drop_order = 3},
        {.title = "size", .is_number = true},
        {.title = "before", .unit = "us", .is_number = true},
        {.title = "after", .unit = "us", .is_number = true},
        {.title = "after/before", .is_number = true},
        {.title = "95 %", .is_number = true, .drop_order = 1},
        {.title = "p", .is_number = true, .drop_order = 2},
        {.title = "verdict"},
    };
    bool has_component = false;

    for (int64_t i = first; i < end; i++) {
        has_component |= compared->rows[i].component != NULL;
    }
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        cx_column_t column = columns[i];

        column.is_hidden = (i == 0 && !has_case) || (i == 1 && !has_component);
        (void)cx_table_add_column(table, column);
    }
    for (int64_t i = first; i < end; i++) {
        add_row(table, &compared->rows[i]);
    }
}

/* A table for each case, under its name, which is too long for a column of a terminal. */
static void print_cases(const cx_style_t *style, const cx_compared_t *compared, cx_arena_t *arena)
{
    int64_t end;

    for (int64_t first = 0; first < compared->row_count; first = end) {
        const char *case_id = compared->rows[first].case_id;
        cx_table_t  table;

        for (end = first; end < compared->row_count; end++) {
            if (strcmp(compared->rows[end].case_id, case_id) != 0) {
                break;
            }
        }
        cx_table_init(&table, style, arena);
        fill_table(compared, first, end, false, &table);
        (void)printf("\n");
        cx_style_put(stdout, style, CX_MEANING_BOLD, case_id);
        (void)printf("\n");
        cx_table_print(stdout, &table);
    }
}

static void print_table(const compare_options_t *options, const cx_compared_t *compared,
                        cx_arena_t *arena)
{
    cx_style_t style;
    cx_table_t table;

    cx_style_init(&style, stdout, &options->style);
    print_answer(&style, compared, options->threshold_ratio);
    if (options->format == FORMAT_MD) {
        cx_table_init(&table, &style, arena);
        fill_table(compared, 0, compared->row_count, true, &table);
        (void)printf("\n");
        cx_table_print_markdown(stdout, &table);
    } else {
        print_cases(&style, compared, arena);
    }
    print_notes(&style, "What else changed:", compared->changes, compared->change_count);
    print_notes(&style, "Not compared:", compared->left_out, compared->left_out_count);
}

/* ---- for programs --------------------------------------------------------------------------- */

static json_t *row_to_json(const cx_compared_row_t *row)
{
    const cx_comparison_t *comparison = &row->comparison;

    return json_pack(
        "{ss,ss?,sI,so,so,sI,sI,so,so,so,so,ss}", "case_id", row->case_id, "component",
        row->component, "requested_bytes", (json_int_t)row->requested_bytes, "before_us",
        cx_real_to_json(row->before_us), "after_us", cx_real_to_json(row->after_us), "before_count",
        (json_int_t)row->before_count, "after_count", (json_int_t)row->after_count, "ratio",
        cx_real_to_json(comparison->ratio), "ratio_low", cx_real_to_json(comparison->ratio_low),
        "ratio_high", cx_real_to_json(comparison->ratio_high), "p_value",
        cx_real_to_json(comparison->p_value), "verdict",
        cx_comparison_verdict_slug(comparison->verdict));
}

static json_t *notes_to_json(const cx_compared_note_t *notes, int64_t count)
{
    json_t *array = json_array();

    for (int64_t i = 0; i < count; i++) {
        json_array_append_new(
            array, json_pack("{ss,ss}", "subject", notes[i].subject, "text", notes[i].text));
    }
    return array;
}

static void print_json(const cx_compared_t *compared)
{
    json_t *array = json_array();
    json_t *document;

    for (int64_t i = 0; i < compared->row_count; i++) {
        json_array_append_new(array, row_to_json(&compared->rows[i]));
    }
    document = json_pack("{ss,so,so,so}", "schema", "collectivex-compare/1", "rows", array,
                         "changes", notes_to_json(compared->changes, compared->change_count),
                         "left_out", notes_to_json(compared->left_out, compared->left_out_count));
    (void)json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    (void)printf("\n");
    json_decref(document);
}

static cx_status_t compare(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                           cx_arena_t *arena, int *code_in_out)
{
    const compare_options_t *options = grammar->object;
    cx_compared_t            compared;

    CX_TRY(cx_compare_folders(arguments->words[0], arguments->words[1], options->threshold_ratio,
                              arena, &compared));
    if (options->format == FORMAT_JSON) {
        print_json(&compared);
    } else {
        print_table(options, &compared, arena);
    }
    for (int64_t i = 0; i < compared.row_count; i++) {
        if (exceeds(&compared.rows[i], options->fail_on_ratio)) {
            *code_in_out = CX_EXIT_THRESHOLD;
        }
    }
    return CX_OK;
}

int cx_cmd_compare(int argc, char **argv)
{
    compare_options_t  options;
    const cx_grammar_t grammar = {.command        = "compare",
                                  .rows           = rows,
                                  .object         = &options,
                                  .word_count_min = 2,
                                  .word_count_max = 2};

    return cx_grammar_serve(&grammar, argc, argv, compare);
}
