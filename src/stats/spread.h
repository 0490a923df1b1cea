/* SPDX-License-Identifier: Apache-2.0 */
/* Where an array lies and how widely: mean, standard deviation, relative spread.
 * Not quantiles (quantile.h), and not which of these to publish (summary.h). */
#ifndef CX_STATS_SPREAD_H
#define CX_STATS_SPREAD_H

#include <stdint.h>

/** Arithmetic mean; exact for a constant array; NAN when empty. */
double cx_mean(const double *values, int64_t count);

/** Sample standard deviation, divisor count - 1; NAN below two values. */
double cx_stddev(const double *values, int64_t count);

/** part / whole where whole > 0; NAN where it is not, since the ratio then says nothing. */
double cx_ratio_of(double part, double whole);

/** (max - min) / median of an ascending array, nearest-rank median; 0 for one value. */
double cx_sorted_spread_ratio(const double *sorted, int64_t count);

#endif
