/* SPDX-License-Identifier: Apache-2.0 */
/* Which place of the machine each rank of the expert-parallel group takes. Places are numbered by
 * node, so that place p lies on node p div node_rank_count and in scale-up domain p div
 * domain_rank_count. Not which rank owns an expert: that is expert div experts per rank, always. */
#ifndef CX_FAMILY_EP_PLACEMENT_H
#define CX_FAMILY_EP_PLACEMENT_H

#include "base/arena.h"
#include "base/fail.h"
#include "model/ep_words.h"

#include <stdint.h>

typedef struct cx_ep_places {
    int64_t rank_count, domain_rank_count; /* the last domain may be smaller */
    /* [rank_count][rank_count], row = source: payload copies; read by adversarial alone */
    const int64_t *copies;
} cx_ep_places_t;

/**
 * The place of each rank: int32 [rank_count], a permutation.
 *
 * adversarial  ranks, those with the most traffic first (ties: lowest rank), each go into the
 *              domain with room whose ranks they exchange the least with (ties: lowest domain)
 * errors       CX_RESOURCE memory
 */
cx_status_t cx_ep_place_ranks(cx_ep_placement_t placement, const cx_ep_places_t *places,
                              cx_arena_t *arena, int32_t *position_of_rank_out);

#endif
