/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a rank's outputs are right, and if not, what went wrong.
 * Not the right answer itself (inputs.h); there is no tolerance anywhere. */
#ifndef CX_FAMILY_COLLECTIVE_ORACLE_H
#define CX_FAMILY_COLLECTIVE_ORACLE_H

#include "base/fail.h"
#include "family/collective/data.h"
#include "family/common/verdict.h"

/**
 * Compare every element that the rank received in a slot, and that its inputs were left alone.
 *
 * recv    host copy of what slot.recv points at, recv_elems; NULL for a rank that receives nothing
 * send    host copy of what slot.send points at, send_elems; NULL skips the check. Ignored for
 *         operations that use their input up (cx_collective_needs_refill).
 * out     always written with CX_OK. checked_count is recv_elems plus send_elems where checked; a
 *         wrong output outranks a modified input
 * errors  CX_INVALID recv is NULL though the rank receives
 */
cx_status_t cx_collective_verify(const cx_collective_data_t *data, int32_t slot_index,
                                 const void *recv, const void *send, cx_verdict_t *out);

#endif
