/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one open case, shared by the files of this backend.
 * Not an interface to anyone else: the plugin exports cx_backend_v1() alone. */
#ifndef CX_HOSTREF_H
#define CX_HOSTREF_H

#include "collectivex/backend.h"

#include "reduce.h"
#include "share.h"

#include <stdint.h>

typedef struct cx_hostref_options {
    int64_t eager_bytes; /* largest message that travels through the control memory */
} cx_hostref_options_t;

/* What a session does differently from family to family. */
typedef struct cx_hostref_family {
    /* Says what is wrong with the shape, and sets lane_bytes and partners; owns nothing. */
    cx_status_t (*open)(cx_session_t *session);
    cx_status_t (*prepare)(cx_session_t *session, const cx_point_t *point);
    cx_status_t (*enqueue)(cx_session_t *session, cx_phase_t phase, int32_t slot_index);
    void (*release)(cx_session_t *session);
} cx_hostref_family_t;

/* One way to do one collective; data is moved when it returns. */
typedef cx_status_t (*cx_hostref_run_fn)(cx_session_t *session, const cx_slot_t *slot);

struct cx_session {
    const cx_core_t           *core;
    const cx_hostref_family_t *family;
    cx_shape_t                 shape;
    cx_hostref_options_t       options;
    int32_t                    rank, rank_count;

    /* Control memory, one segment per rank: flags.h and eager.h say what lies in it. */
    cx_share_t control;
    size_t     lane_bytes; /* one eager slot: flag line and payload, both at fixed places */
    uint64_t   sequence;   /* number of the running operation; equal on every rank */
    cx_phase_t phase;      /* what it is; for the detail of a failure */
    uint64_t  *done_seen;  /* owned, [rank]: operations that peer is known to have ended */
    uint64_t   spin_count; /* before a wait becomes a slow one */

    int32_t *partners; /* owned: ranks that an operation meets, in turn */
    int32_t  partner_count;

    /* The prepared point. */
    const cx_point_t     *point;
    cx_share_t            region;
    struct cx_hostref_ep *ep; /* owned; family ep alone, which uses none of the members below */

    cx_hostref_run_fn    run;
    cx_hostref_reducer_t reducer;
    size_t               elem_bytes, block_bytes;
    size_t send_step_bytes, recv_step_bytes; /* in place: how far in rank r's own block lies, / r */
    bool   is_eager;
    bool   is_streaming; /* larger than the last cache: store around it */
    const void **parts;  /* owned, [rank]: sources of one reduction */
};

/* Rank r's buffers of a slot, as mapped here. Own ones need no region but the point's. */
static inline unsigned char *cx_hostref_send(const cx_session_t *session, const cx_slot_t *slot,
                                             int32_t rank)
{
    return (unsigned char *)session->region.bases[rank] + slot->send_offset +
           (size_t)rank * session->send_step_bytes;
}

static inline unsigned char *cx_hostref_recv(const cx_session_t *session, const cx_slot_t *slot,
                                             int32_t rank)
{
    return (unsigned char *)session->region.bases[rank] + slot->recv_offset +
           (size_t)rank * session->recv_step_bytes;
}

/* all_to_all_v: what `from` sends to `to`, and how far in it lies in either buffer. */
typedef struct cx_hostref_block {
    size_t bytes, send_skip_bytes, recv_skip_bytes;
} cx_hostref_block_t;

cx_hostref_block_t cx_hostref_block(const cx_session_t *session, int32_t from, int32_t to);

#define CX_HOSTREF_TRY(call)                \
    do {                                    \
        cx_status_t cx_try_status = (call); \
        if (cx_try_status != CX_OK) {       \
            return cx_try_status;           \
        }                                   \
    } while (0)

#endif
