/* SPDX-License-Identifier: Apache-2.0 */
/* What must come home of a token: the messages of its experts' ranks, reduced as declared.
 * Not the comparison with what did come (combined.c). */
#ifndef CX_FAMILY_EP_EXPECTED_H
#define CX_FAMILY_EP_EXPECTED_H

#include "family/ep/oracle.h"
#include "family/ep/reduce.h"
#include "family/ep/row.h"
#include "family/ep/transform.h"

/* Everything that is computed once or reused from token to token; in an arena. */
typedef struct cx_ep_expected {
    const cx_ep_truth_t *truth;
    cx_ep_experts_t      experts;
    cx_ep_row_t          dispatch, combine;
    cx_ep_reducer_t      reducer;
    cx_ep_messages_t     messages;
    cx_ep_affine_t      *affines;      /* [topk], beside messages */
    uint16_t            *message_rows; /* bf16 [topk][hidden_elems] */
    float               *pattern;      /* [hidden_elems] */
} cx_ep_expected_t;

/* errors  CX_RESOURCE memory · CX_UNSUPPORTED of cx_ep_caps_check */
cx_status_t cx_ep_expected_init(const cx_ep_truth_t *truth, cx_ep_experts_t experts,
                                cx_arena_t *arena, cx_ep_expected_t *out);

/* The right row of a global token: bf16 [hidden_elems]. */
void cx_ep_expected_row(cx_ep_expected_t *expected, int64_t token, uint16_t *row_out);

#endif
