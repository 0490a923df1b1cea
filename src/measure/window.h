/* SPDX-License-Identifier: Apache-2.0 */
/* The timed window: the only place of the program that stamps time around work.
 * Not how often it is opened (isolated.c, chain.c), not what the stamps mean (series.h). */
#ifndef CX_MEASURE_WINDOW_H
#define CX_MEASURE_WINDOW_H

#include "base/fail.h"
#include "collectivex/backend.h"

#include "model/board.h"

/* Counts what must not happen inside a window; all NULL when not auditing. */
typedef struct cx_audit {
    void (*enter)(void);
    void (*leave)(void);
    int64_t (*violation_count)(void);
} cx_audit_t;

typedef struct cx_window {
    const cx_device_ops_t  *device_ops;
    cx_device_t            *device;
    cx_stream_t            *stream;
    cx_events_t            *events; /* room for cx_window_stamp_count(operation count) */
    const cx_backend_ops_t *backend_ops;
    cx_session_t           *session;
    cx_phase_t              phase;
    int32_t                 slot_count;
    cx_board_rank_t        *board;
    cx_audit_t              audit;
} cx_window_t;

/**
 * One operation between two stamps (2*index and 2*index + 1), then wait for it.
 *
 * window  inside: enqueue (and wait, for work not ordered on the stream), nothing else
 * errors  what the backend returned
 */
cx_status_t cx_window_single(const cx_window_t *window, int64_t index, int64_t deadline_ns);

/**
 * `operation_count` operations back to back: a stamp before each and one at the end, no host
 * synchronisation between them. Slots are used in turn from slot 0.
 */
cx_status_t cx_window_chain(const cx_window_t *window, int64_t operation_count,
                            int64_t deadline_ns);

/* The same with only the first and the last stamp (0 and 1). */
cx_status_t cx_window_loop(const cx_window_t *window, int64_t operation_count, int64_t deadline_ns);

/* Two stamps around nothing, `count` times: what a window itself costs. */
void cx_window_empty(const cx_window_t *window, int64_t count);

/* One spin of the device between stamps 0 and 1. */
cx_status_t cx_window_spin(const cx_window_t *window, double spin_us, int64_t deadline_ns);

/* A single stamp at `index`, to see when ranks leave an alignment. */
void cx_window_stamp(const cx_window_t *window, int64_t index);

#endif
