/* SPDX-License-Identifier: Apache-2.0 */
/* From cases to works: regimes laid together, rungs read, names made. Prints nothing. */
#include "cli/ep_result.h"

#include "cli/result_keys.h"
#include "cli/result_points.h"
#include "stats/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HEADLINE_TOKENS 128 /* where decode is usually compared */

/* What the two regimes of a work may differ in; a group's works in the backend, too. */
static const char *const regime_options[]  = {"regime", "tokens", "sizes", NULL};
static const char *const backend_options[] = {"regime",  "tokens",          "sizes",
                                              "backend", "backend_options", NULL};

typedef struct reader {
    cx_arena_t *arena;
    json_t     *groups; /* key of a group to its index */
    /* [work_count], beside the works */
    const char     **work_keys, **place_keys;
    cx_ep_results_t *view;
} reader_t;

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* ---- regimes of one work ---- */

static bool is_steady(const cx_result_case_t *one)
{
    return one->regime && strcmp(one->regime, "steady") == 0;
}

static const cx_result_case_t **place_of(cx_ep_result_t *work, const cx_result_case_t *one)
{
    return is_steady(one) ? &work->steady : &work->isolated;
}

/* A case that failed early does not know its place: it goes with any. */
static bool is_same_place(const char *a, const char *b)
{
    return !*a || !*b || strcmp(a, b) == 0;
}

static cx_ep_result_t *find_work(const reader_t *reader, const cx_result_case_t *one,
                                 const char *work_key, const char *place_key)
{
    for (int64_t i = 0; i < reader->view->work_count; i++) {
        if (!*place_of(reader->view->works[i], one) &&
            strcmp(reader->work_keys[i], work_key) == 0 &&
            is_same_place(reader->place_keys[i], place_key)) {
            return reader->view->works[i];
        }
    }
    return NULL;
}

static cx_status_t add_work(reader_t *reader, const cx_result_case_t *one, const char *work_key,
                            const char *place_key)
{
    cx_ep_result_t *work  = cx_arena_grab(reader->arena, sizeof *work);
    const char     *key   = cx_result_options_key(one->record, backend_options, reader->arena);
    const json_t   *known = key ? json_object_get(reader->groups, key) : NULL;
    int64_t index = known ? json_integer_value(known) : (int64_t)json_object_size(reader->groups);

    if (!work || !key || json_object_set_new(reader->groups, key, json_integer(index)) != 0) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a work");
    }
    work->group_index                               = index;
    *place_of(work, one)                            = one;
    reader->work_keys[reader->view->work_count]     = work_key;
    reader->place_keys[reader->view->work_count]    = place_key;
    reader->view->works[reader->view->work_count++] = work;
    return CX_OK;
}

static cx_status_t file_case(reader_t *reader, const cx_result_case_t *one)
{
    const char     *work_key  = cx_result_options_key(one->record, regime_options, reader->arena);
    const char     *place_key = cx_result_place_key(one->record, reader->arena);
    cx_ep_result_t *work;

    if (!work_key || !place_key) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the key of a work");
    }
    work = find_work(reader, one, work_key, place_key);
    if (!work) {
        return add_work(reader, one, work_key, place_key);
    }
    *place_of(work, one) = one;
    return CX_OK;
}

/* ---- rungs ---- */

/* Median over launches of a member of the rung's point; NAN when no launch has it. */
static double median_member(const cx_result_case_t *one, int64_t tokens, const char *member,
                            double *scratch)
{
    int64_t count = 0;

    for (int64_t i = 0; i < one->launch_count; i++) {
        const json_t *points = json_object_get(one->launches[i], "points");
        size_t        j;
        json_t       *point;

        json_array_foreach(points, j, point)
        {
            const double value = cx_json_real(point, member);

            if (cx_json_whole(point, "tokens_per_rank") == tokens && isfinite(value)) {
                scratch[count++] = value;
            }
        }
    }
    cx_sort(scratch, count);
    return cx_quantile_nearest_rank(scratch, count, 0.5);
}

static void judge_point(const json_t *point, cx_ep_result_rung_t *rung)
{
    const char *failed = cx_json_text(point, "failed_checks");
    const char *basis  = cx_json_text(point, "wire_basis");

    rung->has_point    = true;
    rung->is_by_expert = basis && strcmp(basis, "per-assignment") == 0;
    if (!json_is_true(json_object_get(point, "is_right"))) {
        rung->is_right      = false;
        rung->failed_checks = rung->failed_checks ? rung->failed_checks : failed;
    }
}

static void judge_points(const cx_result_case_t *one, cx_ep_result_rung_t *rung)
{
    for (int64_t i = 0; i < one->launch_count; i++) {
        size_t  j;
        json_t *point;

        json_array_foreach(json_object_get(one->launches[i], "points"), j, point)
        {
            if (cx_json_whole(point, "tokens_per_rank") == rung->tokens_per_rank) {
                judge_point(point, rung);
            }
        }
    }
}

static cx_status_t read_members(const cx_result_case_t *one, cx_arena_t *arena,
                                cx_ep_result_rung_t *rung)
{
    const struct {
        const char *name;
        double     *to;
    } members[] = {
        {"isolated_sum_us_p50", &rung->isolated_sum_us_p50},
        {"roundtrip_spread_us_p50", &rung->spread_us_p50},
        {"interpair_gap_us_p50", &rung->gap_us_p50},
        {"pair_spread_us_p50", &rung->pair_spread_us_p50},
        {"relative_error_max", &rung->error_max},
        {"hotspot_ratio", &rung->hotspot_ratio},
        {"rank_imbalance_ratio", &rung->rank_imbalance_ratio},
        {"dispatch_logical_bytes", &rung->dispatch_bytes},
        {"combine_logical_bytes", &rung->combine_bytes},
        {"dispatch_assignment_bytes", &rung->dispatch_assigned_bytes},
        {"combine_assignment_bytes", &rung->combine_assigned_bytes},
    };
    double *scratch = cx_arena_grab(
        arena,
        ((size_t)one->launch_count * json_array_size(json_object_get(one->record, "points")) + 1) *
            sizeof *scratch);

    if (!scratch) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the points of a case");
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const double value = median_member(one, rung->tokens_per_rank, members[i].name, scratch);

        *members[i].to = isfinite(value) ? value : *members[i].to;
    }
    judge_points(one, rung);
    return CX_OK;
}

static bool belongs_to(cx_component_t component, bool of_chain)
{
    return (component >= CX_COMPONENT_PAIR_PERIOD) == of_chain;
}

/* What one regime says of a rung. A component that no launch has a row for stays without time. */
static cx_status_t read_case(const cx_result_case_t *one, cx_arena_t *arena,
                             cx_ep_result_rung_t *rung, cx_worst_t *worst)
{
    const cx_result_point_t *whole = cx_result_case_at(one, rung->requested_bytes);

    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        cx_result_point_t *part = &rung->parts[i];

        if (!belongs_to((cx_component_t)i, is_steady(one))) {
            continue;
        }
        CX_TRY(cx_result_point_read(one, cx_component_slug((cx_component_t)i),
                                    rung->requested_bytes, arena, part));
        if (part->status) {
            cx_worst_add(worst, part->status, part->detail, 0);
        }
        if (whole && i == (int)cx_component_find(one->component)) {
            *part = *whole; /* with its standing among the backends */
        }
    }
    return read_members(one, arena, rung);
}

static void clear_rung(cx_ep_result_rung_t *rung)
{
    const double unknown = (double)NAN;

    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        rung->parts[i] = (cx_result_point_t){.time_us_p50         = unknown,
                                             .time_us_p50_ci_low  = unknown,
                                             .time_us_p50_ci_high = unknown,
                                             .time_us_p99         = unknown,
                                             .ci_half_width_ratio = unknown,
                                             .launch_spread_ratio = unknown,
                                             .vs_best_ratio       = unknown,
                                             .floor_ratio         = unknown,
                                             .sample_count        = INT64_MIN,
                                             .verified_count      = INT64_MIN};
    }
    rung->isolated_sum_us_p50 = rung->spread_us_p50 = rung->gap_us_p50 = unknown;
    rung->pair_spread_us_p50 = rung->error_max = rung->hotspot_ratio = unknown;
    rung->rank_imbalance_ratio = rung->dispatch_bytes = rung->combine_bytes = unknown;
    rung->dispatch_assigned_bytes = rung->combine_assigned_bytes = unknown;
    rung->is_right                                               = true;
}

static cx_status_t read_rung(const cx_ep_result_t *work, cx_arena_t *arena,
                             cx_ep_result_rung_t *rung)
{
    const cx_result_case_t *const cases[] = {work->steady, work->isolated};
    cx_worst_t                    worst   = {0};
    double rank_count = work->sample ? (double)work->sample->rank_count : (double)NAN;
    double rank_time_s;

    clear_rung(rung);
    for (int i = 0; i < 2; i++) {
        if (cases[i]) {
            CX_TRY(read_case(cases[i], arena, rung, &worst));
        }
    }
    rung->status   = worst.status;
    rung->detail   = worst.detail;
    rung->headline = &rung->parts[CX_COMPONENT_PAIR_PERIOD];
    if (!isfinite(rung->headline->time_us_p50)) {
        rung->headline = &rung->parts[CX_COMPONENT_ROUNDTRIP];
    }
    rank_time_s                        = rung->headline->time_us_p50 * 1e-6 * rank_count;
    rung->logical_bytes_per_s_per_rank = (rung->dispatch_bytes + rung->combine_bytes) / rank_time_s;
    rung->assigned_bytes_per_s_per_rank =
        rung->is_by_expert
            ? (rung->dispatch_assigned_bytes + rung->combine_assigned_bytes) / rank_time_s
            : (double)NAN;
    return CX_OK;
}

/* T of a size: what its rows say, or else what the bytes of a token make of it. */
static int64_t tokens_at(const cx_result_case_t *one, int64_t requested_bytes)
{
    const char   *hidden      = cx_result_option(one->record, "hidden");
    const int64_t token_bytes = hidden ? strtoll(hidden, NULL, 10) * 2 : 0;

    for (int64_t i = 0; i < one->launch_count; i++) {
        size_t  j;
        json_t *row;

        json_array_foreach(json_object_get(one->launches[i], "rows"), j, row)
        {
            if (cx_json_whole(row, "requested_bytes") == requested_bytes) {
                return cx_json_whole(row, "tokens_per_rank");
            }
        }
    }
    return token_bytes > 0 ? requested_bytes / token_bytes : INT64_MIN;
}

static void add_rungs(const cx_result_case_t *one, cx_ep_result_t *work)
{
    for (int64_t i = 0; one && i < one->point_count; i++) {
        const int64_t requested_bytes = one->points[i].requested_bytes;
        int64_t       at              = work->rung_count;

        for (int64_t j = 0; j < work->rung_count; j++) {
            at = work->rungs[j].requested_bytes == requested_bytes ? j : at;
        }
        work->rungs[at].requested_bytes = requested_bytes;
        work->rungs[at].tokens_per_rank = tokens_at(one, requested_bytes);
        work->rung_count += at == work->rung_count;
    }
}

static int compare_rungs(const void *a, const void *b)
{
    const int64_t left  = ((const cx_ep_result_rung_t *)a)->requested_bytes;
    const int64_t right = ((const cx_ep_result_rung_t *)b)->requested_bytes;

    return (left > right) - (left < right);
}

static cx_status_t finish_work(cx_ep_result_t *work, cx_arena_t *arena)
{
    const int64_t room_count = (work->isolated ? work->isolated->point_count : 0) +
                               (work->steady ? work->steady->point_count : 0) + 1;

    work->sample = work->steady ? work->steady : work->isolated;
    work->rungs  = cx_arena_grab(arena, (size_t)room_count * sizeof *work->rungs);
    if (!work->rungs) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the sizes of a work");
    }
    add_rungs(work->steady, work);
    add_rungs(work->isolated, work);
    qsort(work->rungs, (size_t)work->rung_count, sizeof *work->rungs, compare_rungs);
    for (int64_t i = 0; i < work->rung_count; i++) {
        CX_TRY(read_rung(work, arena, &work->rungs[i]));
    }
    return CX_OK;
}

static int compare_works(const void *a, const void *b)
{
    const cx_ep_result_t *left        = *(cx_ep_result_t *const *)a;
    const cx_ep_result_t *right       = *(cx_ep_result_t *const *)b;
    const int64_t         left_order  = left->sample->order_index;
    const int64_t         right_order = right->sample->order_index;

    if (left->group_index != right->group_index) {
        return left->group_index < right->group_index ? -1 : 1;
    }
    return (left_order > right_order) - (left_order < right_order);
}

static cx_status_t read_works(const cx_result_view_t *view, reader_t *reader)
{
    for (int64_t i = 0; i < view->case_count; i++) {
        if (cx_result_is_ep(view->cases[i])) {
            CX_TRY(file_case(reader, view->cases[i]));
        }
    }
    for (int64_t i = 0; i < reader->view->work_count; i++) {
        CX_TRY(finish_work(reader->view->works[i], reader->arena));
    }
    qsort(reader->view->works, (size_t)reader->view->work_count, sizeof(void *), compare_works);
    return CX_OK;
}

cx_status_t cx_ep_results_read(const cx_result_view_t *view, cx_arena_t *arena,
                               cx_ep_results_t *out)
{
    const size_t room_bytes = (size_t)(view->case_count + 1) * sizeof(void *);
    reader_t     reader     = {.arena      = arena,
                               .groups     = json_object(),
                               .work_keys  = cx_arena_grab(arena, room_bytes),
                               .place_keys = cx_arena_grab(arena, room_bytes),
                               .view       = out};
    cx_status_t  status;

    *out = (cx_ep_results_t){.works = cx_arena_grab(arena, room_bytes)};
    if (reader.groups && reader.work_keys && reader.place_keys && out->works) {
        status = read_works(view, &reader);
    } else {
        status = CX_FAIL(CX_RESOURCE, "out of memory for %lld cases", (long long)view->case_count);
    }
    json_decref(reader.groups);
    return status;
}

/* ---- choosing and naming ---- */

bool cx_ep_result_is_ranked(const cx_ep_result_rung_t *rung)
{
    return isfinite(rung->headline->time_us_p50) && cx_result_severity(rung->status) == 0 &&
           rung->is_right;
}

const cx_ep_result_rung_t *cx_ep_result_headline(const cx_ep_result_t *work)
{
    const cx_ep_result_rung_t *found = NULL;

    for (int64_t i = 0; i < work->rung_count; i++) {
        const cx_ep_result_rung_t *rung = &work->rungs[i];

        if (isfinite(rung->headline->time_us_p50) &&
            (!found || rung->tokens_per_rank <= HEADLINE_TOKENS)) {
            found = rung;
        }
    }
    return found;
}

const cx_ep_result_rung_t *cx_ep_result_largest(const cx_ep_result_t *work)
{
    const cx_ep_result_rung_t *found = NULL;

    for (int64_t i = 0; i < work->rung_count; i++) {
        found = isfinite(work->rungs[i].headline->time_us_p50) ? &work->rungs[i] : found;
    }
    return found;
}

const char *cx_ep_result_shape(const cx_ep_result_t *work, cx_arena_t *arena)
{
    const json_t *record = work->sample->record;
    const char   *shape  = or_empty(cx_result_option(record, "shape"));
    const char   *slash  = strrchr(shape, '/');

    if (*shape && strcmp(shape, "custom") != 0) {
        return slash ? slash + 1 : shape;
    }
    return cx_arena_format(arena, "%s/%s/%s", or_empty(cx_result_option(record, "hidden")),
                           or_empty(cx_result_option(record, "topk")),
                           or_empty(cx_result_option(record, "experts")));
}

const char *cx_ep_result_codecs(const cx_ep_result_t *work, cx_arena_t *arena)
{
    const char *there = or_empty(cx_result_option(work->sample->record, "precision"));
    const char *home  = or_empty(cx_result_option(work->sample->record, "combine_precision"));

    return strcmp(there, home) == 0
               ? there
               : cx_arena_format(arena, "%s dispatch, %s combine", there, home);
}

const char *cx_ep_result_routing(const cx_ep_result_t *work, cx_arena_t *arena)
{
    const json_t *record  = work->sample->record;
    const char   *routing = or_empty(cx_result_option(record, "routing"));
    const char   *eplb    = or_empty(cx_result_option(record, "eplb"));
    const char   *number  = "";

    if (strcmp(routing, "zipf") == 0) {
        number = or_empty(cx_result_option(record, "zipf_exponent"));
    }
    return cx_arena_format(arena, "%s%s%s%s%s", routing, *number ? " " : "", number,
                           *eplb && strcmp(eplb, "0") != 0 ? ", eplb " : "",
                           *eplb && strcmp(eplb, "0") != 0 ? eplb : "");
}
