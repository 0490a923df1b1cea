/* SPDX-License-Identifier: Apache-2.0 */
/* A running case of family ep on a rank, as its parts share it. Private to src/run/ep_*.c. */
#ifndef CX_RUN_EP_RUN_H
#define CX_RUN_EP_RUN_H

#include "run/case_run.h"
#include "run/ep_ranks.h"
#include "run/ep_view.h"

/* name, slug, when outputs were looked at */
#define CX_EP_PASS_MAP(X)                                       \
    X(PRE, "pre", "before anything was timed")                  \
    X(TIMED, "timed", "after every block, what its pairs left") \
    X(CHAIN, "chain", "on the state that the last chain left")  \
    X(POST, "post", "after everything was timed")

typedef enum cx_ep_pass {
#define CX_EP_PASS_ENUM(name, slug, text) CX_EP_PASS_##name,
    CX_EP_PASS_MAP(CX_EP_PASS_ENUM)
#undef CX_EP_PASS_ENUM
        CX_EP_PASS_COUNT
} cx_ep_pass_t;

const char *cx_ep_pass_slug(cx_ep_pass_t pass);

/* What this rank knows of one rung; plain bytes, so that ranks can gather each other's. */
typedef struct cx_ep_findings {
    cx_ep_report_t reports[CX_EP_PASS_COUNT];
    int64_t        row_count, wire_bytes;         /* of the first slot's dispatch in pass pre */
    int32_t        wrong_slots[CX_EP_PASS_COUNT]; /* of the rung, where each pass first failed */
    uint32_t       disturbance_bits;              /* of the blocks of this rung */
} cx_ep_findings_t;

/* What a slot must hold after a pair whose experts change nothing. */
typedef struct cx_ep_expectation {
    uint64_t combined_digest, received_digest;
} cx_ep_expectation_t;

typedef struct cx_ep_run {
    cx_case_run_t            *shared;
    cx_rank_context_t        *context;
    const cx_case_t          *one;
    cx_ep_plan_t              plan;
    cx_shape_t                shape;
    cx_ep_renumbering_t       renumbering;
    cx_session_t             *session;
    cx_ep_slots_t             slots;
    bool                      is_prepared;
    const cx_pair_sampling_t *sampling;
    cx_pair_job_t             job;
    cx_pair_result_t         *results;      /* [rung_count]; owned */
    cx_ep_findings_t         *findings;     /* [rung_count]; in the arena */
    cx_ep_expectation_t      *expectations; /* [slot_count]; in the arena */
} cx_ep_run_t;

/* ---- ep_pass.c: the oracle ---- */

/**
 * Run pairs on the first slots of a rung with affine experts between, and check everything:
 * received rows, output, inputs, guards. Collective; what is wrong goes into the rung's report of
 * that pass. errors  the same on every rank: those of the backend, memory
 */
cx_status_t cx_ep_pass_rung(cx_ep_run_t *run, cx_ep_pass_t pass, int32_t rung);
/* Every rung, in ascending order of tokens. */
cx_status_t cx_ep_pass_all(cx_ep_run_t *run, cx_ep_pass_t pass);

/* What every slot must hold after timed pairs. errors CX_RESOURCE memory */
cx_status_t cx_ep_pass_expect(cx_ep_run_t *run);

/* ---- ep_hooks.c: before and after blocks of timed pairs ---- */

cx_status_t cx_ep_before_block(void *context, int32_t rung, int64_t pair_count);
cx_status_t cx_ep_after_block(void *context, int32_t rung, int64_t pair_count,
                              cx_block_report_t *report);

/* ---- ep_rows.c: what is published ---- */

/* Rows with their samples, and the point, of every rung. Collective. */
cx_status_t cx_ep_report_all(cx_ep_run_t *run);

#endif
