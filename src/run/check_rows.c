/* SPDX-License-Identifier: Apache-2.0 */
/* A row computed again from its samples by the same functions that made it. */
#include "run/check_rows.h"

#include "family/collective/bytes.h"
#include "family/limits/traffic.h"
#include "measure/pairs.h"
#include "run/check_ep.h"
#include "run/check_floor.h"
#include "run/row.h"
#include "stats/ranks.h"
#include "stats/warmup.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TOLERANCE_RATIO 1e-9 /* a record has 12 digits */

bool cx_check_equal(double a, double b)
{
    if (!isfinite(a) || !isfinite(b)) {
        return !isfinite(a) && !isfinite(b);
    }
    return fabs(a - b) <= TOLERANCE_RATIO * fmax(fabs(a), fabs(b));
}

static bool is_status(const cx_row_t *row, cx_status_t status)
{
    return row->status && strcmp(row->status, cx_status_slug(status)) == 0;
}

static bool are_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void cx_check_field(const cx_check_frame_t *frame, const char *place, const cx_field_t *field,
                    const void *claimed, const void *again, cx_check_report_t *report)
{
    const char *at   = (const char *)claimed + field->offset;
    const char *to   = (const char *)again + field->offset;
    double      real = 0, real_again = 0;
    int64_t     whole = 0, whole_again = 0;
    const char *text = NULL, *text_again = NULL;

    if (field->kind == CX_FIELD_F64) {
        memcpy(&real, at, sizeof real);
        memcpy(&real_again, to, sizeof real_again);
    } else if (field->kind == CX_FIELD_I64) {
        memcpy(&whole, at, sizeof whole);
        memcpy(&whole_again, to, sizeof whole_again);
    } else if (field->kind == CX_FIELD_TEXT) {
        memcpy(&text, at, sizeof text);
        memcpy(&text_again, to, sizeof text_again);
    }
    if (!cx_check_equal(real, real_again)) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %s %s is %.12g, computed again it is %.12g", place, field->name, real,
                     real_again);
    }
    if (whole != whole_again) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %s %s is %" PRId64 ", computed again it is %" PRId64, place, field->name,
                     whole, whole_again);
    }
    if (!are_same_text(text, text_again)) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %s %s is \"%.64s\", computed again it is \"%.64s\"", place, field->name,
                     text ? text : "", text_again ? text_again : "");
    }
}

/* Where an operation is a sample, and else as the row says: nothing else does. */
static int64_t sample_operation_count(const cx_check_frame_t *frame, const cx_row_t *row)
{
    bool is_one = frame->one->regime == CX_REGIME_ISOLATED;

    return is_one && row->sample_operation_count != CX_I64_UNKNOWN ? 1
                                                                   : row->sample_operation_count;
}

/* The row again: what samples do not determine is taken over, so that it compares equal. */
static bool fill_again(const cx_check_frame_t *frame, const cx_row_t *row,
                       const cx_samples_row_t *samples, cx_row_t *again)
{
    static _Thread_local cx_workload_t workload; /* too large for the stack; a few members count */
    cx_arena_t                         arena;
    cx_series_t                        series  = {.rank_count = samples->rank_count,
                                                  .capacity   = samples->sample_count,
                                                  .count      = samples->sample_count,
                                                  .rank_us    = samples->rank_us,
                                                  .arrival_us = samples->arrival_us,
                                                  .exit_us    = samples->exit_us,
                                                  .reduced_us = samples->reduced_us,
                                                  .has_skew   = samples->has_skew};
    cx_outcome_t                       outcome = {.discarded_count = row->discarded_count,
                                                  .sample_operation_count = sample_operation_count(frame, row)};
    size_t rank_count = (size_t)samples->rank_count, count = (size_t)samples->sample_count;

    cx_arena_init(&arena);
    series.scratch = cx_arena_grab(&arena, (count + rank_count) * sizeof(double));
    series.column  = cx_arena_grab(&arena, rank_count * sizeof(double));
    if (!series.scratch || !series.column) {
        cx_arena_fini(&arena);
        return false;
    }
    workload.shape               = cx_case_shape(frame->one);
    workload.point.message_bytes = row->message_bytes;
    workload.point.elems         = row->elems;
    workload.busbw_factor        = frame->busbw_factor;
    *again                       = *row;
    if (frame->one->family == CX_FAMILY_EP) {
        cx_row_fill_times(&series, &outcome, row->skew_bound_us, again);
    } else {
        cx_row_fill(&workload, &series, &outcome, row->skew_bound_us, again);
    }
    cx_arena_fini(&arena);
    again->block_count          = row->block_count;
    again->repeated_block_count = row->repeated_block_count;
    again->slot_count           = row->slot_count;
    again->enqueue_us_mean      = row->enqueue_us_mean;
    again->stop_reason          = row->stop_reason;
    again->timed_count          = row->timed_count;
    again->verified_count       = row->verified_count;
    again->wrong_count          = row->wrong_count;
    if (frame->one->op == CX_COLLECTIVE_ALL_TO_ALL_V) {
        again->busbw_bytes_per_s = row->busbw_bytes_per_s; /* needs the counts, which are gone */
    }
    return true;
}

/* The samples' own reduction over ranks. */
static void check_reduction(const cx_check_frame_t *frame, const cx_samples_row_t *samples,
                            cx_check_report_t *report)
{
    static const cx_rank_reduction_t over_ranks[CX_REGIME_COUNT] = {
        [CX_REGIME_ISOLATED]  = CX_RANK_REDUCTION_MAX,
        [CX_REGIME_STEADY]    = CX_RANK_REDUCTION_MEDIAN,
        [CX_REGIME_GRAPH]     = CX_RANK_REDUCTION_MEDIAN,
        [CX_REGIME_LOOP_MEAN] = CX_RANK_REDUCTION_MEAN,
    };
    cx_rank_reduction_t how = over_ranks[frame->one->regime];
    cx_arena_t          arena;
    double             *again, *scratch;

    if (frame->one->family == CX_FAMILY_EP) {
        how = cx_component_reduction(cx_component_find(samples->component));
    }
    if (frame->one->family == CX_FAMILY_LIMITS) {
        how = CX_RANK_REDUCTION_MAX;
    }
    cx_arena_init(&arena);
    again   = cx_arena_grab(&arena, (size_t)samples->sample_count * sizeof *again);
    scratch = cx_arena_grab(&arena, (size_t)samples->rank_count * sizeof *scratch);
    if (again && scratch) {
        cx_reduce_ranks(samples->rank_us, samples->rank_count, samples->sample_count, how, scratch,
                        again);
        for (int64_t i = 0; i < samples->sample_count; i++) {
            if (!cx_check_equal(again[i], samples->reduced_us[i])) {
                cx_check_add(report, CX_CHECK_SAMPLES, frame->name,
                             "at %" PRId64 " B sample %" PRId64
                             " is not the reduction of its ranks' samples",
                             samples->requested_bytes, i);
                break;
            }
        }
    }
    cx_arena_fini(&arena);
}

static void check_warmup(const cx_check_frame_t *frame, const cx_row_t *row,
                         const cx_samples_row_t *samples, cx_check_report_t *report)
{
    cx_warmup_t warmup =
        cx_warmup_detect(samples->reduced_us, samples->sample_count, frame->one->warmup_min);

    if (row->discarded_count != warmup.discard_count ||
        row->discarded_count != samples->discarded_count) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %" PRId64 " B discarded_count is %" PRId64
                     ", but the samples give %" PRId64,
                     row->requested_bytes, row->discarded_count, warmup.discard_count);
    }
    if (!warmup.is_settled && is_status(row, CX_OK)) {
        cx_check_add(report, CX_CHECK_STATUS, frame->name,
                     "at %" PRId64 " B the status is ok, but the samples never settled",
                     row->requested_bytes);
    }
}

static bool samples_fit(const cx_check_frame_t *frame, const cx_row_t *row,
                        const cx_samples_row_t *samples, cx_check_report_t *report)
{
    const char *why = NULL;

    if (samples->requested_bytes != row->requested_bytes) {
        why = "the sidecar's row is of another size";
    } else if (strcmp(samples->component, row->component ? row->component : "") != 0) {
        why = "the sidecar's row is of another component";
    } else if (frame->rank_count > 0 && samples->rank_count != frame->rank_count) {
        why = "the sidecar has another number of ranks";
    } else if (row->discarded_count < 0 || row->discarded_count > samples->sample_count) {
        why = "more samples are discarded than there are";
    }
    if (why) {
        cx_check_add(report, CX_CHECK_SAMPLES, frame->name, "at %" PRId64 " B %s",
                     row->requested_bytes, why);
    }
    return !why;
}

/* Families whose rows are made of collective operations, by the same rules. */
static bool is_of_operations(const cx_case_t *one)
{
    return one->family != CX_FAMILY_EP;
}

static void check_against_samples(const cx_check_frame_t *frame, const cx_row_t *row,
                                  const cx_samples_row_t *samples, cx_check_report_t *report)
{
    cx_row_t again;

    if (!samples_fit(frame, row, samples, report)) {
        return;
    }
    if (is_of_operations(frame->one)) {
        check_warmup(frame, row, samples, report);
    }
    check_reduction(frame, samples, report);
    if (fill_again(frame, row, samples, &again)) {
        char place[48];

        (void)snprintf(place, sizeof place, "%" PRId64 " B%s%s", row->requested_bytes,
                       row->component ? " " : "", row->component ? row->component : "");
        for (const cx_field_t *field = cx_row_fields; field->name; field++) {
            cx_check_field(frame, place, field, row, &again, report);
        }
    }
}

/* Bandwidths follow from time and bytes; bytes follow from the elements. */
static void check_bandwidths(const cx_check_frame_t *frame, const cx_row_t *row,
                             cx_check_report_t *report)
{
    cx_shape_t shape      = cx_case_shape(frame->one);
    cx_row_t   again      = *row;
    bool       has_counts = shape.op == CX_COLLECTIVE_ALL_TO_ALL_V;

    if (shape.op != CX_COLLECTIVE_BARRIER) {
        again.algbw_bytes_per_s =
            row->message_bytes == CX_I64_UNKNOWN
                ? (double)NAN
                : cx_algbw_bytes_per_s(cx_limits_copied_bytes(&shape, row->message_bytes),
                                       row->time_us_p50);
        again.busbw_bytes_per_s = again.algbw_bytes_per_s * frame->busbw_factor;
    }
    if (frame->rank_count > 0 && !has_counts && row->elems >= 0 &&
        row->elems <= INT64_MAX / 64 / frame->rank_count) {
        again.message_bytes =
            cx_collective_message_bytes(&shape, row->elems, NULL, frame->rank_count);
    }
    if (again.message_bytes != row->message_bytes ||
        !cx_check_equal(again.algbw_bytes_per_s, row->algbw_bytes_per_s) ||
        (!(has_counts && isnan(frame->busbw_factor)) &&
         !cx_check_equal(again.busbw_bytes_per_s, row->busbw_bytes_per_s))) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %" PRId64 " B message_bytes, algbw or busbw do not follow from elems, "
                     "time and ranks",
                     row->requested_bytes);
    }
}

void cx_check_row(const cx_check_frame_t *frame, const cx_row_t *row,
                  const cx_samples_row_t *samples, cx_check_report_t *report)
{
    if (row->wrong_count > 0 && !is_status(row, CX_INCORRECT)) {
        cx_check_add(report, CX_CHECK_STATUS, frame->name,
                     "at %" PRId64 " B %" PRId64 " operations were wrong, but the status is %s",
                     row->requested_bytes, row->wrong_count, row->status);
    }
    if (row->verified_count != CX_I64_UNKNOWN &&
        (row->verified_count > row->timed_count || row->wrong_count > row->verified_count)) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %" PRId64
                     " B more operations were verified than timed, or more were wrong "
                     "than verified",
                     row->requested_bytes);
    }
    if (frame->one->family == CX_FAMILY_EP && !cx_check_ep_row(frame, row, samples, report)) {
        return;
    }
    if (!isnan(row->time_us_p50) && is_of_operations(frame->one)) {
        check_bandwidths(frame, row, report);
    } else if (isnan(row->time_us_p50) && is_status(row, CX_OK)) {
        cx_check_add(report, CX_CHECK_STATUS, frame->name,
                     "at %" PRId64 " B the status is ok, but there is no time",
                     row->requested_bytes);
    }
    cx_check_floor(frame, row, report);
    if (samples) {
        check_against_samples(frame, row, samples, report);
    }
}
