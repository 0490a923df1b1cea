/* SPDX-License-Identifier: Apache-2.0 */
/* What cases of every family share on a rank: the backend with its options, the guard around
 * blocks, and what all ranks say together. Not what a family does (collective_case.h, ep_case.h).
 */
#ifndef CX_RUN_CASE_RUN_H
#define CX_RUN_CASE_RUN_H

#include "family/common/verdict.h"
#include "measure/point.h"
#include "run/bench.h"

/* A running case; lives as long as the case. */
typedef struct cx_case_run {
    cx_bench_t             *bench;
    cx_rank_context_t      *context;
    const cx_case_t        *one;
    int64_t                 case_index;
    const cx_backend_ops_t *ops;
    cx_caps_t               caps;
    cx_arena_t              arena;
    cx_guard_t              guard; /* before the running block */
    uint32_t                finding_bits;
} cx_case_run_t;

/* The ranks are in step: what was opened can be closed. Otherwise a session is not closed, since
 * its library may wait for ranks that are gone; the process ends instead. */
bool cx_case_run_is_orderly(cx_status_t status);

/**
 * The options of a case's backend: defaults, then what the case says, in the struct that the rows
 * describe. It lives in the arena.
 * errors  CX_INVALID an option that the rows do not have, or its value · CX_RESOURCE
 */
cx_status_t cx_backend_options_read(const cx_case_t *one, const cx_option_t *rows,
                                    size_t options_bytes, cx_arena_t *arena, void **out);

/* Load and probe the case's backend. Errors: those of both. */
cx_status_t cx_case_run_load(cx_case_run_t *run);

/* Collective: open a session with the case's backend options, on all ranks or on none, and keep how
 * long the slowest took (context->backend_open_us). `core` and `shape` live until it is closed. */
cx_status_t cx_case_run_open(cx_case_run_t *run, const cx_core_t *core, const cx_shape_t *shape,
                             cx_session_t **out);

/* Collective: fails alike on all ranks once any of them has been asked to stop. */
cx_status_t cx_case_run_heed_stop(cx_rank_context_t *context);

/* What disturbed the machine since run->guard was sampled, into the report and finding_bits. */
void cx_case_run_look(cx_case_run_t *run, cx_block_report_t *report);

/* The words of the lowest of the ranks whose verdict tells most. Collective. */
cx_status_t cx_case_run_verdict(cx_rank_context_t *context, const cx_verdict_t *mine, char *detail,
                                size_t detail_bytes);

#endif
