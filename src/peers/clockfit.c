/* SPDX-License-Identifier: Apache-2.0 */
/* Interval of an offset, and the line through intervals. */
#include "peers/clockfit.h"

#include <math.h>

void cx_clock_narrow(cx_clock_instant_t *instant, int64_t sent_ns, int64_t answered_ns,
                     int64_t received_ns)
{
    int64_t low_ns = answered_ns - received_ns, high_ns = answered_ns - sent_ns;

    instant->low_ns   = low_ns > instant->low_ns ? low_ns : instant->low_ns;
    instant->high_ns  = high_ns < instant->high_ns ? high_ns : instant->high_ns;
    instant->local_ns = sent_ns + (received_ns - sent_ns) / 2;
}

/* Relative to `base_ns`, because a double does not hold the nanoseconds of a long uptime times a
 * drift. */
static double middle_ns(const cx_clock_instant_t *instant, int64_t base_ns)
{
    return ((double)(instant->low_ns - base_ns) + (double)(instant->high_ns - base_ns)) / 2;
}

void cx_clock_fit(const cx_clock_instant_t *instants, int count, cx_clock_model_t *out)
{
    int64_t first_ns = instants[0].local_ns, base_ns = instants[0].low_ns;
    double  mean_time_ns = 0, mean_offset_ns = 0, covariance = 0, variance = 0;
    double  half_width_ns = 0, residual_ns = 0, drift_ratio;

    for (int i = 0; i < count; i++) {
        mean_time_ns += (double)(instants[i].local_ns - first_ns) / count;
        mean_offset_ns += middle_ns(&instants[i], base_ns) / count;
    }
    for (int i = 0; i < count; i++) {
        double time_ns = (double)(instants[i].local_ns - first_ns) - mean_time_ns;

        covariance += time_ns * (middle_ns(&instants[i], base_ns) - mean_offset_ns);
        variance += time_ns * time_ns;
    }
    drift_ratio = variance > 0 ? covariance / variance : 0;
    for (int i = 0; i < count; i++) {
        double time_ns = (double)(instants[i].local_ns - first_ns) - mean_time_ns;
        double line_ns = mean_offset_ns + drift_ratio * time_ns;

        half_width_ns = fmax(half_width_ns, (double)(instants[i].high_ns - instants[i].low_ns) / 2);
        residual_ns   = fmax(residual_ns, fabs(middle_ns(&instants[i], base_ns) - line_ns));
    }
    out->reference_ns = first_ns + llround(mean_time_ns);
    out->offset_ns    = (double)base_ns + mean_offset_ns;
    out->drift_ratio  = drift_ratio;
    out->bound_ns     = half_width_ns + residual_ns;
}

int64_t cx_clock_to_common(const cx_clock_model_t *model, int64_t local_ns)
{
    double drift_ns = model->drift_ratio * (double)(local_ns - model->reference_ns);

    return local_ns + llround(model->offset_ns + drift_ns);
}
