/* SPDX-License-Identifier: Apache-2.0 */
/* A whole run: every launch of every case, restarts after lost ranks, resuming. Never prints. */
#ifndef CX_RUN_EXECUTE_H
#define CX_RUN_EXECUTE_H

#include "model/run_options.h"
#include "peers/env.h"
#include "run/supervise.h"

typedef struct cx_run_request {
    const cx_plan_t             *plan;
    const cx_run_options_t      *options;
    const cx_launch_env_t       *env; /* how this command itself was started */
    const char                  *directory;
    const char *const           *command; /* argv, NULL-terminated */
    const cx_observer_t         *observer;
    const volatile sig_atomic_t *interrupts;
} cx_run_request_t;

/**
 * records     every record of this run and, when resuming, those kept; array, owned
 * kept_count  records of earlier runs that were kept
 */
typedef struct cx_run_result {
    json_t *records;
    int64_t kept_count, ok_count, not_ok_count;
    bool    is_interrupted, is_reporter;
} cx_run_result_t;

/**
 * errors  CX_RESOURCE a record could not be written (disk full): what was measured is still in
 *         `out`, which is valid in any case · CX_INVALID --resume of another plan · CX_UNSUPPORTED
 *         this machine has no device for any case (run/machine.h); nothing was started or written
 */
cx_status_t cx_run_execute(const cx_run_request_t *request, cx_run_result_t *out);
void        cx_run_result_fini(cx_run_result_t *result);

/* How many ranks a request has in all, and which of them this command starts. */
typedef struct cx_rank_layout {
    int32_t     rank_count, first_rank, local_rank_count, host_first_rank, host_rank_count;
    const char *address; /* NULL: all ranks are started here */
    uint64_t    token;
} cx_rank_layout_t;

/* errors  CX_INVALID --ranks, --nodes or --rendezvous contradict the launcher, both named */
cx_status_t cx_rank_layout(const cx_run_options_t *options, const cx_launch_env_t *env,
                           cx_arena_t *arena, cx_rank_layout_t *out);

#endif
