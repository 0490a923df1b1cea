/* SPDX-License-Identifier: Apache-2.0 */
/* Mean, standard deviation and relative spread of an array.
 * Not quantiles (quantile.c). */
#include "stats/spread.h"

#include "stats/quantile.h"

#include <math.h>

double cx_mean(const double *values, int64_t count)
{
    double sum = 0.0;

    if (count < 1) {
        return NAN;
    }
    /* summed as differences, so that equal values have exactly their value as mean */
    for (int64_t i = 0; i < count; i++) {
        sum += values[i] - values[0];
    }
    return values[0] + sum / (double)count;
}

double cx_stddev(const double *values, int64_t count)
{
    const double mean = cx_mean(values, count);
    double       sum  = 0.0;

    if (count < 2) {
        return NAN;
    }
    for (int64_t i = 0; i < count; i++) {
        sum += (values[i] - mean) * (values[i] - mean);
    }
    return sqrt(sum / (double)(count - 1));
}

double cx_ratio_of(double part, double whole)
{
    return whole > 0.0 ? part / whole : NAN;
}

double cx_sorted_spread_ratio(const double *sorted, int64_t count)
{
    if (count < 1) {
        return NAN;
    }
    return cx_ratio_of(sorted[count - 1] - sorted[0], cx_quantile_nearest_rank(sorted, count, 0.5));
}
