/* SPDX-License-Identifier: Apache-2.0 */
/* Whether b is faster than a, by how much, and how sure.
 * Not whether the two may be compared at all (their keys say so). */
#ifndef CX_STATS_COMPARE_H
#define CX_STATS_COMPARE_H

#include <stdint.h>

/* What the interval of the ratio says about the band [1 / (1 + threshold), 1 + threshold]. */
typedef enum cx_comparison_verdict {
    CX_COMPARISON_FASTER,  /* it lies wholly below the band: b takes less time */
    CX_COMPARISON_SLOWER,  /* it lies wholly above the band */
    CX_COMPARISON_SAME,    /* it lies wholly within the band, ends included */
    CX_COMPARISON_UNCLEAR, /* it straddles an edge, or there is none */
    CX_COMPARISON_COUNT
} cx_comparison_verdict_t;

typedef struct cx_comparison {
    double                  ratio;                 /* b / a, so below 1 b is faster */
    double                  ratio_low, ratio_high; /* 95 % */
    double                  p_value;               /* two-sided, that neither tends to be larger */
    cx_comparison_verdict_t verdict;
} cx_comparison_t;

/** "faster", "slower", "same", "unclear". */
const char *cx_comparison_verdict_slug(cx_comparison_verdict_t verdict);

/** Doubles of scratch that cx_compare needs for these counts. */
int64_t cx_compare_scratch_count(int64_t a_count, int64_t b_count);

/**
 * Compare durations of a candidate b with those of a baseline a.
 *
 * ratio is Hodges-Lehmann's estimate on a log scale: the median of all b[j] / a[i], for an even
 * number of pairs the geometric mean of the middle two, so that swapping a and b inverts it. Each
 * side beyond 200 values is thinned to 200 evenly spaced quantiles. The interval are the pairwise
 * ratios number C and pairs + 1 - C with C = pairs * (1/2 - z * sqrt((m + n + 1) / (12 m n))),
 * m and n the full counts, rounded down; below C = 1, as for 3 against 4, there is none.
 * The p-value is Mann-Whitney's, normal approximation with tie and continuity correction.
 *
 * Values count as independent: hand in medians of launches or blocks, not raw correlated samples.
 * With an empty side or a value that is not positive all is NAN and the verdict UNCLEAR.
 *
 * shape   a [a_count], b [b_count], same unit, any order; threshold_ratio >= 0, such as 0.03;
 *         scratch [cx_compare_scratch_count(a_count, b_count)]
 * source  Hollander, Wolfe & Chicken, Nonparametric Statistical Methods (3rd ed. 2014), sections
 *         4.1 (p), 4.2 (estimate) and 4.3 (interval, large-sample form)
 */
cx_comparison_t cx_compare(const double *a, int64_t a_count, const double *b, int64_t b_count,
                           double threshold_ratio, double *scratch);

/**
 * Replace p-values of one sweep by Holm's step-down adjusted ones, in place and in their order.
 * NAN stays and is not counted among the hypotheses. Takes count^2 steps.
 *
 * source  Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979)
 */
void cx_holm_adjust(double *p_values, int64_t count);

#endif
