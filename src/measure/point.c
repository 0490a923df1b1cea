/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over blocks: align, time, verify, exchange, decide. */
#include "measure/point.h"

#include "measure/chain.h"
#include "measure/graph.h"
#include "measure/regimes.h"
#include "measure/stop.h"
#include "stats/quantile.h"
#include "stats/ranks.h"

#include <math.h>

#define BLOCK_US_WANTED 20e3 /* long enough to hide the exchange, short enough to stop in time */
#define FIRST_BLOCK_SAMPLE_COUNT 8
#define STAMP_OPS_MAX 64 /* what is faster still is held up no more by a stamp in 64 operations */
#define REPEATED_BLOCK_RATIO_MAX 0.25 /* beyond that the machine is simply like this */

typedef struct block {
    int64_t       operation_count, sample_count;
    cx_exchange_t exchange;
} block_t;

size_t cx_block_message_bytes(int64_t stamp_count)
{
    return cx_exchange_message_bytes((size_t)stamp_count * sizeof(cx_stamp_t));
}

int64_t cx_block_operation_count_max(const cx_sampling_t *sampling, int32_t slot_count,
                                     bool slots_serve_once)
{
    int64_t wanted = CX_BLOCK_STAMP_COUNT_MAX;

    if (sampling->regime == CX_REGIME_LOOP_MEAN) {
        wanted = sampling->loop_iters + CX_LOOP_HEAD_COUNT;
    }
    if (sampling->regime == CX_REGIME_GRAPH) {
        wanted = sampling->stamp_ops * (slots_serve_once ? 1 : CX_BLOCK_STAMP_COUNT_MAX);
    }
    return slots_serve_once && slot_count < wanted ? slot_count : wanted;
}

static cx_exchange_t exchange_of(const cx_job_t *job, int64_t stamp_count)
{
    return (cx_exchange_t){.window        = &job->window,
                           .peers_ops     = job->peers_ops,
                           .peers         = job->peers,
                           .gather        = job->gather,
                           .message_bytes = cx_block_message_bytes(stamp_count)};
}

/* The next block, from what all ranks know: so it is the same on all of them. */
static block_t plan_block(const cx_job_t *job, const cx_sampling_t *sampling,
                          const cx_series_t *series)
{
    int64_t left    = sampling->samples_max - series->count;
    int64_t samples = FIRST_BLOCK_SAMPLE_COUNT;
    block_t block;

    if (series->count > 0) {
        double last_us =
            series->reduced_us[series->count - 1] *
            (double)cx_regime_stamp_operation_count(sampling, job->operation_count_max);

        samples = last_us * CX_BLOCK_STAMP_COUNT_MAX < BLOCK_US_WANTED
                      ? CX_BLOCK_STAMP_COUNT_MAX
                      : (int64_t)(BLOCK_US_WANTED / last_us) + 1;
        samples = samples < 4 * series->count ? samples : 4 * series->count;
    }
    samples               = samples < left ? samples : left;
    block.operation_count = cx_regime_operation_count(sampling, samples, job->operation_count_max);
    block.sample_count    = cx_regime_sample_count(sampling, block.operation_count);
    block.exchange = exchange_of(job, cx_regime_stamp_count(sampling, block.operation_count));
    return block;
}

/* The block on this rank; its stamps are written where the exchange will have them. */
static cx_status_t run_block(const cx_job_t *job, const cx_sampling_t *sampling,
                             const block_t *block, cx_block_report_t *report)
{
    int32_t rank = job->peers_ops->rank(job->peers);

    CX_TRY(job->before_block(job->context, block->operation_count));
    CX_TRY(cx_regime_run(job, sampling, block->operation_count,
                         cx_exchange_numbers(&block->exchange, rank)));
    return job->after_block(job->context, block->operation_count, report);
}

static bool count_block(const cx_job_t *job, const block_t *block, cx_outcome_t *outcome)
{
    int64_t           violation_count;
    cx_block_report_t total = cx_exchange_total(&block->exchange, &violation_count);

    outcome->timed_count += block->operation_count * job->peers_ops->rank_count(job->peers);
    outcome->verified_count += total.verified_count;
    outcome->wrong_count += total.wrong_count;
    outcome->violation_count += violation_count;
    return total.is_disturbed;
}

static void append(const cx_sampling_t *sampling, const block_t *block, cx_series_t *series)
{
    for (int32_t rank = 0; rank < series->rank_count; rank++) {
        cx_regime_samples(sampling, cx_exchange_numbers(&block->exchange, rank),
                          block->operation_count, rank, series);
    }
    cx_regime_reduce(sampling, block->sample_count, series);
    series->count += block->sample_count;
}

/* True when the block is to be thrown away and measured again. */
static bool must_repeat(bool is_disturbed, cx_outcome_t *outcome)
{
    if (!is_disturbed) {
        return false;
    }
    if ((double)outcome->repeated_block_count <
        1 + REPEATED_BLOCK_RATIO_MAX * (double)outcome->block_count) {
        outcome->repeated_block_count++;
        return true;
    }
    outcome->disturbed_block_count++;
    return false;
}

/* What an operation cost the host of the rank that needed longest. */
static double slowest_enqueue_us(const cx_job_t *job, const block_t *block)
{
    double slowest_us = 0;

    for (int32_t rank = 0; rank < job->peers_ops->rank_count(job->peers); rank++) {
        slowest_us = fmax(slowest_us, cx_exchange_header(&block->exchange, rank)->enqueue_us);
    }
    return slowest_us;
}

static void keep_block(const cx_job_t *job, const cx_sampling_t *sampling, const block_t *block,
                       cx_series_t *series, cx_outcome_t *outcome)
{
    append(sampling, block, series);
    outcome->block_count++;
    outcome->enqueue_us_mean +=
        (slowest_enqueue_us(job, block) - outcome->enqueue_us_mean) / (double)outcome->block_count;
}

static cx_status_t measure_block(cx_job_t *job, const cx_sampling_t *sampling, int64_t started_ns,
                                 cx_series_t *series, cx_outcome_t *outcome, double *elapsed_us)
{
    block_t            block  = plan_block(job, sampling, series);
    cx_block_header_t *header = cx_exchange_begin(&block.exchange);
    cx_status_t        status;

    job->window.enqueue_us = sampling->is_enqueue_timed ? &header->enqueue_us : NULL;
    job->window.stamp_operation_count =
        cx_regime_stamp_operation_count(sampling, job->operation_count_max);
    status = run_block(job, sampling, &block, &header->report);
    header->elapsed_us =
        (double)(job->window.device_ops->now_ns(job->window.device) - started_ns) / 1e3;
    CX_TRY(cx_exchange_end(&block.exchange, status, job->begin_phase(job->context, "exchange")));
    *elapsed_us = cx_exchange_header(&block.exchange, 0)->elapsed_us;
    if (!must_repeat(count_block(job, &block, outcome), outcome)) {
        keep_block(job, sampling, &block, series, outcome);
    }
    return CX_OK;
}

/* Ranks that go the same way have the same to tell: how it went. */
static cx_status_t share(const cx_job_t *job, cx_status_t status)
{
    const cx_exchange_t exchange = exchange_of(job, 0);

    (void)cx_exchange_begin(&exchange);
    return cx_exchange_end(&exchange, status, job->begin_phase(job->context, "exchange"));
}

/* What a regime has to do once, ahead of its first block. */
static cx_status_t open_point(cx_job_t *job, const cx_sampling_t *sampling)
{
    if (sampling->regime != CX_REGIME_GRAPH) {
        return CX_OK;
    }
    CX_TRY(share(job, cx_graph_open(job, cx_regime_stamp_operation_count(
                                             sampling, job->operation_count_max))));
    return share(job, cx_graph_rehearse(job));
}

/* Operations from one stamp to the next for stamps so far apart as the device wants them, by the
 * samples so far; not so many that a block has no samples left. Alike on all ranks. */
static int64_t choose_stamp_ops(const cx_job_t *job, const cx_sampling_t *sampling,
                                const cx_series_t *series)
{
    int64_t most = job->operation_count_max / FIRST_BLOCK_SAMPLE_COUNT;
    double  period_us, wanted;

    if (sampling->regime != CX_REGIME_STEADY || sampling->stamp_interval_us <= 0 ||
        series->count == 0) {
        return sampling->stamp_ops;
    }
    cx_sort_copy(series->reduced_us, series->count, series->scratch);
    period_us = cx_quantile_nearest_rank(series->scratch, series->count, 0.5);
    wanted    = ceil(sampling->stamp_interval_us / period_us);
    most      = most < STAMP_OPS_MAX ? most : STAMP_OPS_MAX;
    most      = most > 1 ? most : 1;
    return wanted < (double)most ? (int64_t)wanted : most;
}

/* The first block says how long an operation takes. If that asks for stamps further apart, it gives
 * no samples. */
static void space_stamps(const cx_job_t *job, cx_sampling_t *sampling, cx_series_t *series,
                         cx_outcome_t *outcome)
{
    int64_t stamp_ops = choose_stamp_ops(job, sampling, series);

    if (stamp_ops != sampling->stamp_ops) {
        sampling->stamp_ops  = stamp_ops;
        outcome->block_count = 0;
        cx_series_clear(series);
    }
}

static void conclude(const cx_job_t *job, const cx_sampling_t *sampling, const cx_series_t *series,
                     cx_outcome_t *outcome)
{
    cx_warmup_t warmup = cx_warmup_detect(series->reduced_us, series->count, sampling->warmup_min);

    outcome->discarded_count = warmup.discard_count;
    outcome->is_settled      = warmup.is_settled;
    outcome->sample_operation_count =
        cx_regime_sample_operation_count(sampling, job->operation_count_max);
}

static cx_status_t measure_blocks(cx_job_t *job, cx_sampling_t *sampling, cx_series_t *series,
                                  cx_outcome_t *out)
{
    int64_t      started_ns = job->window.device_ops->now_ns(job->window.device);
    int64_t      checked_at = 0;
    double       elapsed_us = 0;
    bool         is_first   = true;
    cx_outcome_t outcome    = {.stop = CX_STOP_NOT_YET};

    cx_series_clear(series);
    while (outcome.stop == CX_STOP_NOT_YET) {
        CX_TRY(measure_block(job, sampling, started_ns, series, &outcome, &elapsed_us));
        if (outcome.wrong_count > 0) {
            outcome.stop = CX_STOP_FAILURE;
            break;
        }
        if (is_first) { /* it pays for what a library does at its first operation: no budget's */
            elapsed_us = 0;
            started_ns = job->window.device_ops->now_ns(job->window.device);
            is_first   = series->count == 0; /* one that was disturbed is measured again */
            space_stamps(job, sampling, series, &outcome);
        }
        outcome.stop = cx_stop_reached(sampling, series, elapsed_us, &checked_at);
    }
    conclude(job, sampling, series, &outcome);
    *out = outcome;
    return CX_OK;
}

cx_status_t cx_measure_point(const cx_job_t *asked, const cx_sampling_t *wanted,
                             cx_series_t *series, cx_outcome_t *out)
{
    cx_job_t      job      = *asked;
    cx_sampling_t sampling = *wanted;
    cx_status_t   status   = open_point(&job, &sampling);

    if (status == CX_OK) {
        status = measure_blocks(&job, &sampling, series, out);
    }
    cx_graph_close(&job, status);
    return status;
}
