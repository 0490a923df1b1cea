/* SPDX-License-Identifier: Apache-2.0 */
/* The health of a chain of pairs. */
#include "measure/health.h"

#include "stats/quantile.h"

#include <math.h>

static double median(const double *values, int64_t count, double *scratch)
{
    cx_sort_copy(values, count, scratch);
    return cx_quantile_nearest_rank(scratch, count, 0.5);
}

double cx_chain_gap_us(const double *pair_us, const double *start_to_start_us, int64_t count,
                       double *scratch)
{
    double start_to_start_us_p50 = median(start_to_start_us, count - 1, scratch);

    return start_to_start_us_p50 - median(pair_us, count, scratch);
}

double cx_chain_drift_us(const double *pair_us, int64_t count, double *scratch)
{
    int64_t half     = count / 2;
    double  later_us = median(pair_us + half, count - half, scratch);

    return later_us - median(pair_us, half, scratch);
}

double cx_largest_magnitude(const double *values, int64_t count)
{
    double largest = values[0];

    for (int64_t i = 1; i < count; i++) {
        largest = fabs(values[i]) > fabs(largest) ? values[i] : largest;
    }
    return largest;
}

static double series_median(const cx_series_t *series)
{
    return median(series->reduced_us, series->count, series->scratch);
}

void cx_chain_health(cx_pair_result_t *result)
{
    const cx_series_t *drift = &result->settle_drift;

    result->health.interpair_gap_us_p50 = series_median(&result->interpair_gap);
    result->health.pair_spread_us_p50   = series_median(&result->spread);
    result->health.settle_drift_us_max  = cx_largest_magnitude(drift->reduced_us, drift->count);
}
