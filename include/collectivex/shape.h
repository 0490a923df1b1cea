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

/* name, slug, what it is. allreduce is one operation, all_reduce out of place, done in the ways in
 * which inference engines do it; limits is what the machine can do at all. */
#define CX_FAMILY_MAP(X)        \
    X(COLLECTIVE, "collective") \
    X(EP, "ep")                 \
    X(ALLREDUCE, "allreduce")   \
    X(LIMITS, "limits")

typedef enum cx_family {
#define CX_FAMILY_ENUM(name, slug) CX_FAMILY_##name,
    CX_FAMILY_MAP(CX_FAMILY_ENUM)
#undef CX_FAMILY_ENUM
        CX_FAMILY_COUNT
} cx_family_t;

/* Ways to reduce; DEFAULT leaves the choice to the library. */
#define CX_ALGORITHM_MAP(X)   \
    X(DEFAULT, "default")     \
    X(RING, "ring")           \
    X(TREE, "tree")           \
    X(SYMMETRIC, "symmetric") \
    X(ONE_SHOT, "one-shot")   \
    X(TWO_SHOT, "two-shot")

typedef enum cx_algorithm {
#define CX_ALGORITHM_ENUM(name, slug) CX_ALGORITHM_##name,
    CX_ALGORITHM_MAP(CX_ALGORITHM_ENUM)
#undef CX_ALGORITHM_ENUM
        CX_ALGORITHM_COUNT
} cx_algorithm_t;

/* What limits a machine; which of them move bytes is in CX_LIMIT_MAP. */
#define CX_LIMIT_MAP(X)                        \
    X(COPY_ENGINE, "copy_engine", true)        \
    X(SM_STORE, "sm_store", true)              \
    X(SM_LOAD, "sm_load", true)                \
    X(SM_STORE_ALL, "sm_store_all", true)      \
    X(MEMORY_COPY, "memory_copy", true)        \
    X(FLAG, "flag", false)                     \
    X(DEVICE_BARRIER, "device_barrier", false) \
    X(LAUNCH, "launch", false)                 \
    X(GRAPH_LAUNCH, "graph_launch", false)

typedef enum cx_limit {
#define CX_LIMIT_ENUM(name, slug, moves_bytes) CX_LIMIT_##name,
    CX_LIMIT_MAP(CX_LIMIT_ENUM)
#undef CX_LIMIT_ENUM
        CX_LIMIT_COUNT
} cx_limit_t;

/* One operation of limit flag is this many round trips, so that the launch around them hardly
 * counts; its samples are divided by it, exactly, as it is a power of two. */
#define CX_LIMIT_FLAG_ROUNDS 128

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
    cx_ep_problem_t ep;          /* family ep alone, which uses none of the members between */
    cx_algorithm_t  algorithm;   /* family allreduce, whose op is ALL_REDUCE */
    cx_limit_t      limit;       /* family limits; where bytes are moved, op is ALL_TO_ALL_V */
    int32_t         block_count; /* family limits: of a copying kernel; 0: the device's */
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
