/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions over ranks.
 * Not the gathering of the samples (peers/). */
#include "stats/ranks.h"

#include "stats/quantile.h"
#include "stats/spread.h"

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
