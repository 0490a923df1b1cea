/* SPDX-License-Identifier: Apache-2.0 */
/* One row per case: its smallest size, a middle one, its peak, and the ladder as cells.
 * Nothing is averaged over sizes. */
#include "cli/numbers.h"
#include "cli/result_cells.h"
#include "cli/result_points.h"
#include "cli/sparkline.h"

#include <math.h>
#include <string.h>

#define RUNG_COUNT_MAX 128
#define MIDDLE_BYTES 65536

enum compact_column {
    COMPACT_MARK,
    COMPACT_LABEL,
    COMPACT_SMALLEST = COMPACT_LABEL + CX_CASE_LABEL_COUNT,
    COMPACT_FIRST,
    COMPACT_MIDDLE,
    COMPACT_PEAK,
    COMPACT_PEAK_SIZE,
    COMPACT_NOMINAL,
    COMPACT_FLOOR,
    COMPACT_SPREAD,
    COMPACT_LADDER,
    COMPACT_CHECK
};

/* What the rows of a table have in common. */
typedef struct frame {
    int64_t          rungs[RUNG_COUNT_MAX]; /* of all cases, ascending */
    int64_t          rung_count, middle_bytes;
    cx_spark_scale_t scale;
    cx_time_unit_t   first_unit, middle_unit;
    bool             has_spread, has_nominal, has_floor, has_busbw;
} frame_t;

static bool has_time(const cx_result_point_t *point)
{
    return point && isfinite(point->time_us_p50);
}

/* The smallest size with a median. */
static const cx_result_point_t *find_first(const cx_result_case_t *one)
{
    for (int64_t i = 0; i < one->point_count; i++) {
        if (has_time(&one->points[i])) {
            return &one->points[i];
        }
    }
    return NULL;
}

static const cx_result_point_t *find_peak(const cx_result_case_t *one)
{
    const cx_result_point_t *found = NULL;

    for (int64_t i = 0; i < one->point_count; i++) {
        const cx_result_point_t *point = &one->points[i];

        if (point->is_ranked && isfinite(point->rate_bytes_per_s) &&
            (!found || point->rate_bytes_per_s > found->rate_bytes_per_s)) {
            found = point;
        }
    }
    return found;
}

/* ---- the frame ---- */

static void add_rung(frame_t *frame, int64_t bytes)
{
    int64_t i = 0;

    if (bytes <= 0) {
        return; /* a barrier has no ladder */
    }
    while (i < frame->rung_count && frame->rungs[i] < bytes) {
        i++;
    }
    if (frame->rung_count == RUNG_COUNT_MAX ||
        (i < frame->rung_count && frame->rungs[i] == bytes)) {
        return;
    }
    memmove(&frame->rungs[i + 1], &frame->rungs[i],
            (size_t)(frame->rung_count - i) * sizeof frame->rungs[0]);
    frame->rungs[i] = bytes;
    frame->rung_count++;
}

static int64_t count_cover(const cx_case_range_t *range, int64_t bytes)
{
    int64_t count = 0;

    for (int64_t i = 0; i < range->count; i++) {
        count += has_time(cx_result_case_at(range->cases[i], bytes));
    }
    return count;
}

static double distance_to_middle(int64_t bytes)
{
    return fabs(log2((double)(bytes > 0 ? bytes : 1) / MIDDLE_BYTES));
}

/* Of the sizes that most cases have, the one nearest to 64 KiB. */
static void choose_middle(const cx_case_range_t *range, frame_t *frame)
{
    int64_t best_count = 0;

    for (int64_t i = 0; i < frame->rung_count; i++) {
        const int64_t bytes = frame->rungs[i];
        const int64_t count = count_cover(range, bytes);

        if (count > best_count ||
            (count == best_count &&
             distance_to_middle(bytes) < distance_to_middle(frame->middle_bytes))) {
            best_count          = count;
            frame->middle_bytes = bytes;
        }
    }
}

static double time_at(const cx_result_point_t *point)
{
    return point ? point->time_us_p50 : (double)NAN;
}

static cx_time_unit_t smaller_unit(cx_time_unit_t unit, double time_us)
{
    return isfinite(time_us) && cx_time_unit_of(&time_us, 1) < unit ? CX_TIME_UNIT_US : unit;
}

static void make_frame(const cx_case_range_t *range, frame_t *out)
{
    *out = (frame_t){.scale       = cx_spark_scale_empty(),
                     .first_unit  = CX_TIME_UNIT_MS,
                     .middle_unit = CX_TIME_UNIT_MS};
    for (int64_t i = 0; i < range->count; i++) {
        for (int64_t j = 0; j < range->cases[i]->point_count; j++) {
            const cx_result_point_t *point = &range->cases[i]->points[j];

            add_rung(out, point->requested_bytes);
            cx_spark_scale_widen(&out->scale, &point->time_us_p50, 1);
            out->has_spread  = out->has_spread || isfinite(point->launch_spread_ratio);
            out->has_nominal = out->has_nominal || isfinite(point->nominal_ratio);
            out->has_floor   = out->has_floor || isfinite(point->floor_ratio);
            out->has_busbw   = out->has_busbw || isfinite(point->busbw_bytes_per_s);
        }
    }
    choose_middle(range, out);
    for (int64_t i = 0; i < range->count; i++) {
        const cx_result_case_t *one = range->cases[i];

        out->first_unit = smaller_unit(out->first_unit, time_at(find_first(one)));
        out->middle_unit =
            smaller_unit(out->middle_unit, time_at(cx_result_case_at(one, out->middle_bytes)));
    }
}

static void add_number(cx_table_t *table, const char *title, const char *unit, int32_t drop_order,
                       bool is_shown)
{
    (void)cx_table_add_column(table, (cx_column_t){.title      = title ? title : "",
                                                   .unit       = unit,
                                                   .drop_order = drop_order,
                                                   .is_number  = true,
                                                   .is_hidden  = !is_shown});
}

static void add_columns(const cx_case_range_t *range, const frame_t *frame, cx_table_t *table)
{
    const cx_style_t *style     = table->style;
    const bool        has_sizes = frame->rung_count > 0;
    const int64_t     last      = has_sizes ? frame->rung_count - 1 : 0;
    char              first_size[CX_NUMBER_BYTES_MAX], last_size[CX_NUMBER_BYTES_MAX];
    const char       *middle_title, *middle_unit, *ladder;

    cx_number_print_bytes(frame->middle_bytes, first_size, sizeof first_size);
    middle_title = cx_arena_text(table->arena, first_size);
    middle_unit =
        cx_arena_format(table->arena, "p50 %s", cx_time_unit_name(style, frame->middle_unit));
    cx_number_print_bytes(frame->rungs[0], first_size, sizeof first_size);
    cx_number_print_bytes(frame->rungs[last], last_size, sizeof last_size);
    ladder = cx_arena_format(table->arena, "%s..%s", first_size, last_size);
    (void)cx_table_add_column(table, (cx_column_t){.title = ""});
    cx_cells_add_labels(range, table);
    add_number(table, "first", "size", 0, has_sizes);
    add_number(table, "p50", cx_time_unit_name(style, frame->first_unit), 0, true);
    add_number(table, middle_title, middle_unit, 4, has_sizes);
    add_number(table, "peak", frame->has_busbw ? "bus GB/s" : "GB/s", 0, has_sizes);
    add_number(table, "at", "size", 3, has_sizes);
    add_number(table, "nominal", "at peak", 2, frame->has_nominal);
    add_number(table, "x floor", has_sizes ? "at peak" : NULL, 1, frame->has_floor);
    add_number(table, "spread", "worst", 5, frame->has_spread);
    (void)cx_table_add_column(
        table,
        (cx_column_t){.title = "ladder", .unit = ladder, .drop_order = 6, .is_hidden = !has_sizes});
    (void)cx_table_add_column(table, (cx_column_t){.title = "check"});
}

/* ---- a case ---- */

static int badness_of(const cx_result_point_t *point)
{
    return 2 * cx_result_severity(point->status) + cx_point_has_caveat(point);
}

static const cx_result_point_t *find_worst(const cx_result_case_t *one)
{
    const cx_result_point_t *worst = NULL;

    for (int64_t i = 0; i < one->point_count; i++) {
        if (!worst || badness_of(&one->points[i]) > badness_of(worst)) {
            worst = &one->points[i];
        }
    }
    return worst;
}

static int64_t count_as_bad(const cx_result_case_t *one, const cx_result_point_t *worst)
{
    int64_t count = 0;

    for (int64_t i = 0; i < one->point_count; i++) {
        count += badness_of(&one->points[i]) == badness_of(worst);
    }
    return count;
}

/* The worst of what its points and the case itself say, and of how many sizes it is true. */
static const char *check_all(const cx_result_case_t *one, cx_arena_t *arena)
{
    const cx_result_point_t *worst = find_worst(one);
    const char              *text;
    int64_t                  count;

    if (!worst || cx_case_failed_alone(one)) {
        return cx_check_case(one, arena);
    }
    text  = cx_check_point(worst, arena);
    count = count_as_bad(one, worst);
    if (!text || count == one->point_count) {
        return text;
    }
    return cx_arena_format(arena, "%s (%lld of %lld sizes)", text, (long long)count,
                           (long long)one->point_count);
}

/* Best, or never behind, at every size that others have too. */
static cx_standing_t overall_standing(const cx_result_case_t *one)
{
    cx_standing_t standing = CX_STANDING_ALONE;

    for (int64_t i = 0; i < one->point_count; i++) {
        if (one->points[i].standing > standing) {
            standing = one->points[i].standing;
        }
    }
    return standing;
}

static int worst_severity(const cx_result_case_t *one)
{
    const cx_result_point_t *worst    = find_worst(one);
    const int                severity = cx_result_severity(one->status);
    const int                of_point = worst ? cx_result_severity(worst->status) : 2;

    return severity > of_point ? severity : of_point;
}

static void set_ladder(cx_table_t *table, const frame_t *frame, const cx_result_case_t *one)
{
    double rungs[RUNG_COUNT_MAX];
    char   text[RUNG_COUNT_MAX * 3 + 1];

    if (one->point_count == 0 || one->points[one->point_count - 1].requested_bytes <= 0) {
        return;
    }
    for (int64_t i = 0; i < frame->rung_count; i++) {
        const cx_result_point_t *point     = cx_result_case_at(one, frame->rungs[i]);
        const bool               is_failed = point && cx_result_severity(point->status) > 1 &&
                               strcmp(point->status, "left out") != 0;

        rungs[i] = is_failed ? CX_RUNG_FAILED : time_at(point);
    }
    cx_table_set(table, COMPACT_LADDER, CX_MEANING_PLAIN,
                 cx_sparkline_print(table->style, &frame->scale, rungs, frame->rung_count, text,
                                    sizeof text));
}

static double worst_spread(const cx_result_case_t *one)
{
    double spread_ratio = NAN;

    for (int64_t i = 0; i < one->point_count; i++) {
        spread_ratio = fmax(spread_ratio, one->points[i].launch_spread_ratio);
    }
    return spread_ratio;
}

/* At the peak; what has no bandwidth, a barrier, has one size. */
static double floor_of(const cx_result_point_t *first, const cx_result_point_t *peak)
{
    const cx_result_point_t *shown = peak ? peak : first;

    return shown ? shown->floor_ratio : (double)NAN;
}

static void set_numbers(cx_table_t *table, const frame_t *frame, const cx_result_case_t *one)
{
    const cx_result_point_t *first = find_first(one), *peak = find_peak(one);
    const cx_result_point_t *middle = cx_result_case_at(one, frame->middle_bytes);
    char                     text[CX_NUMBER_BYTES_MAX];

    if (first && first->requested_bytes > 0) {
        cx_table_set(table, COMPACT_SMALLEST, CX_MEANING_PLAIN,
                     cx_number_print_bytes(first->message_bytes, text, sizeof text));
    }
    cx_table_set(table, COMPACT_FIRST, CX_MEANING_BOLD,
                 cx_number_print_time(time_at(first), frame->first_unit, text, sizeof text));
    cx_table_set(table, COMPACT_MIDDLE, CX_MEANING_PLAIN,
                 cx_number_print_time(time_at(middle), frame->middle_unit, text, sizeof text));
    cx_table_set(table, COMPACT_SPREAD, CX_MEANING_PLAIN,
                 cx_number_print_percent(worst_spread(one), text, sizeof text));
    cx_table_set(table, COMPACT_FLOOR, CX_MEANING_PLAIN,
                 cx_number_print(floor_of(first, peak), text, sizeof text));
    if (peak) {
        cx_table_set(table, COMPACT_PEAK, CX_MEANING_BOLD,
                     cx_number_print_rate(peak->rate_bytes_per_s, text, sizeof text));
        cx_table_set(table, COMPACT_PEAK_SIZE, CX_MEANING_PLAIN,
                     cx_number_print_bytes(peak->message_bytes, text, sizeof text));
        cx_table_set(table, COMPACT_NOMINAL, CX_MEANING_PLAIN,
                     cx_number_print_percent(peak->nominal_ratio, text, sizeof text));
    }
}

static void add_case(const cx_result_case_t *one, const frame_t *frame, cx_table_t *table,
                     cx_signs_t *signs)
{
    const cx_result_point_t *worst    = find_worst(one);
    const int                severity = worst_severity(one);
    const bool      is_odd = severity <= 1 && (severity == 1 || cx_point_has_caveat(worst));
    const cx_mark_t mark   = cx_mark_make(severity, overall_standing(one), is_odd, signs);

    cx_table_add_row(table);
    cx_cells_set_mark(table, &mark);
    cx_cells_set_labels(table, COMPACT_LABEL, one, mark.meaning);
    set_numbers(table, frame, one);
    set_ladder(table, frame, one);
    cx_table_set(table, COMPACT_CHECK, cx_check_meaning(severity, is_odd),
                 check_all(one, table->arena));
}

/* Whether some cases did the same work: then work stands apart from work. */
static bool find_rivals(const cx_case_range_t *range)
{
    for (int64_t i = 1; i < range->count; i++) {
        if (range->cases[i]->class_index == range->cases[i - 1]->class_index) {
            return true;
        }
    }
    return false;
}

void cx_result_fill_compact(const cx_case_range_t *range, cx_table_t *table, cx_signs_t *signs)
{
    const bool has_rivals = find_rivals(range);
    frame_t    frame;

    make_frame(range, &frame);
    signs->has_floor   = signs->has_floor || frame.has_floor;
    signs->has_nominal = signs->has_nominal || frame.has_nominal;
    add_columns(range, &frame, table);
    for (int64_t i = 0; i < range->count; i++) {
        if (i > 0 && range->cases[i]->class_index != range->cases[i - 1]->class_index &&
            has_rivals) {
            cx_table_add_gap(table);
        }
        add_case(range->cases[i], &frame, table, signs);
    }
}
