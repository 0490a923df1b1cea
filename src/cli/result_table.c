/* SPDX-License-Identifier: Apache-2.0 */
/* The page around the tables: answers, headings, legend, warnings, what to do next. */
#include "cli/result_table.h"

#include "cli/answer.h"
#include "cli/ep_answer.h"
#include "cli/ep_table.h"
#include "cli/open_times.h"
#include "cli/page.h"
#include "cli/result_cells.h"
#include "cli/result_points.h"
#include "cli/result_rows.h"
#include "run/facts.h"

#include <string.h>

#define HOST_PACE_RATIO 0.95 /* of the period of an operation */
#define ANSWERS_MAX 12

/* ---- above the tables ---- */

static void say_more(const cx_page_t *page, int64_t count)
{
    cx_text_t line;

    if (count > 0) {
        cx_page_begin(&line);
        cx_text_format(&line, "%lld more kinds of work: -v, or the table", (long long)count);
        cx_page_finish(page, CX_MEANING_PLAIN, &line);
    }
}

static cx_status_t print_answers(const cx_page_t *page, const cx_result_view_t *view)
{
    const bool       is_all = page->is_markdown || page->set->is_verbose;
    cx_answer_list_t list;
    cx_text_t        line;

    CX_TRY(cx_answer_derive(view, page->arena, &list));
    for (int64_t i = 0; i < list.count && (is_all || i < ANSWERS_MAX); i++) {
        cx_page_begin(&line);
        cx_answer_say(&list.answers[i], page->style, &line);
        cx_page_finish(page, CX_MEANING_BOLD, &line);
    }
    say_more(page, is_all ? 0 : list.count - ANSWERS_MAX);
    if (view->case_count == 0) {
        cx_page_say(page, CX_MEANING_BOLD, "no records: nothing was measured");
    }
    return CX_OK;
}

static cx_status_t print_ep_answers(const cx_page_t *page, const cx_ep_results_t *ep)
{
    const bool        is_all = page->is_markdown || page->set->is_verbose;
    cx_ep_contrasts_t contrasts;
    cx_text_t         line;

    for (int64_t i = 0; i < ep->work_count && (is_all || i < ANSWERS_MAX); i++) {
        cx_page_begin(&line);
        cx_ep_answer_say(ep->works[i], page->style, page->arena, &line);
        cx_page_finish(page, CX_MEANING_BOLD, &line);
    }
    say_more(page, is_all ? 0 : ep->work_count - ANSWERS_MAX);
    CX_TRY(cx_ep_contrasts_derive(ep, page->arena, &contrasts));
    for (int64_t i = 0; i < contrasts.count; i++) {
        cx_page_begin(&line);
        cx_ep_contrast_say(&contrasts.items[i], page->arena, &line);
        cx_page_finish(page, CX_MEANING_BOLD, &line);
    }
    return CX_OK;
}

static void print_header(const cx_page_t *page)
{
    cx_text_t line;

    fprintf(page->out, "\n");
    cx_page_begin(&line);
    cx_page_join(page, &line, page->set->title);
    cx_page_join(page, &line, page->set->started_utc);
    cx_page_join(page, &line,
                 page->set->is_partial ? "PARTIAL: stopped before all was measured" : NULL);
    cx_page_finish(page, CX_MEANING_DIM, &line);
    cx_page_begin(&line);
    cx_page_join(page, &line, page->set->machine);
    cx_page_join(page, &line, page->set->program);
    cx_page_finish(page, CX_MEANING_DIM, &line);
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

/* Regime, ranks, and every name that all rows share. */
static void print_heading(const cx_page_t *page, const cx_case_range_t *range)
{
    const cx_result_case_t *one = range->cases[0];
    cx_text_t               line;

    cx_page_begin(&line);
    cx_page_join(page, &line, one->regime);
    for (int i = 0; i < CX_CASE_LABEL_COUNT; i++) {
        if (!cx_case_label_varies(range, (cx_case_label_t)i)) {
            cx_page_join(page, &line, spell_label(one, (cx_case_label_t)i));
        }
    }
    cx_page_join_facts(page, one, &line);
    cx_page_heading(page, &line);
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
static void print_statistic(cx_page_t *page, const cx_case_range_t *range)
{
    const json_t *definition   = find_definition(range);
    const int64_t launch_count = find_launch_count(range);
    const char   *over_ranks   = cx_json_text(definition, "over_ranks");
    const char   *percentile   = cx_json_text(definition, "percentile");
    const char   *interval     = cx_json_text(definition, "interval");
    cx_text_t     line;

    cx_page_begin(&line);
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
    cx_page_finish(page, CX_MEANING_DIM, &line);
}

static cx_status_t print_table(cx_page_t *page, const cx_case_range_t *range)
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
    cx_page_table(page, &table);
    return CX_OK;
}

static cx_status_t print_tables(cx_page_t *page, const cx_result_view_t *view)
{
    int64_t first = 0;

    while (first < view->case_count) {
        cx_case_range_t range = {view->cases + first, 0};

        while (first < view->case_count &&
               view->cases[first]->table_index == range.cases[0]->table_index) {
            range.count++;
            first++;
        }
        if (!cx_result_is_ep(range.cases[0])) {
            CX_TRY(print_table(page, &range));
        }
    }
    return CX_OK;
}

/* ---- below the tables ---- */

static void add_sign(const cx_page_t *page, bool is_used, cx_glyph_t glyph, const char *meaning,
                     cx_text_t *line)
{
    if (is_used) {
        cx_text_format(line, "%s%s %s", line->length > 0 ? "   " : "",
                       cx_style_glyph(page->style, glyph), meaning);
    }
}

static void print_legend(const cx_page_t *page)
{
    const cx_signs_t *signs = &page->signs;
    cx_text_t         line;

    fprintf(page->out, "\n");
    cx_page_begin(&line);
    add_sign(page, signs->has_best, CX_GLYPH_BEST,
             page->has_compact ? "fastest at every size of its row" : "fastest", &line);
    add_sign(page, signs->has_tie, CX_GLYPH_TIE, "tie, order not established", &line);
    add_sign(page, signs->has_caveat, CX_GLYPH_CAVEAT, "caveat", &line);
    add_sign(page, signs->has_failed, CX_GLYPH_FAILED, "failed or unsupported", &line);
    cx_page_finish(page, CX_MEANING_DIM, &line);
    cx_page_begin(&line);
    cx_text_format(&line, "GB/s are 10^9 bytes/s");
    if (page->has_full) {
        cx_text_format(&line, "; skew is the last rank's start after the first's, median");
    }
    if (page->has_full && (signs->has_best || signs->has_tie)) {
        cx_text_format(&line, "; vs best is p50 over the best p50");
    }
    if (page->has_full && signs->has_enqueue) {
        cx_text_format(&line, "; host is its time to enqueue an operation");
    }
    if (signs->has_nominal) {
        cx_text_format(&line,
                       "; nominal is the share of what the link, or the memory, is built for");
    }
    if (signs->has_floor) {
        cx_text_format(&line, "; x floor is p50 over the least that the machine's limits allow");
    }
    if (page->has_launches && (page->has_full || page->has_compact)) {
        cx_text_format(&line, "; spread is (max - min) / median of the launches' medians, and "
                              "intervals reach over all launches");
    }
    cx_page_finish(page, CX_MEANING_DIM, &line);
    cx_ep_legend_print(page);
}

static void warn(const cx_page_t *page, const char *text)
{
    cx_text_t line;

    cx_page_begin(&line);
    cx_text_format(&line, "warning: %s", text);
    cx_page_finish(page, CX_MEANING_CAVEAT, &line);
}

static void warn_count(const cx_page_t *page, int64_t count, const char *what, const char *detail)
{
    cx_text_t line;

    if (count > 0) {
        cx_page_begin(&line);
        cx_text_format(&line, "warning: %lld %s %s%s", (long long)count,
                       count == 1 ? "size" : "sizes", what, detail);
        cx_page_finish(page, CX_MEANING_CAVEAT, &line);
    }
}

/* host_paced_count  where the host needs as long to enqueue an operation as the operation takes */
typedef struct caveats {
    int64_t unstable_count, unverified_count, host_paced_count;
    json_t *findings; /* owned: how many sizes have each */
} caveats_t;

static void count_caveats(const cx_result_view_t *view, caveats_t *out)
{
    *out = (caveats_t){.findings = json_object()};
    for (int64_t i = 0; i < view->case_count; i++) {
        for (int64_t j = 0; j < view->cases[i]->point_count; j++) {
            const cx_result_point_t *point = &view->cases[i]->points[j];

            out->unstable_count += cx_result_severity(point->status) == 1;
            out->unverified_count += point->is_ranked && !cx_point_is_verified(point);
            out->host_paced_count += point->enqueue_us >= HOST_PACE_RATIO * point->time_us_p50;
            if (point->findings) {
                const json_int_t known =
                    json_integer_value(json_object_get(out->findings, point->findings));

                (void)json_object_set_new(out->findings, point->findings, json_integer(known + 1));
            }
        }
    }
}

static bool find_fact(const cx_result_view_t *view, const char *name)
{
    for (int64_t i = 0; i < view->case_count; i++) {
        if (cx_page_has_fact(view->cases[i], name)) {
            return true;
        }
    }
    return false;
}

static void print_warnings(const cx_page_t *page, const cx_result_view_t *view)
{
    caveats_t   caveats;
    const char *name;
    json_t     *count;

    count_caveats(view, &caveats);
    warn_count(page, caveats.unstable_count,
               "never settled: not reproducible, left out of the ranking", "");
    warn_count(page, caveats.unverified_count, "not verified", "");
    warn_count(page, caveats.host_paced_count,
               "at the host's pace, which may differ from launch to launch", "");
    json_object_foreach(caveats.findings, name, count)
    {
        warn_count(page, json_integer_value(count), "measured while disturbed: ", name);
    }
    json_decref(caveats.findings);
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
static const char *spell_command(const cx_page_t *page)
{
    const json_t *record = json_array_get(page->set->records, 0);
    cx_text_t     line;
    const char   *text;
    size_t        i;
    json_t       *item;

    cx_page_begin(&line);
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

static void print_footer(const cx_page_t *page)
{
    const cx_result_set_t *set = page->set;

    cx_page_pair(page, "report", CX_MEANING_PATH, set->report_path);
    cx_page_pair(page, "data", CX_MEANING_PATH, set->data_path);
    cx_page_pair(page, "repeat", CX_MEANING_PLAIN,
                 set->repeat_command ? set->repeat_command : spell_command(page));
    for (const char *const *hint = set->hints; hint && *hint; hint++) {
        cx_page_pair(page, "next", CX_MEANING_PLAIN, *hint);
    }
}

static cx_status_t print_page(cx_page_t *page)
{
    cx_result_view_t view;
    cx_ep_results_t  ep;

    CX_TRY(cx_result_view_read(page->set->records, page->arena, &view));
    CX_TRY(cx_ep_results_read(&view, page->arena, &ep));
    CX_TRY(print_answers(page, &view));
    CX_TRY(print_ep_answers(page, &ep));
    print_header(page);
    CX_TRY(print_tables(page, &view));
    CX_TRY(cx_ep_tables_print(page, &ep));
    if (view.case_count > 0) {
        print_legend(page);
    }
    if (page->set->is_verbose) {
        cx_open_times_print(page, &view);
    }
    print_warnings(page, &view);
    print_footer(page);
    return CX_OK;
}

static void print_on(FILE *out, const cx_style_t *style, const cx_result_set_t *set,
                     bool is_markdown)
{
    cx_arena_t arena;
    cx_page_t  page = {
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
