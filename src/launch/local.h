/* SPDX-License-Identifier: Apache-2.0 */
/* Starting rank processes of this host without a shell, watching them, and ending them for certain.
 * Not what they do (run/rank_main.h), not the reaction to a death (run/supervise.h). */
#ifndef CX_LAUNCH_LOCAL_H
#define CX_LAUNCH_LOCAL_H

#include "base/fail.h"
#include "model/board.h"

#include <stdbool.h>
#include <sys/types.h>

/* Descriptors a rank process finds open; named to it by environment variables. */
#define CX_ENV_BOARD_FD "CX_BOARD_FD"
#define CX_ENV_BOARD_INDEX "CX_BOARD_INDEX" /* the rank's place on the board */
#define CX_ENV_BOARD_COUNT "CX_BOARD_COUNT" /* places on the board */
#define CX_ENV_CHANNEL_FD "CX_CHANNEL_FD"
#define CX_ENV_PLAN_FD "CX_PLAN_FD"
#define CX_ENV_STAR_FDS "CX_STAR_FDS" /* comma-separated; empty when ranks meet at an address */

/**
 * What to start: ranks first_rank .. first_rank + local_rank_count - 1 of rank_count.
 *
 * host_...     place of the first among all ranks of this host, and their number
 * argv         of the rank process; argv[0] is looked up as a path, never by a shell
 * address      where ranks of several supervisors meet; NULL: all ranks are here
 * audit_path   library to preload for --audit; NULL: none
 */
typedef struct cx_launch_spec {
    const char *const *argv;
    int32_t            first_rank, local_rank_count, rank_count;
    int32_t            host_first_rank, host_rank_count;
    const char        *address;
    uint64_t           token;
    int                plan_fd;
    const char        *audit_path;
} cx_launch_spec_t;

typedef struct cx_rank_process {
    pid_t pid;         /* 0: not running any more */
    int   pidfd;       /* owned; -1 when ended */
    int   exit_status; /* as waitpid gives it; valid when pid is 0 */
} cx_rank_process_t;

typedef struct cx_launch {
    int32_t            local_rank_count, first_rank;
    cx_rank_process_t *processes; /* owned; [local_rank_count] */
    cx_board_t        *board;
    int                channel_fd; /* messages of rank 0; closed where another starts it */
} cx_launch_t;

/**
 * Start the ranks, each in the session's process group, dying with this process (PDEATHSIG).
 * errors  CX_RESOURCE no process, descriptor or memory; nothing runs then
 */
cx_status_t cx_launch_start(const cx_launch_spec_t *spec, cx_launch_t *out);

/* Reap what has ended. Returns how many still run; ended_rank (may be NULL) is the first local rank
 * that ended in this call, -1 none. */
int32_t cx_launch_reap(cx_launch_t *launch, int32_t *ended_rank);

/* Ask every rank to leave its waiting loops; after `grace_ns` kill what is left; reap everything.
 */
void cx_launch_stop(cx_launch_t *launch, int64_t grace_ns);

/* Free all; ranks must have ended. */
void cx_launch_close(cx_launch_t *launch);

/* "exit 3", "killed by signal 9 (Killed)". Returns `out`. */
char *cx_launch_describe_exit(int exit_status, char *out, size_t out_bytes);

#endif
