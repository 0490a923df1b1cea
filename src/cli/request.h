/* SPDX-License-Identifier: Apache-2.0 */
/* From the command line of `run` and `plan` to a plan. */
#ifndef CX_CLI_REQUEST_H
#define CX_CLI_REQUEST_H

#include "cli/arguments.h"
#include "model/run_options.h"
#include "run/execute.h"

typedef struct cx_request {
    cx_arena_t       arena;
    cx_run_options_t options;
    cx_arguments_t   arguments;
    cx_launch_env_t  env;
    cx_rank_layout_t layout;
    cx_plan_t        plan;
} cx_request_t;

/* Reads, expands and checks everything that can be checked before anything runs.
 * errors  CX_INVALID, CX_UNSUPPORTED; when arguments.wants_help the plan is not made */
cx_status_t cx_request_read(const char *command, int argc, char **argv, cx_request_t *request);
void        cx_request_fini(cx_request_t *request);

#endif
