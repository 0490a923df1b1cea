/* SPDX-License-Identifier: Apache-2.0 */
/* What a block and a sample are in each regime: one row per regime.
 * source: docs/measurement.md; the regimes are never mixed in one column. */
#ifndef CX_MEASURE_REGIMES_H
#define CX_MEASURE_REGIMES_H

#include "measure/point.h"

/* One operation (isolated), some of a chain (steady), a replay (graph) or loop (loop_mean) on one
 * rank; the duration is that of one operation. */
typedef struct cx_stamp {
    double  duration_us;
    int64_t start_ns, end_ns; /* common clock */
} cx_stamp_t;

/* Operations of a block that gives `sample_count` samples, or fewer where `operation_count_max`
 * does not allow as many; more never, but for a loop, which always is one. */
int64_t cx_regime_operation_count(const cx_sampling_t *sampling, int64_t sample_count,
                                  int64_t operation_count_max);
/* Operations that one stamp of such a block needs: one, some of a chain, those of a graph, or a
 * whole loop with its head. */
int64_t cx_regime_stamp_operation_count(const cx_sampling_t *sampling, int64_t operation_count);
/* Operations of which a sample of such a block is the mean. */
int64_t cx_regime_sample_operation_count(const cx_sampling_t *sampling, int64_t operation_count);
/* Stamps such a block leaves. */
int64_t cx_regime_stamp_count(const cx_sampling_t *sampling, int64_t operation_count);
/* Samples such a block gives. */
int64_t cx_regime_sample_count(const cx_sampling_t *sampling, int64_t operation_count);

/* Align, run and stamp a block on this rank; `stamps` has room for operation_count. */
cx_status_t cx_regime_run(const cx_job_t *job, const cx_sampling_t *sampling,
                          int64_t operation_count, cx_stamp_t *stamps);

/* One rank's stamps become its samples behind series->count. */
void cx_regime_samples(const cx_sampling_t *sampling, const cx_stamp_t *stamps,
                       int64_t operation_count, int32_t rank, cx_series_t *series);
/* Over ranks: reduced samples and skews behind series->count. */
void cx_regime_reduce(const cx_sampling_t *sampling, int64_t sample_count, cx_series_t *series);

#endif
