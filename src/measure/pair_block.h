/* SPDX-License-Identifier: Apache-2.0 */
/* What both ways to measure pairs share: slots and phases of a rung, warm-up, the staging hoist, a
 * block and its exchange. Not what is timed (components.c, pair_chain.c). */
#ifndef CX_MEASURE_PAIR_BLOCK_H
#define CX_MEASURE_PAIR_BLOCK_H

#include "measure/pairs.h"

/* One trial of one rung; regime isolated: of one component. */
typedef struct cx_pair_block {
    const cx_pair_job_t      *job;
    const cx_pair_sampling_t *sampling;
    cx_pair_result_t         *result;
    cx_window_t               window; /* on the slots of the rung */
    int64_t                   trial_index;
    int32_t                   rung;
    cx_component_t            component; /* regime isolated */
    cx_exchange_t             exchange;
} cx_pair_block_t;

/* The work of a block on this rank: leaves its numbers in `numbers`, room for message_bytes less
 * a header. */
typedef cx_status_t (*cx_pair_body_fn)(const cx_pair_block_t *block, void *numbers,
                                       cx_block_report_t *report);

/* Forgets what was measured; keeps the memory. */
void cx_pair_result_clear(cx_pair_result_t *result);

/* Bytes of a rank's message after a block. */
size_t cx_components_message_bytes(const cx_pair_sampling_t *sampling);
size_t cx_chains_message_bytes(const cx_pair_sampling_t *sampling);

/* The job's window on the slots of a rung. */
cx_window_t cx_pair_window(const cx_pair_job_t *job, int32_t rung);

/* The phases of a pair that is timed as a whole: without stage where that is hoisted. */
const cx_phases_t *cx_pair_phases(const cx_pair_job_t *job);

/* cx_pairs_warm, with a choice to stage in every pair although it is hoisted. */
cx_status_t cx_pair_warm(const cx_pair_job_t *job, int32_t rung, int64_t count, bool stages_always);

/* Where staging is hoisted: one whole pair on every slot, drained, so that each has staged rows. */
cx_status_t cx_pair_hoist(const cx_pair_block_t *block);

/**
 * The body on this rank, then the exchange; counts of all ranks are added to the result. Sets
 * `window` and `exchange` of the block. Collective.
 */
cx_status_t cx_pair_block_run(cx_pair_block_t *block, size_t message_bytes, cx_pair_body_fn body);

/**
 * `trial_count` trials over the ladder, its order another in each; `measure_rung` does one rung of
 * one trial and appends to its result. Results are cleared first.
 * errors  the first of measure_rung
 */
cx_status_t cx_pairs_measure(const cx_pair_job_t *job, const cx_pair_sampling_t *sampling,
                             int64_t trial_count, cx_status_t (*measure_rung)(cx_pair_block_t *),
                             cx_pair_result_t *results);

/* Slowest less fastest rank of `count` samples of `series` from `first` on, behind spread->count.
 */
void cx_pair_spread_append(const cx_series_t *series, int64_t first, int64_t count,
                           cx_series_t *spread);

#endif
