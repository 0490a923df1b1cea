/* SPDX-License-Identifier: Apache-2.0 */
/* The backend "hostref": collectives between processes of one host, over shared memory.
 * Not the algorithms: which one runs is decided here, per size. */
#include "hostref.h"

#include "direct.h"
#include "eager.h"
#include "flags.h"

#include <stdlib.h>

/* Looks at a flag before a wait becomes a slow one; few where a processor is to be given up. */
#define SPIN_COUNT 128u
#define SPIN_COUNT_OVERSUBSCRIBED 16u

static const cx_option_t option_rows[] = {
    CX_OPTION_BYTES(cx_hostref_options_t, eager_bytes, "hostref-eager-bytes", CX_OPTION_KEY, "2KiB",
                    0, 1 << 20,
                    "Largest block that travels through control memory; larger ones are moved "
                    "straight between the buffers."),
    CX_OPTION_END,
};

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

static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    const uint64_t all = CX_BIT(CX_COLLECTIVE_COUNT) - 1;

    (void)core;
    *caps = (cx_caps_t){
        .families    = CX_BIT(CX_FAMILY_COLLECTIVE),
        .collectives = all,
        .in_place_collectives =
            all & ~(CX_BIT(CX_COLLECTIVE_SEND_RECV) | CX_BIT(CX_COLLECTIVE_BARRIER) |
                    CX_BIT(CX_COLLECTIVE_ALL_TO_ALL_V)),
        .dtypes         = CX_BIT(CX_DTYPE_COUNT) - 1,
        .reduce_dtypes  = CX_BIT(CX_DTYPE_COUNT) - 1,
        .redops         = (CX_BIT(CX_REDOP_COUNT) - 1) & ~CX_BIT(CX_REDOP_NONE),
        .memory         = CX_MEMORY_EXPORTABLE,
        .rank_count_min = 1,
        .devices        = "host",
    };
    return CX_OK;
}

static cx_status_t refuse_other_hosts(const cx_core_t *core)
{
    const int32_t mine = core->peers_ops->host_index(core->peers, core->rank);

    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        if (core->peers_ops->host_index(core->peers, rank) != mine) {
            return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                                "hostref moves data through shared memory, but rank %d and rank "
                                "%d are on different hosts; use a backend with a network",
                                core->rank, rank);
        }
    }
    return CX_OK;
}

static cx_status_t open_control(cx_session_t *session)
{
    const cx_core_t *core  = session->core;
    const size_t     bytes = cx_hostref_control_bytes(session->rank_count, session->lane_bytes);
    cx_status_t      status;
    void            *memory;

    CX_HOSTREF_TRY(core->device_ops->alloc(core->device, bytes, CX_MEMORY_EXPORTABLE, &memory));
    status = cx_hostref_share_open(core, memory, bytes, &session->control);
    if (status != CX_OK) {
        core->device_ops->free(core->device, memory);
    }
    return status;
}

static void free_session(cx_session_t *session)
{
    free(session->done_seen);
    free(session->parts);
    free(session->partners);
    free(session);
}

static cx_status_t new_session(const cx_core_t *core, cx_session_t **out)
{
    const size_t  n       = (size_t)core->rank_count;
    cx_session_t *session = calloc(1, sizeof *session);

    if (session) {
        session->done_seen = calloc(n, sizeof *session->done_seen);
        session->parts     = calloc(n, sizeof *session->parts);
        session->partners  = calloc(n, sizeof *session->partners);
    }
    if (!session || !session->done_seen || !session->parts || !session->partners) {
        if (session) {
            free_session(session);
        }
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a session of %d ranks",
                            core->rank_count);
    }
    *out = session;
    return CX_OK;
}

static cx_status_t open_session(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                                cx_session_t **out)
{
    const cx_hostref_options_t *chosen = options;
    cx_session_t               *session;
    cx_status_t                 status;

    CX_HOSTREF_TRY(refuse_other_hosts(core));
    CX_HOSTREF_TRY(new_session(core, &session));
    session->core       = core;
    session->shape      = *shape;
    session->options    = *chosen;
    session->rank       = core->rank;
    session->rank_count = core->rank_count;
    session->lane_bytes = cx_hostref_lane_bytes(chosen->eager_bytes);
    session->spin_count = core->is_oversubscribed ? SPIN_COUNT_OVERSUBSCRIBED : SPIN_COUNT;
    cx_hostref_direct_meet(session);
    if (shape->redop != CX_REDOP_NONE) {
        cx_hostref_reducer_init(&session->reducer, shape->dtype, shape->redop);
    }
    status = open_control(session);
    if (status != CX_OK) {
        free_session(session);
        return status;
    }
    *out = session;
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

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    const cx_core_t *core = session->core;

    CX_HOSTREF_TRY(refuse_impossible(session, point));
    session->point       = point;
    session->elem_bytes  = cx_hostref_elem_bytes(session->shape.dtype);
    session->block_bytes = (size_t)point->elems * session->elem_bytes;
    place_blocks(session);
    session->is_streaming = exceeds_caches(session);
    session->is_eager     = session->shape.op == CX_COLLECTIVE_BARRIER ||
                        largest_block(session) <= (size_t)session->options.eager_bytes;
    if (session->is_eager) {
        session->run = cx_hostref_eager_run(session->shape.op);
        return cx_hostref_share_own(core, point->region, point->region_bytes, &session->region);
    }
    session->run = cx_hostref_direct_run(session->shape.op);
    return cx_hostref_share_open(core, point->region, point->region_bytes, &session->region);
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    (void)phase; /* a collective has one */
    (void)stream;
    session->sequence++;
    CX_HOSTREF_TRY(session->run(session, session->point->slots + slot_index));
    if (session->is_eager) {
        cx_hostref_say_done(session);
    }
    return CX_OK;
}

static void release(cx_session_t *session)
{
    cx_hostref_share_close(session->core, &session->region);
    session->point = NULL;
}

static void close_session(cx_session_t *session)
{
    const cx_core_t *core   = session->core;
    void            *memory = session->control.bases[session->rank];

    cx_hostref_share_close(core, &session->control);
    core->device_ops->free(core->device, memory);
    free_session(session);
}

const cx_backend_ops_t *cx_backend_v1(void)
{
    static const cx_backend_ops_t ops = {
        .abi           = CX_BACKEND_ABI,
        .struct_size   = sizeof ops,
        .name          = "hostref",
        .summary       = "collectives between processes over shared memory",
        .options       = option_rows,
        .options_bytes = sizeof(cx_hostref_options_t),
        .probe         = probe,
        .open          = open_session,
        .prepare       = prepare,
        .enqueue       = enqueue,
        .release       = release,
        .close         = close_session,
    };

    return &ops;
}
