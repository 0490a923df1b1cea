/* SPDX-License-Identifier: Apache-2.0 */
/* How many independent samples a time series is worth.
 * Not a test of stationarity (warmup.h). */
#ifndef CX_STATS_AUTOCORR_H
#define CX_STATS_AUTOCORR_H

#include <stdint.h>

/**
 * count / tau, kept within 1..count, where tau = -1 + 2 * sum of rho(2m) + rho(2m + 1) over the
 * leading pairs that are positive (Geyer's initial positive sequence).
 *
 * It is the number of independent samples whose mean would vary as much; quantiles of a
 * positively correlated series vary at most about as much, so it is safe for them. A constant
 * series gives count, an empty one 0. Negative correlation is not credited: tau >= 1.
 *
 * Lags stop at 2000, so the cost is at most 2000 passes over the series (0.2 s for 1e5 samples);
 * a series still correlated there has its tau underestimated, and is for warmup.h to refuse.
 *
 * shape   series [count] in time order
 * source  Geyer, Practical Markov Chain Monte Carlo, Statistical Science 7 (1992), section 3.3
 */
double cx_effective_count(const double *series, int64_t count);

#endif
