/* SPDX-License-Identifier: Apache-2.0 */
/* Naive ranks driven and judged. Not the judgement. */
#include "support/ep_drive.h"

#include "collectivex/digest.h"
#include "family/common/guard.h"

#include <stdlib.h>

cx_ep_truth_t ep_drive_truth(const ep_naive_t *naive, int64_t rank, int32_t slot)
{
    return (cx_ep_truth_t){
        .work         = naive->setup.work,
        .problem      = &naive->setup.problem,
        .caps         = naive->setup.caps,
        .activation   = {.profile      = naive->setup.profile,
                         .seed         = naive->setup.seed + (uint64_t)slot,
                         .hidden_elems = naive->setup.problem.hidden_elems},
        .tensor_scale = naive->setup.tensor_scale,
        .rank         = (int32_t)rank,
    };
}

/* The tests have memory: a status that is not CX_OK ends them. */
static void must(cx_status_t status)
{
    if (status != CX_OK) {
        abort();
    }
}

void ep_drive_pass(ep_naive_t *naive, int32_t slot, cx_ep_report_t *report)
{
    ep_naive_dispatch(naive, slot);
    for (int64_t r = 0; r < naive->rank_count; r++) {
        const cx_ep_truth_t truth = ep_drive_truth(naive, r, slot);

        must(cx_ep_check_received(&truth, &ep_naive_area(naive, r, slot)->view, report));
    }
    ep_naive_stage(naive, slot);
    for (int64_t r = 0; r < naive->rank_count; r++) {
        const cx_ep_truth_t truth = ep_drive_truth(naive, r, slot);

        must(cx_ep_apply_experts(&truth, &ep_naive_area(naive, r, slot)->view));
    }
    ep_naive_combine(naive, slot);
    for (int64_t r = 0; r < naive->rank_count; r++) {
        const cx_ep_truth_t truth = ep_drive_truth(naive, r, slot);

        must(cx_ep_check_combined(&truth, CX_EP_EXPERTS_AFFINE,
                                  naive->ranks[r].slots[slot].combined, report));
    }
}

static void check_output(const ep_naive_t *naive, int64_t r, int32_t slot, cx_ep_report_t *report)
{
    const cx_ep_truth_t truth    = ep_drive_truth(naive, r, slot);
    const uint16_t     *combined = naive->ranks[r].slots[slot].combined;
    const size_t        bytes    = ep_naive_combined_bytes(naive, r);
    uint16_t           *right    = malloc(bytes + 1);

    if (!right) {
        abort();
    }
    must(cx_ep_expected_combined(&truth, CX_EP_EXPERTS_IDENTITY, 0, naive->ranks[r].token_count,
                                 right));
    if (cx_digest(right, bytes) != cx_digest(combined, bytes)) {
        must(cx_ep_check_combined(&truth, CX_EP_EXPERTS_IDENTITY, combined, report));
    }
    free(right);
}

void ep_drive_chain(ep_naive_t *naive, int64_t pair_count, cx_ep_report_t *report)
{
    ep_naive_poison(naive);
    ep_naive_chain(naive, pair_count);
    for (int64_t r = 0; r < naive->rank_count; r++) {
        for (int32_t slot = 0; slot < naive->setup.slot_count; slot++) {
            check_output(naive, r, slot, report);
        }
    }
}

void ep_drive_inputs(ep_naive_t *naive, cx_ep_report_t *report)
{
    for (int64_t r = 0; r < naive->rank_count; r++) {
        for (int32_t slot = 0; slot < naive->setup.slot_count; slot++) {
            const cx_ep_truth_t truth = ep_drive_truth(naive, r, slot);
            cx_verdict_t        verdict;

            must(cx_ep_check_inputs(&truth, &naive->ranks[r].slots[slot], report));
            cx_ep_report_checked(report, CX_EP_CHECK_GUARD, 1);
            cx_guard_check(naive->ranks[r].slots[slot].combined, ep_naive_combined_bytes(naive, r),
                           ep_naive_guard_seed(r, slot), "the output", &verdict);
            if (!verdict.is_right) {
                cx_ep_report_blame(report, CX_EP_CHECK_GUARD, verdict.first_index, "%s",
                                   verdict.text);
            }
        }
    }
}
