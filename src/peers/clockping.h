/* SPDX-License-Identifier: Apache-2.0 */
/* The ping-pongs of clock synchronisation, with a clock that a test can replace.
 * Not the decision whether they are needed (clocksync.c). */
#ifndef CX_PEERS_CLOCKPING_H
#define CX_PEERS_CLOCKPING_H

#include "peers/clocksync.h"
#include "peers/star.h"

typedef int64_t (*cx_clock_now_fn)(void);

/* Every rank but 0 learns its model against rank 0's clock; rank 0 gets the identity. Collective.
 * `now` is the clock that is modelled; deadlines stay on CLOCK_MONOTONIC. */
cx_status_t cx_clock_ping(cx_star_t *star, cx_clock_now_fn now, int64_t deadline_ns,
                          cx_clock_model_t *out);

#endif
