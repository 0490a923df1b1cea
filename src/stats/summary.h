/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that stand for one series of samples.
 * Not its warm-up (warmup.h): what is handed in is all counted. */
#ifndef CX_STATS_SUMMARY_H
#define CX_STATS_SUMMARY_H

#include <stdint.h>

/* Values carry the unit of the series; counts and the ratio have none. NAN: not supported. */
typedef struct cx_summary {
    int64_t sample_count;
    double  effective_count; /* independent samples it is worth (autocorr.h) */
    double  min, max, mean;
    double  stddev;                  /* divisor n - 1; NAN for one sample */
    double  p50, p90, p95, p99;      /* nearest rank; NAN where it would be the maximum */
    double  p50_ci_low, p50_ci_high; /* 95 %, from effective_count; NAN below 6 of them */
    double  p50_half_width_ratio;    /* (p50_ci_high - p50_ci_low) / 2 / p50 */
    int64_t outlier_count;           /* far out: beyond 3 IQR from the quartiles; still counted */
} cx_summary_t;

/**
 * Summarise a series; of none, sample_count and outlier_count are 0 and all else is NAN.
 * The interval is conditional on this launch: between launches see launches.h.
 *
 * shape   series [count] in time order, since dependence is judged; scratch [count]
 * source  quantiles: quantile.h, ci.h; far out: Tukey, Exploratory Data Analysis (1977), chapter 2
 */
void cx_summarize(const double *series, int64_t count, double *scratch, cx_summary_t *out);

#endif
