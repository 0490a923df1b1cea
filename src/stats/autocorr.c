/* SPDX-License-Identifier: Apache-2.0 */
/* Effective sample size from the autocorrelation of a series.
 * Not a test of stationarity (warmup.c). */
#include "stats/autocorr.h"

#include "stats/spread.h"

#include <math.h>

#define LAG_LIMIT INT64_C(2000)

/* divisor count at every lag, as the positive-sequence estimator wants it */
static double autocovariance(const double *series, int64_t count, double mean, int64_t lag)
{
    double sum = 0.0;

    for (int64_t i = 0; i + lag < count; i++) {
        sum += (series[i] - mean) * (series[i + lag] - mean);
    }
    return sum / (double)count;
}

double cx_effective_count(const double *series, int64_t count)
{
    if (count < 2) {
        return (double)count;
    }
    const int64_t lag_count = count < LAG_LIMIT ? count : LAG_LIMIT;
    const double  mean      = cx_mean(series, count);
    const double  variance  = autocovariance(series, count, mean, 0);
    double        tau       = -1.0;

    if (!(variance > 0.0)) {
        return (double)count;
    }
    for (int64_t lag = 0; lag + 1 < lag_count; lag += 2) {
        const double pair =
            autocovariance(series, count, mean, lag) + autocovariance(series, count, mean, lag + 1);

        if (pair <= 0.0) {
            break;
        }
        tau += 2.0 * pair / variance;
    }
    return fmax(1.0, (double)count / fmax(1.0, tau));
}
