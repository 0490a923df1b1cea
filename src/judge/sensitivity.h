/* SPDX-License-Identifier: Apache-2.0 */
/* How much a result depends on one thing: two cases that differ in that alone, size by size, and
 * the worst of several against one baseline. Not which cases differ in one thing alone (the
 * caller's), and nothing is averaged over sizes. */
#ifndef CX_JUDGE_SENSITIVITY_H
#define CX_JUDGE_SENSITIVITY_H

#include <stdbool.h>
#include <stdint.h>

/* A median with its interval, at one size. Unknown: NAN. */
typedef struct cx_measured {
    int64_t rung;
    double  p50, low, high;
} cx_measured_t;

/* A ladder, each size once, in any order. Borrowed. */
typedef struct cx_measured_ladder {
    int64_t              count;
    const cx_measured_t *points;
} cx_measured_ladder_t;

/**
 * The other ladder over the base, at sizes that both have a median for.
 *
 * ratio_...       smallest and largest other.p50 / base.p50, and where; NAN without a size
 * slower_count    sizes at which the other's interval lies above the base's; faster_count: below.
 *                 At the rest the intervals overlap or are unknown: no order is claimed
 * is_..._settled  at the size of that ratio the intervals are disjoint
 */
typedef struct cx_contrast {
    int64_t rung_count, slower_count, faster_count;
    double  ratio_min, ratio_max;
    int64_t ratio_min_rung, ratio_max_rung;
    bool    is_min_settled, is_max_settled;
} cx_contrast_t;

cx_contrast_t cx_contrast_ladders(const cx_measured_ladder_t *base,
                                  const cx_measured_ladder_t *other);

/**
 * The ladder with the highest ratio over the base at any size, and that contrast.
 * Returns its index; -1 when none shares a size with the base.
 */
int64_t cx_sensitivity_worst(const cx_measured_ladder_t *base, const cx_measured_ladder_t *others,
                             int64_t other_count, cx_contrast_t *out);

#endif
