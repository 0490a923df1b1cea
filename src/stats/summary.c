/* SPDX-License-Identifier: Apache-2.0 */
/* Summary of one series.
 * Not its warm-up (warmup.c). */
#include "stats/summary.h"

#include "stats/autocorr.h"
#include "stats/ci.h"
#include "stats/quantile.h"
#include "stats/spread.h"

#include <math.h>

#define CONFIDENCE_RATIO 0.95
#define FAR_OUT_IQR 3.0

static double supported_quantile(const double *sorted, int64_t count, double q)
{
    return cx_quantile_is_supported(count, q) ? cx_quantile_nearest_rank(sorted, count, q) : NAN;
}

static int64_t count_outliers(const double *sorted, int64_t count)
{
    const double low   = cx_quantile_nearest_rank(sorted, count, 0.25);
    const double high  = cx_quantile_nearest_rank(sorted, count, 0.75);
    const double reach = FAR_OUT_IQR * (high - low);
    int64_t      found = 0;

    for (int64_t i = 0; i < count; i++) {
        found += sorted[i] < low - reach || sorted[i] > high + reach;
    }
    return found;
}

void cx_summarize(const double *series, int64_t count, double *scratch, cx_summary_t *out)
{
    double *sorted = scratch;

    cx_sort_copy(series, count, sorted);

    const double        effective_count = count > 0 ? cx_effective_count(series, count) : NAN;
    const double        p50             = cx_quantile_nearest_rank(sorted, count, 0.5);
    const cx_interval_t interval =
        cx_quantile_ci(sorted, count, effective_count, 0.5, CONFIDENCE_RATIO);

    *out = (cx_summary_t){
        .sample_count         = count,
        .effective_count      = effective_count,
        .min                  = cx_quantile_nearest_rank(sorted, count, 0.0),
        .max                  = cx_quantile_nearest_rank(sorted, count, 1.0),
        .mean                 = cx_mean(series, count),
        .stddev               = cx_stddev(series, count),
        .p50                  = p50,
        .p90                  = supported_quantile(sorted, count, 0.90),
        .p95                  = supported_quantile(sorted, count, 0.95),
        .p99                  = supported_quantile(sorted, count, 0.99),
        .p50_ci_low           = interval.low,
        .p50_ci_high          = interval.high,
        .p50_half_width_ratio = cx_ratio_of((interval.high - interval.low) / 2.0, p50),
        .outlier_count        = count_outliers(sorted, count),
    };
}
