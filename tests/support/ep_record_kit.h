/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of records of expert parallelism as a run leaves them, with samples that give their
 * numbers: for tests that then damage them. Not a way to measure: the samples are drawn. */
#ifndef CX_TESTS_EP_RECORD_KIT_H
#define CX_TESTS_EP_RECORD_KIT_H

#include "family/common/codec_recipe.h"
#include "measure/health.h"
#include "run/ep_point.h"
#include "stats/quantile.h"
#include "support/record_kit.h"

#define KIT_EP_HIDDEN 256
#define KIT_EP_RUNG_COUNT 2

static const int64_t kit_ep_tokens[KIT_EP_RUNG_COUNT] = {1, 8};

/* 4 ranks, 16 experts, FP8 there and bf16 back, 1 and 8 tokens of each rank. */
static inline bool kit_ep_case_init(kit_case_t *kit, cx_regime_t regime)
{
    cx_arena_init(&kit->arena);
    memset(&kit->one, 0, sizeof kit->one);
    if (cx_options_defaults(cx_case_options, &kit->one, &kit->arena) != CX_OK) {
        return false;
    }
    kit->one.family            = CX_FAMILY_EP;
    kit->one.regime            = (int32_t)regime;
    kit->one.backend           = "hostref";
    kit->one.device            = "host";
    kit->one.ep.hidden_elems   = KIT_EP_HIDDEN;
    kit->one.ep.topk           = 4;
    kit->one.ep.expert_count   = 16;
    kit->one.ep.tokens         = "1,8";
    kit->one.ep.dispatch_codec = CX_CODEC_E4M3FN_BLOCK;
    kit->one.ep.sampling       = CX_PAIR_PROFILE_FAST;
    return cx_case_seal(&kit->one, &kit->arena) == CX_OK;
}

static inline int64_t kit_ep_sample_count(const cx_case_t *one)
{
    const cx_pair_sampling_t *sampling = &cx_pair_samplings[one->ep.sampling];

    return one->regime == CX_REGIME_STEADY
               ? (sampling->chain_iters - sampling->chain_drop_count) * sampling->chain_trial_count
               : sampling->iters_per_trial * sampling->trial_count;
}

/* Durations of one component; the same for the same counter. */
static inline void kit_ep_draw(cx_series_t *series, cx_component_t component, uint64_t counter)
{
    for (int64_t i = 0; i < series->capacity; i++) {
        double column[KIT_RANK_COUNT];

        for (int32_t rank = 0; rank < KIT_RANK_COUNT; rank++) {
            uint64_t random = cx_prng_at(counter, (uint64_t)(i * KIT_RANK_COUNT + rank));

            column[rank] = 20.0 + (int)component + 0.001 * (double)cx_prng_below(random, 1000);
            series->rank_us[rank * series->capacity + i] = column[rank];
        }
        cx_reduce_ranks(column, KIT_RANK_COUNT, 1, cx_component_reduction(component),
                        series->scratch, &series->reduced_us[i]);
    }
    series->count = series->capacity;
}

/* Median over samples of the fastest rank, or of slowest less fastest. */
static inline double kit_ep_bracket(const cx_series_t *series, bool is_spread)
{
    for (int64_t i = 0; i < series->count; i++) {
        double least = INFINITY, most = 0;

        for (int32_t rank = 0; rank < KIT_RANK_COUNT; rank++) {
            least = fmin(least, series->rank_us[rank * series->capacity + i]);
            most  = fmax(most, series->rank_us[rank * series->capacity + i]);
        }
        series->scratch[i] = is_spread ? most - least : least;
    }
    cx_sort(series->scratch, series->count);
    return cx_quantile_nearest_rank(series->scratch, series->count, 0.5);
}

/* Chains of 32 kept pairs (sampling fast), one behind the other. */
static inline double kit_ep_drift(const cx_series_t *series)
{
    double largest[2] = {0, 0}, scratch[32];

    for (int64_t first = 0; first < series->count; first += 32) {
        for (int32_t rank = 0; rank < KIT_RANK_COUNT; rank++) {
            largest[1] =
                cx_chain_drift_us(series->rank_us + rank * series->capacity + first, 32, scratch);
            largest[0] = cx_largest_magnitude(largest, 2);
        }
    }
    return largest[0];
}

static inline void kit_ep_note_brackets(const cx_series_t *series, cx_component_t component,
                                        cx_ep_point_t *point)
{
    if (component == CX_COMPONENT_DISPATCH) {
        point->min_dispatch_us_p50 = kit_ep_bracket(series, false);
    } else if (component == CX_COMPONENT_COMBINE) {
        point->min_combine_us_p50 = kit_ep_bracket(series, false);
    } else if (component == CX_COMPONENT_ROUNDTRIP) {
        point->min_roundtrip_us_p50    = kit_ep_bracket(series, false);
        point->roundtrip_spread_us_p50 = kit_ep_bracket(series, true);
    } else if (component == CX_COMPONENT_PAIR_PERIOD) {
        point->pair_spread_us_p50  = kit_ep_bracket(series, true);
        point->settle_drift_us_max = kit_ep_drift(series);
    }
}

static inline bool kit_ep_row(const cx_case_t *one, cx_component_t component, int64_t tokens,
                              kit_content_t *content, cx_row_t *row, cx_ep_point_t *point)
{
    cx_outcome_t outcome = {.stop           = CX_STOP_SAMPLES_MAX,
                            .is_settled     = true,
                            .block_count    = 4,
                            .timed_count    = 400,
                            .verified_count = 400};
    cx_series_t  series;
    bool         is_good;

    if (cx_series_init(&series, KIT_RANK_COUNT, kit_ep_sample_count(one)) != CX_OK) {
        return false;
    }
    kit_ep_draw(&series, component, (uint64_t)(tokens * 10 + (int)component));
    cx_row_clear(row);
    row->status          = "ok";
    row->component       = cx_component_slug(component);
    row->tokens_per_rank = tokens;
    row->requested_bytes = tokens * KIT_EP_HIDDEN * 2;
    cx_row_fill_times(&series, &outcome, 0, row);
    kit_ep_note_brackets(&series, component, point);
    is_good = kit_append_samples(&series, row, &content->messages, &content->used);
    json_array_append_new(content->rows, cx_fields_to_json(cx_row_fields, row));
    cx_series_fini(&series);
    return is_good;
}

static inline void kit_ep_bytes(const cx_case_t *one, cx_ep_point_t *point)
{
    const cx_codec_t out  = (cx_codec_t)one->ep.dispatch_codec;
    const cx_codec_t home = (cx_codec_t)one->ep.combine_codec;

    point->dispatch_logical_bytes    = point->copies * cx_codec_row_bytes(out, KIT_EP_HIDDEN);
    point->dispatch_assignment_bytes = point->assignments * cx_codec_row_bytes(out, KIT_EP_HIDDEN);
    point->dispatch_wire_bytes =
        (point->copies - point->local_copies) * cx_codec_row_bytes(out, KIT_EP_HIDDEN);
    point->dispatch_scale_bytes     = point->copies * cx_codec_scale_bytes(out, KIT_EP_HIDDEN);
    point->combine_logical_bytes    = point->copies * cx_codec_row_bytes(home, KIT_EP_HIDDEN);
    point->combine_assignment_bytes = point->assignments * cx_codec_row_bytes(home, KIT_EP_HIDDEN);
    point->combine_scale_bytes      = point->copies * cx_codec_scale_bytes(home, KIT_EP_HIDDEN);
}

/* Work, bytes and correctness; rows and brackets come later. */
static inline bool kit_ep_point(const cx_case_t *one, int64_t tokens, cx_arena_t *arena,
                                cx_ep_point_t *point)
{
    const cx_ep_ranks_t ranks = {.rank_count = KIT_RANK_COUNT, .node_rank_count = KIT_RANK_COUNT};
    const cx_ep_workload_t workload = cx_ep_plan_workload(one, &ranks, tokens, 0);
    cx_ep_work_t          *work     = cx_arena_grab(arena, sizeof *work);
    cx_ep_stats_t          stats;

    cx_ep_point_clear(point);
    if (!work || cx_ep_work_build(&workload, arena, work) != CX_OK ||
        cx_ep_stats_compute(work, arena, &stats) != CX_OK ||
        cx_ep_point_fill_work(&stats, arena, point) != CX_OK) {
        return false;
    }
    point->tokens_per_rank          = tokens;
    point->workload_digest          = work->digest;
    point->routing_digest           = work->routing_digest;
    point->weights_digest           = work->weights_digest;
    point->is_cross_rank_consistent = true;
    point->wire_basis               = "rank-deduplicated";
    point->receive_total            = stats.copies;
    point->receive_mean             = (double)stats.copies / KIT_RANK_COUNT;
    point->receive_min              = stats.rank_copy.min_count;
    point->receive_max              = stats.rank_copy.max_count;
    point->is_right                 = true;
    point->relative_error_max       = 0;
    point->gate_error_max           = 0;
    point->failed_checks = point->failed_passes = "";
    kit_ep_bytes(one, point);
    return true;
}

static inline bool kit_ep_rung(const cx_case_t *one, int64_t tokens, cx_arena_t *arena,
                               kit_content_t *content)
{
    const cx_row_t *rows[CX_COMPONENT_COUNT] = {NULL};
    cx_row_t        kept[CX_COMPONENT_COUNT];
    cx_ep_point_t   point;

    if (!kit_ep_point(one, tokens, arena, &point)) {
        return false;
    }
    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        if ((i >= CX_COMPONENT_PAIR_PERIOD) != (one->regime == CX_REGIME_STEADY)) {
            continue;
        }
        if (!kit_ep_row(one, (cx_component_t)i, tokens, content, &kept[i], &point)) {
            return false;
        }
        rows[i] = &kept[i];
    }
    cx_ep_point_fill_rates(KIT_RANK_COUNT, rows, &point);
    json_array_append_new(content->points, cx_fields_to_json(cx_ep_point_fields, &point));
    return true;
}

static inline json_t *kit_ep_record(const cx_case_t *one, const char *dir)
{
    kit_content_t content = {.rows = json_array(), .points = json_array()};
    cx_arena_t    arena;
    json_t       *record  = NULL;
    bool          is_good = true;

    cx_arena_init(&arena);
    for (int i = 0; i < KIT_EP_RUNG_COUNT; i++) {
        is_good = is_good && kit_ep_rung(one, kit_ep_tokens[i], &arena, &content);
    }
    record = kit_document(one, 0, 1, dir, &content);
    cx_arena_fini(&arena);
    if (!is_good) {
        json_decref(record);
        return NULL;
    }
    return record;
}

/* The isolated and the steady case of one work, each launched once. */
static inline bool kit_ep_directory(const char *dir)
{
    static const cx_regime_t regimes[] = {CX_REGIME_ISOLATED, CX_REGIME_STEADY};
    json_t                  *cases     = json_array();
    bool                     is_good   = kit_make_folders(dir);

    for (int i = 0; i < 2 && is_good; i++) {
        kit_case_t kit;
        json_t    *record;

        is_good = kit_ep_case_init(&kit, regimes[i]);
        record  = is_good ? kit_ep_record(&kit.one, dir) : NULL;
        is_good = record && kit_write_record(dir, record);
        json_decref(record);
        json_array_append_new(cases, kit_planned(&kit.one));
        cx_arena_fini(&kit.arena);
    }
    return kit_write_plan(dir, 1, cases) && is_good;
}

#endif
