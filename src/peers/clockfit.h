/* SPDX-License-Identifier: Apache-2.0 */
/* From time stamps of ping-pongs to a model of a clock: arithmetic only, so a test can invent the
 * stamps. Not the ping-pongs (clocksync.c). */
#ifndef CX_PEERS_CLOCKFIT_H
#define CX_PEERS_CLOCKFIT_H

#include "peers/clocksync.h"

/* What one instant says: common time minus local time lies in [low, high] when local time is
 * `local_ns`. Starts as CX_CLOCK_INSTANT. */
typedef struct cx_clock_instant {
    int64_t local_ns, low_ns, high_ns;
} cx_clock_instant_t;

#define CX_CLOCK_INSTANT        \
    {                           \
        0, INT64_MIN, INT64_MAX \
    }

/* One ping-pong: sent and received on the local clock, answered on the common clock in between, so
 * answered - received <= offset <= answered - sent. The narrowest of each side is kept. */
void cx_clock_narrow(cx_clock_instant_t *instant, int64_t sent_ns, int64_t answered_ns,
                     int64_t received_ns);

/**
 * Least squares line through the mid-points of the intervals; a single instant gives no drift. The
 * reference is the mean of the local times, where offset and drift are uncorrelated.
 *
 * shape   instants [count], count >= 1, each narrowed at least once
 */
void cx_clock_fit(const cx_clock_instant_t *instants, int count, cx_clock_model_t *out);

#endif
