/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one open case around another backend's. Private to this backend. */
#ifndef CX_SPOILED_H
#define CX_SPOILED_H

#include "collectivex/backend.h"

struct cx_session {
    const cx_core_t        *core;
    const cx_backend_ops_t *inner_ops;
    cx_session_t           *inner; /* the other backend's: never looked into */
    const cx_point_t       *point;
    cx_shape_t              shape;
    int32_t                 fault_index;
    int64_t  pair_count;    /* dispatches since the core last looked: a chain's length so far */
    int32_t  last_slot;     /* of the pair before; -1 */
    int32_t *row_experts;   /* owned: a copy that a fault may change; NULL until needed */
    int32_t *expert_counts; /* likewise */
};

/* Where a fault acts: on what a phase has left, or on what inspect tells. */
typedef enum cx_spoiled_place {
    CX_SPOILED_RECEIVED, /* after phase DISPATCH */
    CX_SPOILED_STAGED,   /* before phase COMBINE */
    CX_SPOILED_COMBINED, /* after phase COMBINE */
    CX_SPOILED_VIEW,     /* the answer of inspect */
    CX_SPOILED_PLACE_COUNT
} cx_spoiled_place_t;

extern const char *const cx_spoiled_slugs[]; /* NULL-terminated, by fault_index */

/* Do what the session's fault does at that place of that slot. `view` is what the inner backend
 * says of the slot; NULL when nothing was received. */
void cx_spoiled_act(cx_session_t *session, cx_spoiled_place_t place, int32_t slot_index,
                    cx_ep_view_t *view);

#endif
