/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to the published row of one size. */
#ifndef CX_RUN_ROW_H
#define CX_RUN_ROW_H

#include "family/collective/floor.h"
#include "measure/point.h"
#include "model/record.h"
#include "run/workload.h"

/* What does not depend on the family: times, ranks, skews, counts. Otherwise as cx_row_fill. */
void cx_row_fill_times(cx_series_t *series, const cx_outcome_t *outcome, double skew_bound_us,
                       cx_row_t *row);

/**
 * Fill the numbers of a row. Status and detail stay the caller's.
 * skew_bound_us  error of the common clock; a smaller skew is not claimed
 */
void cx_row_fill(const cx_workload_t *workload, cx_series_t *series, const cx_outcome_t *outcome,
                 double skew_bound_us, cx_row_t *row);

/* The floor of a row; NAN, or a row without a median, leaves it without one. */
void cx_row_set_floor(double floor_us, cx_row_t *row);

/**
 * Fill the floor of a row that has its times; without limits it has none.
 * limits  of the device; NULL: not known
 */
void cx_row_fill_floor(const cx_limits_t *limits, const cx_floor_work_t *work, cx_series_t *series,
                       cx_row_t *row);

/* A barrier's proof: in how many samples a rank left before another had come, by more than the
 * clock's error. Needs a series with skew. */
int64_t cx_row_barrier_violations(const cx_series_t *series, double skew_bound_us);

#endif
