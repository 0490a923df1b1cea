/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring work that comes in pairs (dispatch and combine): components from an idle start, and
 * chains of pairs with their floors and health. Knows phases and slots; knows nothing of experts.
 * Definitions: docs/measurement.md; those of the Python CollectiveX, so that rows can be laid side
 * by side. */
#ifndef CX_MEASURE_PAIRS_H
#define CX_MEASURE_PAIRS_H

#include "measure/point.h"
#include "model/ep_words.h"
#include "stats/ranks.h"

#define CX_PAIR_LADDER_COUNT_MAX 32

/* name, slug, over ranks, what one sample is */
#define CX_COMPONENT_MAP(X)                                                                     \
    X(DISPATCH, "dispatch", MAX, "one dispatch from an idle start")                             \
    X(COMBINE, "combine", MAX, "one combine")                                                   \
    X(STAGE, "stage", MAX, "one conversion of what dispatch delivered into what combine sends") \
    X(ROUNDTRIP, "roundtrip", MAX, "dispatch and combine from an idle start")                   \
    X(PAIR_PERIOD, "pair-period", MEDIAN, "one pair of a free-running chain")                   \
    X(DISPATCH_FLOOR, "dispatch-floor", MIN, "dispatch in a chain, on the rank that came last") \
    X(COMBINE_FLOOR, "combine-floor", MIN, "combine in a chain, on the rank that came last")

typedef enum cx_component {
#define CX_COMPONENT_ENUM(name, slug, over_ranks, text) CX_COMPONENT_##name,
    CX_COMPONENT_MAP(CX_COMPONENT_ENUM)
#undef CX_COMPONENT_ENUM
        CX_COMPONENT_COUNT
} cx_component_t;

const char         *cx_component_slug(cx_component_t component);
cx_rank_reduction_t cx_component_reduction(cx_component_t component);
/* It is a whole pair, whose outputs are looked at; the others are parts of one. */
bool cx_component_is_pair(cx_component_t component);
/* CX_COMPONENT_COUNT when there is none of that name. */
cx_component_t cx_component_find(const char *slug);

/* How often; upstream's six numbers, of CX_PAIR_SAMPLING_MAP. */
typedef struct cx_pair_sampling {
    int64_t iters_per_trial, trial_count, warmup_count;
    int64_t chain_iters, chain_trial_count, chain_drop_count;
} cx_pair_sampling_t;

extern const cx_pair_sampling_t cx_pair_samplings[CX_PAIR_PROFILE_COUNT];
extern const char *const        cx_pair_profile_slugs[]; /* NULL-terminated */

/* The slots of one rung of the ladder. */
typedef struct cx_pair_rung {
    int32_t first_slot, slot_count;
} cx_pair_rung_t;

/**
 * What pairs are measured on. Collective: the same on every rank but for pointers.
 *
 * window         device, stream, events, backend, session, board, audit; phases and slots are set
 *                by this module. Events: room for 2 * iters_per_trial and 4 * chain_iters
 * is_hoisted     staging happens once per slot, before timed pairs, and not in roundtrip or chain.
 *                What was staged must outlive a dispatch on another slot: either every slot has
 *                receive memory of its own (keeps_receives), or the rungs have one slot each
 * has_stage      phase STAGE does work: component stage exists
 * needs_fresh_pair, is_pair_only  as cx_ep_caps_t says; pair-only: roundtrip alone
 * before_block   untimed: outputs (`combined`) of the rung's slots poisoned, what was staged left
 *                alone; called after warm-up and hoist, just ahead of `pair_count` timed pairs
 * after_block    untimed: check what those pairs left; pair i was on slot
 *                first_slot + i % slot_count. Both are called for every trial of roundtrip and
 *                every period chain, and for nothing else
 * begin_phase    new deadline for what follows; tells the supervisor what it is
 * to_common_ns   a stamp of this rank in the common time base
 */
typedef struct cx_pair_job {
    cx_window_t           window;
    const cx_peers_ops_t *peers_ops;
    cx_peers_t           *peers;
    int32_t               rank, rank_count;
    int32_t               rung_count;
    cx_pair_rung_t        rungs[CX_PAIR_LADDER_COUNT_MAX];
    bool                  is_hoisted, has_stage, needs_fresh_pair, is_pair_only;
    cx_status_t (*before_block)(void *context, int32_t rung, int64_t pair_count);
    cx_status_t (*after_block)(void *context, int32_t rung, int64_t pair_count,
                               cx_block_report_t *report);
    int64_t (*begin_phase)(void *context, const char *phase);
    int64_t (*to_common_ns)(void *context, int64_t local_ns);
    void *context;
} cx_pair_job_t;

/**
 * How far a chain can be trusted, in microseconds.
 *
 * interpair_gap_us_p50  median over chain trials of `interpair_gap`: time between the end of a pair
 *                       and the start of the next, which is long where the device outruns the host
 * pair_spread_us_p50    median over pairs of the difference between the slowest and fastest rank
 * settle_drift_us_max   of `settle_drift`, the value of largest magnitude, with its sign
 */
typedef struct cx_chain_health {
    double interpair_gap_us_p50, pair_spread_us_p50, settle_drift_us_max;
} cx_chain_health_t;

/**
 * What one rung gave; the same on every rank. Series that were not measured have count 0, and those
 * of the other regime no memory.
 *
 * series         one sample per timed iteration or kept pair, in the order they were taken;
 *                reduced_us as CX_COMPONENT_MAP says, skews for regime isolated
 * spread         of every roundtrip (isolated) or kept pair of a period chain (steady): slowest
 *                less fastest rank, in reduced_us; rank_count 1, rank_us unused
 * interpair_gap  steady: a sample per period chain. On a rank: p50 of start to start less p50 of
 *                the pairs; over ranks: MEDIAN
 * settle_drift   steady: likewise. On a rank: p50 of the later half of the kept pairs less p50 of
 *                the earlier half; over ranks: the value of largest magnitude
 * health         NAN for regime isolated
 * timed_count    roundtrips and pairs of period chains over all ranks, which verified_count is
 *                out of
 */
typedef struct cx_pair_result {
    cx_series_t       series[CX_COMPONENT_COUNT];          /* owned */
    cx_series_t       spread, interpair_gap, settle_drift; /* owned */
    cx_chain_health_t health;
    int64_t           timed_count, verified_count, wrong_count, violation_count;
    int64_t           disturbed_count; /* blocks during which the machine was disturbed */
    void             *gather;          /* owned; where ranks lay their messages */
} cx_pair_result_t;

/* All memory a rung needs, touched. Errors CX_RESOURCE. */
cx_status_t cx_pair_result_init(cx_pair_result_t *result, int32_t rank_count,
                                const cx_pair_sampling_t *sampling, cx_regime_t regime);
void        cx_pair_result_fini(cx_pair_result_t *result);

/* `count` untimed pairs dispatch, stage, combine on a rung, drained one by one; where staging is
 * hoisted, only the first pair of each slot stages. Errors are this rank's own. */
cx_status_t cx_pairs_warm(const cx_pair_job_t *job, int32_t rung, int64_t count);

/**
 * Measure every rung: regime isolated the components, regime steady both chains. What `results`
 * had is forgotten.
 *
 * results  [rung_count], initialised for that sampling and regime
 * errors   those of the backend, of peers and of the hooks, the same on every rank: when one fails
 *          all end, with its words
 */
cx_status_t cx_measure_components(const cx_pair_job_t *job, const cx_pair_sampling_t *sampling,
                                  cx_pair_result_t *results);
cx_status_t cx_measure_chains(const cx_pair_job_t *job, const cx_pair_sampling_t *sampling,
                              cx_pair_result_t *results);

#endif
