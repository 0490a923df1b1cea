/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one open case, shared by the files of this backend.
 * Not an interface to anyone else: the plugin exports cx_backend_v1() alone. */
#ifndef CX_FAULTY_H
#define CX_FAULTY_H

#include "collectivex/backend.h"

#include <stdint.h>

/* One piece of a result, found in what `source_rank` sent. */
typedef struct cx_faulty_piece {
    int32_t source_rank;
    size_t  offset, bytes;
} cx_faulty_piece_t;

struct cx_session {
    const cx_core_t  *core;
    const cx_point_t *point;
    cx_shape_t        shape;
    int32_t           fault_index; /* row of the fault table */
    int32_t           root_rank;   /* the one that the fault makes every rank believe in */
    int64_t           call_count;  /* operations begun since open, this one included */
    bool              is_skipped;  /* in this call the rank neither sends nor delivers */

    /* The prepared point: what this rank's result is made of. */
    size_t             elem_bytes;
    size_t             sent_bytes;   /* of this rank's send buffer */
    size_t             sent_stride;  /* of `gathered`: the largest sent_bytes of any rank */
    size_t             result_bytes; /* 0 when this rank receives nothing */
    int32_t            piece_count;
    cx_faulty_piece_t *pieces;               /* owned, rank_count of them */
    unsigned char     *sent;                 /* owned, sent_stride: a copy of the send buffer */
    unsigned char     *gathered;             /* owned, rank_count * sent_stride */
    unsigned char     *result, *last_result; /* owned, result_bytes and a little more each */
};

/* collect.c: the plan of the result, and the result itself. */
void cx_faulty_plan(cx_session_t *session);
bool cx_faulty_is_sender(const cx_session_t *session, int32_t rank);
bool cx_faulty_is_receiver(const cx_session_t *session, int32_t rank);
void cx_faulty_collect(cx_session_t *session);

/* How cx_faulty_reduce departs from the right answer. */
typedef struct cx_faulty_twist {
    int32_t lost_rank;   /* whose part is left out; -1 for none */
    bool    is_narrow;   /* every intermediate value passes through a narrower type */
    bool    is_stepwise; /* 16-bit floats are rounded at every step, as the others are */
    int32_t first_rank;  /* with whose part a reduction begins */
} cx_faulty_twist_t;

/* reduce.c: `gathered` into `result`, in rank order. */
void cx_faulty_reduce(cx_session_t *session, cx_faulty_twist_t twist);

/* faults.c: the table of faults, and the three places of a call where they act. */
typedef enum cx_faulty_stage {
    CX_FAULTY_BEFORE, /* the exchange */
    CX_FAULTY_RESULT, /* computed, not delivered */
    CX_FAULTY_AFTER,  /* delivered */
} cx_faulty_stage_t;

extern const char *const cx_faulty_slugs[]; /* NULL-terminated, by fault_index */

/* Sets root_rank; CX_UNSUPPORTED when the fault could do nothing to this operation. */
cx_status_t cx_faulty_choose(cx_session_t *session);
cx_status_t cx_faulty_act(cx_session_t *session, cx_faulty_stage_t stage, const cx_slot_t *slot);

#endif
