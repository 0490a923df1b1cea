/* SPDX-License-Identifier: Apache-2.0 */
/* Free-running chains of pairs, for the period of a pair and for the floors of its parts: regime
 * steady. Not drained pairs (components.c). Source: docs/measurement.md, "Expert parallelism". */
#include "measure/health.h"
#include "measure/pair_block.h"

/* A rank's numbers of one trial: two scalars, then the kept pairs of each component. */
enum { GAP, DRIFT, SCALAR_COUNT };

static const cx_component_t components[] = {CX_COMPONENT_PAIR_PERIOD, CX_COMPONENT_DISPATCH_FLOOR,
                                            CX_COMPONENT_COMBINE_FLOOR};
#define COMPONENT_COUNT (sizeof components / sizeof components[0])

static int64_t kept_count(const cx_pair_sampling_t *sampling)
{
    return sampling->chain_iters - sampling->chain_drop_count;
}

size_t cx_chains_message_bytes(const cx_pair_sampling_t *sampling)
{
    size_t number_count = SCALAR_COUNT + COMPONENT_COUNT * (size_t)kept_count(sampling);

    return cx_exchange_message_bytes(number_count * sizeof(double));
}

/* Where the kept pairs of components[index] lie in a rank's numbers. */
static double *values_of(const cx_pair_block_t *block, void *numbers, size_t index)
{
    return (double *)numbers + SCALAR_COUNT + (int64_t)index * kept_count(block->sampling);
}

/* The stamps from + i*stride and to + i*stride of the first kept pair and its followers. */
static void read_stamps(const cx_pair_block_t *block, int64_t stride, int64_t from, int64_t to,
                        int64_t count, double *values)
{
    const cx_window_t *window = &block->window;
    int64_t            first  = stride * block->sampling->chain_drop_count;

    for (int64_t i = 0; i < count; i++) {
        values[i] = window->device_ops->elapsed_us(window->events, first + stride * i + from,
                                                   first + stride * i + to);
    }
}

/* Four stamps in each pair, so its period would have their cost in it. */
static cx_status_t run_floors(const cx_pair_block_t *block, void *numbers)
{
    const cx_pair_job_t *job         = block->job;
    int64_t              deadline_ns = job->begin_phase(job->context, "floors chain");
    int64_t              kept        = kept_count(block->sampling);

    CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
    CX_TRY(cx_window_floors(&block->window, cx_pair_phases(job), block->sampling->chain_iters,
                            deadline_ns));
    read_stamps(block, 4, 0, 1, kept, values_of(block, numbers, 1));
    read_stamps(block, 4, 2, 3, kept, values_of(block, numbers, 2));
    return CX_OK;
}

/* Its sibling with two stamps in each pair and nothing between dispatch and combine. */
static cx_status_t run_periods(const cx_pair_block_t *block, double *numbers)
{
    const cx_pair_job_t *job            = block->job;
    int64_t              deadline_ns    = job->begin_phase(job->context, "period chain");
    int64_t              kept           = kept_count(block->sampling);
    double              *pair_us        = values_of(block, numbers, 0);
    double              *start_to_start = block->result->spread.scratch;
    double              *scratch        = block->result->series[CX_COMPONENT_PAIR_PERIOD].scratch;

    CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
    CX_TRY(cx_window_periods(&block->window, cx_pair_phases(job), block->sampling->chain_iters,
                             deadline_ns));
    read_stamps(block, 2, 0, 1, kept, pair_us);
    read_stamps(block, 2, 0, 2, kept - 1, start_to_start);
    numbers[GAP]   = cx_chain_gap_us(pair_us, start_to_start, kept, scratch);
    numbers[DRIFT] = cx_chain_drift_us(pair_us, kept, scratch);
    return CX_OK;
}

static cx_status_t run_trial(const cx_pair_block_t *block, void *numbers, cx_block_report_t *report)
{
    const cx_pair_job_t *job        = block->job;
    int64_t              pair_count = block->sampling->chain_iters;

    CX_TRY(cx_pair_warm(job, block->rung, block->sampling->warmup_count, false));
    CX_TRY(cx_pair_hoist(block));
    CX_TRY(run_floors(block, numbers));
    CX_TRY(job->before_block(job->context, block->rung, pair_count));
    CX_TRY(run_periods(block, numbers));
    return job->after_block(job->context, block->rung, pair_count, report);
}

/* Sample `index` of every rank becomes its column. */
static void gather_column(cx_series_t *series, int64_t index)
{
    for (int32_t rank = 0; rank < series->rank_count; rank++) {
        series->column[rank] = series->rank_us[rank * series->capacity + index];
    }
}

static void append_values(const cx_pair_block_t *block, size_t index)
{
    cx_series_t        *series = &block->result->series[components[index]];
    cx_rank_reduction_t how    = cx_component_reduction(components[index]);
    int64_t             kept   = kept_count(block->sampling);

    for (int32_t rank = 0; rank < series->rank_count; rank++) {
        const double *values = values_of(block, cx_exchange_numbers(&block->exchange, rank), index);

        for (int64_t i = 0; i < kept; i++) {
            series->rank_us[rank * series->capacity + series->count + i] = values[i];
        }
    }
    for (int64_t i = series->count; i < series->count + kept; i++) {
        gather_column(series, i);
        cx_reduce_ranks(series->column, series->rank_count, 1, how, series->scratch,
                        &series->reduced_us[i]);
    }
    series->count += kept;
}

static void append_scalars(const cx_pair_block_t *block)
{
    cx_series_t *gap   = &block->result->interpair_gap;
    cx_series_t *drift = &block->result->settle_drift;

    for (int32_t rank = 0; rank < gap->rank_count; rank++) {
        const double *numbers = cx_exchange_numbers(&block->exchange, rank);
        int64_t       place   = rank * gap->capacity + gap->count;

        gap->rank_us[place]   = numbers[GAP];
        drift->rank_us[place] = numbers[DRIFT];
    }
    gather_column(gap, gap->count);
    gather_column(drift, drift->count);
    cx_reduce_ranks(gap->column, gap->rank_count, 1, CX_RANK_REDUCTION_MEDIAN, gap->scratch,
                    &gap->reduced_us[gap->count]);
    drift->reduced_us[drift->count] = cx_largest_magnitude(drift->column, drift->rank_count);
    gap->count++;
    drift->count++;
}

/* Both chains of one rung in one trial. */
static cx_status_t measure_rung(cx_pair_block_t *block)
{
    cx_pair_result_t *result = block->result;
    cx_series_t      *pairs  = &result->series[CX_COMPONENT_PAIR_PERIOD];
    int64_t           first  = pairs->count;

    CX_TRY(cx_pair_block_run(block, cx_chains_message_bytes(block->sampling), run_trial));
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        append_values(block, i);
    }
    append_scalars(block);
    cx_pair_spread_append(pairs, first, pairs->count - first, &result->spread);
    result->timed_count += block->sampling->chain_iters * pairs->rank_count;
    cx_chain_health(result);
    return CX_OK;
}

cx_status_t cx_measure_chains(const cx_pair_job_t *job, const cx_pair_sampling_t *sampling,
                              cx_pair_result_t *results)
{
    return cx_pairs_measure(job, sampling, sampling->chain_trial_count, measure_rung, results);
}
