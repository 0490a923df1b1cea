/* SPDX-License-Identifier: Apache-2.0 */
/* The page around the tables: answers, headings, legend, warnings, what to do next. */
#include "cli/result_table.h"

#include "cli/answer.h"
#include "cli/result_points.h"
#include "cli/result_rows.h"
#include "run/facts.h"

#include <string.h>

#define LINE_BYTES_MAX 8192
#define ANSWERS_MAX 12

/* Where the page goes, and what was seen on the way. */
typedef struct page {
    FILE                  *out;
    const cx_style_t      *style;
    const cx_result_set_t *set;
    cx_arena_t            *arena;
    cx_signs_t             signs;
    bool                   is_markdown, has_full, has_compact, has_launches;
} page_t;

/* A line of its own in the text, a list item or a paragraph in Markdown; made safe here. */
static void say(const page_t *page, cx_meaning_t meaning, const char *text)
{
    char clean[LINE_BYTES_MAX];

    cx_style_clean(page->style, text, clean, sizeof clean);
    if (page->is_markdown) {
        fprintf(page->out, "%s", meaning == CX_MEANING_BOLD ? "- " : "");
        cx_markdown_put(page->out, clean);
        fprintf(page->out, "%s", meaning == CX_MEANING_BOLD ? "\n" : "  \n");
        return;
    }
    cx_style_wrap(page->out, page->style, meaning, 0, 2, clean);
}

static void say_pair(const page_t *page, const char *name, cx_meaning_t meaning, const char *text)
{
    char clean[LINE_BYTES_MAX];

    if (!text || !*text) {
        return;
    }
    cx_style_clean(page->style, text, clean, sizeof clean);
    fprintf(page->out, "%s: ", name);
    if (page->is_markdown) {
        cx_markdown_put(page->out, clean);
        fprintf(page->out, "  \n");
    } else {
        cx_style_put(page->out, page->style, meaning, clean);
        fprintf(page->out, "\n");
    }
}

/* Parts of a heading with a dot between them; NULL and "" are passed over. */
static void join(const page_t *page, cx_text_t *line, const char *part)
{
    if (part && *part) {
        cx_text_format(line, "%s%s%s%s", line->length > 0 ? " " : "",
                       line->length > 0 ? cx_style_glyph(page->style, CX_GLYPH_DOT) : "",
                       line->length > 0 ? " " : "", part);
    }
}

static void finish(const page_t *page, cx_meaning_t meaning, cx_text_t *line)
{
    if (line->length > 0) {
        say(page, meaning, line->bytes);
    }
    cx_text_fini(line);
}

/* ---- above the tables ---- */

static cx_status_t print_answers(const page_t *page, const cx_result_view_t *view)
{
    const bool       is_all = page->is_markdown || page->set->is_verbose;
    cx_answer_list_t list;
    cx_text_t        line;

    CX_TRY(cx_answer_derive(view, page->arena, &list));
    for (int64_t i = 0; i < list.count && (is_all || i < ANSWERS_MAX); i++) {
        cx_text_init(&line, LINE_BYTES_MAX);
        cx_answer_say(&list.answers[i], page->style, &line);
        finish(page, CX_MEANING_BOLD, &line);
    }
    if (!is_all && list.count > ANSWERS_MAX) {
        cx_text_init(&line, LINE_BYTES_MAX);
        cx_text_format(&line, "%lld more kinds of work: -v, or the table",
                       (long long)list.count - ANSWERS_MAX);
        finish(page, CX_MEANING_PLAIN, &line);
    }
    if (list.count == 0) {
        say(page, CX_MEANING_BOLD, "no records: nothing was measured");
    }
    return CX_OK;
}

static void print_header(const page_t *page)
{
    cx_text_t line;

    fprintf(page->out, "\n");
    cx_text_init(&line, LINE_BYTES_MAX);
    join(page, &line, page->set->title);
    join(page, &line, page->set->started_utc);
    join(page, &line, page->set->is_partial ? "PARTIAL: stopped before all was measured" : NULL);
    finish(page, CX_MEANING_DIM, &line);
    cx_text_init(&line, LINE_BYTES_MAX);
    join(page, &line, page->set->machine);
    join(page, &line, page->set->program);
    finish(page, CX_MEANING_DIM, &line);
}

/* ---- one table ---- */

static const char *spell_label(const cx_result_case_t *one, cx_case_label_t label)
{
    const char *text = cx_case_label(one, label);

    if (label == CX_CASE_LABEL_PLACEMENT && text) {
        return strcmp(text, "in") == 0 ? "in place" : "out of place";
    }
    return text;
}

static bool has_fact(const cx_result_case_t *one, const char *name)
{
    const char *text = cx_json_text(json_object_get(one->record, "environment"), name);

    return text && strcmp(text, "true") == 0;
}

/* What the numbers are, beyond the ordinary; the same for every row of a table. */
static void join_facts(const page_t *page, const cx_result_case_t *one, cx_text_t *line)
{
    const bool is_imported = one->origin && strcmp(one->origin, "imported") == 0;

    join(page, line, is_imported ? "imported" : NULL);
    join(page, line, has_fact(one, CX_FACTOR_MOVES_NO_DATA) ? "moves no data" : NULL);
    join(page, line, has_fact(one, CX_FACTOR_VIRTUAL_TIME) ? "virtual time" : NULL);
    join(page, line, has_fact(one, CX_FACTOR_OVERSUBSCRIBED) ? "oversubscribed" : NULL);
}

/* Regime, ranks, and every name that all rows share. */
static void print_heading(const page_t *page, const cx_case_range_t *range)
{
    const cx_result_case_t *one = range->cases[0];
    cx_text_t               line;
    char                    ranks[32];

    cx_text_init(&line, LINE_BYTES_MAX);
    join(page, &line, one->regime);
    for (int i = 0; i < CX_CASE_LABEL_COUNT; i++) {
        if (!cx_case_label_varies(range, (cx_case_label_t)i)) {
            join(page, &line, spell_label(one, (cx_case_label_t)i));
        }
    }
    if (one->rank_count != INT64_MIN) {
        (void)snprintf(ranks, sizeof ranks, "%lld rank%s", (long long)one->rank_count,
                       one->rank_count == 1 ? "" : "s");
        join(page, &line, ranks);
    }
    join_facts(page, one, &line);
    fprintf(page->out, page->is_markdown ? "\n### " : "\n");
    if (page->is_markdown) {
        cx_markdown_put(page->out, line.bytes ? line.bytes : "");
        fprintf(page->out, "\n\n");
        cx_text_fini(&line);
        return;
    }
    finish(page, CX_MEANING_BOLD, &line);
}

static const json_t *find_definition(const cx_case_range_t *range)
{
    for (int64_t i = 0; i < range->count; i++) {
        const json_t *definition = json_object_get(range->cases[i]->record, "definition");

        if (json_object_size(definition) > 0) {
            return definition;
        }
    }
    return NULL;
}

static int64_t find_launch_count(const cx_case_range_t *range)
{
    int64_t launch_count = 1;

    for (int64_t i = 0; i < range->count; i++) {
        if (range->cases[i]->launch_count > launch_count) {
            launch_count = range->cases[i]->launch_count;
        }
    }
    return launch_count;
}

/* "statistic: WHAT A SAMPLE IS; max over ranks; nearest rank; +- INTERVAL; median of 3 launches" */
static void print_statistic(page_t *page, const cx_case_range_t *range)
{
    const json_t *definition   = find_definition(range);
    const int64_t launch_count = find_launch_count(range);
    const char   *over_ranks   = cx_json_text(definition, "over_ranks");
    const char   *percentile   = cx_json_text(definition, "percentile");
    const char   *interval     = cx_json_text(definition, "interval");
    cx_text_t     line;

    cx_text_init(&line, LINE_BYTES_MAX);
    if (definition) {
        const char *sample = cx_json_text(definition, "sample");

        cx_text_format(&line, "statistic: %s", sample ? sample : "not stated");
    }
    if (over_ranks) {
        cx_text_format(&line, "; %s over ranks", over_ranks);
    }
    if (percentile) {
        cx_text_format(&line, "; percentiles by %s", percentile);
    }
    if (interval) {
        cx_text_format(&line, "; %s %s", cx_style_glyph(page->style, CX_GLYPH_PLUS_MINUS),
                       interval);
    }
    if (launch_count > 1) {
        page->has_launches = true;
        cx_text_format(&line, "; median of %lld launches", (long long)launch_count);
    }
    finish(page, CX_MEANING_DIM, &line);
}

static cx_status_t print_table(page_t *page, const cx_case_range_t *range)
{
    const bool is_full = page->is_markdown || page->set->is_verbose ||
                         cx_result_row_count(range) <= CX_RESULT_ROWS_MAX;
    cx_table_t table;

    cx_table_init(&table, page->style, page->arena);
    if (is_full) {
        page->has_full = true;
        CX_TRY(cx_result_fill_full(range, &table, &page->signs));
    } else {
        page->has_compact = true;
        cx_result_fill_compact(range, &table, &page->signs);
    }
    print_heading(page, range);
    print_statistic(page, range);
    fprintf(page->out, "\n");
    if (page->is_markdown) {
        cx_table_print_markdown(page->out, &table);
    } else {
        cx_table_print(page->out, &table);
    }
    return CX_OK;
}

static cx_status_t print_tables(page_t *page, const cx_result_view_t *view)
{
    int64_t first = 0;

    while (first < view->case_count) {
        cx_case_range_t range = {view->cases + first, 0};

        while (first < view->case_count &&
               view->cases[first]->table_index == range.cases[0]->table_index) {
            range.count++;
            first++;
        }
        CX_TRY(print_table(page, &range));
    }
    return CX_OK;
}

/* ---- below the tables ---- */

static void add_sign(const page_t *page, bool is_used, cx_glyph_t glyph, const char *meaning,
                     cx_text_t *line)
{
    if (is_used) {
        cx_text_format(line, "%s%s %s", line->length > 0 ? "   " : "",
                       cx_style_glyph(page->style, glyph), meaning);
    }
}

static void print_legend(const page_t *page)
{
    const cx_signs_t *signs = &page->signs;
    cx_text_t         line;

    fprintf(page->out, "\n");
    cx_text_init(&line, LINE_BYTES_MAX);
    add_sign(page, signs->has_best, CX_GLYPH_BEST,
             page->has_compact ? "fastest at every size of its row" : "fastest", &line);
    add_sign(page, signs->has_tie, CX_GLYPH_TIE, "tie, order not established", &line);
    add_sign(page, signs->has_caveat, CX_GLYPH_CAVEAT, "caveat", &line);
    add_sign(page, signs->has_failed, CX_GLYPH_FAILED, "failed or unsupported", &line);
    finish(page, CX_MEANING_DIM, &line);
    cx_text_init(&line, LINE_BYTES_MAX);
    cx_text_format(&line, "GB/s are 10^9 bytes/s");
    if (page->has_full) {
        cx_text_format(&line, "; skew is the last rank's start after the first's, median");
    }
    if (page->has_full && (signs->has_best || signs->has_tie)) {
        cx_text_format(&line, "; vs best is p50 over the best p50");
    }
    if (page->has_launches) {
        cx_text_format(&line, "; spread is (max - min) / median of the launches' medians, and "
                              "intervals reach over all launches");
    }
    finish(page, CX_MEANING_DIM, &line);
}

static void warn(const page_t *page, const char *text)
{
    cx_text_t line;

    cx_text_init(&line, LINE_BYTES_MAX);
    cx_text_format(&line, "warning: %s", text);
    finish(page, CX_MEANING_CAVEAT, &line);
}

static void warn_count(const page_t *page, int64_t count, const char *what, const char *detail)
{
    cx_text_t line;

    if (count > 0) {
        cx_text_init(&line, LINE_BYTES_MAX);
        cx_text_format(&line, "warning: %lld %s %s%s", (long long)count,
                       count == 1 ? "size" : "sizes", what, detail);
        finish(page, CX_MEANING_CAVEAT, &line);
    }
}

static void count_caveats(const cx_result_view_t *view, int64_t *unstable_count,
                          int64_t *unverified_count, json_t *findings)
{
    for (int64_t i = 0; i < view->case_count; i++) {
        for (int64_t j = 0; j < view->cases[i]->point_count; j++) {
            const cx_result_point_t *point = &view->cases[i]->points[j];

            *unstable_count += cx_result_severity(point->status) == 1;
            *unverified_count += point->is_ranked && point->verified_count <= 0;
            if (point->findings) {
                const json_int_t known =
                    json_integer_value(json_object_get(findings, point->findings));

                (void)json_object_set_new(findings, point->findings, json_integer(known + 1));
            }
        }
    }
}

static bool find_fact(const cx_result_view_t *view, const char *name)
{
    for (int64_t i = 0; i < view->case_count; i++) {
        if (has_fact(view->cases[i], name)) {
            return true;
        }
    }
    return false;
}

static void print_warnings(const page_t *page, const cx_result_view_t *view)
{
    int64_t     unstable_count = 0, unverified_count = 0;
    json_t     *findings = json_object();
    const char *name;
    json_t     *count;

    count_caveats(view, &unstable_count, &unverified_count, findings);
    warn_count(page, unstable_count, "never settled: not reproducible, left out of the ranking",
               "");
    warn_count(page, unverified_count, "not verified", "");
    json_object_foreach(findings, name, count)
    {
        warn_count(page, json_integer_value(count), "measured while disturbed: ", name);
    }
    json_decref(findings);
    if (find_fact(view, CX_FACTOR_OVERSUBSCRIBED)) {
        warn(page, "more ranks than cores: times contain waiting for a core");
    }
    for (const char *const *text = page->set->warnings; text && *text; text++) {
        warn(page, *text);
    }
}

static bool is_plain_word(const char *word)
{
    return *word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "_-+=./:,@%") == strlen(word);
}

/* The recorded argv as a person would type it again. */
static const char *spell_command(const page_t *page)
{
    const json_t *record = json_array_get(page->set->records, 0);
    cx_text_t     line;
    const char   *text;
    size_t        i;
    json_t       *item;

    cx_text_init(&line, LINE_BYTES_MAX);
    json_array_foreach(json_object_get(record, "command"), i, item)
    {
        const char *word = json_string_value(item);

        if (word && is_plain_word(word)) {
            cx_text_format(&line, "%s%s", i > 0 ? " " : "", word);
        } else if (word) {
            cx_text_format(&line, "%s'", i > 0 ? " " : "");
            for (; *word; word++) {
                cx_text_format(&line, "%s%c", *word == '\'' ? "'\\'" : "", *word);
            }
            cx_text_format(&line, "'");
        }
    }
    text = line.bytes ? cx_arena_text(page->arena, line.bytes) : NULL;
    cx_text_fini(&line);
    return text;
}

static void print_footer(const page_t *page)
{
    const cx_result_set_t *set = page->set;

    say_pair(page, "report", CX_MEANING_PATH, set->report_path);
    say_pair(page, "data", CX_MEANING_PATH, set->data_path);
    say_pair(page, "repeat", CX_MEANING_PLAIN,
             set->repeat_command ? set->repeat_command : spell_command(page));
    for (const char *const *hint = set->hints; hint && *hint; hint++) {
        say_pair(page, "next", CX_MEANING_PLAIN, *hint);
    }
}

static cx_status_t print_page(page_t *page)
{
    cx_result_view_t view;

    CX_TRY(cx_result_view_read(page->set->records, page->arena, &view));
    CX_TRY(print_answers(page, &view));
    print_header(page);
    CX_TRY(print_tables(page, &view));
    if (view.case_count > 0) {
        print_legend(page);
    }
    print_warnings(page, &view);
    print_footer(page);
    return CX_OK;
}

static void print_on(FILE *out, const cx_style_t *style, const cx_result_set_t *set,
                     bool is_markdown)
{
    cx_arena_t arena;
    page_t     page = {
            .out = out, .style = style, .set = set, .arena = &arena, .is_markdown = is_markdown};

    cx_arena_init(&arena);
    if (print_page(&page) != CX_OK) {
        fprintf(out, "warning: the result is not complete: %s\n", cx_detail()->text);
    }
    cx_arena_fini(&arena);
}

void cx_result_print(FILE *out, const cx_style_t *style, const cx_result_set_t *set)
{
    print_on(out, style, set, false);
}

void cx_result_print_markdown(FILE *out, const cx_result_set_t *set)
{
    const cx_style_t style = {.is_utf8 = true, .column_count = CX_WIDTH_DEFAULT};

    print_on(out, &style, set, true);
}
