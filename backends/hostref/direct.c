/* SPDX-License-Identifier: Apache-2.0 */
/* Collectives of large messages: enter, move or reduce a share in everyone's buffers, leave.
 * Not a schedule of steps: ranks share the work evenly and meet twice. */
#include "direct.h"

#include "copy.h"
#include "flags.h"

#include <string.h>

/* Shares of a buffer begin on whole pairs of lines, so that no two ranks write to one. */
#define SHARE_BYTES CX_HOSTREF_LINE_BYTES
/* A piece that is read once and written to several ranks stays in the first cache meanwhile. */
#define PIECE_BYTES CX_HOSTREF_CHUNK_BYTES

typedef struct range {
    size_t begin, end; /* bytes */
} range_t;

/* The share of `rank` in bytes [0, bytes). */
static range_t share_of(const cx_session_t *session, size_t bytes, int32_t rank)
{
    const size_t count = (size_t)session->rank_count;
    const size_t lines = (bytes + SHARE_BYTES - 1) / SHARE_BYTES;
    const size_t each  = (lines + count - 1) / count * SHARE_BYTES;
    const size_t begin = (size_t)rank * each, end = begin + each;

    return (range_t){begin < bytes ? begin : bytes, end < bytes ? end : bytes};
}

static size_t min_bytes(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Rooted operations in which each rank deals with the root alone; send_recv is a ring. */
static bool meets(const cx_session_t *session, int32_t rank)
{
    const int32_t root = session->shape.root_rank, me = session->rank, n = session->rank_count;

    switch (session->shape.op) {
    case CX_COLLECTIVE_GATHER:
    case CX_COLLECTIVE_SCATTER:
        return me == root || rank == root;
    case CX_COLLECTIVE_SEND_RECV:
        return rank == (me + 1) % n || me == (rank + 1) % n;
    default:
        return true;
    }
}

void cx_hostref_direct_meet(cx_session_t *session)
{
    session->partner_count = 0;
    for (int32_t i = 1; i < session->rank_count; i++) {
        const int32_t rank = (session->rank + i) % session->rank_count;

        if (meets(session, rank)) {
            session->partners[session->partner_count++] = rank;
        }
    }
}

/* After this nobody touches ours any more, and what they wrote has arrived. */
static cx_status_t leave(cx_session_t *session)
{
    cx_hostref_say_done(session);
    return cx_hostref_wait_all_done(session, session->sequence);
}

static void copy(const cx_session_t *session, void *to, const void *from, size_t bytes)
{
    if (to != from) {
        cx_hostref_copy(to, from, bytes, session->is_streaming);
    }
}

/* Reduces bytes [skip, skip + bytes) of every rank's send buffer. */
static void reduce_range(cx_session_t *session, const cx_slot_t *slot, size_t skip, size_t bytes,
                         void *out)
{
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        session->parts[rank] = cx_hostref_send(session, slot, rank) + skip;
    }
    cx_hostref_reduce(&session->reducer, out, session->parts, session->rank_count,
                      bytes / session->elem_bytes);
}

/* The same, straight to where it belongs or, around the caches, piece by piece. */
static void reduce_into(cx_session_t *session, const cx_slot_t *slot, size_t skip, size_t bytes,
                        unsigned char *out)
{
    _Alignas(64) unsigned char piece[PIECE_BYTES];

    if (!session->is_streaming) {
        reduce_range(session, slot, skip, bytes, out);
        return;
    }
    for (size_t at = 0; at < bytes; at += PIECE_BYTES) {
        const size_t part_bytes = min_bytes(bytes - at, PIECE_BYTES);

        reduce_range(session, slot, skip + at, part_bytes, piece);
        copy(session, out + at, piece, part_bytes);
    }
}

/* In place this is safe: nobody else reads or writes this rank's share, in any buffer. */
static cx_status_t run_all_reduce(cx_session_t *session, const cx_slot_t *slot)
{
    const range_t              share = share_of(session, session->block_bytes, session->rank);
    unsigned char             *own   = cx_hostref_recv(session, slot, session->rank);
    _Alignas(64) unsigned char piece[PIECE_BYTES];

    CX_HOSTREF_TRY(cx_hostref_enter(session));
    for (size_t at = share.begin; at < share.end; at += PIECE_BYTES) {
        const size_t   bytes  = min_bytes(share.end - at, PIECE_BYTES);
        unsigned char *result = session->is_streaming ? piece : own + at;

        reduce_range(session, slot, at, bytes, result);
        for (int32_t rank = 0; rank < session->rank_count; rank++) {
            copy(session, cx_hostref_recv(session, slot, rank) + at, result, bytes);
        }
    }
    return leave(session);
}

/* Everybody reduces everything, and writes to nobody. */
cx_status_t cx_hostref_direct_one_shot(cx_session_t *session, const cx_slot_t *slot)
{
    CX_HOSTREF_TRY(cx_hostref_enter(session));
    reduce_into(session, slot, 0, session->block_bytes,
                cx_hostref_recv(session, slot, session->rank));
    return leave(session);
}

static cx_status_t run_reduce(cx_session_t *session, const cx_slot_t *slot)
{
    const range_t  share = share_of(session, session->block_bytes, session->rank);
    unsigned char *out   = cx_hostref_recv(session, slot, session->shape.root_rank);

    CX_HOSTREF_TRY(cx_hostref_enter(session));
    reduce_into(session, slot, share.begin, share.end - share.begin, out + share.begin);
    return leave(session);
}

static cx_status_t run_reduce_scatter(cx_session_t *session, const cx_slot_t *slot)
{
    CX_HOSTREF_TRY(cx_hostref_enter(session));
    reduce_into(session, slot, (size_t)session->rank * session->block_bytes, session->block_bytes,
                cx_hostref_recv(session, slot, session->rank));
    return leave(session);
}

/* The root's data is where it is (shape.h): its receive area, if any, is left alone. */
static cx_status_t run_broadcast(cx_session_t *session, const cx_slot_t *slot)
{
    const int32_t        root  = session->shape.root_rank;
    const range_t        share = share_of(session, session->block_bytes, session->rank);
    const unsigned char *send  = cx_hostref_send(session, slot, root);

    CX_HOSTREF_TRY(cx_hostref_enter(session));
    for (size_t at = share.begin; at < share.end; at += PIECE_BYTES) {
        const size_t bytes = min_bytes(share.end - at, PIECE_BYTES);

        for (int32_t rank = 0; rank < session->rank_count; rank++) {
            if (rank != root) {
                copy(session, cx_hostref_recv(session, slot, rank) + at, send + at, bytes);
            }
        }
    }
    return leave(session);
}

static cx_status_t run_all_gather(cx_session_t *session, const cx_slot_t *slot)
{
    unsigned char *recv = cx_hostref_recv(session, slot, session->rank);

    CX_HOSTREF_TRY(cx_hostref_enter(session));
    for (int32_t i = 0; i < session->rank_count; i++) {
        const int32_t rank = (session->rank + i) % session->rank_count;

        copy(session, recv + (size_t)rank * session->block_bytes,
             cx_hostref_send(session, slot, rank), session->block_bytes);
    }
    return leave(session);
}

/**
 * The part of a block between the root and `rank` that this rank, one of the two, moves. Out of
 * place the root has a block of its own to copy, and leaves the others to their ranks.
 */
static range_t rooted_part(const cx_session_t *session, int32_t rank)
{
    const size_t bytes = session->block_bytes;
    const size_t cut   = session->shape.is_in_place ? share_of(session, bytes, 0).end : 0;

    if (rank == session->shape.root_rank) {
        return (range_t){0, bytes};
    }
    return session->rank == rank ? (range_t){cut, bytes} : (range_t){0, cut};
}

static void gather_block(const cx_session_t *session, const cx_slot_t *slot, int32_t rank)
{
    const range_t  part = rooted_part(session, rank);
    unsigned char *recv = cx_hostref_recv(session, slot, session->shape.root_rank) +
                          (size_t)rank * session->block_bytes;

    copy(session, recv + part.begin, cx_hostref_send(session, slot, rank) + part.begin,
         part.end - part.begin);
}

static void scatter_block(const cx_session_t *session, const cx_slot_t *slot, int32_t rank)
{
    const range_t        part = rooted_part(session, rank);
    const unsigned char *send = cx_hostref_send(session, slot, session->shape.root_rank) +
                                (size_t)rank * session->block_bytes;

    copy(session, cx_hostref_recv(session, slot, rank) + part.begin, send + part.begin,
         part.end - part.begin);
}

static cx_status_t run_rooted(cx_session_t *session, const cx_slot_t *slot,
                              void (*move)(const cx_session_t *, const cx_slot_t *, int32_t))
{
    CX_HOSTREF_TRY(cx_hostref_enter(session));
    if (session->rank != session->shape.root_rank) {
        move(session, slot, session->rank);
        return leave(session);
    }
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        move(session, slot, rank);
    }
    return leave(session);
}

static cx_status_t run_gather(cx_session_t *session, const cx_slot_t *slot)
{
    return run_rooted(session, slot, gather_block);
}

static cx_status_t run_scatter(cx_session_t *session, const cx_slot_t *slot)
{
    return run_rooted(session, slot, scatter_block);
}

static cx_status_t run_send_recv(cx_session_t *session, const cx_slot_t *slot)
{
    const int32_t from = (session->rank + session->rank_count - 1) % session->rank_count;

    CX_HOSTREF_TRY(cx_hostref_enter(session));
    copy(session, cx_hostref_recv(session, slot, session->rank),
         cx_hostref_send(session, slot, from), session->block_bytes);
    return leave(session);
}

/* Both of a pair exchange two blocks in place, each one half of them. */
static void swap_with(const cx_session_t *session, const cx_slot_t *slot, int32_t rank)
{
    const size_t   bytes = session->block_bytes;
    const size_t   cut   = bytes / 2 / SHARE_BYTES * SHARE_BYTES;
    const range_t  part  = session->rank < rank ? (range_t){0, cut} : (range_t){cut, bytes};
    unsigned char *mine  = cx_hostref_recv(session, slot, session->rank) + (size_t)rank * bytes;
    unsigned char *other = cx_hostref_recv(session, slot, rank) + (size_t)session->rank * bytes;

    cx_hostref_swap(mine + part.begin, other + part.begin, part.end - part.begin);
}

static void pull_from(const cx_session_t *session, const cx_slot_t *slot, int32_t rank)
{
    const cx_hostref_block_t block = cx_hostref_block(session, rank, session->rank);

    copy(session, cx_hostref_recv(session, slot, session->rank) + block.recv_skip_bytes,
         cx_hostref_send(session, slot, rank) + block.send_skip_bytes, block.bytes);
}

static cx_status_t run_all_to_all(cx_session_t *session, const cx_slot_t *slot)
{
    CX_HOSTREF_TRY(cx_hostref_enter(session));
    if (!session->shape.is_in_place) {
        pull_from(session, slot, session->rank);
    }
    for (int32_t i = 1; i < session->rank_count; i++) {
        const int32_t rank = (session->rank + i) % session->rank_count;

        if (session->shape.is_in_place) {
            swap_with(session, slot, rank);
        } else {
            pull_from(session, slot, rank);
        }
    }
    return leave(session);
}

cx_hostref_run_fn cx_hostref_direct_run(cx_collective_t op)
{
    static const cx_hostref_run_fn runs[CX_COLLECTIVE_COUNT] = {
        [CX_COLLECTIVE_ALL_REDUCE]     = run_all_reduce,
        [CX_COLLECTIVE_ALL_GATHER]     = run_all_gather,
        [CX_COLLECTIVE_REDUCE_SCATTER] = run_reduce_scatter,
        [CX_COLLECTIVE_ALL_TO_ALL]     = run_all_to_all,
        [CX_COLLECTIVE_ALL_TO_ALL_V]   = run_all_to_all,
        [CX_COLLECTIVE_BROADCAST]      = run_broadcast,
        [CX_COLLECTIVE_REDUCE]         = run_reduce,
        [CX_COLLECTIVE_GATHER]         = run_gather,
        [CX_COLLECTIVE_SCATTER]        = run_scatter,
        [CX_COLLECTIVE_SEND_RECV]      = run_send_recv,
    };

    return runs[op];
}
