/* SPDX-License-Identifier: Apache-2.0 */
/* Works that differ in one thing alone, held against each other. */
#include "cli/ep_answer.h"

#include "cli/numbers.h"
#include "cli/result_keys.h"

#include <math.h>
#include <string.h>

/* What makes up the axis, beside what regimes and sizes are. */
static const char *const axis_options[CX_EP_AXIS_COUNT][9] = {
    [CX_EP_AXIS_ROUTING] = {"regime", "tokens", "sizes", "routing", "zipf_exponent", "hot_expert",
                            "trace", NULL},
    [CX_EP_AXIS_EPLB]    = {"regime", "tokens", "sizes", "eplb", "eplb_seed", NULL},
};

/* The value of an axis that others are held against. */
static const struct {
    const char *option, *value;
} bases[CX_EP_AXIS_COUNT] = {{"routing", "uniform"}, {"eplb", "0"}};

typedef struct finder {
    const cx_ep_results_t *view;
    cx_arena_t            *arena;
    const char           **keys; /* [work_count] of the axis */
    cx_measured_ladder_t  *others;
    const cx_ep_result_t **other_works;
} finder_t;

static bool is_base(const cx_ep_result_t *work, cx_ep_axis_t axis)
{
    const char *value = cx_result_option(work->sample->record, bases[axis].option);

    return value && strcmp(value, bases[axis].value) == 0;
}

static cx_component_t component_of(const cx_ep_result_t *a, const cx_ep_result_t *b)
{
    return a->steady && b->steady ? CX_COMPONENT_PAIR_PERIOD : CX_COMPONENT_ROUNDTRIP;
}

/* Medians of the sizes at which the work is ok and right. */
static cx_status_t make_ladder(const cx_ep_result_t *work, cx_component_t component,
                               cx_arena_t *arena, cx_measured_ladder_t *out)
{
    cx_measured_t *points = cx_arena_grab(arena, (size_t)(work->rung_count + 1) * sizeof *points);

    if (!points) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a contrast");
    }
    *out = (cx_measured_ladder_t){.points = points};
    for (int64_t i = 0; i < work->rung_count; i++) {
        const cx_ep_result_rung_t *rung = &work->rungs[i];
        const cx_result_point_t   *part = &rung->parts[component];

        if (cx_ep_result_is_ranked(rung) && isfinite(part->time_us_p50)) {
            points[out->count++] = (cx_measured_t){.rung = rung->tokens_per_rank,
                                                   .p50  = part->time_us_p50,
                                                   .low  = part->time_us_p50_ci_low,
                                                   .high = part->time_us_p50_ci_high};
        }
    }
    return CX_OK;
}

static cx_status_t hold_against(const finder_t *finder, int64_t base_index, cx_ep_axis_t axis,
                                cx_ep_contrasts_t *out)
{
    const cx_ep_result_t *base        = finder->view->works[base_index];
    int64_t               other_count = 0, worst;
    cx_measured_ladder_t  ladder;
    cx_contrast_t         contrast;

    for (int64_t i = 0; i < finder->view->work_count; i++) {
        const cx_ep_result_t *other = finder->view->works[i];

        if (is_base(other, axis) || strcmp(finder->keys[i], finder->keys[base_index]) != 0 ||
            !base->steady != !other->steady) {
            continue;
        }
        CX_TRY(make_ladder(other, component_of(base, other), finder->arena,
                           &finder->others[other_count]));
        finder->other_works[other_count++] = other;
    }
    CX_TRY(make_ladder(base, component_of(base, base), finder->arena, &ladder));
    worst = cx_sensitivity_worst(&ladder, finder->others, other_count, &contrast);
    if (worst >= 0) {
        out->items[out->count++] = (cx_ep_contrast_t){.axis        = axis,
                                                      .base        = base,
                                                      .worst       = finder->other_works[worst],
                                                      .other_count = other_count,
                                                      .contrast    = contrast};
    }
    return CX_OK;
}

/* Equal for works that differ in nothing but the axis. */
static const char *make_key(const cx_ep_result_t *work, cx_ep_axis_t axis, cx_arena_t *arena)
{
    const json_t *record  = work->sample->record;
    const char   *options = cx_result_options_key(record, axis_options[axis], arena);
    const char   *place   = cx_result_measure_key(record, arena);

    return options && place ? cx_arena_format(arena, "%s%s", options, place) : NULL;
}

static cx_status_t find_axis(finder_t *finder, cx_ep_axis_t axis, cx_ep_contrasts_t *out)
{
    for (int64_t i = 0; i < finder->view->work_count; i++) {
        finder->keys[i] = make_key(finder->view->works[i], axis, finder->arena);
        if (!finder->keys[i]) {
            return CX_FAIL(CX_RESOURCE, "out of memory for a contrast");
        }
    }
    for (int64_t i = 0; i < finder->view->work_count; i++) {
        if (is_base(finder->view->works[i], axis)) {
            CX_TRY(hold_against(finder, i, axis, out));
        }
    }
    return CX_OK;
}

cx_status_t cx_ep_contrasts_derive(const cx_ep_results_t *view, cx_arena_t *arena,
                                   cx_ep_contrasts_t *out)
{
    const size_t room_count = (size_t)view->work_count + 1;
    finder_t     finder     = {.view   = view,
                               .arena  = arena,
                               .keys   = cx_arena_grab(arena, room_count * sizeof(char *)),
                               .others = cx_arena_grab(arena, room_count * sizeof(cx_measured_ladder_t)),
                               .other_works = cx_arena_grab(arena, room_count * sizeof(void *))};

    *out = (cx_ep_contrasts_t){
        .items = cx_arena_grab(arena, room_count * CX_EP_AXIS_COUNT * sizeof *out->items)};
    if (!finder.keys || !finder.others || !finder.other_works || !out->items) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the contrasts");
    }
    for (int axis = 0; axis < CX_EP_AXIS_COUNT; axis++) {
        CX_TRY(find_axis(&finder, (cx_ep_axis_t)axis, out));
    }
    return CX_OK;
}

/* "ROUTING takes 1.05x (at T=8) to 2.10x (at T=128) the time of BASE" */
void cx_ep_contrast_say(const cx_ep_contrast_t *contrast, cx_arena_t *arena, cx_text_t *out)
{
    const cx_contrast_t    *found = &contrast->contrast;
    const cx_result_case_t *one   = contrast->worst->sample;
    const char             *mode  = cx_result_option(one->record, "mode"), *base, *worst, *codecs;
    char                    least[CX_NUMBER_BYTES_MAX], most[CX_NUMBER_BYTES_MAX];

    base   = cx_ep_result_routing(contrast->base, arena);
    worst  = cx_ep_result_routing(contrast->worst, arena);
    codecs = cx_ep_result_codecs(contrast->worst, arena);
    cx_text_format(out, "%s, %s, %s: ", one->label, mode ? mode : "?", codecs ? codecs : "?");
    if (contrast->other_count > 1) {
        cx_text_format(out, "worst of %lld: ", (long long)contrast->other_count);
    }
    cx_text_format(out, "%s takes ", worst ? worst : "?");
    cx_number_print(found->ratio_min, least, sizeof least);
    cx_number_print(found->ratio_max, most, sizeof most);
    if (found->rung_count > 1) {
        cx_text_format(out, "%sx (at T=%lld) to ", least, (long long)found->ratio_min_rung);
    }
    cx_text_format(out, "%sx (at T=%lld) the time of %s", most, (long long)found->ratio_max_rung,
                   base ? base : "?");
    cx_text_format(out, "; intervals disjoint: longer at %lld, shorter at %lld of %lld size%s",
                   (long long)found->slower_count, (long long)found->faster_count,
                   (long long)found->rung_count, found->rung_count == 1 ? "" : "s");
}
