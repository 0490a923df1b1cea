/* SPDX-License-Identifier: Apache-2.0 */
/* The line of latency over bytes: what a message costs before its first byte (alpha) and what each
 * byte adds (the slope, whose inverse is a bandwidth), and whether to believe them.
 * Not a bandwidth at one size (that is bytes over time). */
#ifndef CX_STATS_FIT_H
#define CX_STATS_FIT_H

#include <stdbool.h>
#include <stdint.h>

/* name, slug, what to conclude; in the order in which they are looked for */
#define CX_FIT_VERDICT_MAP(X)                                                           \
    X(RELIABLE, "reliable", "alpha and slope describe the points")                      \
    X(TOO_FEW_POINTS, "too-few-points", "fewer than 3 points: no line")                 \
    X(ONE_SIZE, "one-size", "all points are of one size: no line")                      \
    X(NOT_RISING, "not-rising", "latency does not grow with size: no line")             \
    X(POOR_FIT, "poor-fit", "the points are not on a line (R2 below 0.9): alpha alone") \
    X(NOT_BANDWIDTH_BOUND, "not-bandwidth-bound",                                       \
      "bytes account for less than a quarter of the longest latency: alpha alone")

typedef enum cx_fit_verdict {
#define CX_FIT_VERDICT_ENUM(name, slug, text) CX_FIT_VERDICT_##name,
    CX_FIT_VERDICT_MAP(CX_FIT_VERDICT_ENUM)
#undef CX_FIT_VERDICT_ENUM
        CX_FIT_VERDICT_COUNT
} cx_fit_verdict_t;

/* The slug of a verdict: the reason why a slope is not to be believed. */
const char *cx_fit_verdict_slug(cx_fit_verdict_t verdict);

/**
 * y = alpha + slope * x. All numbers are NAN where there is no line.
 *
 * alpha                  in the unit of y
 * slope                  in the unit of y for each of x; never to be shown unless RELIABLE
 * r2_ratio               1 - residual / total sum of squares
 * share_ratio            slope * max(x) / max(y): what x accounts for at the largest point
 * is_alpha_extrapolated  the smallest x is more than a tenth of the largest: alpha is a guess
 *                        beyond the points; false where there is no line
 */
typedef struct cx_fit {
    cx_fit_verdict_t verdict;
    double           alpha, slope, r2_ratio, share_ratio;
    bool             is_alpha_extrapolated;
} cx_fit_t;

/**
 * Ordinary least squares, each point counted once.
 *
 * shape   x, y [count], x >= 0 and y > 0, any order
 * source  the line: Montgomery, Peck & Vining, Introduction to Linear Regression Analysis (5th ed.
 *         2012), section 2.2; the gates: those of the Python CollectiveX
 */
cx_fit_t cx_fit_line(const double *x, const double *y, int64_t count);

#endif
