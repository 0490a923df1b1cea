/* SPDX-License-Identifier: Apache-2.0 */
/* Drained, one-at-a-time latency. Not a rate (chain.h). */
#ifndef CX_MEASURE_ISOLATED_H
#define CX_MEASURE_ISOLATED_H

#include "measure/regimes.h"

/**
 * For each operation: align the ranks, then one window around it, then wait for it. Sample i is
 * operation i on this rank; the reduction over ranks is the maximum (completion).
 * errors  those of the backend and of peers
 */
cx_status_t cx_measure_isolated(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps);

/* The stamps 2*i and 2*i + 1 of `count` windows, as samples in the common time base. */
void cx_isolated_read(const cx_window_t *window,
                      int64_t (*to_common_ns)(void *context, int64_t local_ns), void *context,
                      int64_t count, cx_stamp_t *stamps);

#endif
