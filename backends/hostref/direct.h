/* SPDX-License-Identifier: Apache-2.0 */
/* Large messages: every rank moves its share of the bytes straight between the user's buffers,
 * of whichever rank they are. Nothing is staged.
 * Not for small ones: two flags have to cross before and after (eager.h). */
#ifndef CX_HOSTREF_DIRECT_H
#define CX_HOSTREF_DIRECT_H

#include "hostref.h"

/* How `op` is done directly; NULL for barrier, which moves nothing. */
cx_hostref_run_fn cx_hostref_direct_run(cx_collective_t op);

/* An all-reduce out of place in which no share is passed on; the usual one takes two shots. */
cx_status_t cx_hostref_direct_one_shot(cx_session_t *session, const cx_slot_t *slot);

/* Fills session->partners: the ranks to wait for before and after. */
void cx_hostref_direct_meet(cx_session_t *session);

#endif
