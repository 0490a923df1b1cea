/* SPDX-License-Identifier: Apache-2.0 */
/* MSER-5 truncation and a test of two levels.
 * Not the decision what to do with an unstable case (judge/). */
#include "stats/warmup.h"

#include "stats/autocorr.h"
#include "stats/ci.h"
#include "stats/quantile.h"

#include <math.h>

#define BATCH_SAMPLES 5
#define KEPT_BATCHES_MIN 5
#define LEVEL_SAMPLES_MIN 12   /* twice what a 95 % interval of the median needs */
#define LEVEL_SAMPLES_MAX 4093 /* prime, so that thinning rarely beats with a rotation */
#define LEVEL_TOLERANCE_RATIO 0.05
#define LEVEL_CONFIDENCE_RATIO 0.95

/* samples to cut: the best anywhere, and the best that leaves at least half */
typedef struct truncation {
    int64_t anywhere_count, first_half_count;
} truncation_t;

typedef struct level {
    double        median;
    cx_interval_t interval;
} level_t;

static double batch_median(const double *batch)
{
    double sorted[BATCH_SAMPLES];

    cx_sort_copy(batch, BATCH_SAMPLES, sorted);
    return cx_quantile_nearest_rank(sorted, BATCH_SAMPLES, 0.5);
}

/* Backwards with Welford's update, so every d costs one step. */
static truncation_t find_truncation(const double *series, int64_t count)
{
    const int64_t batch_count      = count / BATCH_SAMPLES;
    truncation_t  best             = {0, 0};
    double        anywhere_error   = INFINITY;
    double        first_half_error = INFINITY;
    double        mean             = 0.0;
    double        square_sum       = 0.0;

    for (int64_t batch = batch_count - 1; batch >= 0; batch--) {
        const int64_t kept  = batch_count - batch;
        const double  value = batch_median(series + batch * BATCH_SAMPLES);
        const double  step  = value - mean;

        mean += step / (double)kept;
        square_sum += step * (value - mean);
        const double error = square_sum / ((double)kept * (double)kept);

        if (kept < KEPT_BATCHES_MIN) {
            continue;
        }
        if (error <= anywhere_error) {
            anywhere_error      = error;
            best.anywhere_count = batch * BATCH_SAMPLES;
        }
        if (2 * kept >= batch_count && error <= first_half_error) {
            first_half_error      = error;
            best.first_half_count = batch * BATCH_SAMPLES;
        }
    }
    return best;
}

static level_t find_level(const double *series, int64_t count)
{
    double        thinned[LEVEL_SAMPLES_MAX];
    const int64_t thinned_count   = cx_thin(series, count, LEVEL_SAMPLES_MAX, thinned);
    const double  effective_count = cx_effective_count(thinned, thinned_count);

    cx_sort(thinned, thinned_count);
    return (level_t){
        .median = cx_quantile_nearest_rank(thinned, thinned_count, 0.5),
        .interval =
            cx_quantile_ci(thinned, thinned_count, effective_count, 0.5, LEVEL_CONFIDENCE_RATIO),
    };
}

/* Whether the level before `split` is another than the level from it on. */
static bool has_level_change(const double *series, int64_t count, int64_t split)
{
    if (split < LEVEL_SAMPLES_MIN || count - split < LEVEL_SAMPLES_MIN) {
        return false;
    }
    const level_t before    = find_level(series, split);
    const level_t after     = find_level(series + split, count - split);
    const double  tolerance = LEVEL_TOLERANCE_RATIO * fmin(fabs(before.median), fabs(after.median));

    /* an interval that does not exist excuses nothing: its comparisons are false */
    const bool has_overlap =
        before.interval.low <= after.interval.high && after.interval.low <= before.interval.high;

    return fabs(before.median - after.median) > tolerance && !has_overlap;
}

cx_warmup_t cx_warmup_detect(const double *series, int64_t count, int64_t floor_count)
{
    if (floor_count >= count) {
        return (cx_warmup_t){.discard_count = count, .is_settled = false};
    }
    const double      *rest       = series + floor_count;
    const int64_t      rest_count = count - floor_count;
    const truncation_t best       = find_truncation(rest, rest_count);

    if (2 * best.anywhere_count > rest_count &&
        has_level_change(rest, rest_count, best.anywhere_count)) {
        return (cx_warmup_t){.discard_count = floor_count, .is_settled = false};
    }
    const double *kept       = rest + best.first_half_count;
    const int64_t kept_count = rest_count - best.first_half_count;

    return (cx_warmup_t){
        .discard_count = floor_count + best.first_half_count,
        .is_settled    = !has_level_change(kept, kept_count, kept_count / 2),
    };
}
