/* SPDX-License-Identifier: Apache-2.0 */
/* What both ways to measure pairs share. */
#include "measure/pair_block.h"

#include "measure/order.h"

static const cx_phases_t whole_pair    = {3, {CX_PHASE_DISPATCH, CX_PHASE_STAGE, CX_PHASE_COMBINE}};
static const cx_phases_t unstaged_pair = {2, {CX_PHASE_DISPATCH, CX_PHASE_COMBINE}};

cx_window_t cx_pair_window(const cx_pair_job_t *job, int32_t rung)
{
    cx_window_t window = job->window;

    window.first_slot = job->rungs[rung].first_slot;
    window.slot_count = job->rungs[rung].slot_count;
    return window;
}

const cx_phases_t *cx_pair_phases(const cx_pair_job_t *job)
{
    return job->is_hoisted ? &unstaged_pair : &whole_pair;
}

cx_status_t cx_pair_warm(const cx_pair_job_t *job, int32_t rung, int64_t count, bool stages_always)
{
    cx_window_t window      = cx_pair_window(job, rung);
    int64_t     deadline_ns = job->begin_phase(job->context, "warm-up");

    for (int64_t i = 0; i < count; i++) {
        bool stages = stages_always || i < window.slot_count;

        CX_TRY(
            cx_window_drain(&window, stages ? &whole_pair : cx_pair_phases(job), i, deadline_ns));
    }
    return CX_OK;
}

cx_status_t cx_pairs_warm(const cx_pair_job_t *job, int32_t rung, int64_t count)
{
    return cx_pair_warm(job, rung, count, false);
}

cx_status_t cx_pair_hoist(const cx_pair_block_t *block)
{
    const cx_pair_job_t *job = block->job;
    int64_t              deadline_ns;

    if (!job->is_hoisted) {
        return CX_OK;
    }
    deadline_ns = job->begin_phase(job->context, "hoist");
    for (int32_t i = 0; i < block->window.slot_count; i++) {
        CX_TRY(cx_window_drain(&block->window, &whole_pair, i, deadline_ns));
    }
    return CX_OK;
}

static void count_block(const cx_pair_block_t *block)
{
    cx_pair_result_t *result = block->result;
    int64_t           violation_count;
    cx_block_report_t total = cx_exchange_total(&block->exchange, &violation_count);

    result->verified_count += total.verified_count;
    result->wrong_count += total.wrong_count;
    result->disturbed_count += total.is_disturbed;
    result->violation_count += violation_count;
}

cx_status_t cx_pair_block_run(cx_pair_block_t *block, size_t message_bytes, cx_pair_body_fn body)
{
    const cx_pair_job_t *job = block->job;
    cx_block_header_t   *header;
    cx_status_t          status;

    block->window   = cx_pair_window(job, block->rung);
    block->exchange = (cx_exchange_t){.window        = &block->window,
                                      .peers_ops     = job->peers_ops,
                                      .peers         = job->peers,
                                      .gather        = block->result->gather,
                                      .message_bytes = message_bytes};
    header          = cx_exchange_begin(&block->exchange);
    status = body(block, cx_exchange_numbers(&block->exchange, job->rank), &header->report);
    CX_TRY(cx_exchange_end(&block->exchange, status, job->begin_phase(job->context, "exchange")));
    count_block(block);
    return CX_OK;
}

cx_status_t cx_pairs_measure(const cx_pair_job_t *job, const cx_pair_sampling_t *sampling,
                             int64_t trial_count, cx_status_t (*measure_rung)(cx_pair_block_t *),
                             cx_pair_result_t *results)
{
    size_t rung_count = (size_t)job->rung_count;
    size_t order[CX_PAIR_LADDER_COUNT_MAX];

    for (size_t i = 0; i < rung_count; i++) {
        cx_pair_result_clear(&results[i]);
    }
    for (int64_t trial = 0; trial < trial_count; trial++) {
        cx_rotation_order(trial, rung_count, order);
        for (size_t i = 0; i < rung_count; i++) {
            cx_pair_block_t block = {.job         = job,
                                     .sampling    = sampling,
                                     .result      = &results[order[i]],
                                     .trial_index = trial,
                                     .rung        = (int32_t)order[i]};

            CX_TRY(measure_rung(&block));
        }
    }
    return CX_OK;
}

void cx_pair_spread_append(const cx_series_t *series, int64_t first, int64_t count,
                           cx_series_t *spread)
{
    for (int64_t i = first; i < first + count; i++) {
        double low = series->rank_us[i], high = low;

        for (int32_t rank = 1; rank < series->rank_count; rank++) {
            double value = series->rank_us[rank * series->capacity + i];

            low  = value < low ? value : low;
            high = value > high ? value : high;
        }
        spread->reduced_us[spread->count++] = high - low;
    }
}
