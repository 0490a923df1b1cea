/* SPDX-License-Identifier: Apache-2.0 */
/* What ranks found out together, and the rows and points that say it. */
#include "run/ep_floor.h"
#include "run/ep_point.h"
#include "run/report.h"
#include "run/row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FINDINGS_BYTES 160

/* ---- the facts of all ranks ----------------------------------------------------------------- */

static void add_report(const cx_ep_report_t *report, cx_ep_pass_t pass, cx_ep_rung_facts_t *facts)
{
    for (int check = 0; check < CX_EP_CHECK_COUNT; check++) {
        facts->is_checked[check] |= report->is_checked[check];
        facts->is_failed[check] |= report->is_failed[check];
    }
    facts->is_pass_failed[pass] |= !cx_ep_report_is_right(report);
    facts->relative_error_max = fmax(facts->relative_error_max, report->relative_error_max);
    facts->gate_error_max     = fmax(facts->gate_error_max, report->gate_error_max);
}

/* The first check that failed, in the order of CX_EP_CHECK_MAP: the earlier, the nearer the cause.
 */
static int first_failed(const cx_ep_report_t *report)
{
    int check = 0;

    while (check < CX_EP_CHECK_COUNT && !report->is_failed[check]) {
        check++;
    }
    return check;
}

/* The first pass that failed has the words, on the rank that saw it nearest to its cause: a wrong
 * row is a wrong sum on other ranks, too. */
static void find_words(const cx_ep_findings_t *all, int32_t rung_count, int32_t rank_count,
                       cx_ep_rung_facts_t *facts)
{
    for (int pass = 0; pass < CX_EP_PASS_COUNT && !facts->detail[0]; pass++) {
        int nearest = CX_EP_CHECK_COUNT;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            const cx_ep_findings_t *findings = &all[(size_t)rank * (size_t)rung_count];
            const cx_ep_report_t   *report   = &findings->reports[pass];

            if (first_failed(report) < nearest) {
                nearest = first_failed(report);
                (void)snprintf(facts->detail, sizeof facts->detail,
                               "pass %s on rank %d, slot %d: %s",
                               cx_ep_pass_slug((cx_ep_pass_t)pass), rank,
                               findings->wrong_slots[pass], report->verdict.text);
            }
        }
    }
    if (!facts->detail[0] && facts->receive_total == 0) {
        (void)snprintf(facts->detail, sizeof facts->detail, "no rank received a row");
    }
}

/* `all` points at this rung's findings on rank 0; those of other ranks lie rung_count further. */
static void summarise(const cx_ep_findings_t *all, int32_t rung_count, int32_t rank_count,
                      cx_ep_rung_facts_t *facts)
{
    *facts = (cx_ep_rung_facts_t){.receive_min = INT64_MAX};
    for (int32_t rank = 0; rank < rank_count; rank++) {
        const cx_ep_findings_t *findings = &all[(size_t)rank * (size_t)rung_count];
        const int64_t           rows     = findings->row_count;

        facts->receive_total += rows;
        facts->receive_min = rows < facts->receive_min ? rows : facts->receive_min;
        facts->receive_max = rows > facts->receive_max ? rows : facts->receive_max;
        facts->wire_bytes += findings->wire_bytes;
        facts->disturbance_bits |= findings->disturbance_bits;
        for (int pass = 0; pass < CX_EP_PASS_COUNT; pass++) {
            add_report(&findings->reports[pass], (cx_ep_pass_t)pass, facts);
        }
    }
    find_words(all, rung_count, rank_count, facts);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Pairs were looked at as wholes; parts of a pair were timed, and not looked at. */
static cx_outcome_t outcome_of(const cx_ep_run_t *run, cx_component_t component,
                               const cx_pair_result_t *result)
{
    const cx_series_t *series  = &result->series[component];
    const bool         is_pair = cx_component_is_pair(component);

    return (cx_outcome_t){
        .stop           = CX_STOP_SAMPLES_MAX,
        .block_count    = run->one->regime == CX_REGIME_STEADY ? run->sampling->chain_trial_count
                                                               : run->sampling->trial_count,
        .timed_count    = is_pair ? result->timed_count : series->count * series->rank_count,
        .verified_count = is_pair ? result->verified_count : 0,
        .wrong_count    = is_pair ? result->wrong_count : 0};
}

static void conclude(const cx_pair_result_t *result, const cx_ep_rung_facts_t *facts, char *detail,
                     size_t detail_bytes, cx_row_t *row)
{
    cx_status_t status = CX_OK;

    if (facts->detail[0]) {
        status = CX_INCORRECT;
        (void)snprintf(detail, detail_bytes, "%s", facts->detail);
    } else if (result->violation_count > 0) {
        status = CX_INVALID;
        (void)snprintf(detail, detail_bytes,
                       "%lld allocations or file operations inside timed windows",
                       (long long)result->violation_count);
    }
    row->status = cx_status_slug(status);
    row->detail = status == CX_OK ? NULL : detail;
}

/* Everything of one rung while it is written; texts of rows are borrowed from it. */
typedef struct sheet {
    cx_row_t        rows[CX_COMPONENT_COUNT];
    const cx_row_t *measured[CX_COMPONENT_COUNT];
    char            detail[CX_BOARD_DETAIL_BYTES], findings[FINDINGS_BYTES];
} sheet_t;

static void fill_row(cx_ep_run_t *run, int32_t rung, cx_component_t component,
                     const cx_ep_rung_facts_t *facts, sheet_t *sheet)
{
    cx_pair_result_t *result  = &run->results[rung];
    cx_outcome_t      outcome = outcome_of(run, component, result);
    cx_row_t         *row     = &sheet->rows[component];

    cx_row_clear(row);
    cx_row_fill_times(&result->series[component], &outcome,
                      cx_rank_context_skew_bound_us(run->context), row);
    row->component       = cx_component_slug(component);
    row->tokens_per_rank = run->plan.rungs[rung].tokens;
    row->requested_bytes =
        row->tokens_per_rank * run->plan.problem.hidden_elems * (int64_t)sizeof(uint16_t);
    row->slot_count    = run->plan.rungs[rung].slot_count;
    row->attempt_count = 1;
    row->findings =
        cx_findings_print(facts->disturbance_bits, sheet->findings, sizeof sheet->findings);
    conclude(result, facts, sheet->detail, sizeof sheet->detail, row);
    sheet->measured[component] = row;
}

static cx_status_t report_rung(cx_ep_run_t *run, int32_t rung, const cx_ep_rung_facts_t *facts,
                               sheet_t *sheet)
{
    const int         fd     = run->context->channel_fd;
    cx_pair_result_t *result = &run->results[rung];
    cx_ep_point_t     point;

    for (int component = 0; component < CX_COMPONENT_COUNT; component++) {
        sheet->measured[component] = NULL;
        if (result->series[component].count > 0) {
            fill_row(run, rung, (cx_component_t)component, facts, sheet);
        }
    }
    CX_TRY(cx_ep_point_fill(run, rung, facts, sheet->measured, &run->shared->arena, &point));
    for (int component = 0; component < CX_COMPONENT_COUNT; component++) {
        if (sheet->measured[component] && !run->shared->caps.moves_no_data) {
            cx_ep_floor_fill(run->context->limits, run->one, run->plan.ranks.rank_count, &point,
                             &sheet->rows[component]);
        }
        if (sheet->measured[component]) {
            CX_TRY(cx_report_row(fd, run->shared->case_index, sheet->measured[component],
                                 &result->series[component], (double)NAN));
        }
    }
    return cx_report_point(fd, run->shared->case_index, &point);
}

cx_status_t cx_ep_report_all(cx_ep_run_t *run)
{
    const cx_core_t  *core       = &run->context->core;
    const int32_t     rung_count = run->plan.rung_count;
    const size_t      mine_bytes = (size_t)rung_count * sizeof *run->findings;
    cx_ep_findings_t *all        = calloc((size_t)core->rank_count, mine_bytes);
    sheet_t          *sheet      = calloc(1, sizeof *sheet);
    cx_status_t       status     = CX_OK;

    if (!all || !sheet) {
        status =
            CX_FAIL(CX_INTERNAL, "out of memory for the findings of %d ranks", core->rank_count);
    } else {
        status = core->peers_ops->allgather(core->peers, run->findings, all, mine_bytes,
                                            cx_rank_context_phase(run->context, "findings"));
    }
    for (int32_t rung = 0; rung < rung_count && status == CX_OK; rung++) {
        cx_ep_rung_facts_t facts;

        summarise(&all[rung], rung_count, core->rank_count, &facts);
        status = report_rung(run, rung, &facts, sheet);
    }
    free(sheet);
    free(all);
    return status;
}
