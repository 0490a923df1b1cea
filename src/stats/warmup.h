/* SPDX-License-Identifier: Apache-2.0 */
/* Where warm-up ends in a series, and whether the rest stays on one level.
 * Not the decision what to do with an unstable case (judge/). */
#ifndef CX_STATS_WARMUP_H
#define CX_STATS_WARMUP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cx_warmup {
    int64_t discard_count; /* leading samples that are warm-up, the floor included */
    bool    is_settled;    /* what follows them stays on one level */
} cx_warmup_t;

/**
 * MSER-5 truncation of what follows the first `floor_count` samples.
 *
 * The series is cut into batches of 5, and the number d of leading batches is taken that minimises
 * the squared standard error of the rest, sum (x - mean)^2 / (batches - d)^2, with at least 5
 * batches kept. Our batches are represented by their median, not their mean: an isolated spike is
 * data of the tail, and with means MSER would cut right behind it and drop it from p99.
 *
 * Two stretches differ in level when each has 12 samples or more, their medians differ by more than
 * 5 % of the smaller, and their 95 % intervals (ci.h, with the effective count) are disjoint or do
 * not exist. Stretches beyond 4093 samples are thinned evenly for that.
 *
 * is_settled is false, with
 *   only the floor discarded       where the optimum lies in the second half, which makes MSER
 *                                  invalid, and the level before and after it differs;
 *   the truncation discarded       where the two halves of the rest differ in level;
 *   discard_count = count          where the floor leaves nothing.
 * An optimum in the second half without a change of level is noise; the best one of the first half
 * is then taken. Fewer than 24 samples after the floor can refute nothing: the caller's contract
 * sets how many it wants.
 *
 * shape   series [count] in time order; 0 <= floor_count
 * source  White, An Effective Truncation Heuristic for Bias Reduction in Simulation Output (1997);
 *         White, Cobb & Spratt (2000) for batches of 5; Hoad, Robinson & Davies, Automating
 *         Warm-up Length Estimation (2010), for rejecting the second half and the last 5 batches
 */
cx_warmup_t cx_warmup_detect(const double *series, int64_t count, int64_t floor_count);

#endif
