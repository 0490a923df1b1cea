/* SPDX-License-Identifier: Apache-2.0 */
/* Self-measurement of the harness. */
#include "measure/harness.h"

#include "stats/quantile.h"

#include <math.h>

#define COUNT CX_HARNESS_SAMPLE_COUNT

static void measure_empty_windows(const cx_job_t *job, cx_harness_t *out)
{
    double samples[COUNT];
    double smallest_step_us = INFINITY;

    cx_window_empty(&job->window, COUNT);
    for (int64_t i = 0; i < COUNT; i++) {
        samples[i] = job->window.device_ops->elapsed_us(job->window.events, 2 * i, 2 * i + 1);
        if (samples[i] > 0 && samples[i] < smallest_step_us) {
            smallest_step_us = samples[i];
        }
    }
    cx_sort(samples, COUNT);
    out->empty_window_us_p50 = cx_quantile_nearest_rank(samples, COUNT, 0.5);
    out->empty_window_us_p99 = cx_quantile_nearest_rank(samples, COUNT, 0.99);
    out->timer_resolution_us = isfinite(smallest_step_us) ? smallest_step_us : (double)NAN;
}

/* Median of three at each asked time, then the least-squares line through five of them. */
static cx_status_t measure_spin(const cx_job_t *job, cx_harness_t *out)
{
    static const double asked_us[] = {10, 30, 100, 300, 1000};
    const int           count      = (int)(sizeof asked_us / sizeof asked_us[0]);
    double              sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    int64_t             deadline_ns = job->begin_phase(job->context, "harness spin");

    for (int i = 0; i < count; i++) {
        double seen_us[3];

        for (int repeat = 0; repeat < 3; repeat++) {
            CX_TRY(cx_window_spin(&job->window, asked_us[i], deadline_ns));
            seen_us[repeat] = job->window.device_ops->elapsed_us(job->window.events, 0, 1);
        }
        cx_sort(seen_us, 3);
        sum_x += asked_us[i];
        sum_y += seen_us[1];
        sum_xx += asked_us[i] * asked_us[i];
        sum_xy += asked_us[i] * seen_us[1];
    }
    out->spin_slope_ratio  = (count * sum_xy - sum_x * sum_y) / (count * sum_xx - sum_x * sum_x);
    out->spin_intercept_us = (sum_y - out->spin_slope_ratio * sum_x) / count;
    return CX_OK;
}

/* A stamp right behind each of COUNT barriers; the step between stamps is a barrier's cost. */
static cx_status_t stamp_barriers(const cx_job_t *job, double *stamps_ns)
{
    int64_t deadline_ns = job->begin_phase(job->context, "harness alignment");

    for (int64_t i = 0; i < COUNT; i++) {
        CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
        cx_window_stamp(&job->window, i);
    }
    for (int64_t i = 0; i < COUNT; i++) {
        int64_t local_ns = job->window.device_ops->event_ns(job->window.events, i);

        stamps_ns[i] = (double)job->to_common_ns(job->context, local_ns);
    }
    return CX_OK;
}

static double spread_us(const double *all_ns, int32_t rank_count, int64_t index)
{
    double earliest = INFINITY, latest = -INFINITY;

    for (int32_t rank = 0; rank < rank_count; rank++) {
        double value = all_ns[(int64_t)rank * COUNT + index];

        earliest = value < earliest ? value : earliest;
        latest   = value > latest ? value : latest;
    }
    return (latest - earliest) / 1e3;
}

static cx_status_t measure_alignment(const cx_job_t *job, cx_harness_t *out)
{
    double        mine_ns[COUNT], skews_us[COUNT], steps_us[COUNT - 1];
    int32_t       rank_count = job->peers_ops->rank_count(job->peers);
    const double *all_ns     = job->gather;

    CX_TRY(stamp_barriers(job, mine_ns));
    CX_TRY(job->peers_ops->allgather(job->peers, mine_ns, job->gather, sizeof mine_ns,
                                     job->begin_phase(job->context, "harness exchange")));
    for (int64_t i = 0; i < COUNT; i++) {
        skews_us[i] = spread_us(all_ns, rank_count, i);
    }
    for (int64_t i = 0; i + 1 < COUNT; i++) {
        steps_us[i] = (all_ns[i + 1] - all_ns[i]) / 1e3;
    }
    cx_sort(skews_us, COUNT);
    cx_sort(steps_us, COUNT - 1);
    out->align_skew_us_p50 = cx_quantile_nearest_rank(skews_us, COUNT, 0.5);
    out->align_skew_us_p99 = cx_quantile_nearest_rank(skews_us, COUNT, 0.99);
    out->barrier_us_p50    = cx_quantile_nearest_rank(steps_us, COUNT - 1, 0.5);
    return CX_OK;
}

cx_status_t cx_harness_measure(const cx_job_t *job, cx_harness_t *out)
{
    cx_harness_t harness;

    cx_harness_clear(&harness);
    measure_empty_windows(job, &harness);
    CX_TRY(measure_spin(job, &harness));
    CX_TRY(measure_alignment(job, &harness));
    *out = harness;
    return CX_OK;
}
