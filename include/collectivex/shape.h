/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend is asked to do: the logical work of a case and, per size, its buffers.
 * Not how often or how it is timed: a backend never learns that. */
#ifndef COLLECTIVEX_SHAPE_H
#define COLLECTIVEX_SHAPE_H

#include "collectivex/ep.h"
#include "collectivex/types.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* name, slug, reduces, rooted */
#define CX_COLLECTIVE_MAP(X)                         \
    X(ALL_REDUCE, "all_reduce", true, false)         \
    X(ALL_GATHER, "all_gather", false, false)        \
    X(REDUCE_SCATTER, "reduce_scatter", true, false) \
    X(ALL_TO_ALL, "all_to_all", false, false)        \
    X(ALL_TO_ALL_V, "all_to_all_v", false, false)    \
    X(BROADCAST, "broadcast", false, true)           \
    X(REDUCE, "reduce", true, true)                  \
    X(GATHER, "gather", false, true)                 \
    X(SCATTER, "scatter", false, true)               \
    X(SEND_RECV, "send_recv", false, false)          \
    X(BARRIER, "barrier", false, false)

typedef enum cx_collective {
#define CX_COLLECTIVE_ENUM(name, slug, reduces, rooted) CX_COLLECTIVE_##name,
    CX_COLLECTIVE_MAP(CX_COLLECTIVE_ENUM)
#undef CX_COLLECTIVE_ENUM
        CX_COLLECTIVE_COUNT
} cx_collective_t;

typedef enum cx_family { CX_FAMILY_COLLECTIVE, CX_FAMILY_EP, CX_FAMILY_COUNT } cx_family_t;

/**
 * The logical work of a case; the same on every rank.
 *
 * Semantics of `elems`, the element count of one *block*, per operation with N ranks:
 *   all_reduce, send_recv                       send elems, receive elems
 *   broadcast                                   root sends elems, all others receive elems
 *   reduce                                      all send elems, root receives elems
 *   all_gather, gather                          send elems, receive N*elems (gather: root only)
 *   reduce_scatter, scatter                     send N*elems (scatter: root only), receive elems
 *   all_to_all                                  send N*elems, receive N*elems
 *   all_to_all_v                                counts and displacements of cx_point_t
 *   barrier                                     nothing
 * send_recv is a ring: rank r sends to r+1 and receives from r-1, modulo N. The root's own block is
 * part of a reduce, gather and scatter; a broadcast leaves its root's data where it is.
 * In place (`is_in_place`), as MPI and nccl-tests define it: one buffer, where the rank's own block
 * already lies at its place: all_gather/gather send = recv + rank*elems; reduce_scatter/scatter
 * recv = send + rank*elems; the others send == recv.
 */
typedef struct cx_shape {
    cx_family_t     family;
    cx_collective_t op;
    cx_dtype_t      dtype;
    cx_redop_t      redop;
    int32_t         root_rank; /* -1 where no rank is special */
    bool            is_in_place;
    cx_ep_problem_t ep; /* family ep alone, which uses none of the members between */
} cx_shape_t;

/**
 * One set of buffers. Timed iterations rotate over the slots of a point. Device memory, borrowed.
 *
 * send, recv    this rank's; NULL where the rank sends (or receives) nothing
 * ..._offset    where the buffer lies in `region`, in bytes, the same on *every* rank: so a peer's
 *               buffer is found in its imported region. In place both are the one buffer's offset,
 *               and rank r's own block lies r*elems further in (all_gather, gather: send;
 *               reduce_scatter, scatter: recv).
 */
typedef struct cx_slot {
    const void *send;
    void       *recv;
    size_t      send_offset, recv_offset;
} cx_slot_t;

/**
 * One size of a case, ready to run on this rank.
 *
 * region      one allocation of region_bytes that holds every slot; what a backend registers or
 *             exports. NULL for barrier.
 * counts      all_to_all_v only: [rank_count][rank_count] elements, row = sender, the same table
 *             on every rank; blocks lie packed in rank order, in the send buffer by destination
 *             and in the receive buffer by source
 * ep_slots    family ep only, where one point holds the slots of every size of the case, and elems
 *             and message_bytes mean nothing
 */
typedef struct cx_point {
    int64_t          elems;
    int64_t          message_bytes; /* the size the row is known by: max(send, receive) of a rank */
    int32_t          slot_count;
    const cx_slot_t *slots;
    void            *region;
    size_t           region_bytes;
    cx_memory_t      memory;
    const int64_t   *counts;
    const cx_ep_slot_t *ep_slots; /* family ep: [slot_count] instead of slots */
} cx_point_t;

#ifdef __cplusplus
}
#endif
#endif
