/* SPDX-License-Identifier: Apache-2.0 */
/* Which process plays which rank of the expert-parallel group: placements in which ranks really
 * move. Not how a placement is chosen (family/ep/placement.h). */
#ifndef CX_RUN_EP_RANKS_H
#define CX_RUN_EP_RANKS_H

#include "run/ep_plan.h"
#include "run/rank_context.h"

/* The ranks as the core knows them now. */
cx_ep_ranks_t cx_ep_ranks_of(const cx_core_t *core);

/* Ranks by other numbers, for as long as a case runs. */
typedef struct cx_ep_renumbering {
    cx_rank_context_t    *context; /* NULL: nothing is renumbered */
    int32_t               rank;    /* what it was, and whom it talked through */
    const cx_peers_ops_t *peers_ops;
    cx_peers_t           *peers;
} cx_ep_renumbering_t;

/**
 * From here on the process of rank p is rank r of `context` where places[r] is p: for its core, and
 * for everybody it talks to. Local; all ranks do the same. An identity changes nothing.
 *
 * places  [rank_count], a permutation
 * errors  CX_RESOURCE memory
 */
cx_status_t cx_ep_ranks_renumber(cx_rank_context_t *context, const int32_t *places,
                                 cx_ep_renumbering_t *out);
void        cx_ep_ranks_restore(cx_ep_renumbering_t *renumbering);

#endif
