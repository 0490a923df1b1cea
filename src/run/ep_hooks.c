/* SPDX-License-Identifier: Apache-2.0 */
/* What is done around a block of timed pairs: outputs and receives are poisoned before, and must be
 * right after, on every slot the block has used. A digest decides; only when it says no does the
 * oracle find the words. */
#include "collectivex/digest.h"
#include "run/ep_run.h"
#include "run/run_case.h"

/* Slots that `pair_count` pairs from the rung's first on have used. */
static int32_t used_slot_count(const cx_ep_rung_t *rung, int64_t pair_count)
{
    return pair_count < rung->slot_count ? (int32_t)pair_count : rung->slot_count;
}

static cx_status_t poison_receive(cx_ep_run_t *run, int32_t slot_index)
{
    cx_ep_host_view_t view;
    cx_status_t       status;

    CX_TRY(cx_ep_view_open(run->shared->ops, run->session, &run->slots, slot_index, &view));
    status = cx_ep_view_poison(&view, !run->plan.is_hoisted);
    cx_ep_view_close(&view);
    return status;
}

cx_status_t cx_ep_before_block(void *context, int32_t rung, int64_t pair_count)
{
    cx_ep_run_t        *run  = context;
    const cx_ep_rung_t *step = &run->plan.rungs[rung];

    cx_rank_context_phase(run->context, "poison");
    atomic_store(&run->context->own->requested_bytes,
                 step->tokens * run->plan.problem.hidden_elems * (int64_t)sizeof(uint16_t));
    for (int32_t i = 0; i < used_slot_count(step, pair_count); i++) {
        CX_TRY(cx_ep_slots_poison(&run->slots, step->first_slot + i));
        if (run->plan.caps.keeps_receives) {
            CX_TRY(poison_receive(run, step->first_slot + i));
        }
    }
    cx_guard_sample(&run->shared->guard);
    return CX_OK;
}

/* Whether the output is right. The words of a wrong one are wanted once per rung. */
static cx_status_t check_output(cx_ep_run_t *run, int32_t slot_index, cx_ep_report_t *report,
                                bool *is_right)
{
    const cx_ep_truth_t truth      = cx_ep_slots_truth(&run->slots, slot_index);
    const bool          was_failed = report->is_failed[CX_EP_CHECK_COMBINE];
    const uint16_t     *combined;
    size_t              bytes;

    CX_TRY(cx_ep_slots_combined(&run->slots, slot_index, &combined, &bytes));
    if (run->plan.caps.is_bitwise) {
        *is_right = cx_digest(combined, bytes) == run->expectations[slot_index].combined_digest;
        if (*is_right || was_failed) {
            return CX_OK;
        }
        return cx_ep_check_combined(&truth, CX_EP_EXPERTS_IDENTITY, combined, report);
    }
    report->is_failed[CX_EP_CHECK_COMBINE] = false;
    CX_TRY(cx_ep_check_combined(&truth, CX_EP_EXPERTS_IDENTITY, combined, report));
    *is_right = !report->is_failed[CX_EP_CHECK_COMBINE];
    report->is_failed[CX_EP_CHECK_COMBINE] |= was_failed;
    return CX_OK;
}

/* The same for what arrived. */
static cx_status_t check_receive(cx_ep_run_t *run, int32_t slot_index, cx_ep_report_t *report,
                                 bool *is_right)
{
    const cx_ep_truth_t truth     = cx_ep_slots_truth(&run->slots, slot_index);
    const bool          was_right = cx_ep_report_is_right(report);
    cx_ep_host_view_t   view;
    uint64_t            digest;
    cx_status_t         status;

    CX_TRY(cx_ep_view_open(run->shared->ops, run->session, &run->slots, slot_index, &view));
    CX_TRY_OR(close_view, cx_ep_view_digest(&view, &digest));
    if (digest == run->expectations[slot_index].received_digest) {
        goto close_view;
    }
    *is_right = false;
    if (was_right) {
        CX_TRY_OR(close_view, cx_ep_check_received(&truth, &view.host, report));
    }
    if (cx_ep_report_is_right(report)) {
        cx_ep_report_blame(report, CX_EP_CHECK_PAYLOAD, 0,
                           "rank %d: the received rows together are not those that were due",
                           truth.rank);
    }

close_view:
    cx_ep_view_close(&view);
    return status;
}

static cx_status_t check_slot(cx_ep_run_t *run, int32_t rung, int32_t index, bool has_receive,
                              cx_block_report_t *block)
{
    const int32_t     slot_index = run->plan.rungs[rung].first_slot + index;
    cx_ep_findings_t *findings   = &run->findings[rung];
    cx_ep_report_t   *report     = &findings->reports[CX_EP_PASS_TIMED];
    const bool        was_right  = cx_ep_report_is_right(report);
    bool              is_right   = true;

    CX_TRY(check_output(run, slot_index, report, &is_right));
    if (has_receive) {
        CX_TRY(check_receive(run, slot_index, report, &is_right));
    }
    if (was_right) {
        findings->wrong_slots[CX_EP_PASS_TIMED] = index;
    }
    block->verified_count++;
    block->wrong_count += !is_right;
    return CX_OK;
}

/* A case lasts for minutes. Said like any failure of a block, so that all ranks end together. */
static cx_status_t heed_stop(const cx_ep_run_t *run)
{
    return atomic_load(&run->context->board->is_stopping) ? CX_FAIL(CX_INVALID, CX_INTERRUPTED_TEXT)
                                                          : CX_OK;
}

cx_status_t cx_ep_after_block(void *context, int32_t rung, int64_t pair_count,
                              cx_block_report_t *report)
{
    cx_ep_run_t        *run  = context;
    const cx_ep_rung_t *step = &run->plan.rungs[rung];
    const int32_t       used = used_slot_count(step, pair_count);
    const int32_t       last = (int32_t)((pair_count - 1) % step->slot_count);

    run->shared->finding_bits = 0;
    cx_case_run_look(run->shared, report);
    run->findings[rung].disturbance_bits |= run->shared->finding_bits;
    CX_TRY(heed_stop(run));
    if (!run->one->is_verified) {
        return CX_OK;
    }
    cx_rank_context_phase(run->context, "verify");
    for (int32_t i = 0; i < used; i++) {
        CX_TRY(check_slot(run, rung, i, run->plan.caps.keeps_receives || i == last, report));
    }
    return CX_OK;
}
