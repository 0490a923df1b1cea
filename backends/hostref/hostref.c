/* SPDX-License-Identifier: Apache-2.0 */
/* The backend "hostref": its table, and a session between processes of one host, over shared
 * memory. Not what a family does in it (collective.c, ep.c). */
#include "hostref.h"

#include "collective.h"
#include "eager.h"
#include "ep.h"

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

/* The one place where families part. */
static const cx_hostref_family_t *const families[CX_FAMILY_COUNT] = {
    [CX_FAMILY_COLLECTIVE] = &cx_hostref_collective,
    [CX_FAMILY_EP]         = &cx_hostref_ep,
    [CX_FAMILY_ALLREDUCE]  = &cx_hostref_collective,
};

static cx_status_t probe(const cx_core_t *core, cx_caps_t *caps)
{
    const uint64_t all = CX_BIT(CX_COLLECTIVE_COUNT) - 1;

    (void)core;
    *caps = (cx_caps_t){
        .families =
            CX_BIT(CX_FAMILY_COLLECTIVE) | CX_BIT(CX_FAMILY_EP) | CX_BIT(CX_FAMILY_ALLREDUCE),
        .collectives = all,
        .in_place_collectives =
            all & ~(CX_BIT(CX_COLLECTIVE_SEND_RECV) | CX_BIT(CX_COLLECTIVE_BARRIER) |
                    CX_BIT(CX_COLLECTIVE_ALL_TO_ALL_V)),
        .dtypes         = CX_BIT(CX_DTYPE_COUNT) - 1,
        .reduce_dtypes  = CX_BIT(CX_DTYPE_COUNT) - 1,
        .redops         = (CX_BIT(CX_REDOP_COUNT) - 1) & ~CX_BIT(CX_REDOP_NONE),
        .memory         = CX_MEMORY_EXPORTABLE,
        .rank_count_min = 1,
        .algorithms     = CX_BIT(CX_ALGORITHM_ONE_SHOT) | CX_BIT(CX_ALGORITHM_TWO_SHOT),
        .devices        = "host",
    };
    for (int mode = 0; mode < CX_EP_MODE_COUNT; mode++) {
        caps->ep[mode] = cx_hostref_ep_caps((cx_ep_mode_t)mode);
    }
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
    session->family     = families[shape->family];
    session->shape      = *shape;
    session->options    = *chosen;
    session->rank       = core->rank;
    session->rank_count = core->rank_count;
    session->spin_count = core->is_oversubscribed ? SPIN_COUNT_OVERSUBSCRIBED : SPIN_COUNT;
    status              = session->family->open(session);
    if (status == CX_OK) {
        status = cx_hostref_share_alloc(
            core, cx_hostref_control_bytes(session->rank_count, session->lane_bytes),
            &session->control);
    }
    if (status != CX_OK) {
        free_session(session);
        return status;
    }
    *out = session;
    return CX_OK;
}

static cx_status_t prepare(cx_session_t *session, const cx_point_t *point)
{
    return session->family->prepare(session, point);
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    (void)stream; /* of the host: work is done when this returns */
    session->phase = phase;
    return session->family->enqueue(session, phase, slot_index);
}

static void release(cx_session_t *session)
{
    session->family->release(session);
}

static void close_session(cx_session_t *session)
{
    cx_hostref_share_free(session->core, &session->control);
    free_session(session);
}

const cx_backend_ops_t *cx_backend_v1(void)
{
    static const cx_backend_ops_t ops = {
        .abi           = CX_BACKEND_ABI,
        .struct_size   = sizeof ops,
        .name          = "hostref",
        .summary       = "collectives and expert parallelism over shared memory",
        .options       = option_rows,
        .options_bytes = sizeof(cx_hostref_options_t),
        .probe         = probe,
        .open          = open_session,
        .prepare       = prepare,
        .enqueue       = enqueue,
        .release       = release,
        .close         = close_session,
        .inspect       = cx_hostref_ep_inspect,
    };

    return &ops;
}
