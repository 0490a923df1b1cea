/* SPDX-License-Identifier: Apache-2.0 */
/* Small messages: the payload lies beside its flag in control memory, so that one transfer of a
 * line is the whole latency and nobody waits for an acknowledgement.
 * Not for messages that do not fit a lane (direct.h). */
#ifndef CX_HOSTREF_EAGER_H
#define CX_HOSTREF_EAGER_H

#include "hostref.h"

/* Operations a rank may be ahead of its slowest reader: the bounded credit. */
#define CX_HOSTREF_DEPTH 8u

/* Bytes of one lane of messages up to eager_bytes, and of one rank's whole control segment. */
size_t cx_hostref_lane_bytes(int64_t eager_bytes);
size_t cx_hostref_control_bytes(int32_t rank_count, size_t lane_bytes);

/* How `op` is done eagerly. */
cx_hostref_run_fn cx_hostref_eager_run(cx_collective_t op);

#endif
