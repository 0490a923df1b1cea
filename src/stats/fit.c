/* SPDX-License-Identifier: Apache-2.0 */
/* A line through latencies over bytes, and whether to believe it.
 * Not the choice of the points (the caller leaves out what failed). */
#include "stats/fit.h"

#include "stats/spread.h"

#include <math.h>

#define POINT_COUNT_MIN 3
#define R2_RATIO_MIN 0.9
#define SHARE_RATIO_MIN 0.25
#define EXTRAPOLATION_RATIO 0.1

/* Sums of squares around the means. */
typedef struct moments {
    double x_mean, y_mean, xx, xy, yy;
} moments_t;

const char *cx_fit_verdict_slug(cx_fit_verdict_t verdict)
{
    static const char *const slugs[CX_FIT_VERDICT_COUNT] = {
#define SLUG(name, slug, text) slug,
        CX_FIT_VERDICT_MAP(SLUG)
#undef SLUG
    };

    return slugs[verdict];
}

static moments_t moments_of(const double *x, const double *y, int64_t count)
{
    moments_t moments = {.x_mean = cx_mean(x, count), .y_mean = cx_mean(y, count)};

    for (int64_t i = 0; i < count; i++) {
        double dx = x[i] - moments.x_mean;
        double dy = y[i] - moments.y_mean;

        moments.xx += dx * dx;
        moments.xy += dx * dy;
        moments.yy += dy * dy;
    }
    return moments;
}

static double residual_squares(const double *x, const double *y, int64_t count, const cx_fit_t *fit)
{
    double sum = 0;

    for (int64_t i = 0; i < count; i++) {
        double away = y[i] - (fit->alpha + fit->slope * x[i]);

        sum += away * away;
    }
    return sum;
}

static double largest(const double *values, int64_t count)
{
    double most = values[0];

    for (int64_t i = 1; i < count; i++) {
        most = fmax(most, values[i]);
    }
    return most;
}

static double smallest(const double *values, int64_t count)
{
    double least = values[0];

    for (int64_t i = 1; i < count; i++) {
        least = fmin(least, values[i]);
    }
    return least;
}

static cx_fit_t no_line(cx_fit_verdict_t verdict)
{
    return (cx_fit_t){verdict, NAN, NAN, NAN, NAN, false};
}

static cx_fit_verdict_t judge(const cx_fit_t *fit)
{
    if (!(fit->r2_ratio >= R2_RATIO_MIN)) {
        return CX_FIT_VERDICT_POOR_FIT;
    }
    return fit->share_ratio >= SHARE_RATIO_MIN ? CX_FIT_VERDICT_RELIABLE
                                               : CX_FIT_VERDICT_NOT_BANDWIDTH_BOUND;
}

cx_fit_t cx_fit_line(const double *x, const double *y, int64_t count)
{
    moments_t moments;
    double    x_min, x_max;
    cx_fit_t  fit = no_line(CX_FIT_VERDICT_RELIABLE);

    if (count < POINT_COUNT_MIN) {
        return no_line(CX_FIT_VERDICT_TOO_FEW_POINTS);
    }
    x_min = smallest(x, count);
    x_max = largest(x, count);
    if (x_min == x_max) {
        return no_line(CX_FIT_VERDICT_ONE_SIZE);
    }
    moments = moments_of(x, y, count);
    if (!(moments.xy > 0)) {
        return no_line(CX_FIT_VERDICT_NOT_RISING);
    }
    fit.slope                 = moments.xy / moments.xx;
    fit.alpha                 = moments.y_mean - fit.slope * moments.x_mean;
    fit.r2_ratio              = 1 - residual_squares(x, y, count, &fit) / moments.yy;
    fit.share_ratio           = fit.slope * x_max / largest(y, count);
    fit.is_alpha_extrapolated = x_min > EXTRAPOLATION_RATIO * x_max;
    fit.verdict               = judge(&fit);
    return fit;
}
