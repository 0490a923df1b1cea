/* SPDX-License-Identifier: Apache-2.0 */
/* What a point of expert parallelism follows from. */
#include "run/check_ep_point.h"

#include "family/common/codec_recipe.h"
#include "measure/health.h"
#include "run/ep_point.h"
#include "stats/quantile.h"

#include <math.h>
#include <string.h>

/* What routing asks of the machine; taken over where it cannot be worked out here. */
static void redo_work(const cx_check_frame_t *frame, cx_arena_t *arena, cx_check_report_t *report,
                      cx_ep_point_t *again)
{
    const cx_ep_ranks_t ranks = {.rank_count      = frame->rank_count,
                                 .node_rank_count = frame->node_rank_count};
    cx_ep_workload_t    workload;
    cx_ep_work_t       *work = cx_arena_grab(arena, sizeof *work);
    cx_ep_stats_t       stats;

    if (!work || ranks.rank_count < 1 || ranks.node_rank_count < 1 ||
        frame->one->ep.routing == CX_EP_ROUTING_TRACE) {
        return;
    }
    workload = cx_ep_plan_workload(frame->one, &ranks, again->tokens_per_rank, 0);
    if (cx_ep_work_build(&workload, arena, work) != CX_OK ||
        cx_ep_stats_compute(work, arena, &stats) != CX_OK ||
        cx_ep_point_fill_work(&stats, arena, again) != CX_OK) {
        cx_check_add(report, CX_CHECK_IDENTITY, frame->name, "its options give no workload: %s",
                     cx_detail()->text);
        cx_detail_clear();
        return;
    }
    again->workload_digest = work->digest;
    again->routing_digest  = work->routing_digest;
    again->weights_digest  = work->weights_digest;
}

static void redo_bytes(const cx_case_t *one, cx_ep_point_t *again)
{
    const int64_t    hidden = one->ep.hidden_elems;
    const cx_codec_t out    = (cx_codec_t)one->ep.dispatch_codec,
                     home   = (cx_codec_t)one->ep.combine_codec;

    again->dispatch_logical_bytes    = again->copies * cx_codec_row_bytes(out, hidden);
    again->dispatch_assignment_bytes = again->assignments * cx_codec_row_bytes(out, hidden);
    again->dispatch_scale_bytes      = again->copies * cx_codec_scale_bytes(out, hidden);
    again->combine_logical_bytes     = again->copies * cx_codec_row_bytes(home, hidden);
    again->combine_assignment_bytes  = again->assignments * cx_codec_row_bytes(home, hidden);
    again->combine_scale_bytes       = again->copies * cx_codec_scale_bytes(home, hidden);
}

/* Every copy arrives as a row, or where rows go by expert every assignment. */
static void redo_receives(const cx_check_frame_t *frame, cx_ep_point_t *again)
{
    bool is_by_expert = again->wire_basis && strcmp(again->wire_basis, "per-assignment") == 0;

    if (*frame->receive_layout) {
        is_by_expert      = strcmp(frame->receive_layout, "token-expert") == 0;
        again->wire_basis = is_by_expert ? "per-assignment" : "rank-deduplicated";
    }
    again->receive_total = is_by_expert ? again->assignments : again->copies;
    again->receive_mean  = frame->rank_count > 0 ? (double)again->receive_total / frame->rank_count
                                                 : again->receive_mean;
}

/* Median over samples of the fastest rank, or of slowest less fastest. */
static double bracket_p50(const cx_samples_row_t *samples, bool is_spread, cx_arena_t *arena)
{
    double *values =
        samples ? cx_arena_grab(arena, (size_t)samples->sample_count * sizeof *values) : NULL;

    if (!values) {
        return (double)NAN;
    }
    for (int64_t i = 0; i < samples->sample_count; i++) {
        double least = INFINITY, most = -INFINITY;

        for (int32_t rank = 0; rank < samples->rank_count; rank++) {
            const double value = samples->rank_us[rank * samples->sample_count + i];

            least = fmin(least, value);
            most  = fmax(most, value);
        }
        values[i] = is_spread ? most - least : least;
    }
    cx_sort(values, samples->sample_count);
    return cx_quantile_nearest_rank(values, samples->sample_count, 0.5);
}

/* The drift of largest magnitude over trials and ranks; the samples are trials, one behind the
 * other. */
static double drift_max(const cx_case_t *one, const cx_samples_row_t *samples, cx_arena_t *arena)
{
    const cx_pair_sampling_t *sampling   = &cx_pair_samplings[one->ep.sampling];
    const int64_t             kept_count = sampling->chain_iters - sampling->chain_drop_count;
    double                   *scratch = cx_arena_grab(arena, (size_t)kept_count * sizeof *scratch);
    double                    drifts[2] = {0, 0}; /* the largest so far, and another */

    if (!samples || !scratch) {
        return (double)NAN;
    }
    for (int64_t first = 0; first + kept_count <= samples->sample_count; first += kept_count) {
        for (int32_t rank = 0; rank < samples->rank_count; rank++) {
            drifts[1] = cx_chain_drift_us(samples->rank_us + rank * samples->sample_count + first,
                                          kept_count, scratch);
            drifts[0] = cx_largest_magnitude(drifts, 2);
        }
    }
    return drifts[0];
}

static void redo_brackets(const cx_case_t *one, const cx_check_rung_t *rung, cx_arena_t *arena,
                          cx_ep_point_t *again)
{
    const cx_samples_row_t *const *samples = rung->samples;

    again->min_dispatch_us_p50     = bracket_p50(samples[CX_COMPONENT_DISPATCH], false, arena);
    again->min_combine_us_p50      = bracket_p50(samples[CX_COMPONENT_COMBINE], false, arena);
    again->min_roundtrip_us_p50    = bracket_p50(samples[CX_COMPONENT_ROUNDTRIP], false, arena);
    again->roundtrip_spread_us_p50 = bracket_p50(samples[CX_COMPONENT_ROUNDTRIP], true, arena);
    again->pair_spread_us_p50      = bracket_p50(samples[CX_COMPONENT_PAIR_PERIOD], true, arena);
    again->settle_drift_us_max     = drift_max(one, samples[CX_COMPONENT_PAIR_PERIOD], arena);
}

void cx_check_point_again(const cx_check_frame_t *frame, const cx_check_rung_t *rung,
                          cx_arena_t *arena, cx_check_report_t *report, cx_ep_point_t *again)
{
    redo_work(frame, arena, report, again);
    redo_bytes(frame->one, again);
    redo_receives(frame, again);
    if (frame->rank_count > 0) {
        cx_ep_point_fill_rates(frame->rank_count, rung->rows, again);
    }
    redo_brackets(frame->one, rung, arena, again);
}
