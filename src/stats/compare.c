/* SPDX-License-Identifier: Apache-2.0 */
/* Rank comparison of two samples of durations.
 * Not whether they may be compared at all (their keys say so). */
#include "stats/compare.h"

#include "stats/ci.h"
#include "stats/quantile.h"

#include <assert.h>
#include <math.h>

#define SIDE_COUNT_MAX INT64_C(200)
#define Z_95 1.959963984540054 /* 97.5 % quantile of the normal distribution */

static int64_t limit_side(int64_t count)
{
    return count < SIDE_COUNT_MAX ? count : SIDE_COUNT_MAX;
}

const char *cx_comparison_verdict_slug(cx_comparison_verdict_t verdict)
{
    static const char *const slugs[CX_COMPARISON_COUNT] = {
        [CX_COMPARISON_FASTER]  = "faster",
        [CX_COMPARISON_SLOWER]  = "slower",
        [CX_COMPARISON_SAME]    = "same",
        [CX_COMPARISON_UNCLEAR] = "unclear",
    };

    assert(verdict < CX_COMPARISON_COUNT);
    return slugs[verdict];
}

int64_t cx_compare_scratch_count(int64_t a_count, int64_t b_count)
{
    return a_count + b_count + limit_side(a_count) * limit_side(b_count);
}

/* How many members from `from` on equal sorted[from] when it is `value`. */
static int64_t count_run(const double *sorted, int64_t count, int64_t from, double value)
{
    int64_t end = from;

    while (end < count && sorted[end] == value) {
        end++;
    }
    return end - from;
}

/* Walks both ascending sides once, a run of equal values at a time. */
static double mann_whitney_p(const double *a, int64_t a_count, const double *b, int64_t b_count)
{
    const double m       = (double)a_count;
    const double n       = (double)b_count;
    const double total   = m + n;
    double       u       = 0.0; /* pairs in which b is larger, a tie counting half */
    double       tie_sum = 0.0;

    for (int64_t i = 0, j = 0; i < a_count || j < b_count;) {
        const double  value = j == b_count || (i < a_count && a[i] < b[j]) ? a[i] : b[j];
        const int64_t a_run = count_run(a, a_count, i, value);
        const int64_t b_run = count_run(b, b_count, j, value);
        const double  tied  = (double)(a_run + b_run);

        u += (double)b_run * ((double)i + (double)a_run / 2.0);
        tie_sum += tied * tied * tied - tied;
        i += a_run;
        j += b_run;
    }
    const double variance = m * n / 12.0 * (total + 1.0 - tie_sum / (total * (total - 1.0)));
    const double excess   = fmax(0.0, fabs(u - m * n / 2.0) - 0.5);

    return variance > 0.0 ? erfc(excess / sqrt(2.0 * variance)) : 1.0;
}

static int64_t form_ratios(const double *a, int64_t a_count, const double *b, int64_t b_count,
                           double *ratios)
{
    for (int64_t i = 0; i < a_count; i++) {
        for (int64_t j = 0; j < b_count; j++) {
            ratios[i * b_count + j] = b[j] / a[i];
        }
    }
    cx_sort(ratios, a_count * b_count);
    return a_count * b_count;
}

/* a_count and b_count are the full ones: thinning must not widen the interval. */
static cx_interval_t ratio_interval(const double *ratios, int64_t ratio_count, int64_t a_count,
                                    int64_t b_count)
{
    const double  m          = (double)a_count;
    const double  n          = (double)b_count;
    const double  half_width = Z_95 * sqrt((m + n + 1.0) / (12.0 * m * n));
    const int64_t rank       = (int64_t)floor((double)ratio_count * (0.5 - half_width));

    if (rank < 1) {
        return (cx_interval_t){NAN, NAN};
    }
    return (cx_interval_t){.low = ratios[rank - 1], .high = ratios[ratio_count - rank]};
}

static cx_comparison_verdict_t judge(cx_interval_t interval, double threshold_ratio)
{
    const double high_edge = 1.0 + threshold_ratio;
    const double low_edge  = 1.0 / high_edge;

    if (interval.high < low_edge) {
        return CX_COMPARISON_FASTER;
    }
    if (interval.low > high_edge) {
        return CX_COMPARISON_SLOWER;
    }
    if (interval.low >= low_edge && interval.high <= high_edge) {
        return CX_COMPARISON_SAME;
    }
    return CX_COMPARISON_UNCLEAR; /* also where the interval does not exist */
}

cx_comparison_t cx_compare(const double *a, int64_t a_count, const double *b, int64_t b_count,
                           double threshold_ratio, double *scratch)
{
    const cx_comparison_t unknown  = {NAN, NAN, NAN, NAN, CX_COMPARISON_UNCLEAR};
    double               *a_sorted = scratch;
    double               *b_sorted = a_sorted + a_count;
    double               *ratios   = b_sorted + b_count;

    cx_sort_copy(a, a_count, a_sorted);
    cx_sort_copy(b, b_count, b_sorted);
    if (a_count < 1 || b_count < 1 || !(a_sorted[0] > 0.0) || !(b_sorted[0] > 0.0)) {
        return unknown;
    }
    const double p_value = mann_whitney_p(a_sorted, a_count, b_sorted, b_count);

    /* only the ratios work on thinned sides */
    const int64_t a_kept      = cx_thin(a_sorted, a_count, SIDE_COUNT_MAX, a_sorted);
    const int64_t b_kept      = cx_thin(b_sorted, b_count, SIDE_COUNT_MAX, b_sorted);
    const int64_t ratio_count = form_ratios(a_sorted, a_kept, b_sorted, b_kept, ratios);

    const cx_interval_t interval = ratio_interval(ratios, ratio_count, a_count, b_count);

    return (cx_comparison_t){
        .ratio      = sqrt(ratios[(ratio_count - 1) / 2] * ratios[ratio_count / 2]),
        .ratio_low  = interval.low,
        .ratio_high = interval.high,
        .p_value    = p_value,
        .verdict    = judge(interval, threshold_ratio),
    };
}

/* Index of the smallest p-value not yet adjusted, -1 when none is left. */
static int64_t find_smallest(const double *p_values, int64_t count)
{
    int64_t found = -1;

    for (int64_t i = 0; i < count; i++) {
        if (isnan(p_values[i]) || signbit(p_values[i])) {
            continue;
        }
        if (found < 0 || p_values[i] < p_values[found]) {
            found = i;
        }
    }
    return found;
}

void cx_holm_adjust(double *p_values, int64_t count)
{
    int64_t open_count = 0;
    double  floor_p    = 0.0;

    for (int64_t i = 0; i < count; i++) {
        open_count += !isnan(p_values[i]);
    }
    /* ascending; an adjusted value is marked by its sign, which needs no second array */
    for (int64_t i = find_smallest(p_values, count); i >= 0; i = find_smallest(p_values, count)) {
        floor_p     = fmin(1.0, fmax(floor_p, (double)open_count * p_values[i]));
        p_values[i] = -floor_p;
        open_count--;
    }
    for (int64_t i = 0; i < count; i++) {
        p_values[i] = fabs(p_values[i]);
    }
}
