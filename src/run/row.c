/* SPDX-License-Identifier: Apache-2.0 */
/* The published row of one size. */
#include "run/row.h"

#include "family/collective/bytes.h"
#include "family/limits/traffic.h"
#include "stats/quantile.h"
#include "stats/spread.h"
#include "stats/summary.h"

#include <math.h>

static void fill_times(cx_series_t *series, const cx_outcome_t *outcome, cx_row_t *row)
{
    cx_summary_t summary;

    cx_summarize(series->reduced_us + outcome->discarded_count,
                 series->count - outcome->discarded_count, series->scratch, &summary);
    row->time_us_p50         = summary.p50;
    row->time_us_p50_ci_low  = summary.p50_ci_low;
    row->time_us_p50_ci_high = summary.p50_ci_high;
    row->time_us_p90         = summary.p90;
    row->time_us_p95         = summary.p95;
    row->time_us_p99         = summary.p99;
    row->time_us_min         = summary.min;
    row->time_us_max         = summary.max;
    row->time_us_mean        = summary.mean;
    row->time_us_stddev      = summary.stddev;
    row->ci_half_width_ratio = summary.p50_half_width_ratio;
    row->sample_count        = summary.sample_count;
    row->effective_count     = summary.effective_count;
    row->outlier_count       = summary.outlier_count;
}

/* Each rank's own median; the spread is over these. */
static void fill_ranks(cx_series_t *series, const cx_outcome_t *outcome, cx_row_t *row)
{
    int64_t first = outcome->discarded_count;

    for (int32_t rank = 0; rank < series->rank_count; rank++) {
        cx_sort_copy(series->rank_us + rank * series->capacity + first, series->count - first,
                     series->scratch);
        series->column[rank] =
            cx_quantile_nearest_rank(series->scratch, series->count - first, 0.5);
    }
    cx_sort(series->column, series->rank_count);
    row->time_us_p50_fastest_rank = series->column[0];
    row->time_us_p50_slowest_rank = series->column[series->rank_count - 1];
    row->rank_spread_ratio        = cx_sorted_spread_ratio(series->column, series->rank_count);
}

/* Median over samples of the largest offset of any rank. */
static double median_skew_us(cx_series_t *series, const double *offsets_us, int64_t first)
{
    int64_t count = series->count - first;

    for (int64_t i = 0; i < count; i++) {
        double latest = 0;

        for (int32_t rank = 0; rank < series->rank_count; rank++) {
            latest = fmax(latest, offsets_us[rank * series->capacity + first + i]);
        }
        series->scratch[i] = latest;
    }
    cx_sort(series->scratch, count);
    return cx_quantile_nearest_rank(series->scratch, count, 0.5);
}

static double claim(double skew_us, double bound_us)
{
    return skew_us >= bound_us ? skew_us : (double)NAN;
}

void cx_row_fill_times(cx_series_t *series, const cx_outcome_t *outcome, double skew_bound_us,
                       cx_row_t *row)
{
    int64_t first = outcome->discarded_count;

    fill_times(series, outcome, row);
    fill_ranks(series, outcome, row);
    if (series->has_skew && series->rank_count > 1) {
        row->arrival_skew_us_p50 =
            claim(median_skew_us(series, series->arrival_us, first), skew_bound_us);
        row->exit_skew_us_p50 =
            claim(median_skew_us(series, series->exit_us, first), skew_bound_us);
        row->skew_bound_us = skew_bound_us;
    }
    row->discarded_count      = outcome->discarded_count;
    row->block_count          = outcome->block_count;
    row->repeated_block_count = outcome->repeated_block_count;
    row->timed_count          = outcome->timed_count;
    row->verified_count       = outcome->verified_count;
    row->wrong_count          = outcome->wrong_count;
    row->stop_reason          = cx_stop_slug(outcome->stop);
}

void cx_row_fill(const cx_workload_t *workload, cx_series_t *series, const cx_outcome_t *outcome,
                 double skew_bound_us, cx_row_t *row)
{
    cx_row_fill_times(series, outcome, skew_bound_us, row);
    row->message_bytes   = workload->point.message_bytes;
    row->elems           = workload->point.elems;
    row->slot_count      = workload->point.slot_count;
    row->enqueue_us_mean = outcome->enqueue_us_mean > 0 ? outcome->enqueue_us_mean : (double)NAN;
    row->sample_operation_count = outcome->sample_operation_count;
    if (workload->shape.op != CX_COLLECTIVE_BARRIER) {
        row->algbw_bytes_per_s = cx_algbw_bytes_per_s(
            cx_limits_copied_bytes(&workload->shape, row->message_bytes), row->time_us_p50);
        row->busbw_bytes_per_s = row->algbw_bytes_per_s * workload->busbw_factor;
    }
}

void cx_row_set_floor(double floor_us, cx_row_t *row)
{
    if (isfinite(floor_us) && isfinite(row->time_us_p50)) {
        row->floor_us     = floor_us;
        row->floor_ratio  = row->time_us_p50 / floor_us;
        row->floor_source = "measured";
    }
}

void cx_row_fill_floor(const cx_limits_t *limits, const cx_floor_work_t *work, cx_series_t *series,
                       cx_row_t *row)
{
    if (limits) {
        cx_row_set_floor(cx_floor_us(limits, work, series->column, series->scratch), row);
    }
}

int64_t cx_row_barrier_violations(const cx_series_t *series, double skew_bound_us)
{
    int64_t violation_count = 0;

    for (int64_t i = 0; i < series->count; i++) {
        double first_exit_us = INFINITY, last_arrival_us = 0;

        for (int32_t rank = 0; rank < series->rank_count; rank++) {
            int64_t place   = rank * series->capacity + i;
            double  exit_us = series->arrival_us[place] + series->rank_us[place];

            first_exit_us   = fmin(first_exit_us, exit_us);
            last_arrival_us = fmax(last_arrival_us, series->arrival_us[place]);
        }
        violation_count += first_exit_us + skew_bound_us < last_arrival_us;
    }
    return violation_count;
}
