/* SPDX-License-Identifier: Apache-2.0 */
/* Who moves how many bytes to whom in one operation of a limit. Not who does the moving: that is
 * the sender, or in limit sm_load the receiver (include/collectivex/shape.h). */
#ifndef CX_FAMILY_LIMITS_TRAFFIC_H
#define CX_FAMILY_LIMITS_TRAFFIC_H

#include "collectivex/shape.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * The rung `wanted_bytes` of a ladder, which is what one rank moves in an operation, as elements of
 * one block, rounded down; 0 for a limit that moves nothing. False, with nothing written, when not
 * even one element fits.
 */
bool cx_limits_size(const cx_shape_t *shape, int32_t rank_count, int64_t wanted_bytes,
                    int64_t *elems);

/**
 * The table of cx_point_t::counts. Rank 0 alone moves, or all ranks do: to the next rank (in
 * memory_copy to itself, in sm_store_all to all others), in sm_load from the next rank.
 *
 * counts  [rank_count][rank_count], row = sender; zeroed by the caller
 */
void cx_limits_traffic(const cx_shape_t *shape, bool do_all_move, int32_t rank_count, int64_t elems,
                       int64_t *counts);

/* What a bandwidth is over: the bytes moved, of a copy in one memory those read and those written.
 * Any other family: message_bytes. */
int64_t cx_limits_copied_bytes(const cx_shape_t *shape, int64_t message_bytes);

#endif
