/* SPDX-License-Identifier: Apache-2.0 */
/* Components of a pair, each from an idle start: regime isolated.
 * Not a chain (pair_chain.c). Source: docs/measurement.md, "Expert parallelism". */
#include "measure/isolated.h"
#include "measure/order.h"
#include "measure/pair_block.h"

/**
 * once    drained, before the iterations, on their slot
 * before  of every iteration, ahead of the first stamp, not waited for
 * timed   between the stamps
 * after   of every iteration, drained
 */
typedef struct plan {
    cx_phases_t once, before, timed, after;
} plan_t;

static const cx_phases_t nothing        = {0};
static const cx_phases_t dispatch_alone = {1, {CX_PHASE_DISPATCH}};
static const cx_phases_t stage_alone    = {1, {CX_PHASE_STAGE}};
static const cx_phases_t combine_alone  = {1, {CX_PHASE_COMBINE}};
static const cx_phases_t dispatch_stage = {2, {CX_PHASE_DISPATCH, CX_PHASE_STAGE}};
static const cx_phases_t stage_combine  = {2, {CX_PHASE_STAGE, CX_PHASE_COMBINE}};

static plan_t plan_of(const cx_pair_job_t *job, cx_component_t component)
{
    bool   is_fresh = job->needs_fresh_pair;
    plan_t plan     = {nothing, nothing, *cx_pair_phases(job), nothing};

    if (component == CX_COMPONENT_DISPATCH) {
        plan.timed = dispatch_alone;
        plan.after = is_fresh ? stage_combine : nothing;
    } else if (component == CX_COMPONENT_COMBINE) {
        plan.once   = is_fresh ? nothing : dispatch_stage;
        plan.before = is_fresh ? dispatch_stage : nothing;
        plan.timed  = combine_alone;
    } else if (component == CX_COMPONENT_STAGE) {
        plan.before = dispatch_alone;
        plan.timed  = stage_alone;
        plan.after  = is_fresh ? combine_alone : nothing;
    }
    return plan;
}

size_t cx_components_message_bytes(const cx_pair_sampling_t *sampling)
{
    return cx_exchange_message_bytes((size_t)sampling->iters_per_trial * sizeof(cx_stamp_t));
}

static cx_status_t run_iterations(const cx_pair_block_t *block, const plan_t *plan)
{
    const cx_pair_job_t *job         = block->job;
    cx_window_t          window      = block->window;
    const char          *slug        = cx_component_slug(block->component);
    int64_t              deadline_ns = job->begin_phase(job->context, slug);

    if (plan->once.count > 0) {
        /* One dispatch serves all combines of the trial, so they are on its slot. */
        window.first_slot += (int32_t)(block->trial_index % window.slot_count);
        window.slot_count = 1;
        CX_TRY(cx_window_drain(&window, &plan->once, 0, deadline_ns));
    }
    for (int64_t i = 0; i < block->sampling->iters_per_trial; i++) {
        CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
        CX_TRY(cx_window_phases(&window, &plan->before, &plan->timed, i, deadline_ns));
        if (plan->after.count > 0) {
            CX_TRY(cx_window_drain(&window, &plan->after, i, deadline_ns));
        }
    }
    return CX_OK;
}

static cx_status_t run_trial(const cx_pair_block_t *block, void *numbers, cx_block_report_t *report)
{
    const cx_pair_job_t *job        = block->job;
    bool                 is_pair    = block->component == CX_COMPONENT_ROUNDTRIP;
    int64_t              pair_count = block->sampling->iters_per_trial;
    plan_t               plan       = plan_of(job, block->component);

    CX_TRY(cx_pair_warm(job, block->rung, block->sampling->warmup_count,
                        block->component == CX_COMPONENT_STAGE));
    if (is_pair) {
        CX_TRY(cx_pair_hoist(block));
        CX_TRY(job->before_block(job->context, block->rung, pair_count));
    }
    CX_TRY(run_iterations(block, &plan));
    cx_isolated_read(&block->window, job->to_common_ns, job->context, pair_count, numbers);
    return is_pair ? job->after_block(job->context, block->rung, pair_count, report) : CX_OK;
}

static void append(const cx_pair_block_t *block)
{
    static const cx_sampling_t isolated = {.regime = CX_REGIME_ISOLATED, .stamp_ops = 1};
    cx_pair_result_t          *result   = block->result;
    cx_series_t               *series   = &result->series[block->component];
    int64_t                    count    = block->sampling->iters_per_trial;

    for (int32_t rank = 0; rank < series->rank_count; rank++) {
        cx_regime_samples(&isolated, cx_exchange_numbers(&block->exchange, rank), count, rank,
                          series);
    }
    cx_regime_reduce(&isolated, count, series);
    if (block->component == CX_COMPONENT_ROUNDTRIP) {
        cx_pair_spread_append(series, series->count, count, &result->spread);
        result->timed_count += count * series->rank_count;
    }
    series->count += count;
}

/* Every component of one rung in one trial. */
static cx_status_t measure_rung(cx_pair_block_t *block)
{
    static const cx_component_t components[] = {CX_COMPONENT_ROUNDTRIP, CX_COMPONENT_DISPATCH,
                                                CX_COMPONENT_COMBINE, CX_COMPONENT_STAGE};
    const cx_pair_job_t        *job          = block->job;
    size_t                      count        = job->is_pair_only ? 1 : job->has_stage ? 4 : 3;
    size_t                      order[4];

    cx_rotation_order(block->trial_index, count, order);
    for (size_t i = 0; i < count; i++) {
        block->component = components[order[i]];
        CX_TRY(cx_pair_block_run(block, cx_components_message_bytes(block->sampling), run_trial));
        append(block);
    }
    return CX_OK;
}

cx_status_t cx_measure_components(const cx_pair_job_t *job, const cx_pair_sampling_t *sampling,
                                  cx_pair_result_t *results)
{
    return cx_pairs_measure(job, sampling, sampling->trial_count, measure_rung, results);
}
