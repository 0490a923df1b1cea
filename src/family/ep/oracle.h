/* SPDX-License-Identifier: Apache-2.0 */
/* What is right: what a dispatch must deliver to a rank and what a combine must return, computed
 * from the workload alone, and the check of what a backend did.
 * Not when to look (run/), and not how a backend works.
 * Source: docs/ep-oracle.md; the affine transform and the error measure are those of the Python
 * CollectiveX.
 */
#ifndef CX_FAMILY_EP_ORACLE_H
#define CX_FAMILY_EP_ORACLE_H

#include "collectivex/ep.h"
#include "family/common/verdict.h"
#include "family/ep/activation.h"
#include "family/ep/workload.h"

/* name, slug, what has to hold */
#define CX_EP_CHECK_MAP(X)                                                                  \
    X(SOURCE_SET, "source-set",                                                             \
      "exactly the tokens (token-expert: token and expert) that were due")                  \
    X(PAYLOAD, "payload", "every row is bit for bit its token's row after the codec")       \
    X(METADATA, "metadata", "experts of every row are its token's experts on this rank")    \
    X(WEIGHTS, "weights", "gates of every row are its token's, bit for bit")                \
    X(MULTIPLICITY, "multiplicity", "as many experts per row as the token has here")        \
    X(COUNTS, "counts", "rows per local expert as routed")                                  \
    X(COMBINE, "combine-values", "what came home is what the declared reduction gives")     \
    X(INPUTS, "inputs-unchanged", "activations, experts and gates are as they were filled") \
    X(GUARD, "guard", "nothing was written outside an area")

typedef enum cx_ep_check {
#define CX_EP_CHECK_ENUM(name, slug, text) CX_EP_CHECK_##name,
    CX_EP_CHECK_MAP(CX_EP_CHECK_ENUM)
#undef CX_EP_CHECK_ENUM
        CX_EP_CHECK_COUNT
} cx_ep_check_t;

const char *cx_ep_check_slug(cx_ep_check_t check);

/* |got - expected| / max(|expected|, floor) must stay below the tolerance, where a backend does not
 * declare that it reduces bit for bit. */
#define CX_EP_TOLERANCE 0.03125
#define CX_EP_MAGNITUDE_FLOOR 0.02

/* What the experts did to the rows between dispatch and combine. */
typedef enum cx_ep_experts { CX_EP_EXPERTS_IDENTITY, CX_EP_EXPERTS_AFFINE } cx_ep_experts_t;

/* What checks found on this rank; plain bytes, so that ranks can gather each other's. Reports add
 * up: a check once failed stays failed, errors keep their maximum. */
typedef struct cx_ep_report {
    bool         is_checked[CX_EP_CHECK_COUNT], is_failed[CX_EP_CHECK_COUNT];
    int64_t      row_count;                          /* received, of the last check of a receive */
    double       relative_error_max, gate_error_max; /* infinite for a NaN */
    cx_verdict_t verdict; /* of the first failure: kind is the check's slug; the text names rank,
                             token, expert and magnitude */
} cx_ep_report_t;

void cx_ep_report_init(cx_ep_report_t *report);
bool cx_ep_report_is_right(const cx_ep_report_t *report);
/* The check has been made, of that many things (rows, elements, bytes). */
void cx_ep_report_checked(cx_ep_report_t *report, cx_ep_check_t check, int64_t thing_count);
/* One thing is wrong. The first of all makes the verdict, with a sentence "SLUG: ..."; later ones
 * of the same check are counted. */
void cx_ep_report_blame(cx_ep_report_t *report, cx_ep_check_t check, int64_t index,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Everything a slot's right answers depend on. Borrowed; the same on every rank but for `rank`. */
typedef struct cx_ep_truth {
    const cx_ep_work_t    *work;       /* of this rung and step */
    const cx_ep_problem_t *problem;    /* expert_count is that of work->physical */
    cx_ep_caps_t           caps;       /* layout, weighting, reduction, is_bitwise */
    cx_ep_activation_t     activation; /* of this slot: its seed */
    float                  tensor_scale;
    int32_t                rank;
} cx_ep_truth_t;

/* Whether right answers are known for what a backend says of a mode: token-rank with
 * unweighted-rank-sum, reduced as domain-fp32, rank-fp32 or topk-slot-tree; token-expert with
 * weighted-kernel-sum, reduced as slot-fp32. errors CX_UNSUPPORTED every other combination */
cx_status_t cx_ep_caps_check(const cx_ep_caps_t *caps);

/* The fp32 scale all rows of a slot share where either codec is nvfp4, from the activations of all
 * ranks; 1 for every other codec. errors CX_RESOURCE memory */
cx_status_t cx_ep_tensor_scale(const cx_ep_truth_t *truth, float *out);

/**
 * Check what a dispatch delivered. `view` is in host memory and is not trusted: of token-rank no
 * more rows are read than are due, of token-expert no more of an expert than expert_row_capacity.
 * Checks that a layout cannot answer (token-expert has no gates) stay unchecked.
 *
 * memory  streamed: a few rows, and 8 bytes per token of all ranks (token-expert: and slot)
 * errors  CX_RESOURCE memory · CX_UNSUPPORTED of cx_ep_caps_check; what is wrong with the
 *         data is in the report
 */
cx_status_t cx_ep_check_received(const cx_ep_truth_t *truth, const cx_ep_view_t *view,
                                 cx_ep_report_t *report);

/* Write what affine experts make of every received row into view->staged (host memory). Rows whose
 * token or experts cannot be told are left alone. errors as cx_ep_check_received */
cx_status_t cx_ep_apply_experts(const cx_ep_truth_t *truth, const cx_ep_view_t *view);

/* Check bf16 [T][hidden] that came home: bit for bit where caps.is_bitwise, else each element
 * within CX_EP_TOLERANCE. errors as cx_ep_check_received */
cx_status_t cx_ep_check_combined(const cx_ep_truth_t *truth, cx_ep_experts_t experts,
                                 const uint16_t *combined, cx_ep_report_t *report);

/* The right rows of tokens [first, first + count) of this rank: bf16 [count][hidden]. fp32
 * sums start at +0. errors as cx_ep_check_received */
cx_status_t cx_ep_expected_combined(const cx_ep_truth_t *truth, cx_ep_experts_t experts,
                                    int64_t first, int64_t count, uint16_t *rows_out);

/* Compare a slot's inputs (host memory) with what they were filled with. errors CX_RESOURCE memory
 */
cx_status_t cx_ep_check_inputs(const cx_ep_truth_t *truth, const cx_ep_slot_t *slot,
                               cx_ep_report_t *report);

#endif
