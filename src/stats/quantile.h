/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics: sorting, nearest-rank quantiles, and which of them a sample can support.
 * Not their uncertainty (ci.h). */
#ifndef CX_STATS_QUANTILE_H
#define CX_STATS_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>

/** Sort ascending, in place. */
void cx_sort(double *values, int64_t count);

/** Leave an ascending copy of `values` [count] in `sorted` [count]; they may not overlap. */
void cx_sort_copy(const double *values, int64_t count, double *sorted);

/**
 * The smallest member that at least ceil(q * count) members do not exceed; NAN when there is none.
 * Always a member of the sample, never interpolated; the median of an even count is the lower one.
 *
 * shape   sorted [count] ascending; 0 <= q <= 1; the rank is kept within 1..count
 * source  Hyndman & Fan, Sample Quantiles in Statistical Packages (1996), definition 1
 */
double cx_quantile_nearest_rank(const double *sorted, int64_t count, double q);

/**
 * Whether a nearest-rank quantile says more than the extreme of the sample does.
 *
 * True for the median of any sample, otherwise only where the rank is neither the first nor the
 * last: above the median that is count * (1 - q) >= 1, so p90 needs 10 samples, p95 20, p99 100.
 * One rank less and "p99" would be another name for the maximum, which is published as such.
 * It promises a member, not precision: for that see cx_quantile_ci, which wants 368 for p99.
 */
bool cx_quantile_is_supported(int64_t count, double q);

/**
 * Copy at most `limit_count` members, evenly spaced and in order; returns how many.
 * Of sorted values these are evenly spaced quantiles. `out` may be `values`.
 *
 * shape   values [count]; out [min(count, limit_count)]
 */
int64_t cx_thin(const double *values, int64_t count, int64_t limit_count, double *out);

#endif
