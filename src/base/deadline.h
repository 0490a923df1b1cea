/* SPDX-License-Identifier: Apache-2.0 */
/* The control plane's clock: now, and how long is left. Timing of work happens in devices/. */
#ifndef CX_BASE_DEADLINE_H
#define CX_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#define CX_NS_PER_S INT64_C(1000000000)
#define CX_NS_PER_MS INT64_C(1000000)

/* CLOCK_MONOTONIC of this host. */
int64_t cx_now_ns(void);
/* Milliseconds until `deadline_ns` for poll(2): rounded up, 0 when passed. */
int cx_deadline_poll_ms(int64_t deadline_ns);
/* Seconds since the epoch as "2026-11-22T06:10:04Z" into `out` (at least 21 bytes). */
void cx_utc_now(char *out, int out_bytes);

#endif
