/* SPDX-License-Identifier: Apache-2.0 */
/* One row per tokens of a rank and backend. Numbers are only written down here, never computed. */
#include "cli/ep_table.h"

#include "cli/ep_fit.h"
#include "cli/result_cells.h"
#include "cli/result_keys.h"
#include "cli/result_points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OF_RUNG CX_COMPONENT_COUNT
#define OF_HEADLINE (CX_COMPONENT_COUNT + 1)
#define POINT(member) offsetof(cx_result_point_t, member)
#define RUNG(member) offsetof(cx_ep_result_rung_t, member)

/* Columns of numbers: members of a component's point, or of the rung. One without any value is not
 * shown; title NULL: plus or minus. */
typedef struct metric {
    const char      *title;
    int              component;
    size_t           offset;
    cx_metric_kind_t kind;
    int32_t          drop_order;
} metric_t;

static const metric_t metrics[] = {
    {"pair", CX_COMPONENT_PAIR_PERIOD, POINT(time_us_p50), CX_METRIC_TIME, 0},
    {"pair p99", CX_COMPONENT_PAIR_PERIOD, POINT(time_us_p99), CX_METRIC_TIME, 4},
    {"roundtrip", CX_COMPONENT_ROUNDTRIP, POINT(time_us_p50), CX_METRIC_TIME, 0},
    {"rt p99", CX_COMPONENT_ROUNDTRIP, POINT(time_us_p99), CX_METRIC_TIME, 5},
    {NULL, OF_HEADLINE, POINT(ci_half_width_ratio), CX_METRIC_PERCENT, 10},
    {"launches", OF_HEADLINE, POINT(launch_spread_ratio), CX_METRIC_PERCENT, 9},
    {"dispatch", CX_COMPONENT_DISPATCH, POINT(time_us_p50), CX_METRIC_TIME, 1},
    {"combine", CX_COMPONENT_COMBINE, POINT(time_us_p50), CX_METRIC_TIME, 1},
    {"stage", CX_COMPONENT_STAGE, POINT(time_us_p50), CX_METRIC_TIME, 3},
    {"sum", OF_RUNG, RUNG(isolated_sum_us_p50), CX_METRIC_TIME, 7},
    {"spread", OF_RUNG, RUNG(spread_us_p50), CX_METRIC_TIME, 8},
    {"d floor", CX_COMPONENT_DISPATCH_FLOOR, POINT(time_us_p50), CX_METRIC_TIME, 6},
    {"c floor", CX_COMPONENT_COMBINE_FLOOR, POINT(time_us_p50), CX_METRIC_TIME, 6},
    {"logical", OF_RUNG, RUNG(logical_bytes_per_s_per_rank), CX_METRIC_RATE, 2},
    {"assigned", OF_RUNG, RUNG(assigned_bytes_per_s_per_rank), CX_METRIC_RATE, 2},
    {"x floor", CX_COMPONENT_ROUNDTRIP, POINT(floor_ratio), CX_METRIC_NUMBER, 0},
    {"vs best", OF_HEADLINE, POINT(vs_best_ratio), CX_METRIC_NUMBER, 0},
};

#define METRIC_COUNT ((int32_t)(sizeof metrics / sizeof metrics[0]))

enum column { MARK, BACKEND, TOKENS, METRIC, CHECK = METRIC + METRIC_COUNT };

/* Works of one group: the same on several backends. */
typedef struct range {
    cx_ep_result_t *const *works;
    int64_t                count;
} range_t;

/* rung NULL: `one` failed as a whole. */
typedef struct line {
    const cx_ep_result_t      *work;
    const cx_ep_result_rung_t *rung;
    const cx_result_case_t    *one;
} line_t;

/* ---- lines ---- */

static int64_t list_failures(const cx_ep_result_t *work, line_t *out)
{
    const cx_result_case_t *const cases[] = {work->isolated, work->steady};
    int64_t                       count   = 0;

    for (int i = 0; i < 2; i++) {
        if (cases[i] && cx_case_failed_alone(cases[i])) {
            out[count++] = (line_t){.work = work, .one = cases[i]};
        }
    }
    return count;
}

static int64_t list_lines(const range_t *range, line_t *out)
{
    int64_t count = 0;

    for (int64_t i = 0; i < range->count; i++) {
        for (int64_t j = 0; j < range->works[i]->rung_count; j++) {
            out[count++] = (line_t){.work = range->works[i], .rung = &range->works[i]->rungs[j]};
        }
        count += list_failures(range->works[i], out + count);
    }
    return count;
}

/* By size, failures of whole cases last. */
static int compare_lines(const void *a, const void *b)
{
    const line_t *left = a, *right = b;
    const int64_t left_tokens  = left->rung ? left->rung->tokens_per_rank : INT64_MAX;
    const int64_t right_tokens = right->rung ? right->rung->tokens_per_rank : INT64_MAX;
    const int64_t left_order   = left->work->sample->order_index;
    const int64_t right_order  = right->work->sample->order_index;

    if (left_tokens != right_tokens) {
        return left_tokens < right_tokens ? -1 : 1;
    }
    return (left_order > right_order) - (left_order < right_order);
}

/* ---- columns ---- */

static double metric_at(const metric_t *metric, const line_t *line)
{
    const char *base = (const char *)line->rung;
    double      value;

    if (!line->rung) {
        return (double)NAN;
    }
    if (metric->component == OF_HEADLINE) {
        base = (const char *)line->rung->headline;
    } else if (metric->component != OF_RUNG) {
        base = (const char *)&line->rung->parts[metric->component];
    }
    memcpy(&value, base + metric->offset, sizeof value);
    return value;
}

/* values [line_count] is scratch. */
static cx_column_t make_column(const metric_t *metric, const cx_table_t *table,
                               const double *values, int64_t count, cx_time_unit_t *unit_out)
{
    cx_column_t column = {.title      = metric->title,
                          .drop_order = metric->drop_order,
                          .is_number  = true,
                          .is_hidden  = count == 0};

    *unit_out = cx_time_unit_of(values, count);
    if (!column.title) {
        column.title = cx_style_glyph(table->style, CX_GLYPH_PLUS_MINUS);
    }
    if (metric->kind == CX_METRIC_TIME) {
        column.unit = cx_time_unit_name(table->style, *unit_out);
    } else if (metric->kind == CX_METRIC_RATE) {
        column.unit = "GB/s/rank";
    }
    return column;
}

static void add_columns(const range_t *range, const line_t *lines, int64_t line_count,
                        double *values, cx_table_t *table, cx_time_unit_t *units_out)
{
    (void)cx_table_add_column(table, (cx_column_t){.title = ""});
    (void)cx_table_add_column(table,
                              (cx_column_t){.title = "backend", .is_hidden = range->count == 1});
    (void)cx_table_add_column(table, (cx_column_t){.title = "T", .is_number = true});
    for (int32_t i = 0; i < METRIC_COUNT; i++) {
        int64_t count = 0;

        for (int64_t j = 0; j < line_count; j++) {
            values[count] = metric_at(&metrics[i], &lines[j]);
            count += isfinite(values[count]);
        }
        (void)cx_table_add_column(table,
                                  make_column(&metrics[i], table, values, count, &units_out[i]));
    }
    (void)cx_table_add_column(table, (cx_column_t){.title = "check"});
}

/* ---- rows ---- */

/* The pair as a whole that has something to mind: parts of it are timed, and not looked at. */
static const cx_result_point_t *find_caveat(const cx_ep_result_rung_t *rung)
{
    static const cx_component_t wholes[] = {CX_COMPONENT_PAIR_PERIOD, CX_COMPONENT_ROUNDTRIP};

    for (int i = 0; i < 2; i++) {
        const cx_result_point_t *part = &rung->parts[wholes[i]];

        if (isfinite(part->time_us_p50) && cx_point_has_caveat(part)) {
            return part;
        }
    }
    return NULL;
}

/* Wrong output goes first, then what did not end ok, then what to mind. */
static const char *check_rung(const cx_ep_result_rung_t *rung, cx_arena_t *arena)
{
    const cx_result_point_t whole = {
        .status = rung->status, .detail = rung->detail, .verified_count = 1};

    if (!rung->is_right) {
        return cx_arena_format(arena, "WRONG: %s",
                               rung->failed_checks ? rung->failed_checks : "see the record");
    }
    if (cx_result_severity(rung->status) > 0) {
        return cx_check_point(&whole, arena);
    }
    return find_caveat(rung) ? cx_check_point(find_caveat(rung), arena) : "ok";
}

static void set_metric(cx_table_t *table, int32_t i, const line_t *line, cx_time_unit_t unit)
{
    const double value = metric_at(&metrics[i], line);
    char         text[CX_NUMBER_BYTES_MAX];

    cx_number_print_metric(metrics[i].kind, value, unit, text, sizeof text);
    cx_table_set(table, METRIC + i, i == 0 ? CX_MEANING_BOLD : CX_MEANING_PLAIN, text);
}

static void add_rung(const line_t *line, const cx_time_unit_t *units, cx_table_t *table,
                     cx_signs_t *signs)
{
    const cx_ep_result_rung_t *rung     = line->rung;
    const int                  severity = rung->is_right ? cx_result_severity(rung->status) : 3;
    const bool                 is_odd   = severity <= 1 && (severity == 1 || find_caveat(rung));
    const cx_mark_t mark = cx_mark_make(severity, rung->headline->standing, is_odd, signs);
    char            text[CX_NUMBER_BYTES_MAX];

    signs->has_floor =
        signs->has_floor || isfinite(rung->parts[CX_COMPONENT_ROUNDTRIP].floor_ratio);
    cx_table_add_row(table);
    cx_cells_set_mark(table, &mark);
    cx_table_set(table, BACKEND, mark.meaning, line->work->sample->label);
    cx_table_set(table, TOKENS, CX_MEANING_PLAIN,
                 cx_number_print_count(rung->tokens_per_rank, text, sizeof text));
    for (int32_t i = 0; i < METRIC_COUNT; i++) {
        set_metric(table, i, line, units[i]);
    }
    cx_table_set(table, CHECK, cx_check_meaning(severity, is_odd), check_rung(rung, table->arena));
}

static void add_failure(const line_t *line, cx_table_t *table, cx_signs_t *signs)
{
    const int severity    = line->one->point_count == 0 ? 2 : cx_result_severity(line->one->status);
    const cx_mark_t mark  = cx_mark_make(severity, CX_STANDING_ALONE, severity == 1, signs);
    const char     *check = cx_check_case(line->one, table->arena);

    cx_table_add_row(table);
    cx_cells_set_mark(table, &mark);
    cx_table_set(table, BACKEND, mark.meaning, line->one->label);
    cx_table_set(table, CHECK, mark.meaning,
                 cx_arena_format(table->arena, "%s: %s", line->one->regime ? line->one->regime : "",
                                 check ? check : ""));
}

static cx_status_t fill(const range_t *range, cx_table_t *table, cx_signs_t *signs)
{
    size_t         room_count = 1;
    line_t        *lines;
    double        *values;
    int64_t        line_count;
    cx_time_unit_t units[METRIC_COUNT];

    for (int64_t i = 0; i < range->count; i++) {
        room_count += (size_t)range->works[i]->rung_count + 2;
    }
    lines  = cx_arena_grab(table->arena, room_count * sizeof *lines);
    values = cx_arena_grab(table->arena, room_count * sizeof *values);
    if (!lines || !values) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a table");
    }
    line_count = list_lines(range, lines);
    qsort(lines, (size_t)line_count, sizeof lines[0], compare_lines);
    add_columns(range, lines, line_count, values, table, units);
    for (int64_t i = 0; i < line_count; i++) {
        if (lines[i].rung) {
            add_rung(&lines[i], units, table, signs);
        } else {
            add_failure(&lines[i], table, signs);
        }
    }
    return CX_OK;
}

/* ---- around a table ---- */

/* "deepseek-v3 7168/8/256": hidden, top-k, experts. */
static const char *spell_shape(const cx_ep_result_t *work, cx_arena_t *arena)
{
    const json_t *record = work->sample->record;
    const char   *name   = cx_ep_result_shape(work, arena);
    const char   *hidden = cx_result_option(record, "hidden");
    const char   *topk   = cx_result_option(record, "topk"), *experts;

    experts = cx_result_option(record, "experts");
    if (!name || !hidden || !topk || !experts || strcmp(hidden, "0") == 0 || strchr(name, '/')) {
        return name;
    }
    return cx_arena_format(arena, "%s %s/%s/%s", name, hidden, topk, experts);
}

static void print_heading(const cx_page_t *page, const range_t *range)
{
    const cx_ep_result_t *work = range->works[0];
    cx_text_t             line;

    cx_page_begin(&line);
    cx_page_join(page, &line, "expert parallelism");
    cx_page_join(page, &line, range->count == 1 ? work->sample->label : NULL);
    cx_page_join(page, &line, cx_result_option(work->sample->record, "mode"));
    cx_page_join(page, &line, spell_shape(work, page->arena));
    cx_page_join(page, &line, cx_ep_result_codecs(work, page->arena));
    cx_page_join(page, &line, cx_ep_result_routing(work, page->arena));
    cx_page_join(page, &line, work->sample->differs);
    cx_page_join_facts(page, work->sample, &line);
    cx_page_heading(page, &line);
}

/* Whether any work of the range has sizes of that regime. */
static bool has_regime(const range_t *range, bool of_chain)
{
    for (int64_t i = 0; i < range->count; i++) {
        const cx_ep_result_t   *work = range->works[i];
        const cx_result_case_t *one  = of_chain ? work->steady : work->isolated;

        if (one && one->point_count > 0) {
            return true;
        }
    }
    return false;
}

static int64_t find_launch_count(const range_t *range)
{
    int64_t launch_count = 1;

    for (int64_t i = 0; i < range->count; i++) {
        if (range->works[i]->sample->launch_count > launch_count) {
            launch_count = range->works[i]->sample->launch_count;
        }
    }
    return launch_count;
}

static void print_statistic(cx_page_t *page, const range_t *range)
{
    const int64_t launch_count = find_launch_count(range);
    cx_text_t     line;

    cx_page_begin(&line);
    if (has_regime(range, true)) {
        cx_text_format(&line, "statistic: pair is one of a free-running chain, median over ranks; "
                              "floors are of such a chain, minimum over ranks");
    }
    if (has_regime(range, false)) {
        cx_text_format(&line, "%sroundtrip and its parts from an idle start, maximum over ranks",
                       line.length > 0 ? "; " : "statistic: ");
    }
    cx_text_format(&line, "%smedians unless said otherwise, by nearest rank",
                   line.length > 0 ? "; " : "statistic: ");
    if (launch_count > 1) {
        page->has_launches = true;
        cx_text_format(&line, "; median of %lld launches", (long long)launch_count);
    }
    /* Once is enough for tables that have it in common. */
    if (page->statistic && line.bytes && strcmp(page->statistic, line.bytes) == 0) {
        cx_text_fini(&line);
        return;
    }
    page->statistic = cx_arena_text(page->arena, line.bytes ? line.bytes : "");
    cx_page_finish(page, CX_MEANING_DIM, &line);
}

static cx_status_t print_fits(const cx_page_t *page, const range_t *range)
{
    for (int64_t i = 0; i < range->count; i++) {
        cx_text_t line;

        if (range->works[i]->rung_count == 0) {
            continue;
        }
        cx_page_begin(&line);
        cx_text_format(&line, "fit%s%s over %s bytes: ", range->count > 1 ? " of " : "",
                       range->count > 1 ? range->works[i]->sample->label : "",
                       range->works[i]->rungs[0].is_by_expert ? "assigned" : "logical");
        if (cx_ep_fit_say(range->works[i], page->style, page->arena, &line) != CX_OK) {
            cx_text_fini(&line);
            return CX_RESOURCE;
        }
        cx_page_finish(page, CX_MEANING_DIM, &line);
    }
    return CX_OK;
}

static cx_status_t print_table(cx_page_t *page, const range_t *range)
{
    cx_table_t table;

    cx_table_init(&table, page->style, page->arena);
    CX_TRY(fill(range, &table, &page->signs));
    print_heading(page, range);
    print_statistic(page, range);
    cx_page_table(page, &table);
    if (page->is_markdown) {
        fprintf(page->out, "\n");
    }
    return print_fits(page, range);
}

cx_status_t cx_ep_tables_print(cx_page_t *page, const cx_ep_results_t *view)
{
    int64_t first = 0;

    while (first < view->work_count) {
        range_t range = {view->works + first, 0};

        while (first < view->work_count &&
               view->works[first]->group_index == range.works[0]->group_index) {
            range.count++;
            first++;
        }
        CX_TRY(print_table(page, &range));
    }
    page->has_ep = page->has_ep || view->work_count > 0;
    return CX_OK;
}

void cx_ep_legend_print(const cx_page_t *page)
{
    cx_text_t line;

    if (!page->has_ep) {
        return;
    }
    cx_page_begin(&line);
    cx_text_format(
        &line,
        "T is tokens per rank; sum is dispatch, stage and combine added up, derived and "
        "no time of anything; spread is the slowest rank's roundtrip less the fastest's; "
        "logical counts a token once per rank it goes to, and once back, own rank "
        "included, over the pair's (else the roundtrip's) time; assigned counts it once "
        "per expert, where the backend's layout moves it so; fit is over such bytes of a "
        "rank, * marks a start cost read off beyond the sizes, (below 0) that there is none; "
        "the numbers of a shape are hidden/topk/experts");
    if (page->signs.has_floor) {
        cx_text_format(&line, "; x floor here is the roundtrip's");
    }
    if (page->has_launches) {
        cx_text_format(&line, "; launches is (max - min) / median of the launches' medians, and "
                              "intervals reach over all launches");
    }
    cx_page_finish(page, CX_MEANING_DIM, &line);
}
