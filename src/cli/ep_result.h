/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of expert parallelism as a reader compares them: the isolated and the steady case of the
 * same work laid together, one rung per tokens of a rank, and works that differ in their backend
 * alone side by side. Not words or columns (ep_answer.h, ep_table.h). */
#ifndef CX_CLI_EP_RESULT_H
#define CX_CLI_EP_RESULT_H

#include "cli/result_set.h"
#include "measure/pairs.h"

/**
 * One size of a work, over the launches. Unknown: NAN, INT64_MIN, NULL.
 *
 * parts           of every component; one without rows has no time
 * headline        the pair as a whole: of the chain where there is one, or else the round trip
 * isolated_sum, spread, gap, pair_spread   medians over launches of the point's members
 * ..._bytes        over all ranks: rank-deduplicated (logical), and per assignment
 * is_by_expert      the backend's layout moves assignments: rows go by expert
 * ..._per_s_per_rank  both phases over the headline's p50 and the ranks; assigned: NAN unless
 *                   is_by_expert
 * status, detail  the worst of all components
 * is_right        no launch's point says otherwise; failed_checks are of the first that does
 */
typedef struct cx_ep_result_rung {
    int64_t                  tokens_per_rank, requested_bytes;
    cx_result_point_t        parts[CX_COMPONENT_COUNT];
    const cx_result_point_t *headline;
    double                   isolated_sum_us_p50, spread_us_p50, gap_us_p50, pair_spread_us_p50;
    double                   error_max, hotspot_ratio, rank_imbalance_ratio;
    double      dispatch_bytes, combine_bytes, dispatch_assigned_bytes, combine_assigned_bytes;
    double      logical_bytes_per_s_per_rank, assigned_bytes_per_s_per_rank;
    const char *status, *detail, *failed_checks;
    bool        has_point, is_right, is_by_expert;
} cx_ep_result_rung_t;

/* One work on one backend. Either case may be NULL, not both; `sample` is the steady one if there
 * is one, and gives the names. */
typedef struct cx_ep_result {
    const cx_result_case_t *isolated, *steady, *sample;
    int64_t                 group_index; /* equal for works that differ in their backend alone */
    int64_t                 rung_count;
    cx_ep_result_rung_t    *rungs; /* by tokens_per_rank */
} cx_ep_result_t;

typedef struct cx_ep_results {
    int64_t          work_count;
    cx_ep_result_t **works; /* by group, in order of appearance */
} cx_ep_results_t;

/* The cases of family ep of a view. errors CX_RESOURCE memory */
cx_status_t cx_ep_results_read(const cx_result_view_t *view, cx_arena_t *arena,
                               cx_ep_results_t *out);

/* Of a work: the rung whose numbers are said first: the largest with at most 128 tokens of those
 * that have a time, or else the smallest. NULL when none has. */
const cx_ep_result_rung_t *cx_ep_result_headline(const cx_ep_result_t *work);
/* The largest with a time. NULL likewise. */
const cx_ep_result_rung_t *cx_ep_result_largest(const cx_ep_result_t *work);

/* The rung has a time that may be compared: every component ok, and right. */
bool cx_ep_result_is_ranked(const cx_ep_result_rung_t *rung);

/* "deepseek-v3", or of no model "7168/8/256": hidden, top-k, experts. In the arena; NULL: out of
 * memory. */
const char *cx_ep_result_shape(const cx_ep_result_t *work, cx_arena_t *arena);
/* "bf16", or "e4m3fn-block128 dispatch, bf16 combine". */
const char *cx_ep_result_codecs(const cx_ep_result_t *work, cx_arena_t *arena);
/* "uniform", "zipf 1.2", "hotspot, eplb 32". */
const char *cx_ep_result_routing(const cx_ep_result_t *work, cx_arena_t *arena);

#endif
