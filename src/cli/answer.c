/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of cases to sentences and JSON. Takes points as they are ranked already. */
#include "cli/answer.h"

#include "cli/numbers.h"
#include "cli/result_cells.h"
#include "store/fields.h"

#include <math.h>
#include <string.h>

#define SPANS_SAID_MAX 4
#define SENTENCE_BYTES_MAX 4096

/* Cases first..end-1 of a view are one class. */
typedef struct class_range {
    const cx_result_view_t *view;
    int64_t                 first, end;
} class_range_t;

static int64_t find_class_end(const cx_result_view_t *view, int64_t first)
{
    int64_t i = first;

    while (i < view->case_count && view->cases[i]->class_index == view->cases[first]->class_index) {
        i++;
    }
    return i;
}

static bool is_faster(const cx_result_point_t *a, const cx_result_point_t *b)
{
    return !b || a->requested_bytes < b->requested_bytes ||
           (a->requested_bytes == b->requested_bytes && a->time_us_p50 < b->time_us_p50);
}

static bool is_higher(const cx_result_point_t *a, const cx_result_point_t *b)
{
    return isfinite(a->rate_bytes_per_s) && (!b || a->rate_bytes_per_s > b->rate_bytes_per_s);
}

/* The smallest size's lowest median, and the highest bandwidth. */
static void find_extremes(const class_range_t *range, cx_answer_t *out)
{
    for (int64_t i = range->first; i < range->end; i++) {
        const cx_result_case_t *one = range->view->cases[i];

        for (int64_t j = 0; j < one->point_count; j++) {
            const cx_result_point_t *point = &one->points[j];

            if (point->is_ranked && is_faster(point, out->fastest)) {
                out->fastest      = point;
                out->fastest_case = one;
            }
            if (point->is_ranked && is_higher(point, out->peak)) {
                out->peak      = point;
                out->peak_case = one;
            }
        }
    }
    out->is_verified = (!out->fastest || cx_point_is_verified(out->fastest)) &&
                       (!out->peak || cx_point_is_verified(out->peak));
}

/* The two lowest comparable medians of a size as a span of one; false when there are no two. */
static bool judge_rung(const class_range_t *range, int64_t requested_bytes, cx_answer_span_t *out)
{
    const cx_result_point_t *best = NULL, *next = NULL;

    *out = (cx_answer_span_t){.first_bytes = requested_bytes, .last_bytes = requested_bytes};
    for (int64_t i = range->first; i < range->end; i++) {
        const cx_result_case_t  *one   = range->view->cases[i];
        const cx_result_point_t *point = cx_result_case_at(one, requested_bytes);

        if (!point || point->standing == CX_STANDING_ALONE) {
            continue;
        }
        if (!best || point->time_us_p50 < best->time_us_p50) {
            next           = best;
            out->runner_up = out->leader;
            best           = point;
            out->leader    = one->label;
        } else if (!next || point->time_us_p50 < next->time_us_p50) {
            next           = point;
            out->runner_up = one->label;
        }
    }
    if (!next) {
        return false;
    }
    out->is_tie    = best->standing == CX_STANDING_TIE;
    out->ratio_min = out->ratio_max = next->time_us_p50 / best->time_us_p50;
    return true;
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Extend the last span by the next size; false when the outcome is another one. */
static bool extend_span(cx_answer_span_t *last, const cx_answer_span_t *next)
{
    const bool is_swapped = next->is_tie && is_same_text(last->leader, next->runner_up) &&
                            is_same_text(last->runner_up, next->leader);

    if (last->is_tie != next->is_tie || !(is_swapped || is_same_text(last->leader, next->leader))) {
        return false;
    }
    if (!is_swapped && !is_same_text(last->runner_up, next->runner_up)) {
        last->runner_up = NULL;
    }
    last->last_bytes = next->last_bytes;
    last->ratio_min  = fmin(last->ratio_min, next->ratio_min);
    last->ratio_max  = fmax(last->ratio_max, next->ratio_max);
    return true;
}

/* The smallest size of the class beyond `after_bytes`; INT64_MAX when there is none. */
static int64_t find_next_rung(const class_range_t *range, int64_t after_bytes)
{
    int64_t found_bytes = INT64_MAX;

    for (int64_t i = range->first; i < range->end; i++) {
        const cx_result_case_t *one = range->view->cases[i];

        for (int64_t j = 0; j < one->point_count; j++) {
            const int64_t bytes = one->points[j].requested_bytes;

            if (bytes > after_bytes && bytes < found_bytes) {
                found_bytes = bytes;
            }
        }
    }
    return found_bytes;
}

static cx_status_t find_spans(const class_range_t *range, cx_arena_t *arena, cx_answer_t *out)
{
    int64_t rung_count = 0;

    if (range->end - range->first < 2) {
        return CX_OK;
    }
    for (int64_t i = range->first; i < range->end; i++) {
        rung_count += range->view->cases[i]->point_count;
    }
    out->spans = cx_arena_grab(arena, (size_t)(rung_count + 1) * sizeof *out->spans);
    if (!out->spans) {
        return CX_FAIL(CX_RESOURCE, "out of memory for an answer");
    }
    for (int64_t bytes = find_next_rung(range, -1); bytes != INT64_MAX;
         bytes         = find_next_rung(range, bytes)) {
        cx_answer_span_t span;

        if (!judge_rung(range, bytes, &span)) {
            continue;
        }
        if (out->span_count == 0 || !extend_span(&out->spans[out->span_count - 1], &span)) {
            out->spans[out->span_count++] = span;
        }
    }
    return CX_OK;
}

cx_status_t cx_answer_derive(const cx_result_view_t *view, cx_arena_t *arena, cx_answer_list_t *out)
{
    *out         = (cx_answer_list_t){0};
    out->answers = cx_arena_grab(arena, (size_t)(view->case_count + 1) * sizeof *out->answers);
    if (!out->answers) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the answers");
    }
    for (int64_t first = 0; first < view->case_count; first = find_class_end(view, first)) {
        const class_range_t range = {view, first, find_class_end(view, first)};
        cx_answer_t        *answer;

        if (cx_result_is_ep(view->cases[first])) {
            continue; /* ep_answer.h */
        }
        answer  = &out->answers[out->count++];
        *answer = (cx_answer_t){.sample = view->cases[first]};
        find_extremes(&range, answer);
        CX_TRY(find_spans(&range, arena, answer));
    }
    return CX_OK;
}

/* ---- in words ---- */

static void say_part(cx_text_t *out, const char *before, const char *part)
{
    if (part && *part) {
        cx_text_format(out, "%s%s", before, part);
    }
}

static void say_name(const cx_result_case_t *one, cx_text_t *out)
{
    cx_text_format(out, "%s", one->op ? one->op : "unknown");
    say_part(out, " ", one->dtype);
    say_part(out, " ", one->redop);
    if (one->placement) {
        say_part(out, " ", strcmp(one->placement, "in_place") == 0 ? "in place" : NULL);
    }
    say_part(out, " ", one->differs);
}

static void say_time(double time_us, const cx_style_t *style, cx_text_t *out)
{
    const cx_time_unit_t unit = cx_time_unit_of(&time_us, 1);
    char                 number[CX_NUMBER_BYTES_MAX];

    cx_text_format(out, "%s %s p50", cx_number_print_time(time_us, unit, number, sizeof number),
                   unit == CX_TIME_UNIT_MS ? "ms" : cx_style_glyph(style, CX_GLYPH_MICRO));
}

static void say_size(int64_t bytes, const char *before, cx_text_t *out)
{
    char number[CX_NUMBER_BYTES_MAX];

    cx_text_format(out, "%s%s", before, cx_number_print_bytes(bytes, number, sizeof number));
}

/* How far that is from what the machine allows. */
static void say_floor(const cx_result_point_t *point, cx_text_t *out)
{
    char number[CX_NUMBER_BYTES_MAX];

    if (isfinite(point->floor_ratio)) {
        cx_text_format(out, ", %s x the floor",
                       cx_number_print(point->floor_ratio, number, sizeof number));
    }
}

static void say_numbers(const cx_answer_t *answer, const cx_style_t *style, cx_text_t *out)
{
    const bool is_one = !answer->peak || answer->peak_case == answer->fastest_case;
    char       number[CX_NUMBER_BYTES_MAX];

    say_time(answer->fastest->time_us_p50, style, out);
    if (answer->fastest->message_bytes > 0) {
        say_size(answer->fastest->message_bytes, " at ", out);
    }
    if (answer->fastest != answer->peak) {
        say_floor(answer->fastest, out);
    }
    if (!is_one) {
        cx_text_format(out, " with %s", answer->fastest_case->label);
    }
    if (answer->peak) {
        cx_number_print_rate(answer->peak->rate_bytes_per_s, number, sizeof number);
        cx_text_format(out, ", peak %s%s GB/s",
                       isfinite(answer->peak->busbw_bytes_per_s) ? "busbw " : "", number);
        say_size(answer->peak->message_bytes, " at ", out);
        say_floor(answer->peak, out);
    }
    if (!is_one) {
        cx_text_format(out, " with %s", answer->peak_case->label);
    }
    cx_text_format(out, " (%s%s", is_one ? answer->fastest_case->label : "", is_one ? ", " : "");
}

static void say_circumstances(const cx_answer_t *answer, cx_text_t *out)
{
    const cx_result_case_t *one = answer->sample;

    if (one->rank_count != INT64_MIN) {
        cx_text_format(out, "%lld rank%s, ", (long long)one->rank_count,
                       one->rank_count == 1 ? "" : "s");
    }
    cx_text_format(out, "%s", one->regime ? one->regime : "unknown regime");
    say_part(out, ", ", answer->is_verified ? NULL : "not verified");
    say_part(out, ", ", is_same_text(one->origin, "imported") ? "imported" : NULL);
    cx_text_format(out, ")");
}

static void say_range(const cx_answer_span_t *span, cx_text_t *out)
{
    if (span->last_bytes > 0) {
        say_size(span->first_bytes, " at ", out);
    }
    if (span->last_bytes != span->first_bytes) {
        say_size(span->last_bytes, " to ", out);
    }
}

static void say_span(const cx_answer_span_t *span, bool is_first, cx_text_t *out)
{
    const char *runner_up = span->runner_up ? span->runner_up : "the next";
    char        least[CX_NUMBER_BYTES_MAX], most[CX_NUMBER_BYTES_MAX];

    cx_number_print(span->ratio_min, least, sizeof least);
    cx_number_print(span->ratio_max, most, sizeof most);
    if (span->is_tie) {
        cx_text_format(out, "; %s and %s tie", span->leader, runner_up);
    } else if (strcmp(least, most) == 0) {
        cx_text_format(out, "; %s is %sx faster than %s", span->leader, least, runner_up);
    } else {
        cx_text_format(out, "; %s is %sx to %sx faster than %s", span->leader, least, most,
                       runner_up);
    }
    say_range(span, out);
    if (is_first) {
        cx_text_format(out, span->is_tie ? " (intervals overlap)" : " (intervals disjoint)");
    }
}

/* The first win and the first tie say what their intervals do; the others mean the same. */
static void say_spans(const cx_answer_t *answer, cx_text_t *out)
{
    bool is_said[2] = {false, false};

    for (int64_t i = 0; i < answer->span_count && i < SPANS_SAID_MAX; i++) {
        const bool is_tie = answer->spans[i].is_tie;

        say_span(&answer->spans[i], !is_said[is_tie], out);
        is_said[is_tie] = true;
    }
    if (answer->span_count > SPANS_SAID_MAX) {
        cx_text_format(out, "; %lld further ranges of sizes: see the table",
                       (long long)answer->span_count - SPANS_SAID_MAX);
    }
}

void cx_answer_say(const cx_answer_t *answer, const cx_style_t *style, cx_text_t *out)
{
    const cx_result_case_t *one = answer->sample;

    say_name(one, out);
    cx_text_format(out, ": ");
    if (!answer->fastest) {
        cx_text_format(out, "no valid result (%s, ", one->label);
        say_circumstances(answer, out);
        say_part(out, ": ", one->status);
        say_part(out, ": ", one->detail);
        return;
    }
    say_numbers(answer, style, out);
    say_circumstances(answer, out);
    say_spans(answer, out);
}

/* ---- as JSON ---- */

static json_t *fastest_to_json(const cx_answer_t *answer)
{
    const cx_result_point_t *point = answer->fastest;

    if (!point) {
        return json_null();
    }
    return json_pack("{ss,so,so,so,so}", "backend", answer->fastest_case->label, "message_bytes",
                     cx_whole_to_json(point->message_bytes), "time_us_p50",
                     cx_real_to_json(point->time_us_p50), "time_us_p50_ci_low",
                     cx_real_to_json(point->time_us_p50_ci_low), "time_us_p50_ci_high",
                     cx_real_to_json(point->time_us_p50_ci_high));
}

static json_t *peak_to_json(const cx_answer_t *answer)
{
    const cx_result_point_t *point = answer->peak;

    if (!point) {
        return json_null();
    }
    return json_pack("{ss,so,so,so}", "backend", answer->peak_case->label, "message_bytes",
                     cx_whole_to_json(point->message_bytes), "busbw_bytes_per_s",
                     cx_real_to_json(point->busbw_bytes_per_s), "time_us_p50",
                     cx_real_to_json(point->time_us_p50));
}

static json_t *spans_to_json(const cx_answer_t *answer)
{
    json_t *list = json_array();

    for (int64_t i = 0; i < answer->span_count; i++) {
        const cx_answer_span_t *span = &answer->spans[i];

        json_array_append_new(list, json_pack("{sI,sI,ss,ss?,sb,so,so}", "first_bytes",
                                              (json_int_t)span->first_bytes, "last_bytes",
                                              (json_int_t)span->last_bytes, "leader", span->leader,
                                              "runner_up", span->runner_up, "is_tie", span->is_tie,
                                              "ratio_min", cx_real_to_json(span->ratio_min),
                                              "ratio_max", cx_real_to_json(span->ratio_max)));
    }
    return list;
}

static json_t *text_to_json(const cx_answer_t *answer)
{
    const cx_style_t plain = {0};
    cx_text_t        text;
    json_t          *out;

    cx_text_init(&text, SENTENCE_BYTES_MAX);
    cx_answer_say(answer, &plain, &text);
    out = json_string(text.bytes ? text.bytes : "");
    cx_text_fini(&text);
    return out;
}

static json_t *group_to_json(const cx_answer_t *answer)
{
    const cx_result_case_t *one = answer->sample;

    return json_pack("{so,ss?,ss?,ss?,ss?,ss?,ss?,ss?,so,sb,ss?,ss?,so,so,so}", "text",
                     text_to_json(answer), "op", one->op, "dtype", one->dtype, "redop", one->redop,
                     "placement", one->placement, "regime", one->regime, "differs", one->differs,
                     "origin", one->origin, "rank_count", cx_whole_to_json(one->rank_count),
                     "is_verified", answer->is_verified, "status", one->status, "detail",
                     one->detail, "fastest", fastest_to_json(answer), "peak", peak_to_json(answer),
                     "spans", spans_to_json(answer));
}

json_t *cx_answer_groups_to_json(const cx_answer_list_t *list)
{
    json_t *groups = json_array();

    for (int64_t i = 0; i < list->count; i++) {
        if (json_array_append_new(groups, group_to_json(&list->answers[i])) != 0) {
            json_decref(groups);
            return NULL;
        }
    }
    return groups;
}
