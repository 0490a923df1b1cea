/* SPDX-License-Identifier: Apache-2.0 */
/* One set of rank processes from start to end: their events become records; a hang, a death or a
 * wish to stop becomes an orderly end with a post-mortem. */
#ifndef CX_RUN_SUPERVISE_H
#define CX_RUN_SUPERVISE_H

#include "launch/local.h"
#include "model/plan.h"
#include "run/assemble.h"

#include <signal.h>

/* Told of everything that happens, for progress and streams of events; members may be NULL. */
typedef struct cx_observer {
    void *context;
    void (*case_started)(void *context, const cx_case_t *one, int64_t launch_index);
    void (*row_measured)(void *context, const cx_case_t *one, int64_t launch_index,
                         const json_t *row);
    void (*case_ended)(void *context, const cx_case_t *one, int64_t launch_index,
                       const json_t *record);
    void (*rank_is_silent)(void *context, int32_t rank, double silent_s, const char *phase);
} cx_observer_t;

/**
 * What is run, where the results go.
 *
 * cases         of this launch in their order; those before first_case_index are done
 * is_reporter   this supervisor has rank 0: it writes records and speaks
 * interrupts    counts SIGINT and SIGTERM: one stops after the running point, two at once
 */
typedef struct cx_supervision {
    cx_launch_spec_t             launch;
    const cx_run_facts_t        *facts;
    const cx_plan_t             *plan;
    int64_t                      launch_index;
    const char                  *directory;
    bool                         is_reporter, is_redacted;
    double                       grace_s; /* beyond a phase's deadline before ranks are killed */
    const cx_observer_t         *observer;
    const volatile sig_atomic_t *interrupts;
    json_t                      *records; /* array; every finished record is appended */
} cx_supervision_t;

/**
 * Run the cases from `*next_case_index` on with one set of ranks, until all are done or the ranks
 * are lost. `*next_case_index` then is the first case that has no record.
 *
 * errors  CX_OK ranks ended as they should · CX_INVALID interrupted · CX_PEER ranks lost: the case
 *         they were in has a record that says why, the caller may go on with the rest ·
 *         CX_RESOURCE a record could not be written, ranks could not be started
 */
cx_status_t cx_supervise(const cx_supervision_t *supervision, size_t *next_case_index);

#endif
