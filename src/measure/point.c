/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over blocks: align, time, verify, exchange, decide. */
#include "measure/point.h"

#include "measure/regimes.h"
#include "measure/stop.h"
#include "stats/ranks.h"

#include <string.h>

#define BLOCK_US_WANTED 20e3 /* long enough to hide the exchange, short enough to stop in time */
#define FIRST_BLOCK_SAMPLE_COUNT 8
#define REPEATED_BLOCK_RATIO_MAX 0.25 /* beyond that the machine is simply like this */

/* What a rank tells the others after a block. */
typedef struct block_header {
    int32_t           status;
    char              detail[244];
    double            elapsed_us;
    int64_t           violation_count;
    cx_block_report_t report;
} block_header_t;

typedef struct block {
    int64_t operation_count, sample_count;
    size_t  message_bytes;
} block_t;

size_t cx_block_message_bytes(int64_t stamp_count)
{
    return sizeof(block_header_t) + (size_t)stamp_count * sizeof(cx_stamp_t);
}

int64_t cx_block_operation_count_max(const cx_sampling_t *sampling, int32_t slot_count,
                                     bool slots_serve_once)
{
    int64_t wanted = CX_BLOCK_STAMP_COUNT_MAX;

    if (sampling->regime == CX_REGIME_LOOP_MEAN) {
        wanted = sampling->loop_iters;
    }
    return slots_serve_once && slot_count < wanted ? slot_count : wanted;
}

/* The next block, from what all ranks know: so it is the same on all of them. */
static block_t plan_block(const cx_job_t *job, const cx_sampling_t *sampling,
                          const cx_series_t *series)
{
    int64_t left    = sampling->samples_max - series->count;
    int64_t samples = FIRST_BLOCK_SAMPLE_COUNT;
    block_t block;

    if (series->count > 0) {
        double last_us = series->reduced_us[series->count - 1];

        samples = last_us * CX_BLOCK_STAMP_COUNT_MAX < BLOCK_US_WANTED
                      ? CX_BLOCK_STAMP_COUNT_MAX
                      : (int64_t)(BLOCK_US_WANTED / last_us) + 1;
        samples = samples < 4 * series->count ? samples : 4 * series->count;
    }
    samples               = samples < left ? samples : left;
    block.operation_count = cx_regime_operation_count(sampling, samples, job->operation_count_max);
    block.sample_count    = cx_regime_sample_count(sampling, block.operation_count);
    block.message_bytes =
        cx_block_message_bytes(cx_regime_stamp_count(sampling, block.operation_count));
    return block;
}

static block_header_t *header_of(const cx_job_t *job, const block_t *block, int32_t rank)
{
    return (void *)((char *)job->gather + (size_t)rank * block->message_bytes);
}

static cx_stamp_t *stamps_of(const cx_job_t *job, const block_t *block, int32_t rank)
{
    return (cx_stamp_t *)(void *)(header_of(job, block, rank) + 1);
}

/* Runs the block on this rank; its message is built where the exchange will have it. */
static void run_block(const cx_job_t *job, const cx_sampling_t *sampling, const block_t *block,
                      block_header_t *header, cx_stamp_t *stamps)
{
    int64_t     violations_before = 0;
    cx_status_t status;

    memset(header, 0, sizeof *header);
    if (job->window.audit.violation_count) {
        violations_before = job->window.audit.violation_count();
    }
    status = job->before_block(job->context, block->operation_count);
    if (status == CX_OK) {
        status = cx_regime_run(job, sampling, block->operation_count, stamps);
    }
    if (job->window.audit.violation_count) {
        header->violation_count = job->window.audit.violation_count() - violations_before;
    }
    if (status == CX_OK) {
        status = job->after_block(job->context, block->operation_count, &header->report);
    }
    header->status = (int32_t)status;
    if (status != CX_OK) {
        (void)memcpy(header->detail, cx_detail()->text, sizeof header->detail - 1);
    }
}

/* Such a failure is mostly the consequence of another rank's. */
static bool is_echo(const block_header_t *header)
{
    return header->status == CX_TIMEOUT || header->status == CX_PEER;
}

/* The first rank that failed for a reason of its own speaks for all. */
static cx_status_t agree(const cx_job_t *job, const block_t *block)
{
    int32_t               rank_count = job->peers_ops->rank_count(job->peers);
    const block_header_t *worst      = NULL;
    int32_t               worst_rank = 0;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        const block_header_t *header = header_of(job, block, rank);

        if (header->status != CX_OK && (!worst || (is_echo(worst) && !is_echo(header)))) {
            worst      = header;
            worst_rank = rank;
        }
    }
    if (!worst) {
        return CX_OK;
    }
    if (worst_rank != job->peers_ops->rank(job->peers)) {
        cx_detail_clear();
        return CX_FAIL((cx_status_t)worst->status, "rank %d: %s", worst_rank, worst->detail);
    }
    return (cx_status_t)worst->status;
}

static bool count_block(const cx_job_t *job, const block_t *block, cx_outcome_t *outcome)
{
    int32_t rank_count   = job->peers_ops->rank_count(job->peers);
    bool    is_disturbed = false;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        const block_header_t *header = header_of(job, block, rank);

        outcome->timed_count += block->operation_count;
        outcome->verified_count += header->report.verified_count;
        outcome->wrong_count += header->report.wrong_count;
        outcome->violation_count += header->violation_count;
        is_disturbed |= header->report.is_disturbed;
    }
    return is_disturbed;
}

static void append(const cx_job_t *job, const cx_sampling_t *sampling, const block_t *block,
                   cx_series_t *series)
{
    for (int32_t rank = 0; rank < series->rank_count; rank++) {
        cx_regime_samples(sampling, stamps_of(job, block, rank), block->operation_count, rank,
                          series);
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

static cx_status_t measure_block(const cx_job_t *job, const cx_sampling_t *sampling,
                                 int64_t started_ns, cx_series_t *series, cx_outcome_t *outcome,
                                 double *elapsed_us)
{
    block_t         block  = plan_block(job, sampling, series);
    int32_t         rank   = job->peers_ops->rank(job->peers);
    block_header_t *header = header_of(job, &block, rank);

    run_block(job, sampling, &block, header, stamps_of(job, &block, rank));
    header->elapsed_us =
        (double)(job->window.device_ops->now_ns(job->window.device) - started_ns) / 1e3;
    CX_TRY(job->peers_ops->allgather(job->peers, header, job->gather, block.message_bytes,
                                     job->begin_phase(job->context, "exchange")));
    CX_TRY(agree(job, &block));
    *elapsed_us = header_of(job, &block, 0)->elapsed_us;
    if (!must_repeat(count_block(job, &block, outcome), outcome)) {
        append(job, sampling, &block, series);
        outcome->block_count++;
    }
    return CX_OK;
}

cx_status_t cx_measure_point(const cx_job_t *job, const cx_sampling_t *sampling,
                             cx_series_t *series, cx_outcome_t *out)
{
    int64_t      started_ns = job->window.device_ops->now_ns(job->window.device);
    int64_t      checked_at = 0;
    double       elapsed_us = 0;
    cx_outcome_t outcome    = {.stop = CX_STOP_NOT_YET};

    cx_series_clear(series);
    while (outcome.stop == CX_STOP_NOT_YET) {
        cx_warmup_t warmup;

        CX_TRY(measure_block(job, sampling, started_ns, series, &outcome, &elapsed_us));
        outcome.stop = cx_stop_reached(sampling, series, elapsed_us, &checked_at);
        if (outcome.wrong_count > 0) {
            outcome.stop = CX_STOP_FAILURE;
        }
        if (outcome.stop != CX_STOP_NOT_YET) {
            warmup = cx_warmup_detect(series->reduced_us, series->count, sampling->warmup_min);
            outcome.discarded_count = warmup.discard_count;
            outcome.is_settled      = warmup.is_settled;
        }
    }
    *out = outcome;
    return CX_OK;
}
