/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions over ranks.
 * Not the gathering of the samples (peers/). */
#include "stats/ranks.h"

#include "stats/quantile.h"
#include "stats/spread.h"

#include <assert.h>

const char *cx_rank_reduction_slug(cx_rank_reduction_t how)
{
    static const char *const slugs[CX_RANK_REDUCTION_COUNT] = {
        [CX_RANK_REDUCTION_MAX]    = "max",
        [CX_RANK_REDUCTION_MIN]    = "min",
        [CX_RANK_REDUCTION_MEAN]   = "mean",
        [CX_RANK_REDUCTION_MEDIAN] = "median",
    };

    assert(how < CX_RANK_REDUCTION_COUNT);
    return slugs[how];
}

/* Sorted first, so that even the rounding of the mean is the same in any order of the ranks. */
static double reduce(double *values, int64_t count, cx_rank_reduction_t how)
{
    cx_sort(values, count);
    switch (how) {
    case CX_RANK_REDUCTION_MIN:
        return values[0];
    case CX_RANK_REDUCTION_MEAN:
        return cx_mean(values, count);
    case CX_RANK_REDUCTION_MEDIAN:
        return cx_quantile_nearest_rank(values, count, 0.5);
    default:
        return values[count - 1];
    }
}

void cx_reduce_ranks(const double *samples, int64_t rank_count, int64_t sample_count,
                     cx_rank_reduction_t how, double *scratch, double *out)
{
    for (int64_t i = 0; i < sample_count; i++) {
        for (int64_t rank = 0; rank < rank_count; rank++) {
            scratch[rank] = samples[rank * sample_count + i];
        }
        out[i] = reduce(scratch, rank_count, how);
    }
}

double cx_rank_spread_ratio(const double *samples, int64_t rank_count, int64_t sample_count,
                            double *scratch)
{
    double *medians = scratch;
    double *sorted  = scratch + rank_count;

    for (int64_t rank = 0; rank < rank_count; rank++) {
        cx_sort_copy(samples + rank * sample_count, sample_count, sorted);
        medians[rank] = cx_quantile_nearest_rank(sorted, sample_count, 0.5);
    }
    cx_sort(medians, rank_count);
    return cx_sorted_spread_ratio(medians, rank_count);
}
