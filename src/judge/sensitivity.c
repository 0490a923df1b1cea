/* SPDX-License-Identifier: Apache-2.0 */
/* Ratios of medians, and whether their intervals allow an order. */
#include "judge/sensitivity.h"

#include <math.h>
#include <stddef.h>

static const cx_measured_t *find_rung(const cx_measured_ladder_t *ladder, int64_t rung)
{
    for (int64_t i = 0; i < ladder->count; i++) {
        if (ladder->points[i].rung == rung) {
            return &ladder->points[i];
        }
    }
    return NULL;
}

/* Comparisons with an unknown end are false: no order is claimed. */
static void add_rung(const cx_measured_t *base, const cx_measured_t *other, cx_contrast_t *out)
{
    const double ratio     = other->p50 / base->p50;
    const bool   is_slower = other->low > base->high, is_faster = other->high < base->low;

    if (!isfinite(ratio)) {
        return;
    }
    out->rung_count++;
    out->slower_count += is_slower;
    out->faster_count += is_faster;
    if (!(out->ratio_min <= ratio)) {
        out->ratio_min      = ratio;
        out->ratio_min_rung = base->rung;
        out->is_min_settled = is_slower || is_faster;
    }
    if (!(out->ratio_max >= ratio)) {
        out->ratio_max      = ratio;
        out->ratio_max_rung = base->rung;
        out->is_max_settled = is_slower || is_faster;
    }
}

cx_contrast_t cx_contrast_ladders(const cx_measured_ladder_t *base,
                                  const cx_measured_ladder_t *other)
{
    cx_contrast_t contrast = {.ratio_min = (double)NAN, .ratio_max = (double)NAN};

    for (int64_t i = 0; i < base->count; i++) {
        const cx_measured_t *rival = find_rung(other, base->points[i].rung);

        if (rival) {
            add_rung(&base->points[i], rival, &contrast);
        }
    }
    return contrast;
}

int64_t cx_sensitivity_worst(const cx_measured_ladder_t *base, const cx_measured_ladder_t *others,
                             int64_t other_count, cx_contrast_t *out)
{
    int64_t worst = -1;

    for (int64_t i = 0; i < other_count; i++) {
        const cx_contrast_t contrast = cx_contrast_ladders(base, &others[i]);

        if (contrast.rung_count > 0 && (worst < 0 || contrast.ratio_max > out->ratio_max)) {
            worst = i;
            *out  = contrast;
        }
    }
    return worst;
}
