/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank process has for its whole life: core, device, peers, board, and its line to the
 * supervisor. */
#ifndef CX_RUN_RANK_CONTEXT_H
#define CX_RUN_RANK_CONTEXT_H

#include "collectivex/backend.h"
#include "measure/window.h"
#include "model/board.h"
#include "model/case.h"
#include "model/record.h"
#include "peers/clocksync.h"
#include "target/guard.h"

#include <sched.h>

typedef struct cx_rank_context {
    cx_core_t        core; /* first: a plugin's is_over() gets back from it to this struct */
    cx_board_t      *board;
    cx_board_rank_t *own; /* this rank's place on the board */
    int32_t          local_rank;
    int64_t          deadline_ns, timeout_ns;
    int              channel_fd; /* -1 on ranks that do not report */
    cx_clock_model_t clock;
    double           skew_bound_ns; /* how far apart two ranks' common times may be, at first */
    cx_audit_t       audit;
    const char      *device_name; /* of the open device; NULL before */
    bool meets_on_device;      /* ranks align there, right before a window (run/device_meeting.h) */
    const cx_limits_t *limits; /* of the open device; NULL where it is no accelerator */
    cx_device_facts_t  facts;
    int32_t            host_count;
    cpu_set_t          processors;      /* this rank's share of its host's */
    int32_t            processor_count; /* on which it may run now: its share, once bound */
    bool               is_interrupted;  /* all ranks have agreed to begin nothing more */
    double             backend_open_us; /* of the running case, slowest rank; NAN unknown */
} cx_rank_context_t;

/* From the environment a supervisor has made: board, channel, peers, clock. Errors: those of peers.
 */
cx_status_t cx_rank_context_open(cx_rank_context_t *context, int64_t timeout_ns);
void        cx_rank_context_close(cx_rank_context_t *context);

/* Open the named device, closing another that is open. */
cx_status_t cx_rank_context_device(cx_rank_context_t *context, const char *name);

/* A new deadline, `timeout_ns` from now, and what it is for; the supervisor sees both. `phase` is a
 * literal. Returns the deadline. */
int64_t cx_rank_context_phase(cx_rank_context_t *context, const char *phase);

/* Learn the common time base (again, across hosts: it ages). Collective. Errors: those of peers. */
cx_status_t cx_rank_context_clock(cx_rank_context_t *context);

/* How far apart the common times of two ranks may be by now, at the same instant. */
double cx_rank_context_skew_bound_us(const cx_rank_context_t *context);

/* A device stamp of this rank in the common time base; virtual time has one base already. */
int64_t cx_rank_context_common_ns(const cx_rank_context_t *context, int64_t local_ns);

/* Put a failure on the board, so that it is known even if this process dies of it: the first one,
 * not what followed from it. */
void cx_rank_context_give_up(cx_rank_context_t *context, cx_status_t status);

#endif
