/* SPDX-License-Identifier: Apache-2.0 */
/* Rank processes of this host: fork, exec with an argv, watch, end. */
#include "launch/local.h"

#include "base/deadline.h"
#include "launch/board.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_WAIT_NS (5 * CX_NS_PER_S)
#define STAR_TEXT_BYTES_MAX 8192

/* Everything the parent holds open only to hand it to children. */
typedef struct wiring {
    int     board_fd;
    int     channel[2]; /* [0] stays here, [1] goes to rank 0 */
    int    *hub_fds;    /* [rank_count - 1] ends of rank 0 */
    int    *leaf_fds;   /* [rank_count - 1] ends of the others */
    int32_t pair_count;
} wiring_t;

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void wiring_close(wiring_t *wiring)
{
    close_fd(&wiring->board_fd);
    close_fd(&wiring->channel[0]);
    close_fd(&wiring->channel[1]);
    for (int32_t i = 0; i < wiring->pair_count; i++) {
        close_fd(&wiring->hub_fds[i]);
        close_fd(&wiring->leaf_fds[i]);
    }
    free(wiring->hub_fds);
    free(wiring->leaf_fds);
}

static cx_status_t open_star(const cx_launch_spec_t *spec, wiring_t *wiring)
{
    int32_t count = spec->address ? 0 : spec->rank_count - 1;

    wiring->hub_fds  = calloc((size_t)count + 1, sizeof *wiring->hub_fds);
    wiring->leaf_fds = calloc((size_t)count + 1, sizeof *wiring->leaf_fds);
    if (!wiring->hub_fds || !wiring->leaf_fds) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d ranks", spec->rank_count);
    }
    for (int32_t i = 0; i < count; i++) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            return CX_FAIL(CX_RESOURCE, "no socket for rank %d: %s", i + 1, strerror(errno));
        }
        wiring->hub_fds[i]  = pair[0];
        wiring->leaf_fds[i] = pair[1];
        wiring->pair_count  = i + 1;
    }
    return CX_OK;
}

static cx_status_t wiring_open(const cx_launch_spec_t *spec, wiring_t *wiring, cx_board_t **board)
{
    *wiring = (wiring_t){.board_fd = -1, .channel = {-1, -1}};
    CX_TRY(cx_board_open(spec->local_rank_count, board, &wiring->board_fd));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wiring->channel) != 0) {
        return CX_FAIL(CX_RESOURCE, "no socket for the ranks: %s", strerror(errno));
    }
    return open_star(spec, wiring);
}

static void set_number(const char *name, int64_t value)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    (void)setenv(name, text, 1);
}

/* Makes a descriptor survive exec and names it to the rank process. */
static void hand_over(const char *name, int fd)
{
    (void)fcntl(fd, F_SETFD, 0);
    set_number(name, fd);
}

static void hand_over_star(const wiring_t *wiring, int32_t rank)
{
    char   text[STAR_TEXT_BYTES_MAX];
    size_t used = 0;

    text[0] = '\0';
    for (int32_t i = 0; i < wiring->pair_count; i++) {
        int fd = rank == 0 ? wiring->hub_fds[i] : wiring->leaf_fds[i];

        if (rank == 0 || rank == i + 1) {
            (void)fcntl(fd, F_SETFD, 0);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", used ? "," : "", fd);
        }
    }
    (void)setenv(CX_ENV_STAR_FDS, text, 1);
}

/* The child between fork and exec. */
static void become_rank(const cx_launch_spec_t *spec, const wiring_t *wiring, int32_t local_rank,
                        pid_t parent)
{
    int32_t rank = spec->first_rank + local_rank;
    char    token[32];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);
    }
    hand_over(CX_ENV_BOARD_FD, wiring->board_fd);
    hand_over(CX_ENV_PLAN_FD, spec->plan_fd);
    set_number(CX_ENV_CHANNEL_FD, -1);
    if (rank == 0) {
        hand_over(CX_ENV_CHANNEL_FD, wiring->channel[1]);
    }
    hand_over_star(wiring, rank);
    set_number("CX_RANK", rank);
    set_number("CX_RANK_COUNT", spec->rank_count);
    set_number("CX_LOCAL_RANK", spec->host_first_rank + local_rank);
    set_number("CX_LOCAL_RANK_COUNT", spec->host_rank_count);
    set_number(CX_ENV_BOARD_INDEX, local_rank);
    set_number(CX_ENV_BOARD_COUNT, spec->local_rank_count);
    (void)snprintf(token, sizeof token, "%llx", (unsigned long long)spec->token);
    (void)setenv("CX_TOKEN", token, 1);
    (void)setenv("CX_ADDRESS", spec->address ? spec->address : "", 1);
    if (spec->audit_path) {
        (void)setenv("LD_PRELOAD", spec->audit_path, 1);
    }
    (void)execv(spec->argv[0], (char *const *)(uintptr_t)spec->argv);
    _exit(127);
}

static cx_status_t start_rank(const cx_launch_spec_t *spec, const wiring_t *wiring,
                              int32_t local_rank, cx_rank_process_t *process)
{
    pid_t parent = getpid();
    pid_t pid    = fork();

    if (pid < 0) {
        return CX_FAIL(CX_RESOURCE, "cannot start rank %d: %s", spec->first_rank + local_rank,
                       strerror(errno));
    }
    if (pid == 0) {
        become_rank(spec, wiring, local_rank, parent);
    }
    process->pid   = pid;
    process->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return CX_OK;
}

cx_status_t cx_launch_start(const cx_launch_spec_t *spec, cx_launch_t *out)
{
    cx_launch_t launch = {.local_rank_count = spec->local_rank_count,
                          .first_rank       = spec->first_rank,
                          .channel_fd       = -1};
    wiring_t    wiring;
    cx_status_t status;

    CX_TRY_OR(close_wiring, wiring_open(spec, &wiring, &launch.board));
    launch.processes = calloc((size_t)spec->local_rank_count, sizeof *launch.processes);
    if (!launch.processes) {
        CX_TRY_OR(close_wiring,
                  CX_FAIL(CX_RESOURCE, "out of memory for %d ranks", spec->local_rank_count));
    }
    for (int32_t i = 0; i < spec->local_rank_count; i++) {
        launch.processes[i].pidfd = -1;
    }
    for (int32_t i = 0; i < spec->local_rank_count; i++) {
        CX_TRY_OR(stop_ranks, start_rank(spec, &wiring, i, &launch.processes[i]));
    }
    launch.channel_fd = wiring.channel[0];
    wiring.channel[0] = -1;
    wiring_close(&wiring);
    *out = launch;
    return CX_OK;

stop_ranks:
    cx_launch_stop(&launch, 0);
close_wiring:
    wiring_close(&wiring);
    cx_launch_close(&launch);
    return status;
}

int32_t cx_launch_reap(cx_launch_t *launch, int32_t *ended_rank)
{
    int32_t running = 0, ended = -1;

    for (int32_t i = launch->local_rank_count - 1; i >= 0; i--) {
        cx_rank_process_t *process = &launch->processes[i];

        if (process->pid > 0 && waitpid(process->pid, &process->exit_status, WNOHANG) != 0) {
            process->pid = 0;
            close_fd(&process->pidfd);
            ended = i;
        }
        running += process->pid > 0;
    }
    if (ended_rank) {
        *ended_rank = ended;
    }
    return running;
}

static void wait_for_end(cx_launch_t *launch, int64_t deadline_ns)
{
    while (cx_launch_reap(launch, NULL) > 0 && cx_deadline_poll_ms(deadline_ns) > 0) {
        (void)poll(NULL, 0, 2);
    }
}

void cx_launch_stop(cx_launch_t *launch, int64_t grace_ns)
{
    if (!launch->processes) {
        return;
    }
    atomic_store(&launch->board->is_cancelled, 1);
    wait_for_end(launch, cx_now_ns() + grace_ns);
    for (int32_t i = 0; i < launch->local_rank_count; i++) {
        if (launch->processes[i].pid > 0) {
            (void)kill(launch->processes[i].pid, SIGKILL);
        }
    }
    wait_for_end(launch, cx_now_ns() + KILL_WAIT_NS);
}

void cx_launch_close(cx_launch_t *launch)
{
    for (int32_t i = 0; launch->processes && i < launch->local_rank_count; i++) {
        close_fd(&launch->processes[i].pidfd);
    }
    close_fd(&launch->channel_fd);
    cx_board_close(launch->board, launch->local_rank_count);
    free(launch->processes);
    memset(launch, 0, sizeof *launch);
    launch->channel_fd = -1;
}

char *cx_launch_describe_exit(int exit_status, char *out, size_t out_bytes)
{
    if (WIFSIGNALED(exit_status)) {
        (void)snprintf(out, out_bytes, "killed by signal %d (%s)", WTERMSIG(exit_status),
                       sigdescr_np(WTERMSIG(exit_status)));
    } else {
        (void)snprintf(out, out_bytes, "ended with exit code %d", WEXITSTATUS(exit_status));
    }
    return out;
}
