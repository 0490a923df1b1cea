/* SPDX-License-Identifier: Apache-2.0 */
/* The regimes, as one table of what differs between them. */
#include "measure/regimes.h"

#include "measure/chain.h"
#include "measure/graph.h"
#include "measure/isolated.h"
#include "stats/ranks.h"

typedef struct regime {
    cx_rank_reduction_t over_ranks;
    bool                has_skew;      /* ranks start each sample together */
    bool                is_one_sample; /* a block is one sample */
    int64_t             head_count;    /* operations of a stamp that are not timed */
    cx_status_t (*run)(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps);
    int64_t (*dropped_count)(int64_t stamp_count); /* first stamps that are no samples */
} regime_t;

static int64_t drop_none(int64_t stamp_count)
{
    (void)stamp_count;
    return 0;
}

static const regime_t regimes[CX_REGIME_COUNT] = {
    [CX_REGIME_ISOLATED]  = {CX_RANK_REDUCTION_MAX, true, false, 0, cx_measure_isolated, drop_none},
    [CX_REGIME_STEADY]    = {CX_RANK_REDUCTION_MEDIAN, false, false, 0, cx_measure_chain,
                             cx_chain_head_count},
    [CX_REGIME_GRAPH]     = {CX_RANK_REDUCTION_MEDIAN, true, false, 0, cx_measure_graph, drop_none},
    [CX_REGIME_LOOP_MEAN] = {CX_RANK_REDUCTION_MEAN, false, true, CX_LOOP_HEAD_COUNT,
                             cx_measure_loop, drop_none},
};

int64_t cx_regime_stamp_operation_count(const cx_sampling_t *sampling, int64_t operation_count)
{
    return regimes[sampling->regime].is_one_sample || sampling->stamp_ops > operation_count
               ? operation_count
               : sampling->stamp_ops;
}

int64_t cx_regime_sample_operation_count(const cx_sampling_t *sampling, int64_t operation_count)
{
    return cx_regime_stamp_operation_count(sampling, operation_count) -
           regimes[sampling->regime].head_count;
}

int64_t cx_regime_operation_count(const cx_sampling_t *sampling, int64_t sample_count,
                                  int64_t operation_count_max)
{
    const regime_t *regime = &regimes[sampling->regime];
    int64_t         each   = cx_regime_stamp_operation_count(sampling, operation_count_max);
    int64_t         most   = operation_count_max / each; /* stamps */
    int64_t         wanted = sample_count + regime->dropped_count(most);

    if (regime->is_one_sample) {
        return operation_count_max;
    }
    wanted = wanted < most ? wanted : most;
    /* A short block drops fewer, and the series has room for sample_count only. */
    while (cx_regime_sample_count(sampling, wanted * each) > sample_count) {
        wanted--;
    }
    return wanted * each;
}

int64_t cx_regime_stamp_count(const cx_sampling_t *sampling, int64_t operation_count)
{
    return operation_count / cx_regime_stamp_operation_count(sampling, operation_count);
}

int64_t cx_regime_sample_count(const cx_sampling_t *sampling, int64_t operation_count)
{
    int64_t stamp_count = cx_regime_stamp_count(sampling, operation_count);

    return stamp_count - regimes[sampling->regime].dropped_count(stamp_count);
}

cx_status_t cx_regime_run(const cx_job_t *job, const cx_sampling_t *sampling,
                          int64_t operation_count, cx_stamp_t *stamps)
{
    return regimes[sampling->regime].run(job, operation_count, stamps);
}

void cx_regime_samples(const cx_sampling_t *sampling, const cx_stamp_t *stamps,
                       int64_t operation_count, int32_t rank, cx_series_t *series)
{
    const regime_t *regime = &regimes[sampling->regime];
    int64_t         count  = cx_regime_sample_count(sampling, operation_count);
    int64_t         first = regime->dropped_count(cx_regime_stamp_count(sampling, operation_count));
    int64_t         place = (int64_t)rank * series->capacity + series->count;

    for (int64_t i = 0; i < count; i++) {
        /* Absolute times stay in the arrays until cx_regime_reduce makes them differences. */
        series->rank_us[place + i]    = stamps[first + i].duration_us;
        series->arrival_us[place + i] = (double)stamps[first + i].start_ns;
        series->exit_us[place + i]    = (double)stamps[first + i].end_ns;
    }
}

/* Column `index` of [rank_count][capacity] nanoseconds becomes microseconds after its earliest. */
static void make_relative(double *times, int32_t rank_count, int64_t capacity, int64_t index)
{
    double earliest = times[index];

    for (int32_t rank = 1; rank < rank_count; rank++) {
        double value = times[rank * capacity + index];

        earliest = value < earliest ? value : earliest;
    }
    for (int32_t rank = 0; rank < rank_count; rank++) {
        times[rank * capacity + index] = (times[rank * capacity + index] - earliest) / 1e3;
    }
}

void cx_regime_reduce(const cx_sampling_t *sampling, int64_t sample_count, cx_series_t *series)
{
    const regime_t     *regime = &regimes[sampling->regime];
    cx_rank_reduction_t how =
        sampling->wants_slowest_rank ? CX_RANK_REDUCTION_MAX : regime->over_ranks;

    series->has_skew = regime->has_skew;
    for (int64_t i = series->count; i < series->count + sample_count; i++) {
        for (int32_t rank = 0; rank < series->rank_count; rank++) {
            series->column[rank] = series->rank_us[rank * series->capacity + i];
        }
        cx_reduce_ranks(series->column, series->rank_count, 1, how, series->scratch,
                        &series->reduced_us[i]);
        make_relative(series->arrival_us, series->rank_count, series->capacity, i);
        make_relative(series->exit_us, series->rank_count, series->capacity, i);
    }
}
