/* SPDX-License-Identifier: Apache-2.0 */
/* Works to sentences and JSON. */
#include "cli/ep_answer.h"

#include "cli/numbers.h"
#include "cli/result_keys.h"
#include "cli/result_points.h"
#include "store/fields.h"

#include <math.h>
#include <string.h>

#define SENTENCE_BYTES_MAX 4096

static const char *option_of(const cx_ep_result_t *work, const char *key)
{
    const char *value = cx_result_option(work->sample->record, key);

    return value ? value : "";
}

/* ---- what is said ---- */

/* What of a pair is dispatch, of dispatch and combine alone; NAN when either is unknown. */
static double dispatch_share(const cx_ep_result_t *work, const cx_ep_result_rung_t *rung)
{
    const bool   is_chain = work->steady != NULL;
    const double there =
        rung->parts[is_chain ? CX_COMPONENT_DISPATCH_FLOOR : CX_COMPONENT_DISPATCH].time_us_p50;
    const double home =
        rung->parts[is_chain ? CX_COMPONENT_COMBINE_FLOOR : CX_COMPONENT_COMBINE].time_us_p50;

    return there / (there + home);
}

static int64_t count_wrong(const cx_ep_result_t *work, const char **failed_checks)
{
    int64_t count = 0;

    for (int64_t i = 0; i < work->rung_count; i++) {
        const cx_ep_result_rung_t *rung = &work->rungs[i];
        const bool is_wrong             = !rung->is_right || cx_result_severity(rung->status) == 3;

        count += is_wrong;
        if (is_wrong && !*failed_checks) {
            *failed_checks = rung->failed_checks;
        }
    }
    return count;
}

/* At every size with a time the pair as a whole has operations that were checked. */
static bool is_verified(const cx_ep_result_t *work)
{
    for (int64_t i = 0; i < work->rung_count; i++) {
        const cx_ep_result_rung_t *rung = &work->rungs[i];

        if (isfinite(rung->headline->time_us_p50) && rung->headline->verified_count <= 0) {
            return false;
        }
    }
    return true;
}

/* ---- in words ---- */

static void say_part(cx_text_t *out, const char *before, const char *part)
{
    if (part && *part) {
        cx_text_format(out, "%s%s", before, part);
    }
}

static void say_work(const cx_ep_result_t *work, cx_arena_t *arena, cx_text_t *out)
{
    const cx_result_case_t *one     = work->sample;
    const char             *routing = cx_ep_result_routing(work, arena);

    cx_text_format(out, "%s, ", one->label);
    if (one->rank_count != INT64_MIN) {
        cx_text_format(out, "%lld rank%s, ", (long long)one->rank_count,
                       one->rank_count == 1 ? "" : "s");
    }
    cx_text_format(out, "%s", option_of(work, "mode"));
    say_part(out, ", ", cx_ep_result_shape(work, arena));
    say_part(out, ", ", cx_ep_result_codecs(work, arena));
    say_part(out, ", ", routing && strcmp(routing, "uniform") == 0 ? NULL : routing);
    say_part(out, ", ", one->differs);
    cx_text_format(out, ": ");
}

static const char *unit_name(cx_time_unit_t unit, const cx_style_t *style)
{
    return unit == CX_TIME_UNIT_MS ? "ms" : cx_style_glyph(style, CX_GLYPH_MICRO);
}

static void say_pair(const cx_ep_result_t *work, const cx_style_t *style, cx_text_t *out)
{
    const cx_ep_result_rung_t *rung = cx_ep_result_headline(work),
                              *last = cx_ep_result_largest(work);
    const cx_result_point_t *point  = rung->headline;
    const cx_time_unit_t     unit   = cx_time_unit_of(&point->time_us_p50, 1);
    char                     text[CX_NUMBER_BYTES_MAX], low[CX_NUMBER_BYTES_MAX];

    cx_text_format(out, "a dispatch+combine %s takes %s %s at %lld token%s per rank",
                   point == &rung->parts[CX_COMPONENT_PAIR_PERIOD] ? "pair" : "round trip",
                   cx_number_print_time(point->time_us_p50, unit, text, sizeof text),
                   unit_name(unit, style), (long long)rung->tokens_per_rank,
                   rung->tokens_per_rank == 1 ? "" : "s");
    if (isfinite(point->time_us_p50_ci_low) && isfinite(point->time_us_p50_ci_high)) {
        cx_text_format(out, " (95 %% interval %s to %s %s)",
                       cx_number_print_time(point->time_us_p50_ci_low, unit, low, sizeof low),
                       cx_number_print_time(point->time_us_p50_ci_high, unit, text, sizeof text),
                       unit_name(unit, style));
    }
    if (last != rung) {
        cx_number_print(last->headline->time_us_p50 / point->time_us_p50, text, sizeof text);
        cx_text_format(out, ", %sx that at %lld", text, (long long)last->tokens_per_rank);
    }
}

static void say_shares(const cx_ep_result_t *work, cx_text_t *out)
{
    const double share = dispatch_share(work, cx_ep_result_headline(work));

    if (isfinite(share)) {
        cx_text_format(out, "; dispatch %.0f%%, combine %.0f%%", share * 100,
                       100 - round(share * 100));
    }
}

static void say_rank(const cx_result_point_t *point, cx_text_t *out)
{
    char ratio[CX_NUMBER_BYTES_MAX];

    if (point->standing == CX_STANDING_BEST) {
        cx_text_format(out, "; the fastest backend here");
    } else if (point->standing == CX_STANDING_TIE) {
        cx_text_format(out, "; no order among the backends here (intervals overlap)");
    } else if (point->standing == CX_STANDING_BEHIND) {
        cx_text_format(out, "; %sx the time of the fastest backend here",
                       cx_number_print(point->vs_best_ratio, ratio, sizeof ratio));
    }
}

static void say_verdict(const cx_ep_result_t *work, cx_text_t *out)
{
    const char   *failed_checks = NULL;
    const int64_t wrong_count   = count_wrong(work, &failed_checks);

    if (wrong_count > 0) {
        cx_text_format(out, "; OUTPUTS WERE WRONG at %lld of %lld sizes", (long long)wrong_count,
                       (long long)work->rung_count);
        say_part(out, ": ", failed_checks);
    } else if (is_verified(work)) {
        cx_text_format(out, "; every checked output was right");
    } else {
        cx_text_format(out, "; not verified");
    }
}

void cx_ep_answer_say(const cx_ep_result_t *work, const cx_style_t *style, cx_arena_t *arena,
                      cx_text_t *out)
{
    const cx_ep_result_rung_t *rung = cx_ep_result_headline(work);

    say_work(work, arena, out);
    if (!rung) {
        cx_text_format(out, "no valid result");
        say_part(out, " (", work->sample->status);
        say_part(out, ": ", work->sample->detail);
        cx_text_format(out, "%s", work->sample->status ? ")" : "");
        return;
    }
    say_pair(work, style, out);
    say_shares(work, out);
    say_rank(rung->headline, out);
    say_verdict(work, out);
}

/* ---- as JSON ---- */

static json_t *rung_to_json(const cx_ep_result_rung_t *rung)
{
    const cx_result_point_t *point;

    if (!rung) {
        return json_null();
    }
    point = rung->headline;
    return json_pack(
        "{sI,ss,so,so,so,so,so}", "tokens_per_rank", (json_int_t)rung->tokens_per_rank, "component",
        cx_component_slug(point == &rung->parts[CX_COMPONENT_PAIR_PERIOD] ? CX_COMPONENT_PAIR_PERIOD
                                                                          : CX_COMPONENT_ROUNDTRIP),
        "time_us_p50", cx_real_to_json(point->time_us_p50), "time_us_p50_ci_low",
        cx_real_to_json(point->time_us_p50_ci_low), "time_us_p50_ci_high",
        cx_real_to_json(point->time_us_p50_ci_high), "logical_bytes_per_s_per_rank",
        cx_real_to_json(rung->logical_bytes_per_s_per_rank), "assigned_bytes_per_s_per_rank",
        cx_real_to_json(rung->assigned_bytes_per_s_per_rank));
}

static json_t *text_of_work(const cx_ep_result_t *work, cx_arena_t *arena)
{
    const cx_style_t plain = {0};
    cx_text_t        text;
    json_t          *out;

    cx_text_init(&text, SENTENCE_BYTES_MAX);
    cx_ep_answer_say(work, &plain, arena, &text);
    out = json_string(text.bytes ? text.bytes : "");
    cx_text_fini(&text);
    return out;
}

static json_t *work_to_json(const cx_ep_result_t *work, cx_arena_t *arena)
{
    const cx_ep_result_rung_t *rung          = cx_ep_result_headline(work);
    const cx_result_case_t    *one           = work->sample;
    const char                *failed_checks = NULL;

    return json_pack(
        "{so,ss?,ss?,ss?,ss?,ss?,so,so,so,so,sb,sb,ss?,ss?}", "text", text_of_work(work, arena),
        "backend", one->label, "shape", cx_ep_result_shape(work, arena), "mode",
        option_of(work, "mode"), "codecs", cx_ep_result_codecs(work, arena), "routing",
        cx_ep_result_routing(work, arena), "rank_count", cx_whole_to_json(one->rank_count),
        "headline", rung_to_json(rung), "largest", rung_to_json(cx_ep_result_largest(work)),
        "dispatch_share_ratio", cx_real_to_json(rung ? dispatch_share(work, rung) : (double)NAN),
        "is_right", count_wrong(work, &failed_checks) == 0, "is_verified",
        rung && is_verified(work), "status", one->status, "detail", one->detail);
}

static json_t *contrast_to_json(const cx_ep_contrast_t *contrast, cx_arena_t *arena)
{
    static const char *const axes[CX_EP_AXIS_COUNT] = {"routing", "eplb"};
    const cx_contrast_t     *found                  = &contrast->contrast;
    cx_text_t                text;
    json_t                  *out;

    cx_text_init(&text, SENTENCE_BYTES_MAX);
    cx_ep_contrast_say(contrast, arena, &text);
    out = json_pack("{ss?,ss,ss?,ss?,sI,sI,sI,sI,so,sI,so,sI}", "text", text.bytes, "axis",
                    axes[contrast->axis], "base", cx_ep_result_routing(contrast->base, arena),
                    "worst", cx_ep_result_routing(contrast->worst, arena), "other_count",
                    (json_int_t)contrast->other_count, "size_count", (json_int_t)found->rung_count,
                    "slower_count", (json_int_t)found->slower_count, "faster_count",
                    (json_int_t)found->faster_count, "ratio_min", cx_real_to_json(found->ratio_min),
                    "ratio_min_tokens", (json_int_t)found->ratio_min_rung, "ratio_max",
                    cx_real_to_json(found->ratio_max), "ratio_max_tokens",
                    (json_int_t)found->ratio_max_rung);
    cx_text_fini(&text);
    return out;
}

json_t *cx_ep_answer_to_json(const cx_ep_results_t *view, cx_arena_t *arena)
{
    json_t           *works = json_array(), *contrasts = json_array();
    cx_ep_contrasts_t found;

    if (!works || !contrasts || cx_ep_contrasts_derive(view, arena, &found) != CX_OK) {
        json_decref(works);
        json_decref(contrasts);
        return NULL;
    }
    for (int64_t i = 0; i < view->work_count; i++) {
        json_array_append_new(works, work_to_json(view->works[i], arena));
    }
    for (int64_t i = 0; i < found.count; i++) {
        json_array_append_new(contrasts, contrast_to_json(&found.items[i], arena));
    }
    return json_pack("{so,so}", "works", works, "contrasts", contrasts);
}
