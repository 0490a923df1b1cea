/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and points of expert parallelism, computed again. */
#include "run/check_ep.h"

#include "model/ladder.h"
#include "run/check_ep_point.h"
#include "run/check_floor.h"
#include "store/fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLACE_BYTES_MAX 64

/* The record while its rungs are looked at. */
typedef struct gauge {
    const cx_check_frame_t *frame;
    const cx_samples_t     *samples;
    cx_check_report_t      *report;
    cx_arena_t              arena;
    cx_row_t               *rows;
    cx_ep_point_t          *points;
    size_t                  row_count, point_count;
} gauge_t;

/* ---- rows ---- */

static bool is_of_regime(cx_component_t component, int32_t regime)
{
    return component < CX_COMPONENT_COUNT &&
           (component >= CX_COMPONENT_PAIR_PERIOD) == (regime == CX_REGIME_STEADY);
}

static int64_t planned_sample_count(const cx_case_t *one)
{
    const cx_pair_sampling_t *sampling = &cx_pair_samplings[one->ep.sampling];

    return one->regime == CX_REGIME_STEADY
               ? (sampling->chain_iters - sampling->chain_drop_count) * sampling->chain_trial_count
               : sampling->iters_per_trial * sampling->trial_count;
}

bool cx_check_ep_row(const cx_check_frame_t *frame, const cx_row_t *row,
                     const cx_samples_row_t *samples, cx_check_report_t *report)
{
    const int64_t token_bytes = frame->one->ep.hidden_elems * (int64_t)sizeof(uint16_t);

    if (!row->component || !is_of_regime(cx_component_find(row->component), frame->one->regime)) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %" PRId64 " B %s is no component of its regime", row->requested_bytes,
                     row->component ? row->component : "nothing");
        return false;
    }
    if (row->tokens_per_rank < 0 || row->tokens_per_rank > CX_TOKEN_COUNT_MAX ||
        row->requested_bytes != row->tokens_per_rank * token_bytes) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "%s of %" PRId64 " tokens is not of %" PRId64 " B", row->component,
                     row->tokens_per_rank, row->requested_bytes);
    }
    if (isfinite(row->algbw_bytes_per_s) || isfinite(row->busbw_bytes_per_s)) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %" PRId64 " B %s has a bandwidth that only collectives have",
                     row->requested_bytes, row->component);
    }
    if (samples && (row->discarded_count != 0 || samples->discarded_count != 0 ||
                    samples->sample_count != planned_sample_count(frame->one))) {
        cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                     "at %" PRId64 " B %s has %" PRId64 " samples and discards %" PRId64
                     ", its sampling takes %" PRId64 " and discards none",
                     row->requested_bytes, row->component, samples->sample_count,
                     row->discarded_count, planned_sample_count(frame->one));
    }
    return true;
}

/* ---- a rung ---- */

static const cx_samples_row_t *find_samples(const cx_samples_t *samples, const cx_row_t *row)
{
    for (int32_t i = 0; i < samples->row_count; i++) {
        const cx_samples_row_t *found = &samples->rows[i];

        if (found->requested_bytes == row->requested_bytes &&
            strcmp(found->component, row->component) == 0) {
            return found;
        }
    }
    return NULL;
}

static void collect(const gauge_t *gauge, int64_t tokens, cx_check_rung_t *out)
{
    *out = (cx_check_rung_t){.tokens = tokens};
    for (size_t i = 0; i < gauge->row_count; i++) {
        const cx_row_t *row = &gauge->rows[i];
        cx_component_t  component =
            row->component ? cx_component_find(row->component) : CX_COMPONENT_COUNT;

        if (row->tokens_per_rank != tokens || !is_of_regime(component, gauge->frame->one->regime)) {
            continue;
        }
        if (out->rows[component]) {
            cx_check_add(gauge->report, CX_CHECK_MISSING_ROW, gauge->frame->name,
                         "%s of %" PRId64 " tokens is there twice", row->component, tokens);
        }
        out->rows[component]    = row;
        out->samples[component] = find_samples(gauge->samples, row);
    }
}

/* ---- verdicts ---- */

static bool is_incorrect(const cx_row_t *row)
{
    return row && row->status && cx_status_from_slug(row->status) == CX_INCORRECT;
}

static void check_verdict(const gauge_t *gauge, const cx_check_rung_t *rung,
                          const cx_ep_point_t *point)
{
    const bool has_checks = point->failed_checks && *point->failed_checks;
    const bool has_passes = point->failed_passes && *point->failed_passes;

    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        if (rung->rows[i] && is_incorrect(rung->rows[i]) == point->is_right) {
            cx_check_add(gauge->report, CX_CHECK_STATUS, gauge->frame->name,
                         "at %" PRId64 " tokens the outputs are %s, but the status of %s is %s",
                         point->tokens_per_rank, point->is_right ? "right" : "wrong",
                         rung->rows[i]->component, rung->rows[i]->status);
        }
    }
    /* Where nothing arrived at all there was nothing to fail a check. */
    if (point->is_right ? has_checks || has_passes : !has_passes && point->receive_total > 0) {
        cx_check_add(gauge->report, CX_CHECK_STATUS, gauge->frame->name,
                     "at %" PRId64 " tokens is_right, failed_checks and failed_passes contradict "
                     "each other",
                     point->tokens_per_rank);
    }
    if (!point->is_cross_rank_consistent) {
        cx_check_add(gauge->report, CX_CHECK_STATUS, gauge->frame->name,
                     "at %" PRId64 " tokens ranks had unlike workloads, but there are rows",
                     point->tokens_per_rank);
    }
}

static void check_order(const gauge_t *gauge, const char *place, const cx_ep_point_t *point)
{
    if (point->copies > point->assignments || point->local_copies > point->copies ||
        point->receive_min > point->receive_max || point->receive_max > point->receive_total ||
        (double)point->receive_min > point->receive_mean) {
        cx_check_add(gauge->report, CX_CHECK_NUMBER, gauge->frame->name,
                     "at %s there are more copies than assignments, or a rank receives more than "
                     "all, or less than least",
                     place);
    }
}

static void check_point(gauge_t *gauge, const cx_check_rung_t *rung, const cx_ep_point_t *point)
{
    cx_ep_point_t again = *point;
    char          place[PLACE_BYTES_MAX];

    (void)snprintf(place, sizeof place, "%" PRId64 " tokens", point->tokens_per_rank);
    cx_check_point_again(gauge->frame, rung, &gauge->arena, gauge->report, &again);
    for (const cx_field_t *field = cx_ep_point_fields; field->name; field++) {
        cx_check_field(gauge->frame, place, field, point, &again, gauge->report);
    }
    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        if (rung->rows[i]) {
            cx_check_ep_floor(gauge->frame, &again, rung->rows[i], gauge->report);
        }
    }
    check_order(gauge, place, point);
    check_verdict(gauge, rung, point);
}

/* ---- what is missing ---- */

/* Which components the first rung with rows has: the others have the same. */
static void note_components(const gauge_t *gauge, const cx_check_rung_t *rung, bool *expected)
{
    const bool is_steady = gauge->frame->one->regime == CX_REGIME_STEADY;

    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        expected[i] = is_steady ? i >= CX_COMPONENT_PAIR_PERIOD : rung->rows[i] != NULL;
    }
    if (!is_steady) {
        expected[CX_COMPONENT_ROUNDTRIP] = true;
        /* Parts stand together: a backend that has no meaning in parts has neither. */
        expected[CX_COMPONENT_DISPATCH] |=
            expected[CX_COMPONENT_COMBINE] || expected[CX_COMPONENT_STAGE];
        expected[CX_COMPONENT_COMBINE] |= expected[CX_COMPONENT_DISPATCH];
    }
}

static void check_complete(const gauge_t *gauge, const cx_check_rung_t *rung, const bool *expected)
{
    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        if (expected[i] != (rung->rows[i] != NULL)) {
            cx_check_add(gauge->report, CX_CHECK_MISSING_ROW, gauge->frame->name,
                         "at %" PRId64 " tokens %s %s", rung->tokens,
                         cx_component_slug((cx_component_t)i),
                         expected[i] ? "has no row" : "has a row that other sizes do not have");
        }
    }
}

static const cx_ep_point_t *find_point(const gauge_t *gauge, int64_t tokens)
{
    const cx_ep_point_t *found = NULL;

    for (size_t i = 0; i < gauge->point_count; i++) {
        if (gauge->points[i].tokens_per_rank == tokens) {
            if (found) {
                cx_check_add(gauge->report, CX_CHECK_MISSING_ROW, gauge->frame->name,
                             "the point of %" PRId64 " tokens is there twice", tokens);
            }
            found = &gauge->points[i];
        }
    }
    return found;
}

static bool has_rows(const cx_check_rung_t *rung)
{
    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        if (rung->rows[i]) {
            return true;
        }
    }
    return false;
}

static bool is_left_out(const cx_check_frame_t *frame, const json_t *record, int64_t tokens)
{
    const int64_t wanted = tokens * frame->one->ep.hidden_elems * (int64_t)sizeof(uint16_t);
    size_t        i;
    json_t       *left;

    json_array_foreach(json_object_get(record, "left_out"), i, left)
    {
        if (json_integer_value(json_object_get(left, "requested_bytes")) == wanted) {
            return true;
        }
    }
    return false;
}

/* A case that ended early has what it got to. */
static bool did_end_early(const json_t *record)
{
    const char *slug   = json_string_value(json_object_get(record, "status"));
    cx_status_t status = slug ? cx_status_from_slug(slug) : CX_INTERNAL;

    return !json_is_null(json_object_get(record, "failure")) ||
           (status != CX_OK && status != CX_INCORRECT && status != CX_UNSTABLE &&
            status != CX_INVALID);
}

static bool is_on_ladder(const cx_ladder_t *ladder, int64_t tokens)
{
    for (int32_t i = 0; i < ladder->rung_count; i++) {
        if (ladder->tokens[i] == tokens) {
            return true;
        }
    }
    return false;
}

static void check_strangers(const gauge_t *gauge, const cx_ladder_t *ladder)
{
    for (size_t i = 0; i < gauge->row_count; i++) {
        if (!is_on_ladder(ladder, gauge->rows[i].tokens_per_rank)) {
            cx_check_add(gauge->report, CX_CHECK_NUMBER, gauge->frame->name,
                         "a row of %" PRId64 " tokens, which were not asked for",
                         gauge->rows[i].tokens_per_rank);
        }
    }
    for (size_t i = 0; i < gauge->point_count; i++) {
        if (!is_on_ladder(ladder, gauge->points[i].tokens_per_rank)) {
            cx_check_add(gauge->report, CX_CHECK_NUMBER, gauge->frame->name,
                         "a point of %" PRId64 " tokens, which were not asked for",
                         gauge->points[i].tokens_per_rank);
        }
    }
}

/* ---- the record ---- */

/* A list of a record as structs of a field table; NULL when memory ran out. */
static void *read_list(gauge_t *gauge, const json_t *list, const cx_field_t *fields,
                       size_t item_bytes, size_t *count_out)
{
    char   *items = cx_arena_grab(&gauge->arena, (json_array_size(list) + 1) * item_bytes);
    size_t  i;
    json_t *item;

    *count_out = 0;
    json_array_foreach(list, i, item)
    {
        if (items && cx_fields_from_json(fields, item, gauge->frame->name, &gauge->arena,
                                         items + *count_out * item_bytes) == CX_OK) {
            (*count_out)++;
        }
    }
    cx_detail_clear(); /* what does not read is a finding of the rows and of the schema */
    return items;
}

static void check_ladder(gauge_t *gauge, const json_t *record, const cx_ladder_t *ladder)
{
    bool            expected[CX_COMPONENT_COUNT], is_known = false;
    cx_check_rung_t rung;

    for (int32_t i = 0; i < ladder->rung_count; i++) {
        const cx_ep_point_t *point;

        collect(gauge, ladder->tokens[i], &rung);
        point = find_point(gauge, rung.tokens);
        if (has_rows(&rung) != (point != NULL)) {
            cx_check_add(gauge->report, CX_CHECK_MISSING_ROW, gauge->frame->name,
                         "at %" PRId64 " tokens there is %s", rung.tokens,
                         point ? "a point without rows" : "no point beside the rows");
        }
        if (point) {
            check_point(gauge, &rung, point);
        }
        if (is_left_out(gauge->frame, record, rung.tokens) || did_end_early(record)) {
            continue;
        }
        if (!is_known) {
            note_components(gauge, &rung, expected);
            is_known = true;
        }
        check_complete(gauge, &rung, expected);
    }
    check_strangers(gauge, ladder);
}

void cx_check_points(const cx_check_frame_t *frame, const json_t *record,
                     const cx_samples_t *samples, cx_check_report_t *report)
{
    const json_t *points = json_object_get(record, "points");
    gauge_t       gauge  = {.frame = frame, .samples = samples, .report = report};
    cx_ladder_t   ladder;

    if (frame->one->family != CX_FAMILY_EP) {
        if (json_array_size(points) > 0) {
            cx_check_add(report, CX_CHECK_NUMBER, frame->name,
                         "it has points, which only expert parallelism has");
        }
        return;
    }
    cx_arena_init(&gauge.arena);
    gauge.rows = read_list(&gauge, json_object_get(record, "rows"), cx_row_fields,
                           sizeof *gauge.rows, &gauge.row_count);
    gauge.points =
        read_list(&gauge, points, cx_ep_point_fields, sizeof *gauge.points, &gauge.point_count);
    if (gauge.rows && gauge.points &&
        cx_token_ladder_parse(frame->one->ep.tokens, frame->name, &ladder) == CX_OK) {
        check_ladder(&gauge, record, &ladder);
    } else {
        cx_check_add(report, CX_CHECK_IDENTITY, frame->name, "%s", cx_detail()->text);
        cx_detail_clear();
    }
    cx_arena_fini(&gauge.arena);
}
