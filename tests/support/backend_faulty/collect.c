/* SPDX-License-Identifier: Apache-2.0 */
/* Every collective in one rule: a result is made of pieces of what every rank sent.
 * Right, naive and slow; the faults are not here. */
#include "faulty.h"

#include <string.h>

/* What a result consists of: one piece from each rank, one from a certain rank, one that all
 * reduce. `is_by_rank`: senders hold one block per rank, and ours is the one of our number. */
typedef enum source { FROM_EACH, FROM_ROOT, FROM_LEFT, FROM_ALL, FROM_NOBODY } source_t;

static const struct {
    source_t source;
    bool     is_by_rank, has_one_sender, has_one_receiver;
} rules[CX_COLLECTIVE_COUNT] = {
    [CX_COLLECTIVE_ALL_REDUCE]     = {.source = FROM_ALL},
    [CX_COLLECTIVE_ALL_GATHER]     = {.source = FROM_EACH},
    [CX_COLLECTIVE_REDUCE_SCATTER] = {.source = FROM_ALL, .is_by_rank = true},
    [CX_COLLECTIVE_ALL_TO_ALL]     = {.source = FROM_EACH, .is_by_rank = true},
    [CX_COLLECTIVE_ALL_TO_ALL_V]   = {.source = FROM_EACH, .is_by_rank = true},
    [CX_COLLECTIVE_BROADCAST]      = {.source = FROM_ROOT, .has_one_sender = true},
    [CX_COLLECTIVE_REDUCE]         = {.source = FROM_ALL, .has_one_receiver = true},
    [CX_COLLECTIVE_GATHER]         = {.source = FROM_EACH, .has_one_receiver = true},
    [CX_COLLECTIVE_SCATTER]   = {.source = FROM_ROOT, .is_by_rank = true, .has_one_sender = true},
    [CX_COLLECTIVE_SEND_RECV] = {.source = FROM_LEFT},
    [CX_COLLECTIVE_BARRIER]   = {.source = FROM_NOBODY},
};

bool cx_faulty_is_sender(const cx_session_t *session, int32_t rank)
{
    return rules[session->shape.op].source != FROM_NOBODY &&
           (!rules[session->shape.op].has_one_sender || rank == session->shape.root_rank);
}

bool cx_faulty_is_receiver(const cx_session_t *session, int32_t rank)
{
    return rules[session->shape.op].source != FROM_NOBODY &&
           (!rules[session->shape.op].has_one_receiver || rank == session->root_rank);
}

/* What `from` sends to `to`, as shape.h defines the packing of cx_point_t's counts. */
static cx_faulty_piece_t piece_of_counts(const cx_session_t *session, int32_t from, int32_t to)
{
    const int64_t    *row   = session->point->counts + (ptrdiff_t)from * session->core->rank_count;
    cx_faulty_piece_t piece = {.source_rank = from, .bytes = (size_t)row[to] * session->elem_bytes};

    for (int32_t i = 0; i < to; i++) {
        piece.offset += (size_t)row[i] * session->elem_bytes;
    }
    return piece;
}

static cx_faulty_piece_t piece_of_blocks(const cx_session_t *session, int32_t from, int32_t to)
{
    size_t block_bytes = (size_t)session->point->elems * session->elem_bytes;

    return (cx_faulty_piece_t){
        .source_rank = from,
        .offset      = rules[session->shape.op].is_by_rank ? (size_t)to * block_bytes : 0,
        .bytes       = block_bytes,
    };
}

static cx_faulty_piece_t find_piece(const cx_session_t *session, int32_t from, int32_t to)
{
    return session->shape.op == CX_COLLECTIVE_ALL_TO_ALL_V ? piece_of_counts(session, from, to)
                                                           : piece_of_blocks(session, from, to);
}

/* A send buffer ends where its piece for the last rank ends. */
static void plan_sizes(cx_session_t *session)
{
    int32_t rank_count = session->core->rank_count;

    session->sent_bytes  = 0;
    session->sent_stride = 1; /* so that a barrier exchanges something, too */
    for (int32_t rank = 0; rank < rank_count; rank++) {
        cx_faulty_piece_t last  = find_piece(session, rank, rank_count - 1);
        size_t            bytes = last.offset + last.bytes;
        if (bytes > session->sent_stride) {
            session->sent_stride = bytes;
        }
        if (rank == session->core->rank && cx_faulty_is_sender(session, rank)) {
            session->sent_bytes = bytes;
        }
    }
}

void cx_faulty_plan(cx_session_t *session)
{
    const cx_core_t *core   = session->core;
    source_t         source = rules[session->shape.op].source;
    int32_t          left   = (core->rank + core->rank_count - 1) % core->rank_count;
    int32_t          each   = source == FROM_EACH ? core->rank_count : 1;

    plan_sizes(session);
    session->result_bytes = 0;
    session->piece_count  = cx_faulty_is_receiver(session, core->rank) ? each : 0;
    for (int32_t i = 0; i < session->piece_count; i++) {
        int32_t from = source == FROM_ROOT ? session->root_rank : source == FROM_LEFT ? left : i;
        session->pieces[i] = find_piece(session, from, core->rank);
        session->result_bytes += session->pieces[i].bytes;
    }
}

void cx_faulty_collect(cx_session_t *session)
{
    unsigned char *out = session->result;

    if (rules[session->shape.op].source == FROM_ALL) {
        cx_faulty_reduce(session, (cx_faulty_twist_t){.lost_rank = -1});
        return;
    }
    for (int32_t i = 0; i < session->piece_count; i++) {
        const cx_faulty_piece_t *piece = &session->pieces[i];
        memcpy(out,
               session->gathered + (size_t)piece->source_rank * session->sent_stride +
                   piece->offset,
               piece->bytes);
        out += piece->bytes;
    }
}
