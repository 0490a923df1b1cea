/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the contents of a collective's buffers follow from, on any rank.
 * Not the buffers: those are cx_slot_t. */
#ifndef CX_FAMILY_COLLECTIVE_DATA_H
#define CX_FAMILY_COLLECTIVE_DATA_H

#include "collectivex/shape.h"

#include <stdint.h>

/**
 * One size of a case as one rank sees it. The same on every rank but for `rank`.
 *
 * shape, counts   borrowed; counts is cx_point_t::counts, NULL but for all_to_all_v
 * epoch           which filling of the buffers: raise it, and every input changes
 */
typedef struct cx_collective_data {
    const cx_shape_t *shape;
    int64_t           elems; /* of one block */
    const int64_t    *counts;
    int32_t           rank, rank_count;
    uint64_t          seed, epoch;
} cx_collective_data_t;

#endif
