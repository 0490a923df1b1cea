/* SPDX-License-Identifier: Apache-2.0 */
/* The reductions that a backend can declare, literally as collectivex/ep.h states them.
 * Not where the messages come from (expected.c). */
#ifndef CX_FAMILY_EP_REDUCE_H
#define CX_FAMILY_EP_REDUCE_H

#include "base/arena.h"
#include "collectivex/ep.h"

/**
 * What comes home of one token. Token-rank: one message per rank, in the order in which ranks first
 * occur in the token's slots. Token-expert: one per slot.
 *
 * rows   [count] bf16 [elems] each, as decoded at home
 * ranks  [count] where each comes from
 * slots  [count] the first slot with that rank (token-expert: the slot itself)
 * gates  [count] token-expert alone
 */
typedef struct cx_ep_messages {
    int64_t          count, slot_count;
    const uint16_t **rows;
    int64_t         *ranks, *slots;
    float           *gates;
} cx_ep_messages_t;

/* Scratch of one reducing thread. */
typedef struct cx_ep_reducer {
    cx_ep_reduction_t reduction;
    int64_t           elems, domain_rank_count;
    float            *sum, *domain_sum; /* [elems] */
    uint16_t         *domain_row;       /* [elems] */
} cx_ep_reducer_t;

/* The first three members are set. errors CX_RESOURCE memory */
cx_status_t cx_ep_reducer_init(cx_ep_reducer_t *in_out, cx_arena_t *arena);

/* bf16 [elems]. Sums start at +0. */
void cx_ep_reduce(const cx_ep_reducer_t *reducer, const cx_ep_messages_t *messages,
                  uint16_t *row_out);

#endif
