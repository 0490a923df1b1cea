/* SPDX-License-Identifier: Apache-2.0 */
/* The line under a table: start cost and bandwidth of each phase, or why there is none. */
#include "cli/ep_fit.h"

#include "cli/numbers.h"
#include "stats/fit.h"

#include <math.h>

/* Points of one phase: bytes of one rank as the backend's layout counts them, and the median; only
 * sizes that are ok and right. */
static int64_t list_points(const cx_ep_result_t *work, cx_component_t component, double *bytes,
                           double *times_us)
{
    const double rank_count = (double)work->sample->rank_count;
    int64_t      count      = 0;

    for (int64_t i = 0; i < work->rung_count; i++) {
        const cx_ep_result_rung_t *rung = &work->rungs[i];
        const bool                 is_dispatch =
            component == CX_COMPONENT_DISPATCH || component == CX_COMPONENT_DISPATCH_FLOOR;

        const double out =
            rung->is_by_expert ? rung->dispatch_assigned_bytes : rung->dispatch_bytes;
        const double home = rung->is_by_expert ? rung->combine_assigned_bytes : rung->combine_bytes;

        bytes[count]    = (is_dispatch ? out : home) / rank_count;
        times_us[count] = rung->parts[component].time_us_p50;
        count += cx_ep_result_is_ranked(rung) && bytes[count] >= 0 && times_us[count] > 0;
    }
    return count;
}

/* A line that begins below 0 has no start cost to tell. */
static void say_start(const cx_fit_t *fit, const cx_style_t *style, cx_text_t *out)
{
    char alpha[CX_NUMBER_BYTES_MAX];

    if (fit->alpha < 0) {
        cx_text_format(out, "(below 0)");
        return;
    }
    cx_text_format(out, "%s %s%s", cx_number_print(fit->alpha, alpha, sizeof alpha),
                   cx_style_glyph(style, CX_GLYPH_MICRO), fit->is_alpha_extrapolated ? "*" : "");
}

static void say_line(const char *phase, const cx_fit_t *fit, const cx_style_t *style,
                     cx_text_t *out)
{
    char rate[CX_NUMBER_BYTES_MAX], r2[CX_NUMBER_BYTES_MAX];

    if (isnan(fit->alpha)) {
        cx_text_format(out, "%s no line (%s)", phase, cx_fit_verdict_slug(fit->verdict));
        return;
    }
    cx_text_format(out, "%s ", phase);
    say_start(fit, style, out);
    cx_number_print(fit->r2_ratio, r2, sizeof r2);
    if (fit->verdict == CX_FIT_VERDICT_RELIABLE) {
        /* A slope in us per byte is 1e6 / slope bytes per second. */
        cx_number_print_rate(1e6 / fit->slope, rate, sizeof rate);
        cx_text_format(out, " + bytes / (%s GB/s) (R2 %s)", rate, r2);
    } else {
        cx_text_format(out, ", no bandwidth (%s, R2 %s)", cx_fit_verdict_slug(fit->verdict), r2);
    }
}

cx_status_t cx_ep_fit_say(const cx_ep_result_t *work, const cx_style_t *style, cx_arena_t *arena,
                          cx_text_t *out)
{
    const bool           is_chain = !work->isolated;
    const cx_component_t parts[2] = {is_chain ? CX_COMPONENT_DISPATCH_FLOOR : CX_COMPONENT_DISPATCH,
                                     is_chain ? CX_COMPONENT_COMBINE_FLOOR : CX_COMPONENT_COMBINE};
    static const char *const names[] = {"dispatch", "; combine"};
    const size_t             bytes   = (size_t)(work->rung_count + 1) * sizeof(double);
    double *sizes = cx_arena_grab(arena, bytes), *times_us = cx_arena_grab(arena, bytes);

    if (!sizes || !times_us) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a line");
    }
    for (int i = 0; i < 2; i++) {
        const int64_t  count = list_points(work, parts[i], sizes, times_us);
        const cx_fit_t fit   = cx_fit_line(sizes, times_us, count);

        say_line(names[i], &fit, style, out);
    }
    return CX_OK;
}
