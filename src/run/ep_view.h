/* SPDX-License-Identifier: Apache-2.0 */
/* What a dispatch delivered on this rank, in host memory: to check it, to write experts' answers
 * into it, to poison it. Not what should be there (family/ep/oracle.h). */
#ifndef CX_RUN_EP_VIEW_H
#define CX_RUN_EP_VIEW_H

#include "run/ep_slots.h"

#define CX_EP_VIEW_PART_COUNT 6

/* host is what the oracle may read and write; the same as device where the host reaches that. */
typedef struct cx_ep_host_view {
    const cx_ep_slots_t *slots;
    int32_t              slot_index;
    cx_ep_view_t         device, host;
    void                *parts[CX_EP_VIEW_PART_COUNT]; /* owned copies; NULL where there are none */
} cx_ep_host_view_t;

/**
 * Ask the backend; the stream is drained. Close in any case but failure.
 * errors  those of inspect · CX_BACKEND it tells of more rows than there can be · CX_RESOURCE
 */
cx_status_t cx_ep_view_open(const cx_backend_ops_t *ops, cx_session_t *session,
                            const cx_ep_slots_t *slots, int32_t slot_index, cx_ep_host_view_t *out);
void        cx_ep_view_close(cx_ep_host_view_t *view);

/* What was written to host.staged becomes what the next combine reads. */
cx_status_t cx_ep_view_store_staged(const cx_ep_host_view_t *view);

/* Poison payload and scales of every received row, and with `with_staged` what is staged of it. */
cx_status_t cx_ep_view_poison(const cx_ep_host_view_t *view, bool with_staged);

/**
 * One number for everything received, in whatever order it lies: the sum over rows of a digest of
 * payload, scales and (token-expert) local expert. And the number it has to be.
 * errors  CX_RESOURCE memory
 */
cx_status_t cx_ep_view_digest(const cx_ep_host_view_t *view, uint64_t *out);
cx_status_t cx_ep_view_digest_expected(const cx_ep_truth_t *truth, uint64_t *out);

#endif
