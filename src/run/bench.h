/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank keeps from case to case: the stream, the time stamps, the area of exchanges, what the
 * harness found out about itself, and what the machine's limits are. */
#ifndef CX_RUN_BENCH_H
#define CX_RUN_BENCH_H

#include "measure/harness.h"
#include "measure/limits.h"
#include "run/device_meeting.h"
#include "run/rank_context.h"

typedef struct cx_bench {
    cx_rank_context_t  *context;
    cx_stream_t        *stream;
    cx_events_t        *events;
    void               *gather; /* owned */
    cx_device_meeting_t meeting;
    cx_harness_t        harness;
    cx_limits_t         limits;      /* what context->limits is, where there are any */
    const char         *device_name; /* the device that all this belongs to; NULL before */
} cx_bench_t;

void cx_bench_init(cx_bench_t *bench, cx_rank_context_t *context);
void cx_bench_fini(cx_bench_t *bench);

/* Collective: have the named device open, with the harness and the limits measured on it. */
cx_status_t cx_bench_device(cx_bench_t *bench, const char *name);

/* A job on the open device; backend, slots and hooks are still to be set. Its hooks' context is the
 * rank context. */
void cx_bench_job(cx_bench_t *bench, cx_job_t *job);

#endif
