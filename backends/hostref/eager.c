/* SPDX-License-Identifier: Apache-2.0 */
/* Collectives of small messages, through lanes in shared control memory.
 * Not a general queue: every rank knows which operation comes next. */
#include "eager.h"

#include "flags.h"

#include <string.h>

/* What shares a line with its flag; more starts on a line of its own. */
#define INLINE_BYTES 56u
#define OUTLINE_OFFSET 64u

/**
 * One message in control memory. Rank s owns [rank_count lanes][CX_HOSTREF_DEPTH] of them; lane d
 * is what s tells d, lane s what s tells everybody. Operation q uses entry q % CX_HOSTREF_DEPTH.
 */
typedef struct message {
    _Atomic uint64_t sequence; /* of the operation whose payload this is */
    unsigned char    payload[INLINE_BYTES];
} message_t;

size_t cx_hostref_lane_bytes(int64_t eager_bytes)
{
    const size_t lines =
        (OUTLINE_OFFSET + (size_t)eager_bytes + CX_HOSTREF_LINE_BYTES - 1) / CX_HOSTREF_LINE_BYTES;

    /* An odd number of lines, lest all entries fall on the same few sets of a cache. */
    return (lines | 1u) * CX_HOSTREF_LINE_BYTES;
}

size_t cx_hostref_control_bytes(int32_t rank_count, size_t lane_bytes)
{
    return sizeof(cx_hostref_flags_t) + (size_t)rank_count * CX_HOSTREF_DEPTH * lane_bytes;
}

static message_t *message_at(const cx_session_t *session, int32_t source, int32_t lane)
{
    const size_t   index = (size_t)lane * CX_HOSTREF_DEPTH + session->sequence % CX_HOSTREF_DEPTH;
    unsigned char *base  = session->control.bases[source];

    return (message_t *)(void *)(base + sizeof(cx_hostref_flags_t) + index * session->lane_bytes);
}

static unsigned char *payload_of(message_t *message, size_t bytes)
{
    return bytes <= INLINE_BYTES ? message->payload : (unsigned char *)message + OUTLINE_OFFSET;
}

/* The entry is free once its readers have ended the operation that used it last. */
static cx_status_t await_credit(cx_session_t *session, int32_t lane)
{
    const bool     is_for_all = lane == session->rank;
    const int32_t  first      = is_for_all ? 0 : lane;
    const int32_t  end        = is_for_all ? session->rank_count : lane + 1;
    const uint64_t sequence   = session->sequence;

    if (sequence <= CX_HOSTREF_DEPTH) {
        return CX_OK;
    }
    for (int32_t rank = first; rank < end; rank++) {
        if (rank != session->rank) {
            CX_HOSTREF_TRY(cx_hostref_wait_done(session, rank, sequence - CX_HOSTREF_DEPTH));
        }
    }
    return CX_OK;
}

static cx_status_t put(cx_session_t *session, int32_t lane, const void *data, size_t bytes)
{
    message_t *message = message_at(session, session->rank, lane);

    CX_HOSTREF_TRY(await_credit(session, lane));
    memcpy(payload_of(message, bytes), data, bytes);
    atomic_store_explicit(&message->sequence, session->sequence, memory_order_release);
    return CX_OK;
}

/* The payload stays valid until this rank says it is done. */
static cx_status_t get(cx_session_t *session, int32_t source, int32_t lane, size_t bytes,
                       const void **payload)
{
    message_t *message = message_at(session, source, lane);

    CX_HOSTREF_TRY(cx_hostref_wait(session, &message->sequence, session->sequence, source));
    /* Whoever is in this operation has ended the one before. */
    if (session->done_seen[source] < session->sequence - 1) {
        session->done_seen[source] = session->sequence - 1;
    }
    *payload = payload_of(message, bytes);
    return CX_OK;
}

/* To everybody, whatever they read of it. */
static cx_status_t put_all(cx_session_t *session, const void *data, size_t bytes)
{
    return session->rank_count == 1 ? CX_OK : put(session, session->rank, data, bytes);
}

static cx_status_t get_into(cx_session_t *session, int32_t source, int32_t lane, void *to,
                            size_t bytes)
{
    const void *payload;

    CX_HOSTREF_TRY(get(session, source, lane, bytes, &payload));
    memcpy(to, payload, bytes);
    return CX_OK;
}

/* In place, an own block is where it belongs. */
static void copy_own(void *to, const void *from, size_t bytes)
{
    if (to != from) {
        memcpy(to, from, bytes);
    }
}

static cx_status_t reduce_lanes(cx_session_t *session, bool is_for_all, const void *own, void *out)
{
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        const int32_t lane = is_for_all ? rank : session->rank;

        if (rank == session->rank) {
            session->parts[rank] = own;
        } else {
            CX_HOSTREF_TRY(get(session, rank, lane, session->block_bytes, &session->parts[rank]));
        }
    }
    cx_hostref_reduce(&session->reducer, out, session->parts, session->rank_count,
                      (size_t)session->point->elems);
    return CX_OK;
}

static cx_status_t run_barrier(cx_session_t *session, const cx_slot_t *slot)
{
    (void)slot;
    CX_HOSTREF_TRY(put_all(session, "", 0));
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        const void *nothing;

        if (rank != session->rank) {
            CX_HOSTREF_TRY(get(session, rank, rank, 0, &nothing));
        }
    }
    return CX_OK;
}

static cx_status_t run_all_reduce(cx_session_t *session, const cx_slot_t *slot)
{
    const void *own = cx_hostref_send(session, slot, session->rank);

    CX_HOSTREF_TRY(put_all(session, own, session->block_bytes));
    return reduce_lanes(session, true, own, cx_hostref_recv(session, slot, session->rank));
}

static cx_status_t run_reduce(cx_session_t *session, const cx_slot_t *slot)
{
    const void   *own  = cx_hostref_send(session, slot, session->rank);
    const int32_t root = session->shape.root_rank;

    if (session->rank != root) {
        return put(session, root, own, session->block_bytes);
    }
    return reduce_lanes(session, false, own, cx_hostref_recv(session, slot, root));
}

static cx_status_t run_reduce_scatter(cx_session_t *session, const cx_slot_t *slot)
{
    const size_t         bytes = session->block_bytes;
    const unsigned char *send  = cx_hostref_send(session, slot, session->rank);

    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        if (rank != session->rank) {
            CX_HOSTREF_TRY(put(session, rank, send + (size_t)rank * bytes, bytes));
        }
    }
    return reduce_lanes(session, false, send + (size_t)session->rank * bytes,
                        cx_hostref_recv(session, slot, session->rank));
}

static cx_status_t gather_blocks(cx_session_t *session, bool is_for_all, const void *own,
                                 unsigned char *recv)
{
    const size_t bytes = session->block_bytes;

    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        unsigned char *to = recv + (size_t)rank * bytes;

        if (rank == session->rank) {
            copy_own(to, own, bytes);
        } else {
            CX_HOSTREF_TRY(get_into(session, rank, is_for_all ? rank : session->rank, to, bytes));
        }
    }
    return CX_OK;
}

static cx_status_t run_all_gather(cx_session_t *session, const cx_slot_t *slot)
{
    const void *own = cx_hostref_send(session, slot, session->rank);

    CX_HOSTREF_TRY(put_all(session, own, session->block_bytes));
    return gather_blocks(session, true, own, cx_hostref_recv(session, slot, session->rank));
}

static cx_status_t run_gather(cx_session_t *session, const cx_slot_t *slot)
{
    const void   *own  = cx_hostref_send(session, slot, session->rank);
    const int32_t root = session->shape.root_rank;

    if (session->rank != root) {
        return put(session, root, own, session->block_bytes);
    }
    return gather_blocks(session, false, own, cx_hostref_recv(session, slot, root));
}

static cx_status_t run_scatter(cx_session_t *session, const cx_slot_t *slot)
{
    const int32_t        root  = session->shape.root_rank;
    const size_t         bytes = session->block_bytes;
    unsigned char       *recv  = cx_hostref_recv(session, slot, session->rank);
    const unsigned char *send;

    if (session->rank != root) {
        return get_into(session, root, session->rank, recv, bytes);
    }
    send = cx_hostref_send(session, slot, root);
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        if (rank == root) {
            copy_own(recv, send + (size_t)rank * bytes, bytes);
        } else {
            CX_HOSTREF_TRY(put(session, rank, send + (size_t)rank * bytes, bytes));
        }
    }
    return CX_OK;
}

static cx_status_t run_broadcast(cx_session_t *session, const cx_slot_t *slot)
{
    const int32_t root  = session->shape.root_rank;
    const size_t  bytes = session->block_bytes;

    if (session->rank == root) {
        return put_all(session, cx_hostref_send(session, slot, root), bytes);
    }
    return get_into(session, root, root, cx_hostref_recv(session, slot, session->rank), bytes);
}

static cx_status_t run_send_recv(cx_session_t *session, const cx_slot_t *slot)
{
    const int32_t to   = (session->rank + 1) % session->rank_count;
    const int32_t from = (session->rank + session->rank_count - 1) % session->rank_count;
    const void   *send = cx_hostref_send(session, slot, session->rank);
    void         *recv = cx_hostref_recv(session, slot, session->rank);

    if (to == session->rank) {
        memcpy(recv, send, session->block_bytes);
        return CX_OK;
    }
    CX_HOSTREF_TRY(put(session, to, send, session->block_bytes));
    return get_into(session, from, session->rank, recv, session->block_bytes);
}

/* In place is safe: all that is sent has been copied to the lanes before anything is received. */
static cx_status_t run_all_to_all(cx_session_t *session, const cx_slot_t *slot)
{
    const int32_t        me   = session->rank;
    const unsigned char *send = cx_hostref_send(session, slot, me);
    unsigned char       *recv = cx_hostref_recv(session, slot, me);

    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        const cx_hostref_block_t block = cx_hostref_block(session, me, rank);

        if (rank == me) {
            copy_own(recv + block.recv_skip_bytes, send + block.send_skip_bytes, block.bytes);
        } else {
            CX_HOSTREF_TRY(put(session, rank, send + block.send_skip_bytes, block.bytes));
        }
    }
    for (int32_t rank = 0; rank < session->rank_count; rank++) {
        const cx_hostref_block_t block = cx_hostref_block(session, rank, me);

        if (rank != me) {
            CX_HOSTREF_TRY(get_into(session, rank, me, recv + block.recv_skip_bytes, block.bytes));
        }
    }
    return CX_OK;
}

cx_hostref_run_fn cx_hostref_eager_run(cx_collective_t op)
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
        [CX_COLLECTIVE_BARRIER]        = run_barrier,
    };

    return runs[op];
}
