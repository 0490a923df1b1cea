/* SPDX-License-Identifier: Apache-2.0 */
/* Family `ep`: where the rows of a dispatch lie, on this rank and on its peers.
 * Not the phases (ep_dispatch.c, ep_combine.c) and not the sums (ep_sum.h).
 *
 * Rows are pulled: whoever needs one copies it from its owner's memory. What a rank receives lies
 * in its planes, in lists: one list per rank (token-rank), or one per local expert (token-expert).
 * A list has the tokens of rank 0 first, then those of rank 1 and so on, each in the order of its
 * tokens; so a table of where each source begins is all that a combine needs to find its rows.
 */
#ifndef CX_HOSTREF_EP_H
#define CX_HOSTREF_EP_H

#include "hostref.h"

#include "ep_sum.h"

/* A row in one codec; without scales in most. */
typedef struct cx_hostref_ep_format {
    cx_codec_t codec;
    size_t     payload_bytes, scale_bytes;
} cx_hostref_ep_format_t;

/* Rows in planes, one behind the other. */
typedef struct cx_hostref_ep_rows {
    size_t payload_offset, scales_offset;
} cx_hostref_ep_rows_t;

/* A slot in the planes: offsets are the same on every rank, the rest is of the last dispatch. */
typedef struct cx_hostref_ep_slot {
    int64_t              row_capacity; /* of a list */
    cx_hostref_ep_rows_t received;     /* [list_count][row_capacity] rows as they came */
    size_t               staged_offset;
    size_t               row_experts_offset, row_gates_offset; /* token-rank: [row][topk] */
    size_t               begins_offset; /* int32 [rank_count][list_count]: a source's first row */
    size_t               counts_offset; /* int32 [local_expert_count]: rows of each expert */
    int64_t              row_count, wire_bytes;
} cx_hostref_ep_slot_t;

/* What a prepared point of this family needs. All arrays are owned. */
typedef struct cx_hostref_ep {
    bool                   is_by_expert; /* layout token-expert; else token-rank */
    int32_t                topk, local_expert_count;
    int32_t                list_count; /* of a rank */
    size_t                 row_bytes;  /* of a row in bf16 */
    cx_hostref_ep_format_t dispatch, combine;

    /* Every rank's planes: all slots, and what this rank encoded for others to pull. */
    cx_share_t            planes;
    cx_hostref_ep_slot_t *slots;
    cx_hostref_ep_rows_t  outbox;    /* this rank's tokens; pulled by dispatches */
    cx_hostref_ep_rows_t  homebound; /* as `staged` of the running combine; pulled by combines */
    uint64_t dispatch_sequence, combine_sequence; /* of the last ones: who still reads those */

    int32_t                 *cursors;  /* [rank_count * list_count]: next row of a list */
    int32_t                 *row_at;   /* [rank_count]: a token's row on that rank; -1: none */
    cx_hostref_ep_summand_t *summands; /* [topk]: rows of one token */
    uint16_t                *decoded;  /* [topk] bf16 rows that came home encoded */
    uint16_t                *sums;     /* [topk] bf16 rows: a sum per scale-up domain */
} cx_hostref_ep_t;

extern const cx_hostref_family_t cx_hostref_ep;

cx_ep_caps_t cx_hostref_ep_caps(cx_ep_mode_t mode);

/**
 * Places all slots in the planes, for the routing that lies in every rank's region.
 *
 * errors  CX_INVALID a token with an expert that is not there, or twice the same
 */
cx_status_t cx_hostref_ep_plan(cx_session_t *session, size_t *plane_bytes_out);

/* The phases; data is moved when they return. */
cx_status_t cx_hostref_ep_dispatch(cx_session_t *session, int32_t slot_index);
cx_status_t cx_hostref_ep_stage(cx_session_t *session, int32_t slot_index);
cx_status_t cx_hostref_ep_combine(cx_session_t *session, int32_t slot_index);

/* Waits until no combine of a peer reads what this rank received. */
cx_status_t cx_hostref_ep_inspect(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view);

static inline unsigned char *cx_hostref_ep_plane(const cx_session_t *session, int32_t rank,
                                                 size_t offset)
{
    return (unsigned char *)session->ep->planes.bases[rank] + offset;
}

static inline int32_t *cx_hostref_ep_table(const cx_session_t *session, int32_t rank, size_t offset)
{
    return (int32_t *)(void *)cx_hostref_ep_plane(session, rank, offset);
}

/* Rank r's x, experts or gates, as mapped here. */
static inline const void *cx_hostref_ep_input(const cx_session_t *session, int32_t rank,
                                              size_t offset)
{
    return (const unsigned char *)session->region.bases[rank] + offset;
}

/* Rows of one of this rank's lists. */
static inline int64_t cx_hostref_ep_list_rows(const cx_session_t         *session,
                                              const cx_hostref_ep_slot_t *slot, int32_t list)
{
    return session->ep->is_by_expert
               ? cx_hostref_ep_table(session, session->rank, slot->counts_offset)[list]
               : slot->row_count;
}

#endif
