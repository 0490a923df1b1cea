/* SPDX-License-Identifier: Apache-2.0 */
/* A case of family collective or allreduce: for each size fill, prepare, measure, verify, report.
 */
#include "run/collective_case.h"

#include "base/deadline.h"
#include "model/ladder.h"
#include "run/agree.h"
#include "run/allreduce_probe.h"
#include "run/report.h"
#include "run/row.h"
#include "run/support.h"
#include "run/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_BYTES 128
#define FINDINGS_BYTES 160
#define ATTEMPT_COUNT_MAX                                                  \
    3 /* a series that has not settled is taken again, and the row says so \
       */

/* Everything that lives as long as the case. */
typedef struct run {
    cx_case_run_t     *shared;
    cx_rank_context_t *context;
    const cx_case_t   *one;
    cx_session_t      *session;
    cx_region_t        region;
    cx_series_t        series;
    cx_ladder_t        ladder;
    cx_workload_t      workload; /* of the running point */
} run_t;

/* The largest region any rung needs; rungs that cannot be run are skipped here as later. */
static cx_status_t plan_region(run_t *run, size_t *bytes)
{
    char reason[REASON_BYTES];

    *bytes = 0;
    for (int32_t i = 0; i < run->ladder.rung_count; i++) {
        CX_TRY(cx_workload_plan(&run->context->core, run->one, run->ladder.bytes[i], &run->workload,
                                reason, sizeof reason));
        if (run->workload.layout.region_bytes > *bytes) {
            *bytes = run->workload.layout.region_bytes;
        }
        cx_workload_release(&run->workload);
    }
    return CX_OK;
}

static cx_status_t open_local(run_t *run)
{
    cx_case_run_t *shared = run->shared;
    cx_core_t     *core   = &run->context->core;
    cx_shape_t     shape  = cx_case_shape(run->one);
    size_t         region_bytes;

    CX_TRY(cx_case_run_load(shared));
    CX_TRY(cx_collective_check_shape(&shape, core->rank_count));
    CX_TRY(cx_backend_supports(shared->ops, &shared->caps, &shape, core, run->context->device_name,
                               run->context->host_count));
    if (run->one->regime == CX_REGIME_GRAPH) {
        CX_TRY(cx_backend_captures(shared->ops, &shared->caps, core->device_ops));
    }
    CX_TRY(cx_ladder_parse(run->one->sizes, "sizes", &run->ladder));
    CX_TRY(plan_region(run, &region_bytes));
    CX_TRY(cx_region_open(core, region_bytes, shared->caps.memory, &run->region));
    return cx_series_init(&run->series, core->rank_count, run->one->samples_max);
}

static cx_status_t open_session(run_t *run)
{
    cx_shape_t shape = cx_case_shape(run->one);

    return cx_case_run_open(run->shared, &run->context->core, &shape, &run->session);
}

static void close_all(run_t *run)
{
    if (run->session) {
        run->shared->ops->close(run->session);
    }
    cx_series_fini(&run->series);
    cx_region_close(&run->region);
}

/* ---- hooks of a block ---------------------------------------------------------------------- */

static cx_status_t before_block(void *context, int64_t operation_count)
{
    run_t *run = context;

    (void)operation_count;
    cx_guard_sample(&run->shared->guard);
    return CX_OK;
}

static int64_t begin_phase(void *context, const char *phase)
{
    return cx_rank_context_phase(((run_t *)context)->context, phase);
}

static int64_t to_common_ns(void *context, int64_t local_ns)
{
    return cx_rank_context_common_ns(((run_t *)context)->context, local_ns);
}

static cx_status_t after_block(void *context, int64_t operation_count, cx_block_report_t *report)
{
    run_t           *run  = context;
    const cx_core_t *core = &run->context->core;
    int64_t          deadline_ns;

    cx_case_run_look(run->shared, report);
    deadline_ns = cx_rank_context_phase(run->context, "verify");
    if (run->shared->caps.moves_no_data) {
        return CX_OK;
    }
    if (run->one->family == CX_FAMILY_LIMITS) { /* who moved bytes knows when they are there */
        CX_TRY(core->peers_ops->barrier(core->peers, deadline_ns));
    }
    return cx_workload_verify(&run->workload, operation_count, report);
}

/* ---- one point ------------------------------------------------------------------------------ */

static void set_job(run_t *run, cx_job_t *job, const cx_sampling_t *sampling)
{
    bool is_limited = run->workload.is_consumed || (run->one->regime == CX_REGIME_ISOLATED &&
                                                    run->one->buffers == CX_BUFFERS_ROTATED);

    cx_bench_job(run->shared->bench, job);
    job->window.backend_ops  = run->shared->ops;
    job->window.session      = run->session;
    job->window.phase        = CX_PHASE_OPERATION;
    job->window.slot_count   = run->workload.point.slot_count;
    job->context             = run;
    job->before_block        = before_block;
    job->after_block         = after_block;
    job->begin_phase         = begin_phase;
    job->to_common_ns        = to_common_ns;
    job->operation_count_max = cx_block_operation_count_max(
        sampling, run->workload.point.slot_count, is_limited && run->workload.point.region);
}

static cx_sampling_t sampling_of(const cx_case_t *one, const cx_device_facts_t *facts)
{
    const bool    is_graph = one->regime == CX_REGIME_GRAPH;
    cx_sampling_t sampling = {.regime             = (cx_regime_t)one->regime,
                              .budget_us          = one->budget_us,
                              .target_ratio       = one->target_ratio,
                              .samples_min        = one->samples_min,
                              .samples_max        = one->samples_max,
                              .warmup_min         = one->warmup_min,
                              .loop_iters         = one->loop_iters,
                              .stamp_ops          = is_graph ? one->graph_ops : 1,
                              .stamp_interval_us  = facts->stamp_interval_us,
                              .is_enqueue_timed   = !facts->is_host_ordered,
                              .wants_slowest_rank = one->family == CX_FAMILY_LIMITS};

    return sampling;
}

static void judge_barrier(run_t *run, double bound_us, cx_row_t *row)
{
    bool is_barrier =
        run->one->op == CX_COLLECTIVE_BARRIER &&
        (run->one->family != CX_FAMILY_LIMITS || run->one->limits.limit == CX_LIMIT_DEVICE_BARRIER);

    if (is_barrier && run->one->regime == CX_REGIME_ISOLATED && run->one->is_verified &&
        !run->shared->caps.moves_no_data) {
        row->verified_count = row->timed_count;
        row->wrong_count    = cx_row_barrier_violations(&run->series, bound_us);
    }
}

/* Status and detail of a measured row, worst first. `detail` has the verdict's words already. */
static void conclude(const run_t *run, const cx_outcome_t *outcome, cx_row_t *row, char *detail,
                     size_t detail_bytes)
{
    cx_status_t status = CX_OK;

    if (row->wrong_count > 0) {
        status = CX_INCORRECT;
        if (!detail[0]) {
            (void)snprintf(detail, detail_bytes,
                           "a rank left the barrier before another had come, %lld times",
                           (long long)row->wrong_count);
        }
    } else if (outcome->violation_count > 0) {
        status = CX_INVALID;
        (void)snprintf(detail, detail_bytes,
                       "%lld allocations or file operations inside timed windows",
                       (long long)outcome->violation_count);
    } else if (!outcome->is_settled) {
        status = CX_UNSTABLE;
        (void)snprintf(detail, detail_bytes,
                       "the series never settled: its first and last part differ by more than "
                       "chance (%lld samples)",
                       (long long)run->series.count);
    }
    row->status = cx_status_slug(status);
    row->detail = status == CX_OK ? NULL : detail;
}

/* A backend that moves nothing may be as fast as it likes. */
static void fill_floor(run_t *run, cx_row_t *row)
{
    cx_floor_work_t work = {.shape      = &run->workload.shape,
                            .counts     = run->workload.counts,
                            .elems      = run->workload.point.elems,
                            .rank_count = run->context->core.rank_count,
                            .regime     = (cx_regime_t)run->one->regime};

    if (!run->shared->caps.moves_no_data) {
        cx_row_fill_floor(run->context->limits, &work, &run->series, row);
    }
}

static cx_status_t measure_point(run_t *run, cx_row_t *row, char *detail, size_t detail_bytes)
{
    cx_sampling_t sampling = sampling_of(run->one, &run->context->facts);
    double        bound_us;
    cx_outcome_t  outcome;
    cx_job_t      job;

    set_job(run, &job, &sampling);
    row->attempt_count = 0;
    do {
        CX_TRY(cx_measure_point(&job, &sampling, &run->series, &outcome));
        row->attempt_count++;
    } while (!outcome.is_settled && outcome.wrong_count == 0 &&
             row->attempt_count < ATTEMPT_COUNT_MAX);
    if (outcome.wrong_count > 0) {
        CX_TRY(cx_case_run_verdict(run->context, &run->workload.wrong, detail, detail_bytes));
    }
    if (run->one->family == CX_FAMILY_LIMITS && run->one->limits.limit == CX_LIMIT_FLAG) {
        cx_series_divide(&run->series, CX_LIMIT_FLAG_ROUNDS);
    }
    bound_us = cx_rank_context_skew_bound_us(run->context);
    cx_row_fill(&run->workload, &run->series, &outcome, bound_us, row);
    fill_floor(run, row);
    judge_barrier(run, bound_us, row);
    conclude(run, &outcome, row, detail, detail_bytes);
    return CX_OK;
}

/* All ranks prepare, or none goes on; a wish to stop is seen by all of them at the same point. */
static cx_status_t prepare_point(run_t *run, bool *is_prepared)
{
    cx_status_t status;

    CX_TRY(cx_case_run_heed_stop(run->context));
    cx_rank_context_phase(run->context, "prepare");
    status       = run->shared->ops->prepare(run->session, &run->workload.point);
    *is_prepared = status == CX_OK;
    return cx_agree(run->context, status);
}

static cx_status_t run_point(run_t *run, cx_row_t *row, char *detail, size_t detail_bytes)
{
    bool        is_prepared = false;
    cx_status_t status;

    cx_rank_context_phase(run->context, "fill");
    CX_TRY(cx_agree(run->context, cx_workload_fill(&run->workload, &run->region)));
    status = prepare_point(run, &is_prepared);
    if (status == CX_OK && run->one->family == CX_FAMILY_ALLREDUCE) {
        status = cx_allreduce_probe(run->shared, run->session, &run->workload.point, row);
    }
    if (status == CX_OK) {
        status = measure_point(run, row, detail, detail_bytes);
    }
    if (is_prepared) {
        run->shared->ops->release(run->session);
    }
    return status;
}

static cx_status_t run_rung(run_t *run, int64_t requested_bytes)
{
    char        reason[REASON_BYTES], detail[CX_BOARD_DETAIL_BYTES] = "", findings[FINDINGS_BYTES];
    int64_t     started_ns = cx_now_ns();
    cx_row_t    row;
    cx_status_t status;

    atomic_store(&run->context->own->requested_bytes, requested_bytes);
    atomic_store(&run->context->own->operation_index, 0);
    CX_TRY(cx_workload_plan(&run->context->core, run->one, requested_bytes, &run->workload, reason,
                            sizeof reason));
    if (reason[0]) {
        return cx_report_left_out(run->context->channel_fd, run->shared->case_index,
                                  requested_bytes, reason);
    }
    cx_row_clear(&row);
    run->shared->finding_bits = 0;
    status                    = run_point(run, &row, detail, sizeof detail);
    cx_workload_release(&run->workload);
    CX_TRY(status);
    row.requested_bytes = requested_bytes;
    row.findings        = cx_findings_print(run->shared->finding_bits, findings, sizeof findings);
    row.wall_s          = (double)(cx_now_ns() - started_ns) / 1e9;
    return cx_report_row(run->context->channel_fd, run->shared->case_index, &row, &run->series,
                         run->workload.busbw_factor);
}

/* ---- the case ------------------------------------------------------------------------------- */

static cx_status_t run_rungs(run_t *run)
{
    CX_TRY(cx_agree(run->context, open_local(run)));
    CX_TRY(open_session(run));
    CX_TRY(cx_report_case_start(run->context, run->shared->case_index, &run->shared->caps,
                                &run->shared->bench->harness, NULL, 0));
    for (int32_t i = 0; i < run->ladder.rung_count; i++) {
        CX_TRY(run_rung(run, run->ladder.bytes[i]));
    }
    return CX_OK;
}

cx_status_t cx_collective_case_run(cx_case_run_t *shared)
{
    run_t      *run = calloc(1, sizeof *run);
    cx_status_t status;

    if (!run) {
        return CX_FAIL(CX_INTERNAL, "out of memory for a case");
    }
    run->shared  = shared;
    run->context = shared->context;
    run->one     = shared->one;
    status       = run_rungs(run);
    if (cx_case_run_is_orderly(status)) {
        close_all(run);
    }
    free(run);
    return status;
}
