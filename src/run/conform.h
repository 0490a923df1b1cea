/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance suite as its supervisor sees it: a table of promises, and ranks that put a
 * backend to each. Never prints. Not the checks themselves (conform_kit.h and the files it names).
 */
#ifndef CX_RUN_CONFORM_H
#define CX_RUN_CONFORM_H

#include "run/execute.h"

#include <jansson.h>

#define CX_CONFORM_REASON_BYTES 640

typedef enum cx_conform_outcome {
    CX_CONFORM_OK,
    CX_CONFORM_FAILED,
    CX_CONFORM_NOT_APPLICABLE,
    CX_CONFORM_OUTCOME_COUNT
} cx_conform_outcome_t;

/* What a check needs so that it means something. Without a table or a backend that can run here,
 * nothing is shown, and that is a failure; without the others the check does not apply. */
typedef enum cx_conform_need {
    CX_CONFORM_NEEDS_TABLE   = 1,
    CX_CONFORM_NEEDS_BACKEND = 2,
    CX_CONFORM_NEEDS_DATA    = 4,
    CX_CONFORM_NEEDS_PEERS   = 8,
    CX_CONFORM_NEEDS_AUDIT   = 16,
    CX_CONFORM_NEEDS_CASES   = 32 /* a collective is offered, or a limit */
} cx_conform_need_t;

/**
 * What became of a check.
 *
 * reason         empty when ok
 * session_count  sessions that a rank opened for it; 0 where it was lost before it could say
 * wall_s         since the check before was concluded: the start of new ranks is in it
 */
typedef struct cx_conform_conclusion {
    cx_conform_outcome_t outcome;
    const char          *reason;
    int64_t              session_count;
    double               wall_s;
} cx_conform_conclusion_t;

struct cx_conform;

/**
 * One promise.
 *
 * run         on every rank, collective; CX_OK also when cx_conform_skip() was called
 * needs       bits of cx_conform_need_t
 * ends_ranks  leaves the ranks out of step: rank 0's word counts, and a new set follows
 */
typedef struct cx_conform_check {
    const char *slug, *sentence;
    cx_status_t (*run)(struct cx_conform *conform);
    uint32_t needs;
    bool     ends_ranks;
} cx_conform_check_t;

/* In their order; the last has no slug. */
extern const cx_conform_check_t cx_conform_checks[];

/**
 * backend_options  object {name: text}, checked against the backend's rows
 * device           empty: the first the backend works on
 * concluded        told of every check as soon as its outcome is known
 */
typedef struct cx_conform_request {
    const char                  *backend, *device;
    const json_t                *backend_options;
    cx_rank_layout_t             layout;
    double                       timeout_us;
    const volatile sig_atomic_t *interrupts;
    void (*concluded)(void *context, const cx_conform_check_t *check,
                      const cx_conform_conclusion_t *conclusion);
    void *context;
} cx_conform_request_t;

/**
 * harness   array of {"name","value","unit","help","judgement"}, of the harness's measurement of
 *           itself (backend null); NULL otherwise. Owned
 */
typedef struct cx_conform_result {
    int64_t counts[CX_CONFORM_OUTCOME_COUNT];
    json_t *harness;
} cx_conform_result_t;

/**
 * Put a backend to every check. Ranks that hang or die fail the check they were in, by name, and
 * are started anew for the next. Ranks of a foreign launcher cannot be: the rest then fails too.
 *
 * errors  CX_INVALID interrupted · CX_RESOURCE ranks could not be started · CX_INTERNAL. A check
 *         that fails is no error
 */
cx_status_t cx_conform_run(const cx_conform_request_t *request, cx_conform_result_t *out);
void        cx_conform_result_fini(cx_conform_result_t *result);

/* The life of a rank process of the suite. Returns an exit code, as cx_rank_main(). */
int cx_rank_conform_main(void);

#endif
