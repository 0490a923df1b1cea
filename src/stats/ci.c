/* SPDX-License-Identifier: Apache-2.0 */
/* Binomial order-statistic interval of a quantile.
 * Not an estimate of how many samples are independent (autocorr.c). */
#include "stats/ci.h"

#include <math.h>

/* P(B = k + 1) from P(B = k), or from anything in proportion to it; `odds` are q / (1 - q) */
static double next_weight(double weight, int64_t k, int64_t trial_count, double odds)
{
    return weight * odds * (double)(trial_count - k) / (double)(k + 1);
}

/* Smallest k with P(B <= k) >= probability. Weights are relative to that of the first k within
 * twelve deviations of the mean, and so is their total; less than 1e-12 lies beyond. */
static int64_t binomial_quantile(int64_t trial_count, double q, double probability)
{
    const double  mean   = (double)trial_count * q;
    const double  reach  = 12.0 * (sqrt(mean * (1.0 - q)) + 1.0);
    const int64_t first  = (int64_t)fmax(0.0, mean - reach);
    const int64_t last   = (int64_t)fmin((double)trial_count, mean + reach);
    const double  odds   = q / (1.0 - q);
    double        weight = 1.0, total = 1.0, sum = 1.0;
    int64_t       found = first;

    for (int64_t k = first; k < last; k++) {
        weight = next_weight(weight, k, trial_count, odds);
        total += weight;
    }
    for (weight = 1.0; sum < probability * total; found++) {
        weight = next_weight(weight, found, trial_count, odds);
        sum += weight;
    }
    return found;
}

/* floor((rank - 1/2) * count / from_count + 1/2): the same fraction of a longer array, rounded
 * towards its start, and rank itself where the lengths agree */
static int64_t map_rank(int64_t rank, int64_t from_count, int64_t count)
{
    return ((2 * rank - 1) * count + from_count) / (2 * from_count);
}

cx_interval_t cx_quantile_ci(const double *sorted, int64_t count, double effective_count, double q,
                             double confidence_ratio)
{
    const cx_interval_t unknown = {NAN, NAN};
    const double        tail    = (1.0 - confidence_ratio) / 2.0;

    if (count < 1 || !(effective_count >= 1.0)) {
        return unknown;
    }
    const int64_t n           = effective_count < (double)count ? (int64_t)effective_count : count;
    const int64_t ranks_below = binomial_quantile(n, q, tail);
    const int64_t ranks_above = n - binomial_quantile(n, q, 1.0 - tail);

    if (ranks_below < 1 || ranks_above < 1) {
        return unknown;
    }
    return (cx_interval_t){
        .low  = sorted[map_rank(ranks_below, n, count) - 1],
        .high = sorted[count - map_rank(ranks_above, n, count)],
    };
}
