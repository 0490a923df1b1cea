/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring one point: blocks of timed operations until there is enough, decided alike by all
 * ranks. Knows phases and slots; knows nothing of families, shapes or files. */
#ifndef CX_MEASURE_POINT_H
#define CX_MEASURE_POINT_H

#include "measure/exchange.h"
#include "measure/series.h"
#include "model/case.h"

/* Most stamps of a block; a window has events for twice as many and one. */
#define CX_BLOCK_STAMP_COUNT_MAX 4096

/**
 * What a point is measured on. Collective: every rank has the same but for the pointers.
 *
 * before_block        untimed: inputs fresh, outputs poisoned for `operation_count` operations
 *                     from slot 0 on
 * after_block         untimed: verify what the block's operations left
 * begin_phase         new deadline for what follows; tells the supervisor what it is
 * to_common_ns        a stamp of this rank in the common time base
 */
typedef struct cx_job {
    cx_window_t           window;
    const cx_peers_ops_t *peers_ops;
    cx_peers_t           *peers;
    cx_status_t (*before_block)(void *context, int64_t operation_count);
    cx_status_t (*after_block)(void *context, int64_t operation_count, cx_block_report_t *report);
    int64_t (*begin_phase)(void *context, const char *phase); /* returns the deadline */
    int64_t (*to_common_ns)(void *context, int64_t local_ns);
    void   *context;
    void   *gather; /* room for rank_count * cx_block_message_bytes(CX_BLOCK_STAMP_COUNT_MAX) */
    int64_t operation_count_max; /* of a block */
} cx_job_t;

/* What a sample is and when to stop, from the case's options and the device's facts. */
typedef struct cx_sampling {
    cx_regime_t regime;
    double      budget_us, target_ratio;
    int64_t     samples_min, samples_max, warmup_min, loop_iters;
    int64_t     stamp_ops;          /* operations from one stamp to the next, one or more */
    double      stamp_interval_us;  /* steady: more of them, until stamps are so far apart */
    bool        is_enqueue_timed;   /* steady and loop_mean: enqueuing is not the work itself */
    bool        wants_slowest_rank; /* in every regime: some ranks have nothing to do */
} cx_sampling_t;

typedef enum cx_stop {
    CX_STOP_NOT_YET,
    CX_STOP_TARGET,
    CX_STOP_BUDGET,
    CX_STOP_SAMPLES_MAX,
    CX_STOP_FAILURE
} cx_stop_t;

const char *cx_stop_slug(cx_stop_t stop);

/* The same on every rank. */
typedef struct cx_outcome {
    cx_stop_t stop;
    int64_t   discarded_count; /* first samples of the series that are warm-up */
    bool      is_settled;
    int64_t   block_count, repeated_block_count, disturbed_block_count;
    int64_t   timed_count, verified_count, wrong_count, violation_count;
    int64_t   sample_operation_count; /* operations that a sample is the mean of */
    double    enqueue_us_mean; /* of the host, slowest rank, over blocks; 0 where it is not timed */
} cx_outcome_t;

/* Bytes one rank contributes to the exchange after a block of that many stamps. */
size_t cx_block_message_bytes(int64_t stamp_count);

/* Most operations a block of this sampling may have; what events and memory are sized for.
 * slots_serve_once: an operation uses its input up, or every operation's output is checked. */
int64_t cx_block_operation_count_max(const cx_sampling_t *sampling, int32_t slot_count,
                                     bool slots_serve_once);

/**
 * Fill `series` with samples and say how it went.
 * errors  those of the backend, of peers, and of the hooks; CX_PEER when another rank failed (with
 *         its words)
 */
cx_status_t cx_measure_point(const cx_job_t *asked, const cx_sampling_t *wanted,
                             cx_series_t *series, cx_outcome_t *out);

#endif
