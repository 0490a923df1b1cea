/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle's own pairs: experts change every row, so that no stale or misplaced row can look
 * right. Not the checks themselves (family/ep/oracle.h). */
#include "collectivex/digest.h"
#include "run/agree.h"
#include "run/ep_run.h"

#include <stdlib.h>

#define SLOTS_OF_A_PASS 2 /* of a rung: one, and one that must not be mistaken for it */

const char *cx_ep_pass_slug(cx_ep_pass_t pass)
{
    static const char *const slugs[CX_EP_PASS_COUNT] = {
#define SLUG(name, slug, text) slug,
        CX_EP_PASS_MAP(SLUG)
#undef SLUG
    };

    return slugs[pass];
}

static cx_ep_findings_t *findings_of(cx_ep_run_t *run, int32_t slot_index)
{
    return &run->findings[cx_ep_plan_rung_of(&run->plan, slot_index) - run->plan.rungs];
}

static cx_status_t drain(cx_ep_run_t *run, const cx_phases_t *phases, int32_t slot_index,
                         const char *phase)
{
    cx_window_t window = run->job.window;

    window.first_slot = slot_index;
    window.slot_count = 1;
    return cx_window_drain(&window, phases, 0, cx_rank_context_phase(run->context, phase));
}

static cx_status_t look_at_receive(cx_ep_run_t *run, cx_ep_pass_t pass, int32_t slot_index)
{
    cx_ep_truth_t     truth    = cx_ep_slots_truth(&run->slots, slot_index);
    cx_ep_findings_t *findings = findings_of(run, slot_index);
    cx_ep_report_t   *report   = &findings->reports[pass];
    cx_ep_host_view_t view;
    cx_status_t       status;

    cx_rank_context_phase(run->context, "check receive");
    CX_TRY(cx_ep_view_open(run->shared->ops, run->session, &run->slots, slot_index, &view));
    CX_TRY_OR(close_view, cx_ep_check_received(&truth, &view.host, report));
    CX_TRY_OR(close_view, cx_ep_apply_experts(&truth, &view.host));
    CX_TRY_OR(close_view, cx_ep_view_store_staged(&view));
    if (pass == CX_EP_PASS_PRE &&
        slot_index == cx_ep_plan_rung_of(&run->plan, slot_index)->first_slot) {
        findings->row_count  = view.device.row_count;
        findings->wire_bytes = view.device.wire_bytes;
    }

close_view:
    cx_ep_view_close(&view);
    return status;
}

static cx_status_t look_at_output(cx_ep_run_t *run, cx_ep_pass_t pass, int32_t slot_index)
{
    cx_ep_truth_t   truth  = cx_ep_slots_truth(&run->slots, slot_index);
    cx_ep_report_t *report = &findings_of(run, slot_index)->reports[pass];
    const uint16_t *combined;
    size_t          bytes;

    cx_rank_context_phase(run->context, "check output");
    CX_TRY(cx_ep_slots_combined(&run->slots, slot_index, &combined, &bytes));
    CX_TRY(cx_ep_check_combined(&truth, CX_EP_EXPERTS_AFFINE, combined, report));
    return cx_ep_slots_check(&run->slots, slot_index, report);
}

static cx_status_t pass_slot(cx_ep_run_t *run, cx_ep_pass_t pass, int32_t slot_index)
{
    static const cx_phases_t out  = {2, {CX_PHASE_DISPATCH, CX_PHASE_STAGE}};
    static const cx_phases_t home = {1, {CX_PHASE_COMBINE}};
    cx_status_t              status;

    status = cx_ep_slots_poison(&run->slots, slot_index);
    CX_TRY(cx_agree(run->context, status));
    status = drain(run, &out, slot_index, "dispatch");
    if (status == CX_OK) {
        status = look_at_receive(run, pass, slot_index);
    }
    /* Nobody sends home what another rank's experts have not answered. */
    CX_TRY(cx_agree(run->context, status));
    status = drain(run, &home, slot_index, "combine");
    if (status == CX_OK) {
        status = look_at_output(run, pass, slot_index);
    }
    return cx_agree(run->context, status);
}

cx_status_t cx_ep_pass_rung(cx_ep_run_t *run, cx_ep_pass_t pass, int32_t rung)
{
    const cx_ep_rung_t *step     = &run->plan.rungs[rung];
    cx_ep_findings_t   *findings = &run->findings[rung];

    for (int32_t i = 0; i < step->slot_count && i < SLOTS_OF_A_PASS; i++) {
        bool was_right = cx_ep_report_is_right(&findings->reports[pass]);

        CX_TRY(pass_slot(run, pass, step->first_slot + i));
        if (was_right) {
            findings->wrong_slots[pass] = i;
        }
    }
    return CX_OK;
}

cx_status_t cx_ep_pass_all(cx_ep_run_t *run, cx_ep_pass_t pass)
{
    for (int32_t i = 0; i < run->plan.rung_count; i++) {
        CX_TRY(cx_ep_pass_rung(run, pass, i));
    }
    return CX_OK;
}

/* The digest of the right output. */
static cx_status_t expect_combined(const cx_ep_truth_t *truth, uint16_t *rows, uint64_t *out)
{
    const int64_t count = cx_ep_work_tokens(truth->work, truth->rank);

    CX_TRY(cx_ep_expected_combined(truth, CX_EP_EXPERTS_IDENTITY, 0, count, rows));
    *out = cx_digest(rows, (size_t)count * (size_t)truth->problem->hidden_elems * sizeof *rows);
    return CX_OK;
}

cx_status_t cx_ep_pass_expect(cx_ep_run_t *run)
{
    const size_t elems =
        (size_t)(run->plan.problem.token_count_max * run->plan.problem.hidden_elems);
    uint16_t   *rows   = malloc(elems * sizeof *rows);
    cx_status_t status = CX_OK;

    if (!rows) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a right answer of %zu elements", elems);
    }
    for (int32_t i = 0; i < run->plan.slot_count && status == CX_OK; i++) {
        cx_ep_truth_t        truth       = cx_ep_slots_truth(&run->slots, i);
        cx_ep_expectation_t *expectation = &run->expectations[i];

        cx_rank_context_phase(run->context, "right answers");
        if (run->plan.caps.is_bitwise) {
            status = expect_combined(&truth, rows, &expectation->combined_digest);
        }
        if (status == CX_OK) {
            status = cx_ep_view_digest_expected(&truth, &expectation->received_digest);
        }
    }
    free(rows);
    return status;
}
