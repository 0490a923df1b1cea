/* SPDX-License-Identifier: Apache-2.0 */
/* Distribution-free confidence interval of a quantile from order statistics.
 * Not a bootstrap, and not the interval of a ratio (compare.h). */
#ifndef CX_STATS_CI_H
#define CX_STATS_CI_H

#include <stdint.h>

/* Closed; both ends NAN where the interval does not exist. The unit is that of the samples. */
typedef struct cx_interval {
    double low, high;
} cx_interval_t;

/**
 * Two-sided interval of the q-quantile whose ends are members of the sample.
 *
 * The number of n independent samples below the quantile is binomial(n, q). The ends are the
 * order statistics l and u with P(B < l) <= alpha/2 and P(B >= u) <= alpha/2, each the closest that
 * fulfils it, so the coverage is at least 1 - alpha for any continuous distribution. Where such a
 * rank would lie outside the sample there is no interval: at 95 % the median needs n >= 6, p95 72,
 * p99 368.
 *
 * Dependent samples: with effective_count < count the ranks are those of floor(effective_count)
 * samples, laid over the full array at the same fraction (rank - 1/2) / n, so the interval is as
 * wide as that many independent samples would make it.
 *
 * The binomial is summed exactly, over twelve deviations around its mean: some ten thousand steps
 * for a million samples, which is why no normal approximation is needed.
 *
 * shape   sorted [count] ascending; 0 < q < 1; 0 < confidence_ratio < 1
 * source  David & Nagaraja, Order Statistics (3rd ed. 2003), section 7.1; Le Boudec, Performance
 *         Evaluation of Computer and Communication Systems (2010), section 2.2;
 *         fraction (rank - 1/2) / n: Hyndman & Fan (1996), definition 5
 */
cx_interval_t cx_quantile_ci(const double *sorted, int64_t count, double effective_count, double q,
                             double confidence_ratio);

#endif
