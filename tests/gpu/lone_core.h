/* SPDX-License-Identifier: Apache-2.0 */
/* The least core a device can be opened with, and processes that meet, from the ABI and libc alone,
 * so that a check is one compiler call away on a borrowed GPU. Not for tests of backends
 * (support/fake_core.h). */
#ifndef CX_TESTS_LONE_CORE_H
#define CX_TESTS_LONE_CORE_H

#include "collectivex/core.h"

#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONE_RANKS_MAX 8

/* `core` comes first, so that a core is turned back into it. */
typedef struct lone_core {
    cx_core_t   core;
    int64_t     deadline_ns;
    atomic_int *arrived_count; /* shared by the processes of one run */
    int         meeting_count;
} lone_core_t;

static char lone_detail[640]; /* the last failure of this process */

static inline int64_t lone_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

__attribute__((format(printf, 4, 5))) static inline cx_status_t
lone_fail(cx_status_t status, const char *file, int line, const char *format, ...)
{
    va_list arguments;

    (void)file;
    (void)line;
    va_start(arguments, format);
    (void)vsnprintf(lone_detail, sizeof lone_detail, format, arguments);
    va_end(arguments);
    return status;
}

static inline bool lone_is_over(const cx_core_t *core)
{
    return lone_now_ns() > ((const lone_core_t *)(const void *)core)->deadline_ns;
}

static inline int64_t lone_deadline_ns(const cx_core_t *core)
{
    return ((const lone_core_t *)(const void *)core)->deadline_ns;
}

/* False when the others do not come. */
static inline bool lone_meet(lone_core_t *lone)
{
    const int wanted_count = ++lone->meeting_count * lone->core.rank_count;

    (void)atomic_fetch_add(lone->arrived_count, 1);
    while (atomic_load(lone->arrived_count) < wanted_count) {
        if (lone_is_over(&lone->core)) {
            return false;
        }
        (void)sched_yield();
    }
    return true;
}

/* One process's part; what it returns is counted as a failure unless it is 0. */
typedef int (*lone_fn)(lone_core_t *lone, void *argument);

/* Runs `body` in processes of their own, because a vendor's library does not survive a fork once it
 * is open; returns how many failed. */
static inline int lone_run(int rank_count, int64_t budget_ns, lone_fn body, void *argument)
{
    atomic_int *arrived_count = mmap(NULL, sizeof *arrived_count, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t       children[LONE_RANKS_MAX];
    int         failed_count = 0;

    if (arrived_count == MAP_FAILED || rank_count > LONE_RANKS_MAX) {
        return rank_count;
    }
    for (int rank = 0; rank < rank_count; rank++) {
        children[rank] = fork();
        if (children[rank] == 0) {
            lone_core_t lone = {.core          = {.struct_size      = sizeof lone.core,
                                                  .rank             = rank,
                                                  .rank_count       = rank_count,
                                                  .local_rank_count = rank_count,
                                                  .fail             = lone_fail,
                                                  .is_over          = lone_is_over,
                                                  .deadline_ns      = lone_deadline_ns},
                                .deadline_ns   = lone_now_ns() + budget_ns,
                                .arrived_count = arrived_count};

            _exit(body(&lone, argument) ? 1 : 0);
        }
    }
    for (int rank = 0; rank < rank_count; rank++) {
        int exit_status = 1;

        if (waitpid(children[rank], &exit_status, 0) != children[rank] || exit_status != 0) {
            failed_count++;
        }
    }
    (void)munmap(arrived_count, sizeof *arrived_count);
    return failed_count;
}

#endif
