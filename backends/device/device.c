/* SPDX-License-Identifier: Apache-2.0 */
/* The device's own copies, stores and flags as a backend: what the machine can do at all.
 * Not a transport to choose: it has family limits alone. */
#include "device.h"

#include <stdlib.h>

static const char *const limit_slugs[] = {
#define SLUG(name, slug, moves_bytes) slug,
    CX_LIMIT_MAP(SLUG)
#undef SLUG
};

/* Whether a device can do it at all is asked in open, which has one. */
static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    (void)core;
    *caps = (cx_caps_t){
        .families = CX_BIT(CX_FAMILY_LIMITS),
        .memory   = CX_MEMORY_EXPORTABLE,
        .devices  = "host cuda hip",
        .limits   = CX_BIT(CX_LIMIT_COUNT) - 1,
    };
    return CX_OK;
}

static bool needs_peer(cx_limit_t limit)
{
    return limit != CX_LIMIT_MEMORY_COPY && limit != CX_LIMIT_LAUNCH &&
           limit != CX_LIMIT_GRAPH_LAUNCH;
}

/* What the device lacks for the limit; NULL for nothing. */
static const char *lack_of(const cx_core_t *core, cx_limit_t limit)
{
    const cx_device_ops_t *ops = core->device_ops;
    cx_device_facts_t      facts;

    switch (limit) {
    case CX_LIMIT_COPY_ENGINE:
    case CX_LIMIT_MEMORY_COPY:
        return CX_DEVICE_HAS(ops, copy_enqueue) ? NULL : "copies that can be enqueued";
    case CX_LIMIT_SM_STORE:
    case CX_LIMIT_SM_LOAD:
    case CX_LIMIT_SM_STORE_ALL:
        return CX_DEVICE_HAS(ops, copy_together) ? NULL : "kernels that copy";
    case CX_LIMIT_FLAG:
        return CX_DEVICE_HAS(ops, ping_pong) ? NULL : "flags that another device can write";
    case CX_LIMIT_DEVICE_BARRIER:
        return CX_DEVICE_HAS(ops, barrier) ? NULL : "barrier of its own";
    case CX_LIMIT_LAUNCH:
        ops->facts(core->device, &facts);
        return facts.is_host_ordered ? "launches: the caller does the work" : NULL;
    default:
        return CX_DEVICE_HAS(ops, graph_begin) && CX_DEVICE_HAS(ops, graph_end) &&
                       CX_DEVICE_HAS(ops, graph_launch) && CX_DEVICE_HAS(ops, graph_free)
                   ? NULL
                   : "graphs";
    }
}

static cx_status_t check_limit(const cx_core_t *core, cx_limit_t limit)
{
    const char *lack = lack_of(core, limit);

    if (lack) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED, "%s: device %s has no %s", limit_slugs[limit],
                            core->device_ops->name, lack);
    }
    if (needs_peer(limit) && core->rank_count < 2) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED, "%s is between ranks, and there is only one",
                            limit_slugs[limit]);
    }
    if (limit == CX_LIMIT_DEVICE_BARRIER && core->rank_count > CX_DEVICE_BARRIER_RANKS_MAX) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED, "at most %d ranks meet on their devices",
                            CX_DEVICE_BARRIER_RANKS_MAX);
    }
    /* A device that was built without kernels says so here, on every rank, and not within a window.
     */
    if (limit == CX_LIMIT_SM_STORE || limit == CX_LIMIT_SM_LOAD || limit == CX_LIMIT_SM_STORE_ALL) {
        return core->device_ops->copy_together(core->device, NULL, NULL, 0, 1);
    }
    return CX_OK;
}

/* A barrier's flag memory is large enough for one flag. */
static cx_status_t open_flags(cx_session_t *session)
{
    const cx_core_t *core  = session->core;
    size_t           bytes = CX_DEVICE_BARRIER_BYTES(core->rank_count);
    cx_status_t      status;

    status =
        core->device_ops->alloc(core->device, bytes, CX_MEMORY_EXPORTABLE, &session->own_flags);
    if (status == CX_OK) {
        status = cx_share_open(core, session->own_flags, bytes, &session->flags);
    }
    session->barrier = (cx_device_barrier_t){.flags      = session->flags.bases,
                                             .rank       = core->rank,
                                             .rank_count = core->rank_count,
                                             .timeout_us = CX_DEVICE_LIMIT_TIMEOUT_US};
    return status;
}

static void close_session(cx_session_t *session)
{
    const cx_core_t *core = session->core;

    cx_share_close(core, &session->flags);
    if (session->own_flags) {
        core->device_ops->free(core->device, session->own_flags);
    }
    free(session);
}

static cx_status_t open_session(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                                cx_session_t **out)
{
    cx_status_t   status = check_limit(core, shape->limit);
    cx_session_t *session;

    (void)options;
    if (status != CX_OK) {
        return status;
    }
    session = calloc(1, sizeof *session);
    if (!session) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a session");
    }
    session->core  = core;
    session->shape = *shape;
    if (shape->limit == CX_LIMIT_FLAG || shape->limit == CX_LIMIT_DEVICE_BARRIER) {
        status = open_flags(session);
    }
    if (status != CX_OK) {
        close_session(session);
        return status;
    }
    *out = session;
    return CX_OK;
}

/* A graph of one kernel that does nothing. */
static cx_status_t capture_graph(cx_session_t *session)
{
    const cx_device_ops_t *ops    = session->core->device_ops;
    cx_device_t           *device = session->core->device;
    cx_stream_t           *stream;
    cx_status_t            status = ops->stream_open(device, &stream);

    if (status != CX_OK) {
        return status;
    }
    status = ops->graph_begin(device, stream);
    if (status == CX_OK) {
        status = ops->spin(device, stream, 0);
        if (status == CX_OK) {
            status = ops->graph_end(device, stream, &session->graph);
        } else {
            (void)ops->graph_end(device, stream, NULL);
        }
    }
    ops->stream_close(device, stream);
    return status;
}

static void release(cx_session_t *session)
{
    const cx_core_t *core = session->core;

    if (session->graph) {
        core->device_ops->graph_free(core->device, session->graph);
    }
    cx_share_close(core, &session->region);
    free(session->copies);
    session->graph      = NULL;
    session->copies     = NULL;
    session->copy_count = 0;
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    cx_status_t status = CX_OK;

    if (point->region) {
        status = cx_share_open(session->core, point->region, point->region_bytes, &session->region);
        if (status == CX_OK) {
            status = cx_device_plan_copies(session, point);
        }
    }
    if (status == CX_OK && session->shape.limit == CX_LIMIT_GRAPH_LAUNCH) {
        status = capture_graph(session);
    }
    if (status != CX_OK) {
        release(session);
    }
    return status;
}

static cx_status_t enqueue_engine(const cx_session_t *session, const cx_device_copy_t *copies,
                                  cx_stream_t *stream)
{
    const cx_core_t *core   = session->core;
    cx_status_t      status = CX_OK;

    for (int32_t i = 0; i < session->copy_count && status == CX_OK; i++) {
        status = core->device_ops->copy_enqueue(core->device, stream, copies[i].to, copies[i].from,
                                                copies[i].bytes, 0);
    }
    return status;
}

static cx_status_t enqueue_blocks(const cx_session_t *session, const cx_device_copy_t *copies,
                                  cx_stream_t *stream)
{
    const cx_core_t *core = session->core;

    return session->copy_count == 0
               ? CX_OK
               : core->device_ops->copy_together(core->device, stream, copies, session->copy_count,
                                                 session->shape.block_count);
}

/* Between ranks 0 and 1; the others only look on. */
static cx_status_t enqueue_flag(const cx_session_t *session, cx_stream_t *stream)
{
    const cx_core_t      *core = session->core;
    cx_device_ping_pong_t ping_pong;

    if (core->rank > 1) {
        return CX_OK;
    }
    ping_pong = (cx_device_ping_pong_t){.own_flag    = session->flags.bases[core->rank],
                                        .peer_flag   = session->flags.bases[1 - core->rank],
                                        .begins      = core->rank == 0,
                                        .round_count = CX_LIMIT_FLAG_ROUNDS,
                                        .timeout_us  = CX_DEVICE_LIMIT_TIMEOUT_US};
    return core->device_ops->ping_pong(core->device, stream, &ping_pong);
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    const cx_core_t        *core   = session->core;
    const cx_device_copy_t *copies = session->copies + (ptrdiff_t)slot_index * session->copy_count;

    (void)phase;
    switch (session->shape.limit) {
    case CX_LIMIT_COPY_ENGINE:
    case CX_LIMIT_MEMORY_COPY:
        return enqueue_engine(session, copies, stream);
    case CX_LIMIT_SM_STORE:
    case CX_LIMIT_SM_LOAD:
    case CX_LIMIT_SM_STORE_ALL:
        return enqueue_blocks(session, copies, stream);
    case CX_LIMIT_FLAG:
        return enqueue_flag(session, stream);
    case CX_LIMIT_DEVICE_BARRIER:
        return core->device_ops->barrier(core->device, stream, &session->barrier);
    case CX_LIMIT_LAUNCH:
        return core->device_ops->spin(core->device, stream, 0);
    default:
        return core->device_ops->graph_launch(core->device, session->graph, stream);
    }
}

static const cx_backend_ops_t device_ops = {
    .abi         = CX_BACKEND_ABI,
    .struct_size = sizeof(cx_backend_ops_t),
    .name        = "device",
    .summary     = "the device's own copies, stores and flags: what limits everything else",
    .probe       = probe,
    .open        = open_session,
    .prepare     = prepare,
    .enqueue     = enqueue,
    .release     = release,
    .close       = close_session,
};

const cx_backend_ops_t *cx_backend_v1(void)
{
    return &device_ops;
}
