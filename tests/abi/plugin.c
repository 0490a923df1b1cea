/* SPDX-License-Identifier: Apache-2.0 */
/* A backend as somebody else would have written it against ABI 1: it sees the frozen headers alone,
 * and does an all_reduce of one element and more through the peers. With a FLAW it is one that must
 * be refused. Not an example to learn from (backends/null is): it breaks the rule that enqueue does
 * not use the peers. */
#include "collectivex/collectivex.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES_MAX 65536

#ifndef FLAW_ABI
#define FLAW_ABI CX_BACKEND_ABI
#endif
#ifndef FLAW_SIZE
#define FLAW_SIZE sizeof(cx_backend_ops_t)
#endif
#ifndef FLAW_SYMBOL
#define FLAW_SYMBOL cx_backend_v1
#endif

typedef struct options {
    double pause_us;
} options_t;

static const cx_option_t option_rows[] = {
    CX_OPTION_TIME(options_t, pause_us, "outside-pause", CX_OPTION_KEY, "0us", 0, 1e6,
                   "Waits so long in each call."),
    CX_OPTION_END,
};

struct cx_session {
    const cx_core_t  *core;
    const cx_point_t *point;
    double            pause_us;
    int64_t          *gathered; /* owned */
};

static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    (void)core;
    *caps = (cx_caps_t){
        .library_version   = "outside 1.0",
        .families          = CX_BIT(CX_FAMILY_COLLECTIVE),
        .collectives       = CX_BIT(CX_COLLECTIVE_ALL_REDUCE),
        .dtypes            = CX_BIT(CX_DTYPE_INT64),
        .reduce_dtypes     = CX_BIT(CX_DTYPE_INT64),
        .redops            = CX_BIT(CX_REDOP_SUM),
        .memory            = CX_MEMORY_PLAIN,
        .message_bytes_max = MESSAGE_BYTES_MAX,
        .devices           = "host sim",
    };
    return CX_OK;
}

static cx_status_t open_session(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                                cx_session_t **out)
{
    cx_session_t *session = calloc(1, sizeof *session);

    if (!session || shape->op != CX_COLLECTIVE_ALL_REDUCE) {
        free(session);
        return CX_CORE_FAIL(core, CX_INTERNAL, "asked for operation %d", (int)shape->op);
    }
    session->core     = core;
    session->pause_us = ((const options_t *)options)->pause_us;
    *out              = session;
    return CX_OK;
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    session->point    = point;
    session->gathered = calloc((size_t)session->core->rank_count, (size_t)point->message_bytes);
    return session->gathered ? CX_OK : CX_CORE_FAIL(session->core, CX_RESOURCE, "out of memory");
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    const cx_core_t *core = session->core;
    const cx_slot_t *slot = &session->point->slots[slot_index];
    int64_t         *sum  = slot->recv;
    cx_status_t      status =
        core->peers_ops->allgather(core->peers, slot->send, session->gathered,
                                   (size_t)session->point->message_bytes, core->deadline_ns(core));

    if (status != CX_OK || phase != CX_PHASE_OPERATION) {
        return status;
    }
    for (int64_t i = 0; i < session->point->elems; i++) {
        uint64_t total = 0; /* wraps */

        for (int32_t rank = 0; rank < core->rank_count; rank++) {
            total += (uint64_t)session->gathered[rank * session->point->elems + i];
        }
        sum[i] = (int64_t)total;
    }
    return core->device_ops->spin(core->device, stream, session->pause_us);
}

static void release(cx_session_t *session)
{
    free(session->gathered);
    session->gathered = NULL;
}

static void close_session(cx_session_t *session)
{
    free(session);
}

static const cx_backend_ops_t outside_ops = {
    .abi           = FLAW_ABI,
    .struct_size   = FLAW_SIZE,
    .name          = "outside",
    .summary       = "somebody else's backend",
    .options       = option_rows,
    .options_bytes = sizeof(options_t),
    .probe         = probe,
    .open          = open_session,
    .prepare       = prepare,
    .enqueue       = enqueue,
    .release       = release,
    .close         = close_session,
};

CX_EXPORT const cx_backend_ops_t *FLAW_SYMBOL(void);

const cx_backend_ops_t *FLAW_SYMBOL(void)
{
    return &outside_ops;
}
