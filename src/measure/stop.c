/* SPDX-License-Identifier: Apache-2.0 */
/* When enough is enough. */
#include "measure/stop.h"

/* A series that has not settled, or has not the samples an interval of the median needs
 * (stats/ci.h), gets more time: so many budgets. */
#define BUDGET_EXTENSION 4
#define INTERVAL_COUNT_MIN 6

const char *cx_stop_slug(cx_stop_t stop)
{
    static const char *const slugs[] = {"not yet", "target", "budget", "samples-max", "failure"};

    return slugs[stop];
}

/* Whether the series is good for a row, as far as it has come. */
static bool is_presentable(const cx_sampling_t *sampling, const cx_series_t *series)
{
    return series->count >= sampling->warmup_min + INTERVAL_COUNT_MIN &&
           cx_warmup_detect(series->reduced_us, series->count, sampling->warmup_min).is_settled;
}

static bool target_is_met(const cx_sampling_t *sampling, cx_series_t *series)
{
    cx_warmup_t  warmup = cx_warmup_detect(series->reduced_us, series->count, sampling->warmup_min);
    cx_summary_t summary;

    if (!warmup.is_settled) {
        return false;
    }
    cx_summarize(series->reduced_us + warmup.discard_count, series->count - warmup.discard_count,
                 series->scratch, &summary);
    return summary.effective_count >= (double)sampling->samples_min &&
           summary.p50_half_width_ratio <= sampling->target_ratio;
}

cx_stop_t cx_stop_reached(const cx_sampling_t *sampling, cx_series_t *series, double elapsed_us,
                          int64_t *checked_at)
{
    int64_t enough = sampling->warmup_min + sampling->samples_min;

    if (series->count >= sampling->samples_max) {
        return CX_STOP_SAMPLES_MAX;
    }
    if (elapsed_us >= sampling->budget_us * BUDGET_EXTENSION ||
        (elapsed_us >= sampling->budget_us && is_presentable(sampling, series))) {
        return CX_STOP_BUDGET;
    }
    if (sampling->target_ratio > 0 && series->count >= enough &&
        series->count >= *checked_at + *checked_at / 4) {
        *checked_at = series->count;
        if (target_is_met(sampling, series)) {
            return CX_STOP_TARGET;
        }
    }
    return CX_STOP_NOT_YET;
}
