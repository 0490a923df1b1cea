/* SPDX-License-Identifier: Apache-2.0 */
/* A backend that is right but for one planted fault, so that tests can see every check fail.
 * Not a reference for speed or for the rules of a window: it exchanges through the control plane.
 */
#include "faulty.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES_MAX (INT64_C(1) << 20)
#define CALL_US 10 /* so that an operation takes time on a virtual clock */

typedef struct options {
    int32_t fault_index;
} options_t;

static const cx_option_t option_rows[] = {
    CX_OPTION_ENUM(options_t, fault_index, "faulty-fault", CX_OPTION_KEY, "none", cx_faulty_slugs,
                   "The one thing that goes wrong."),
    CX_OPTION_END,
};

static const size_t dtype_bytes[CX_DTYPE_COUNT] = {
#define BYTES(name, slug, bytes) bytes,
    CX_DTYPE_MAP(BYTES)
#undef BYTES
};

static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    (void)core;
    *caps = (cx_caps_t){
        .families             = CX_BIT(CX_FAMILY_COLLECTIVE) | CX_BIT(CX_FAMILY_ALLREDUCE),
        .collectives          = CX_BIT(CX_COLLECTIVE_COUNT) - 1,
        .in_place_collectives = CX_BIT(CX_COLLECTIVE_BARRIER) - 1,
        .dtypes               = CX_BIT(CX_DTYPE_COUNT) - 1,
        .reduce_dtypes        = CX_BIT(CX_DTYPE_COUNT) - 1,
        .redops               = CX_BIT(CX_REDOP_COUNT) - 1,
        .memory               = CX_MEMORY_PLAIN,
        .message_bytes_max    = MESSAGE_BYTES_MAX,
        .spans_hosts          = true,
        .can_capture          = true,            /* which is a lie: it works when it is captured */
        .devices              = "host sim cuda", /* cuda: of the stub */
    };
    return CX_OK;
}

static cx_status_t open_session(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                                cx_session_t **out)
{
    const options_t *values  = options;
    cx_session_t    *session = calloc(1, sizeof *session);
    cx_status_t      status;

    if (!session) {
        return CX_CORE_FAIL(core, CX_RESOURCE, "no memory for a session");
    }
    session->core        = core;
    session->shape       = *shape;
    session->fault_index = values->fault_index;
    session->elem_bytes  = dtype_bytes[shape->dtype];
    status               = cx_faulty_choose(session);
    if (status != CX_OK) {
        free(session);
        return status;
    }
    *out = session;
    return CX_OK;
}

static void release(cx_session_t *session)
{
    free(session->pieces);
    free(session->sent);
    free(session->gathered);
    free(session->result);
    free(session->last_result);
    session->pieces = NULL;
    session->sent = session->gathered = session->result = session->last_result = NULL;
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    size_t rank_count = (size_t)session->core->rank_count;

    if (session->shape.op != CX_COLLECTIVE_BARRIER &&
        (!point->region || point->elems < 0 ||
         (uint64_t)point->elems > point->region_bytes / session->elem_bytes)) {
        return CX_CORE_FAIL(session->core, CX_INVALID, "%lld elements do not fit into their region",
                            (long long)point->elems);
    }
    session->point  = point;
    session->pieces = calloc(rank_count, sizeof *session->pieces);
    if (session->pieces) {
        cx_faulty_plan(session);
        session->sent        = calloc(1, session->sent_stride);
        session->gathered    = calloc(rank_count, session->sent_stride);
        session->result      = calloc(1, session->result_bytes + session->elem_bytes);
        session->last_result = calloc(1, session->result_bytes + session->elem_bytes);
    }
    if (!session->pieces || !session->sent || !session->gathered || !session->result ||
        !session->last_result) {
        release(session);
        return CX_CORE_FAIL(session->core, CX_RESOURCE, "no memory for %lld elements",
                            (long long)point->elems);
    }
    return CX_OK;
}

/* A rank that takes itself for the root of a broadcast sends what its output holds. */
static bool is_wrong_root(const cx_session_t *session)
{
    return session->shape.op == CX_COLLECTIVE_BROADCAST &&
           session->core->rank == session->root_rank &&
           session->root_rank != session->shape.root_rank;
}

static cx_status_t exchange(cx_session_t *session, const cx_slot_t *slot)
{
    const cx_core_t *core = session->core;

    if (is_wrong_root(session)) {
        memcpy(session->sent, slot->recv, session->result_bytes);
    } else if (session->sent_bytes > 0 && !session->is_skipped) {
        memcpy(session->sent, slot->send, session->sent_bytes);
    }
    return core->peers_ops->allgather(core->peers, session->sent, session->gathered,
                                      session->sent_stride, core->deadline_ns(core));
}

static void deliver(cx_session_t *session, const cx_slot_t *slot)
{
    if (session->result_bytes > 0 && slot->recv && !session->is_skipped) {
        memcpy(slot->recv, session->result, session->result_bytes);
    }
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    static const cx_slot_t nothing;
    const cx_core_t       *core = session->core;
    const cx_slot_t *slot = session->point->slots ? &session->point->slots[slot_index] : &nothing;
    cx_status_t      status;

    (void)phase;
    session->call_count++;
    session->is_skipped = false;
    status              = cx_faulty_act(session, CX_FAULTY_BEFORE, slot);
    if (status == CX_OK) {
        status = exchange(session, slot);
    }
    if (status == CX_OK) {
        cx_faulty_collect(session);
        status = cx_faulty_act(session, CX_FAULTY_RESULT, slot);
    }
    if (status == CX_OK) {
        deliver(session, slot);
        status = cx_faulty_act(session, CX_FAULTY_AFTER, slot);
    }
    return status == CX_OK ? core->device_ops->spin(core->device, stream, CALL_US) : status;
}

static void close_session(cx_session_t *session)
{
    free(session);
}

static const cx_backend_ops_t faulty_ops = {
    .abi           = CX_BACKEND_ABI,
    .struct_size   = sizeof(cx_backend_ops_t),
    .name          = "faulty",
    .summary       = "right but for one planted fault; for tests only",
    .options       = option_rows,
    .options_bytes = sizeof(options_t),
    .probe         = probe,
    .open          = open_session,
    .prepare       = prepare,
    .enqueue       = enqueue,
    .release       = release,
    .close         = close_session,
};

const cx_backend_ops_t *cx_backend_v1(void)
{
    return &faulty_ops;
}
