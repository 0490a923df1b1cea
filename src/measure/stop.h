/* SPDX-License-Identifier: Apache-2.0 */
/* The decision to stop sampling: a pure function of what all ranks share. */
#ifndef CX_MEASURE_STOP_H
#define CX_MEASURE_STOP_H

#include "measure/point.h"
#include "stats/summary.h"
#include "stats/warmup.h"

/**
 * elapsed_us  rank 0's time spent on the point
 * checked_at  sample count of the last look at the interval; looks happen at growing counts (a
 *             quarter more each time), as every look is a chance to stop too early
 */
cx_stop_t cx_stop_reached(const cx_sampling_t *sampling, cx_series_t *series, double elapsed_us,
                          int64_t *checked_at);

#endif
