/* SPDX-License-Identifier: Apache-2.0 */
/* From one number per rank and sample to one number per sample.
 * Not which reduction a regime publishes (its contract says so). */
#ifndef CX_STATS_RANKS_H
#define CX_STATS_RANKS_H

#include <stdint.h>

typedef enum cx_rank_reduction {
    CX_RANK_REDUCTION_MAX, /* completion: the last rank decides */
    CX_RANK_REDUCTION_MIN,
    CX_RANK_REDUCTION_MEAN,
    CX_RANK_REDUCTION_MEDIAN, /* nearest rank: the lower one of an even rank count */
    CX_RANK_REDUCTION_COUNT
} cx_rank_reduction_t;

/**
 * out[i] is the reduction over ranks of sample i; the order of the ranks does not matter.
 *
 * shape   samples [rank_count][sample_count] row-major, rank_count >= 1; scratch [rank_count];
 *         out [sample_count]
 * units   those of the samples
 */
void cx_reduce_ranks(const double *samples, int64_t rank_count, int64_t sample_count,
                     cx_rank_reduction_t how, double *scratch, double *out);

#endif
