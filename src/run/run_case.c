/* SPDX-License-Identifier: Apache-2.0 */
/* One case from start to end: open, then for each size fill, prepare, measure, verify, report. */
#include "run/run_case.h"

#include "base/deadline.h"
#include "model/ladder.h"
#include "plugin/plugin.h"
#include "run/agree.h"
#include "run/report.h"
#include "run/row.h"
#include "run/support.h"
#include "run/workload.h"

#include <math.h>
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
    cx_bench_t             *bench;
    cx_rank_context_t      *context;
    const cx_case_t        *one;
    int64_t                 case_index;
    const cx_backend_ops_t *ops;
    cx_caps_t               caps;
    cx_arena_t              arena; /* the backend's options */
    cx_session_t           *session;
    cx_region_t             region;
    cx_series_t             series;
    cx_ladder_t             ladder;
    cx_workload_t           workload; /* of the running point */
    cx_guard_t              guard;    /* before the running block */
    uint32_t                finding_bits;
} run_t;

static cx_status_t read_backend_options(run_t *run, void **out)
{
    char  copy[CX_OPTION_TEXT_BYTES_MAX];
    char *rest;

    *out = cx_arena_grab(&run->arena, run->ops->options_bytes + 1);
    if (!*out) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the options of %s", run->ops->name);
    }
    CX_TRY(cx_options_defaults(run->ops->options, *out, &run->arena));
    (void)snprintf(copy, sizeof copy, "%s", run->one->backend_options);
    for (char *item = strtok_r(copy, ";", &rest); item; item = strtok_r(NULL, ";", &rest)) {
        char              *equals = strchr(item, '=');
        const cx_option_t *row;

        if (equals) {
            *equals = '\0';
        }
        row = equals ? cx_options_find(run->ops->options, item) : NULL;
        if (!row) {
            return CX_FAIL(CX_INVALID, "backend-options: backend %s has no option \"%s\"",
                           run->ops->name, item);
        }
        CX_TRY(cx_option_set(row, *out, equals + 1, "backend-options", &run->arena));
    }
    return CX_OK;
}

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
    cx_core_t *core  = &run->context->core;
    cx_shape_t shape = cx_case_shape(run->one);
    size_t     region_bytes;

    CX_TRY(cx_backend_load(run->one->backend, "backend", &run->ops));
    CX_TRY(run->ops->probe(core, &run->caps));
    CX_TRY(cx_collective_check_shape(&shape, core->rank_count));
    CX_TRY(cx_backend_supports(run->ops, &run->caps, &shape, core, run->context->device_name,
                               run->context->host_count));
    CX_TRY(cx_ladder_parse(run->one->sizes, "sizes", &run->ladder));
    CX_TRY(plan_region(run, &region_bytes));
    CX_TRY(cx_region_open(core, region_bytes, run->caps.memory, &run->region));
    return cx_series_init(&run->series, core->rank_count, run->one->samples_max);
}

static cx_status_t open_session(run_t *run)
{
    cx_shape_t shape = cx_case_shape(run->one);
    void      *options;

    CX_TRY(read_backend_options(run, &options));
    cx_rank_context_phase(run->context, "backend open");
    return run->ops->open(&run->context->core, &shape, options, &run->session);
}

static void close_all(run_t *run)
{
    if (run->session) {
        run->ops->close(run->session);
    }
    cx_series_fini(&run->series);
    cx_region_close(&run->region);
    cx_arena_fini(&run->arena);
}

/* ---- hooks of a block ---------------------------------------------------------------------- */

static cx_status_t before_block(void *context, int64_t operation_count)
{
    run_t *run = context;

    (void)operation_count;
    cx_guard_sample(&run->guard);
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

static void look_for_disturbance(run_t *run, cx_block_report_t *report)
{
    cx_guard_limits_t  limits = cx_guard_limits_default;
    cx_guard_t         after;
    cx_guard_finding_t findings[CX_GUARD_KIND_COUNT];
    uint32_t           count;

    if (run->context->facts.is_virtual_time) {
        return;
    }
    /* What the other ranks of this host used is theirs; it is not known here in time. */
    if (run->context->core.local_rank_count > 1) {
        limits.siblings_busy_us = (double)NAN;
    }
    cx_guard_sample(&after);
    count = cx_guard_compare(&run->guard, &after, &limits, findings, CX_GUARD_KIND_COUNT);
    report->is_disturbed = count > 0;
    for (uint32_t i = 0; i < count; i++) {
        run->finding_bits |= cx_finding_bit(findings[i].id);
    }
}

static cx_status_t after_block(void *context, int64_t operation_count, cx_block_report_t *report)
{
    run_t *run = context;

    look_for_disturbance(run, report);
    cx_rank_context_phase(run->context, "verify");
    if (run->caps.moves_no_data) {
        return CX_OK;
    }
    return cx_workload_verify(&run->workload, operation_count, report);
}

/* ---- one point ------------------------------------------------------------------------------ */

static void set_job(run_t *run, cx_job_t *job, const cx_sampling_t *sampling)
{
    bool is_limited = run->workload.is_consumed || (run->one->regime == CX_REGIME_ISOLATED &&
                                                    run->one->buffers == CX_BUFFERS_ROTATED);

    cx_bench_job(run->bench, job);
    job->window.backend_ops  = run->ops;
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

static cx_sampling_t sampling_of(const cx_case_t *one)
{
    cx_sampling_t sampling = {.regime       = (cx_regime_t)one->regime,
                              .budget_us    = one->budget_us,
                              .target_ratio = one->target_ratio,
                              .samples_min  = one->samples_min,
                              .samples_max  = one->samples_max,
                              .warmup_min   = one->warmup_min,
                              .loop_iters   = one->loop_iters};

    return sampling;
}

/* The words of the lowest of the ranks whose wrong output tells most. Collective. */
static cx_status_t gather_verdict(run_t *run, char *detail, size_t detail_bytes)
{
    cx_core_t    *core     = &run->context->core;
    cx_verdict_t *verdicts = calloc((size_t)core->rank_count, sizeof *verdicts);
    cx_status_t   status   = CX_OK;
    int32_t       told     = 0;

    if (!verdicts) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d verdicts", core->rank_count);
    }
    status =
        core->peers_ops->allgather(core->peers, &run->workload.wrong, verdicts, sizeof *verdicts,
                                   cx_rank_context_phase(run->context, "verdict"));
    for (int32_t rank = 1; rank < core->rank_count && status == CX_OK; rank++) {
        told = cx_verdict_says_more(&verdicts[rank], &verdicts[told]) ? rank : told;
    }
    (void)snprintf(detail, detail_bytes, "%s on rank %d: %s", verdicts[told].kind, told,
                   verdicts[told].text);
    free(verdicts);
    return status;
}

static void judge_barrier(run_t *run, double bound_us, cx_row_t *row)
{
    if (run->one->op == CX_COLLECTIVE_BARRIER && run->series.has_skew && run->one->is_verified &&
        !run->caps.moves_no_data) {
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

static cx_status_t measure_point(run_t *run, cx_row_t *row, char *detail, size_t detail_bytes)
{
    cx_sampling_t sampling = sampling_of(run->one);
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
        CX_TRY(gather_verdict(run, detail, detail_bytes));
    }
    bound_us = cx_rank_context_skew_bound_us(run->context);
    cx_row_fill(&run->workload, &run->series, &outcome, bound_us, row);
    judge_barrier(run, bound_us, row);
    conclude(run, &outcome, row, detail, detail_bytes);
    return CX_OK;
}

/* Collective: fails alike on all ranks once any of them has been asked to stop. */
static cx_status_t heed_stop(cx_rank_context_t *context)
{
    cx_status_t status = CX_OK;

    if (atomic_load(&context->board->is_stopping)) {
        status = CX_FAIL(CX_INVALID, CX_INTERRUPTED_TEXT);
    }
    status = cx_agree(context, status);
    context->is_interrupted |= status == CX_INVALID;
    return status;
}

/* All ranks prepare, or none goes on; a wish to stop is seen by all of them at the same point. */
static cx_status_t prepare_point(run_t *run, bool *is_prepared)
{
    cx_status_t status;

    CX_TRY(heed_stop(run->context));
    cx_rank_context_phase(run->context, "prepare");
    status       = run->ops->prepare(run->session, &run->workload.point);
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
    if (status == CX_OK) {
        status = measure_point(run, row, detail, detail_bytes);
    }
    if (is_prepared) {
        run->ops->release(run->session);
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
        return cx_report_left_out(run->context->channel_fd, run->case_index, requested_bytes,
                                  reason);
    }
    cx_row_clear(&row);
    run->finding_bits = 0;
    status            = run_point(run, &row, detail, sizeof detail);
    cx_workload_release(&run->workload);
    CX_TRY(status);
    row.requested_bytes = requested_bytes;
    row.findings        = cx_findings_print(run->finding_bits, findings, sizeof findings);
    row.wall_s          = (double)(cx_now_ns() - started_ns) / 1e9;
    return cx_report_row(run->context->channel_fd, run->case_index, &row, &run->series,
                         run->workload.busbw_factor);
}

/* ---- the case ------------------------------------------------------------------------------- */

static bool is_orderly(cx_status_t status)
{
    return status != CX_PEER && status != CX_TIMEOUT && status != CX_INTERNAL;
}

static cx_status_t run_rungs(run_t *run)
{
    if (run->context->host_count > 1) {
        CX_TRY(cx_rank_context_clock(run->context));
    }
    CX_TRY(cx_agree(run->context, cx_bench_device(run->bench, run->one->device)));
    CX_TRY(cx_agree(run->context, open_local(run)));
    CX_TRY(cx_agree(run->context, open_session(run)));
    CX_TRY(cx_report_case_start(run->context, run->case_index, &run->caps, &run->bench->harness));
    for (int32_t i = 0; i < run->ladder.rung_count; i++) {
        CX_TRY(run_rung(run, run->ladder.bytes[i]));
    }
    return CX_OK;
}

cx_status_t cx_run_case(cx_bench_t *bench, const cx_case_t *one, int64_t case_index)
{
    run_t      *run = calloc(1, sizeof *run);
    cx_status_t status;

    if (!run) {
        return CX_FAIL(CX_INTERNAL, "out of memory for a case");
    }
    cx_detail_clear();
    run->bench               = bench;
    run->context             = bench->context;
    run->one                 = one;
    run->case_index          = case_index;
    run->context->timeout_ns = (int64_t)(one->timeout_us * 1e3);
    atomic_store(&run->context->own->case_index, case_index);
    cx_arena_init(&run->arena);
    status = heed_stop(run->context);
    if (status != CX_OK) {
        free(run);
        return is_orderly(status) ? CX_OK : status;
    }
    status = run_rungs(run);
    if (is_orderly(status)) {
        status = cx_report_case_end(run->context, case_index, status);
        close_all(run);
    }
    /* Out of step, a session is not closed: its library may wait for ranks that are gone. The
     * process ends instead. */
    free(run);
    return status;
}
