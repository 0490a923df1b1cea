/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the variation lies between launches and how much within one.
 * Not a summary of one launch (summary.h). */
#ifndef CX_STATS_LAUNCHES_H
#define CX_STATS_LAUNCHES_H

#include <stdint.h>

/* median, min and max are over the launch medians and carry their unit. */
typedef struct cx_launch_spread {
    int64_t launch_count;
    double  median; /* nearest rank */
    double  min, max;
    double  spread_ratio;  /* (max - min) / median */
    double  between_ratio; /* standard deviation of the launch medians, divisor n - 1, / median */
    double  within_ratio;  /* pooled within-launch standard deviation / median */
} cx_launch_spread_t;

/**
 * Spread over launches. between_ratio above within_ratio says that a further launch would tell more
 * than a longer one. Of one launch spread_ratio and between_ratio are NAN (one launch shows no
 * spread, it does not show that there is none); of none all values are. within_ratio is NAN where
 * a launch's deviation is.
 *
 * The pooled deviation is sqrt(mean of squares): launches of one case have equal sample counts.
 *
 * shape   launch_medians, launch_stddevs [launch_count], same unit; scratch [launch_count]
 * source  Kalibera & Jones, Rigorous Benchmarking in Reasonable Time (ISMM 2013)
 */
void cx_launch_spread(const double *launch_medians, const double *launch_stddevs,
                      int64_t launch_count, double *scratch, cx_launch_spread_t *out);

#endif
