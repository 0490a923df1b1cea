/* SPDX-License-Identifier: Apache-2.0 */
/* Who sends how much to whom in all_to_all_v: from a number, or from a file.
 * Not how the blocks lie in memory (layout.c). */
#ifndef CX_FAMILY_COLLECTIVE_TRAFFIC_H
#define CX_FAMILY_COLLECTIVE_TRAFFIC_H

#include "base/fail.h"

#include <stdint.h>

/* Both fill counts[rank_count][rank_count], row = sender, elements. In both no rank sends or
 * receives more than rank_count * elems in all, which is what a row of all_to_all with the same
 * elems moves: so the size of a row is that of its busiest rank. */

/**
 * Incast by one number. Every rank sends the same: rank d is sent g^d times what rank 0 is sent,
 * and rank 0, the hottest, is sent exactly `elems` by each. g in [0, 1] is such that rank 0 is
 * sent (1 + skew_ratio) times the mean: 0 is uniform, rank_count - 1 is everything to rank 0.
 * Counts are rounded to the nearest element.
 * errors  CX_INVALID skew_ratio outside [0, rank_count - 1]
 */
cx_status_t cx_traffic_from_skew(int32_t rank_count, int64_t elems, double skew_ratio,
                                 int64_t *counts);

/**
 * A text file of rank_count lines with rank_count weights >= 0 each, line = sender, column =
 * destination; '#' starts a comment, blank lines do not count, commas may separate. Weights are
 * scaled so that the largest total that a rank sends or receives becomes rank_count * elems; each
 * count is rounded down.
 * errors  CX_INVALID "file:line:column: found ..., expected ..."; all weights zero · CX_RESOURCE
 */
cx_status_t cx_traffic_from_file(const char *path, int32_t rank_count, int64_t elems,
                                 int64_t *counts);

#endif
