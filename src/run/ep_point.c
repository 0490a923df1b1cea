/* SPDX-License-Identifier: Apache-2.0 */
/* From statistics, rows and findings to a published point. */
#include "run/ep_point.h"

#include "base/text.h"
#include "family/ep/stats.h"
#include "stats/quantile.h"

#include <math.h>

#define LIST_BYTES_MAX ((size_t)64 << 10)

/* "3,0,12" */
static cx_status_t print_list(const int64_t *values, int64_t count, cx_arena_t *arena,
                              const char **out)
{
    cx_text_t text;

    cx_text_init(&text, LIST_BYTES_MAX);
    for (int64_t i = 0; i < count; i++) {
        cx_text_format(&text, "%s%lld", i > 0 ? "," : "", (long long)values[i]);
    }
    *out = text.is_cut ? NULL : cx_arena_text(arena, count > 0 ? text.bytes : "");
    cx_text_fini(&text);
    return *out
               ? CX_OK
               : CX_FAIL(CX_RESOURCE, "out of memory for a list of %lld numbers", (long long)count);
}

cx_status_t cx_ep_point_fill_work(const cx_ep_stats_t *stats, cx_arena_t *arena,
                                  cx_ep_point_t *point)
{
    point->global_tokens             = stats->token_count;
    point->copies                    = stats->copies;
    point->assignments               = stats->assignments;
    point->local_copies              = stats->local_copies;
    point->fanout_mean               = stats->fanout.mean_count;
    point->fanout_min                = stats->fanout.min_count;
    point->fanout_max                = stats->fanout.max_count;
    point->expert_load_min           = stats->expert_load.min_count;
    point->expert_load_max           = stats->expert_load.max_count;
    point->expert_load_mean          = stats->expert_load.mean_count;
    point->expert_load_cv            = stats->expert_load.cv_ratio;
    point->expert_assignment_rank_cv = stats->rank_assignment.cv_ratio;
    point->payload_rank_cv           = stats->rank_copy.cv_ratio;
    point->hotspot_ratio             = stats->hotspot_ratio;
    point->rank_imbalance_ratio      = stats->rank_imbalance_ratio;
    point->logical_imbalance_ratio   = stats->logical_imbalance_ratio;
    point->empty_expert_count        = stats->empty_expert_count;
    point->empty_rank_count          = stats->empty_rank_count;
    point->local_rank_fraction       = stats->local_rank_ratio;
    point->same_node_fraction        = stats->same_node_ratio;
    point->same_domain_fraction      = stats->same_domain_ratio;
    point->cross_node_fraction       = stats->cross_node_ratio;
    point->cross_domain_fraction     = stats->cross_domain_ratio;
    CX_TRY(print_list(stats->fanout_counts, stats->rank_count, arena, &point->fanout_histogram));
    CX_TRY(print_list(stats->rank_assignments, stats->rank_count, arena,
                      &point->expert_assignments_per_rank));
    return print_list(stats->rank_copies, stats->rank_count, arena,
                      &point->payload_copies_per_rank);
}

/* By the rules of family/ep/stats.h; what moved is the backend's own word. */
static void fill_bytes(const cx_ep_plan_t *plan, const cx_ep_stats_t *stats,
                       const cx_ep_rung_facts_t *facts, cx_ep_point_t *point)
{
    const cx_ep_problem_t *problem = &plan->problem;
    const int64_t          hidden  = problem->hidden_elems;
    const cx_ep_bytes_t    out     = cx_ep_payload_bytes(stats, problem->dispatch_codec, hidden);
    const cx_ep_bytes_t    home    = cx_ep_payload_bytes(stats, problem->combine_codec, hidden);

    point->dispatch_logical_bytes    = out.copy_bytes;
    point->dispatch_assignment_bytes = out.assignment_bytes;
    point->dispatch_wire_bytes       = facts->wire_bytes;
    point->dispatch_scale_bytes =
        stats->copies * cx_codec_scale_bytes(problem->dispatch_codec, hidden);
    point->combine_logical_bytes    = home.copy_bytes;
    point->combine_assignment_bytes = home.assignment_bytes;
    point->combine_scale_bytes =
        stats->copies * cx_codec_scale_bytes(problem->combine_codec, hidden);
    point->wire_basis =
        plan->caps.layout == CX_EP_LAYOUT_TOKEN_EXPERT ? "per-assignment" : "rank-deduplicated";
}

static double rate(double amount, double time_us)
{
    return time_us > 0 ? amount / (time_us / 1e6) : (double)NAN;
}

static double p50_of(const cx_row_t *row)
{
    return row ? row->time_us_p50 : (double)NAN;
}

/* dispatch + stage + combine; stage is nothing where it does not exist. */
static double sum_of(const cx_row_t *const rows[CX_COMPONENT_COUNT], size_t offset)
{
    static const cx_component_t parts[] = {CX_COMPONENT_DISPATCH, CX_COMPONENT_STAGE,
                                           CX_COMPONENT_COMBINE};
    double                      sum     = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const cx_row_t *row = rows[parts[i]];

        if (row) {
            sum += *(const double *)(const void *)((const char *)row + offset);
        } else if (parts[i] != CX_COMPONENT_STAGE) {
            return (double)NAN;
        }
    }
    return sum;
}

void cx_ep_point_fill_rates(int32_t rank_count, const cx_row_t *const rows[CX_COMPONENT_COUNT],
                            cx_ep_point_t *point)
{
    const double    ranks = rank_count, tokens = (double)point->global_tokens;
    const double    out  = (double)point->dispatch_logical_bytes;
    const double    home = (double)point->combine_logical_bytes;
    const cx_row_t *pair = rows[CX_COMPONENT_ROUNDTRIP] ? rows[CX_COMPONENT_ROUNDTRIP]
                                                        : rows[CX_COMPONENT_PAIR_PERIOD];

    point->dispatch_logical_bytes_per_s_per_rank =
        rate(out / ranks, p50_of(rows[CX_COMPONENT_DISPATCH]));
    point->combine_logical_bytes_per_s_per_rank =
        rate(home / ranks, p50_of(rows[CX_COMPONENT_COMBINE]));
    point->roundtrip_logical_bytes_per_s_per_rank = rate((out + home) / ranks, p50_of(pair));
    point->isolated_sum_us_p50                    = sum_of(rows, offsetof(cx_row_t, time_us_p50));
    point->isolated_sum_us_p90                    = sum_of(rows, offsetof(cx_row_t, time_us_p90));
    point->isolated_sum_us_p95                    = sum_of(rows, offsetof(cx_row_t, time_us_p95));
    point->isolated_sum_us_p99                    = sum_of(rows, offsetof(cx_row_t, time_us_p99));
    point->token_rate_per_s_p50                   = rate(tokens, p50_of(pair));
    point->token_rate_per_s_p99 = rate(tokens, pair ? pair->time_us_p99 : (double)NAN);
}

/* Median over samples of the fastest rank. */
static double fastest_p50(const cx_series_t *series)
{
    if (series->count == 0) {
        return (double)NAN;
    }
    for (int64_t i = 0; i < series->count; i++) {
        double fastest = series->rank_us[i];

        for (int32_t rank = 1; rank < series->rank_count; rank++) {
            fastest = fmin(fastest, series->rank_us[rank * series->capacity + i]);
        }
        series->scratch[i] = fastest;
    }
    cx_sort(series->scratch, series->count);
    return cx_quantile_nearest_rank(series->scratch, series->count, 0.5);
}

static double spread_p50(const cx_series_t *spread)
{
    if (spread->count == 0) {
        return (double)NAN;
    }
    cx_sort_copy(spread->reduced_us, spread->count, spread->scratch);
    return cx_quantile_nearest_rank(spread->scratch, spread->count, 0.5);
}

static void fill_ranks(const cx_ep_run_t *run, const cx_pair_result_t *result, cx_ep_point_t *point)
{
    if (run->one->regime == CX_REGIME_ISOLATED) {
        point->min_dispatch_us_p50     = fastest_p50(&result->series[CX_COMPONENT_DISPATCH]);
        point->min_combine_us_p50      = fastest_p50(&result->series[CX_COMPONENT_COMBINE]);
        point->min_roundtrip_us_p50    = fastest_p50(&result->series[CX_COMPONENT_ROUNDTRIP]);
        point->roundtrip_spread_us_p50 = spread_p50(&result->spread);
    }
    point->interpair_gap_us_p50 = result->health.interpair_gap_us_p50;
    point->pair_spread_us_p50   = result->health.pair_spread_us_p50;
    point->settle_drift_us_max  = result->health.settle_drift_us_max;
}

/* An infinite error, which JSON cannot say, is the largest number there is. */
static double sayable(double error)
{
    return isfinite(error) ? error : 1.7976931348623157e308;
}

static cx_status_t fill_correctness(const cx_ep_rung_facts_t *facts, cx_arena_t *arena,
                                    cx_ep_point_t *point)
{
    const char *checks = "", *passes = "";

    for (int check = 0; check < CX_EP_CHECK_COUNT && checks; check++) {
        if (facts->is_failed[check]) {
            checks = cx_arena_format(arena, "%s%s%s", checks, *checks ? "," : "",
                                     cx_ep_check_slug((cx_ep_check_t)check));
        }
    }
    for (int pass = 0; pass < CX_EP_PASS_COUNT && passes; pass++) {
        if (facts->is_pass_failed[pass]) {
            passes = cx_arena_format(arena, "%s%s%s", passes, *passes ? "," : "",
                                     cx_ep_pass_slug((cx_ep_pass_t)pass));
        }
    }
    point->is_right           = facts->detail[0] == '\0';
    point->relative_error_max = sayable(facts->relative_error_max);
    point->gate_error_max     = sayable(facts->gate_error_max);
    point->failed_checks      = checks;
    point->failed_passes      = passes;
    return checks && passes ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory for failed checks");
}

cx_status_t cx_ep_point_fill(const cx_ep_run_t *run, int32_t rung, const cx_ep_rung_facts_t *facts,
                             const cx_row_t *const rows[CX_COMPONENT_COUNT], cx_arena_t *arena,
                             cx_ep_point_t *point)
{
    const cx_ep_work_t *work = &run->plan.rungs[rung].works[0];
    cx_ep_stats_t       stats;

    cx_ep_point_clear(point);
    CX_TRY(cx_ep_stats_compute(work, arena, &stats));
    point->tokens_per_rank          = run->plan.rungs[rung].tokens;
    point->workload_digest          = work->digest;
    point->routing_digest           = work->routing_digest;
    point->weights_digest           = work->weights_digest;
    point->is_cross_rank_consistent = true; /* else the case has ended: ep_case.c */
    CX_TRY(cx_ep_point_fill_work(&stats, arena, point));
    fill_bytes(&run->plan, &stats, facts, point);
    point->receive_total = facts->receive_total;
    point->receive_min   = facts->receive_min;
    point->receive_max   = facts->receive_max;
    point->receive_mean  = (double)facts->receive_total / run->plan.ranks.rank_count;
    cx_ep_point_fill_rates(run->plan.ranks.rank_count, rows, point);
    fill_ranks(run, &run->results[rung], point);
    return fill_correctness(facts, arena, point);
}
