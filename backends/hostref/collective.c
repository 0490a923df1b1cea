/* SPDX-License-Identifier: Apache-2.0 */
/* Family `collective`: which way a size goes, and how far in everyone's blocks lie.
 * Not the two ways (eager.c, direct.c). */
#include "collective.h"

#include "direct.h"
#include "eager.h"
#include "flags.h"

cx_hostref_block_t cx_hostref_block(const cx_session_t *session, int32_t from, int32_t to)
{
    const int64_t     *counts = session->point->counts;
    const size_t       n      = (size_t)session->rank_count;
    cx_hostref_block_t block  = {0};

    if (session->shape.op != CX_COLLECTIVE_ALL_TO_ALL_V) {
        return (cx_hostref_block_t){session->block_bytes, (size_t)to * session->block_bytes,
                                    (size_t)from * session->block_bytes};
    }
    for (int32_t rank = 0; rank < to; rank++) {
        block.send_skip_bytes += (size_t)counts[(size_t)from * n + (size_t)rank];
    }
    for (int32_t rank = 0; rank < from; rank++) {
        block.recv_skip_bytes += (size_t)counts[(size_t)rank * n + (size_t)to];
    }
    block.send_skip_bytes *= session->elem_bytes;
    block.recv_skip_bytes *= session->elem_bytes;
    block.bytes = (size_t)counts[(size_t)from * n + (size_t)to] * session->elem_bytes;
    return block;
}

static cx_status_t open_collective(cx_session_t *session)
{
    const cx_shape_t *shape = &session->shape;

    session->lane_bytes = cx_hostref_lane_bytes(session->options.eager_bytes);
    cx_hostref_direct_meet(session);
    if (shape->redop != CX_REDOP_NONE) {
        cx_hostref_reducer_init(&session->reducer, shape->dtype, shape->redop);
    }
    return CX_OK;
}

/* The largest thing one rank tells another: what has to fit a lane. The same on every rank. */
static size_t largest_block(const cx_session_t *session)
{
    size_t largest = session->block_bytes;

    if (session->shape.op != CX_COLLECTIVE_ALL_TO_ALL_V) {
        return largest;
    }
    largest = 0;
    for (int32_t from = 0; from < session->rank_count; from++) {
        for (int32_t to = 0; to < session->rank_count; to++) {
            const size_t bytes = cx_hostref_block(session, from, to).bytes;

            largest = bytes > largest ? bytes : largest;
        }
    }
    return largest;
}

static void place_blocks(cx_session_t *session)
{
    const cx_shape_t *shape = &session->shape;

    session->send_step_bytes = 0;
    session->recv_step_bytes = 0;
    if (!shape->is_in_place) {
        return;
    }
    if (shape->op == CX_COLLECTIVE_ALL_GATHER || shape->op == CX_COLLECTIVE_GATHER) {
        session->send_step_bytes = session->block_bytes;
    }
    if (shape->op == CX_COLLECTIVE_REDUCE_SCATTER || shape->op == CX_COLLECTIVE_SCATTER) {
        session->recv_step_bytes = session->block_bytes;
    }
}

/**
 * Whether what one operation touches, on all ranks, is more than the last cache keeps. A reduction
 * in place has just read what it overwrites, so that stores around the caches save it nothing.
 */
static bool exceeds_caches(const cx_session_t *session)
{
    const cx_shape_t *shape         = &session->shape;
    const int64_t     message_bytes = session->point->message_bytes;
    cx_device_facts_t facts;

    if (shape->is_in_place && shape->redop != CX_REDOP_NONE) {
        return false;
    }
    session->core->device_ops->facts(session->core->device, &facts);
    return facts.last_cache_bytes > 0 && message_bytes > facts.last_cache_bytes /
                                                             session->rank_count /
                                                             (shape->is_in_place ? 1 : 2);
}

/* A point whose blocks its memory cannot hold would be found out inside a window, by a crash. */
static cx_status_t refuse_impossible(const cx_session_t *session, const cx_point_t *point)
{
    const size_t elem_bytes = cx_hostref_elem_bytes(session->shape.dtype);

    if (session->shape.op == CX_COLLECTIVE_BARRIER) {
        return CX_OK;
    }
    if (!point->region || point->elems < 0 ||
        (uint64_t)point->elems > point->region_bytes / elem_bytes) {
        return CX_CORE_FAIL(session->core, CX_INVALID,
                            "blocks of %lld elements do not fit into a region of %zu bytes",
                            (long long)point->elems, point->region_bytes);
    }
    return CX_OK;
}

/* Through control memory everybody reduces everything, which is no two-shot all-reduce. */
static bool is_eager(const cx_session_t *session)
{
    return session->shape.op == CX_COLLECTIVE_BARRIER ||
           (session->shape.algorithm != CX_ALGORITHM_TWO_SHOT &&
            largest_block(session) <= (size_t)session->options.eager_bytes);
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    const cx_core_t *core = session->core;

    CX_HOSTREF_TRY(refuse_impossible(session, point));
    session->point       = point;
    session->elem_bytes  = cx_hostref_elem_bytes(session->shape.dtype);
    session->block_bytes = (size_t)point->elems * session->elem_bytes;
    place_blocks(session);
    session->is_streaming = exceeds_caches(session);
    session->is_eager     = is_eager(session);
    if (session->is_eager) {
        session->run = cx_hostref_eager_run(session->shape.op);
        return cx_share_own(core, point->region, point->region_bytes, &session->region);
    }
    session->run = session->shape.algorithm == CX_ALGORITHM_ONE_SHOT
                       ? cx_hostref_direct_one_shot
                       : cx_hostref_direct_run(session->shape.op);
    return cx_hostref_share_open(core, point->region, point->region_bytes, &session->region);
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index)
{
    (void)phase; /* a collective has one */
    session->sequence++;
    CX_HOSTREF_TRY(session->run(session, session->point->slots + slot_index));
    if (session->is_eager) {
        cx_hostref_say_done(session);
    }
    return CX_OK;
}

static void release(cx_session_t *session)
{
    cx_share_close(session->core, &session->region);
    session->point = NULL;
}

const cx_hostref_family_t cx_hostref_collective = {
    .open    = open_collective,
    .prepare = prepare,
    .enqueue = enqueue,
    .release = release,
};
