/* SPDX-License-Identifier: Apache-2.0 */
/* Variation between and within launches.
 * Not a summary of one launch (summary.c). */
#include "stats/launches.h"

#include "stats/quantile.h"
#include "stats/spread.h"

#include <math.h>

static double pool_stddevs(const double *stddevs, int64_t count, double *scratch)
{
    for (int64_t i = 0; i < count; i++) {
        scratch[i] = stddevs[i] * stddevs[i];
    }
    return sqrt(cx_mean(scratch, count));
}

void cx_launch_spread(const double *launch_medians, const double *launch_stddevs,
                      int64_t launch_count, double *scratch, cx_launch_spread_t *out)
{
    const double pooled_stddev = pool_stddevs(launch_stddevs, launch_count, scratch);
    double      *sorted        = scratch;

    cx_sort_copy(launch_medians, launch_count, sorted);

    const double median = cx_quantile_nearest_rank(sorted, launch_count, 0.5);

    *out = (cx_launch_spread_t){
        .launch_count  = launch_count,
        .median        = median,
        .min           = cx_quantile_nearest_rank(sorted, launch_count, 0.0),
        .max           = cx_quantile_nearest_rank(sorted, launch_count, 1.0),
        .spread_ratio  = launch_count < 2 ? NAN : cx_sorted_spread_ratio(sorted, launch_count),
        .between_ratio = cx_ratio_of(cx_stddev(sorted, launch_count), median),
        .within_ratio  = cx_ratio_of(pooled_stddev, median),
    };
}
