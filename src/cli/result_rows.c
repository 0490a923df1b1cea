/* SPDX-License-Identifier: Apache-2.0 */
/* One row per size. Numbers are only written down here, never computed. */
#include "cli/result_rows.h"

#include "cli/numbers.h"
#include "cli/result_cells.h"
#include "cli/result_points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns of numbers that are members of a point; one without any value is not shown. */
typedef struct metric {
    const char      *title;
    size_t           offset;
    cx_metric_kind_t kind;
    int32_t          drop_order;
} metric_t;

static const metric_t metrics[] = {
    {"p50", offsetof(cx_result_point_t, time_us_p50), CX_METRIC_TIME, 0},
    {NULL /* plus or minus */, offsetof(cx_result_point_t, ci_half_width_ratio), CX_METRIC_PERCENT,
     4},
    {"spread", offsetof(cx_result_point_t, launch_spread_ratio), CX_METRIC_PERCENT, 1},
    {"p99", offsetof(cx_result_point_t, time_us_p99), CX_METRIC_TIME, 2},
    {"host", offsetof(cx_result_point_t, enqueue_us), CX_METRIC_TIME, 5},
    {"algbw", offsetof(cx_result_point_t, algbw_bytes_per_s), CX_METRIC_RATE, 3},
    {"busbw", offsetof(cx_result_point_t, busbw_bytes_per_s), CX_METRIC_RATE, 0},
    {"nominal", offsetof(cx_result_point_t, nominal_ratio), CX_METRIC_PERCENT, 0},
    {"x floor", offsetof(cx_result_point_t, floor_ratio), CX_METRIC_NUMBER, 0},
    {"vs best", offsetof(cx_result_point_t, vs_best_ratio), CX_METRIC_NUMBER, 0},
    {"skew", offsetof(cx_result_point_t, arrival_skew_us_p50), CX_METRIC_TIME, 6},
};

#define METRIC_COUNT ((int32_t)(sizeof metrics / sizeof metrics[0]))

enum full_column {
    FULL_MARK,
    FULL_LABEL,
    FULL_SIZE   = FULL_LABEL + CX_CASE_LABEL_COUNT,
    FULL_METRIC = FULL_SIZE + 1,
    FULL_COUNT  = FULL_METRIC + METRIC_COUNT,
    FULL_CHECK
};

/* One line of the full form; point NULL: the case failed as a whole. */
typedef struct line {
    const cx_result_case_t  *one;
    const cx_result_point_t *point;
} line_t;

int64_t cx_result_row_count(const cx_case_range_t *range)
{
    int64_t count = 0;

    for (int64_t i = 0; i < range->count; i++) {
        count += range->cases[i]->point_count + cx_case_failed_alone(range->cases[i]);
    }
    return count;
}

static void list_lines(const cx_case_range_t *range, line_t *out)
{
    int64_t count = 0;

    for (int64_t i = 0; i < range->count; i++) {
        const cx_result_case_t *one = range->cases[i];

        for (int64_t j = 0; j < one->point_count; j++) {
            out[count++] = (line_t){one, &one->points[j]};
        }
        if (cx_case_failed_alone(one)) {
            out[count++] = (line_t){one, NULL};
        }
    }
}

/* Failures of whole cases after the points, unknown times after the known. */
static int compare_lines(const void *a, const void *b)
{
    const line_t *left = a, *right = b;
    const double  left_us     = left->point ? left->point->time_us_p50 : (double)NAN;
    const double  right_us    = right->point ? right->point->time_us_p50 : (double)NAN;
    const int64_t left_bytes  = left->point ? left->point->requested_bytes : INT64_MAX;
    const int64_t right_bytes = right->point ? right->point->requested_bytes : INT64_MAX;
    const int64_t orders[][2] = {{left->one->class_index, right->one->class_index},
                                 {left_bytes, right_bytes},
                                 {isnan(left_us), isnan(right_us)},
                                 {left_us > right_us, left_us < right_us},
                                 {left->one->order_index, right->one->order_index}};

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (orders[i][0] != orders[i][1]) {
            return orders[i][0] < orders[i][1] ? -1 : 1;
        }
    }
    return 0;
}

static double metric_at(const metric_t *metric, const cx_result_point_t *point)
{
    double value;

    memcpy(&value, (const char *)point + metric->offset, sizeof value);
    return value;
}

/* The column of a metric; sets its unit of time, for times. values [line_count] is scratch. */
static cx_column_t make_metric_column(const metric_t *metric, const cx_table_t *table,
                                      const double *values, int64_t count, cx_time_unit_t *unit_out)
{
    cx_column_t column = {.title      = metric->title,
                          .drop_order = metric->drop_order,
                          .is_number  = true,
                          .is_hidden  = count == 0 && metric->drop_order > 0};

    *unit_out = cx_time_unit_of(values, count);
    if (!column.title) {
        column.title = cx_style_glyph(table->style, CX_GLYPH_PLUS_MINUS);
    }
    if (metric->kind == CX_METRIC_TIME) {
        column.unit = cx_time_unit_name(table->style, *unit_out);
    } else if (metric->kind == CX_METRIC_RATE) {
        column.unit      = "GB/s";
        column.is_hidden = count == 0;
    } else if (metric->kind != CX_METRIC_TIME) {
        column.is_hidden = count == 0;
    }
    return column;
}

static int64_t gather_metric(const metric_t *metric, const line_t *lines, int64_t line_count,
                             double *out)
{
    int64_t count = 0;

    for (int64_t i = 0; i < line_count; i++) {
        const double value = lines[i].point ? metric_at(metric, lines[i].point) : (double)NAN;

        if (isfinite(value)) {
            out[count++] = value;
        }
    }
    return count;
}

static void add_full_columns(const cx_case_range_t *range, const line_t *lines, int64_t line_count,
                             double *values, cx_table_t *table, cx_time_unit_t *units)
{
    (void)cx_table_add_column(table, (cx_column_t){.title = ""});
    cx_cells_add_labels(range, table);
    (void)cx_table_add_column(table, (cx_column_t){.title     = "size",
                                                   .is_number = true,
                                                   .is_hidden = !cx_cells_have_sizes(range)});
    for (int32_t i = 0; i < METRIC_COUNT; i++) {
        const int64_t count = gather_metric(&metrics[i], lines, line_count, values);

        (void)cx_table_add_column(table,
                                  make_metric_column(&metrics[i], table, values, count, &units[i]));
    }
    (void)cx_table_add_column(table,
                              (cx_column_t){.title = "n", .drop_order = 5, .is_number = true});
    (void)cx_table_add_column(table, (cx_column_t){.title = "check"});
}

static void set_metric(cx_table_t *table, int32_t i, const cx_result_point_t *point,
                       cx_time_unit_t unit, bool is_failed)
{
    const double value   = metric_at(&metrics[i], point);
    cx_meaning_t meaning = i == 0 ? CX_MEANING_BOLD : CX_MEANING_PLAIN;
    char         text[CX_NUMBER_BYTES_MAX];

    cx_number_print_metric(metrics[i].kind, value, unit, text, sizeof text);
    cx_table_set(table, FULL_METRIC + i, is_failed ? CX_MEANING_DIM : meaning, text);
}

static void add_point(const line_t *line, const cx_time_unit_t *units, cx_table_t *table,
                      cx_signs_t *signs)
{
    const cx_result_point_t *point    = line->point;
    const int                severity = cx_result_severity(point->status);
    const bool               is_odd   = severity <= 1 && cx_point_has_caveat(point);
    const cx_mark_t          mark     = cx_mark_make(severity, point->standing, is_odd, signs);
    char                     text[CX_NUMBER_BYTES_MAX];

    cx_table_add_row(table);
    cx_cells_set_mark(table, &mark);
    cx_cells_set_labels(table, FULL_LABEL, line->one, mark.meaning);
    if (point->requested_bytes > 0) {
        cx_table_set(table, FULL_SIZE, CX_MEANING_PLAIN,
                     cx_number_print_bytes(point->message_bytes, text, sizeof text));
    }
    signs->has_enqueue = signs->has_enqueue || isfinite(point->enqueue_us);
    signs->has_floor   = signs->has_floor || isfinite(point->floor_ratio);
    signs->has_nominal = signs->has_nominal || isfinite(point->nominal_ratio);
    for (int32_t i = 0; i < METRIC_COUNT; i++) {
        set_metric(table, i, point, units[i], severity > 1);
    }
    cx_table_set(table, FULL_COUNT, CX_MEANING_PLAIN,
                 cx_number_print_count(point->sample_count, text, sizeof text));
    cx_table_set(table, FULL_CHECK, cx_check_meaning(severity, is_odd),
                 cx_check_point(point, table->arena));
}

static void add_failure(const cx_result_case_t *one, cx_table_t *table, cx_signs_t *signs)
{
    const int       severity = one->point_count == 0 ? 2 : cx_result_severity(one->status);
    const cx_mark_t mark     = cx_mark_make(severity, CX_STANDING_ALONE, severity == 1, signs);

    cx_table_add_row(table);
    cx_cells_set_mark(table, &mark);
    cx_cells_set_labels(table, FULL_LABEL, one, mark.meaning);
    cx_table_set(table, FULL_CHECK, mark.meaning, cx_check_case(one, table->arena));
}

cx_status_t cx_result_fill_full(const cx_case_range_t *range, cx_table_t *table, cx_signs_t *signs)
{
    const int64_t  line_count = cx_result_row_count(range);
    const size_t   room_count = (size_t)line_count + 1;
    line_t        *lines      = cx_arena_grab(table->arena, room_count * sizeof *lines);
    double        *values     = cx_arena_grab(table->arena, room_count * sizeof *values);
    cx_time_unit_t units[METRIC_COUNT];

    if (!lines || !values) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a table");
    }
    list_lines(range, lines);
    qsort(lines, (size_t)line_count, sizeof lines[0], compare_lines);
    add_full_columns(range, lines, line_count, values, table, units);
    for (int64_t i = 0; i < line_count; i++) {
        if (i > 0 && lines[i].one->class_index != lines[i - 1].one->class_index) {
            cx_table_add_gap(table);
        }
        if (lines[i].point) {
            add_point(&lines[i], units, table, signs);
        } else {
            add_failure(lines[i].one, table, signs);
        }
    }
    return CX_OK;
}
