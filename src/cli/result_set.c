/* SPDX-License-Identifier: Apache-2.0 */
/* From record documents to cases: launches put together, classes found, points ranked.
 * Prints nothing. */
#include "cli/result_set.h"

#include "cli/result_keys.h"
#include "cli/result_points.h"
#include "measure/pairs.h"
#include "model/case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One launch of a case. */
typedef struct launch {
    struct launch *next;
    const json_t  *record;
} launch_t;

/* A case while it is put together. */
typedef struct draft {
    cx_result_case_t one; /* first: the view points here */
    launch_t        *first, *last;
    const char      *work_key;    /* its options but the backend's and the sizes */
    const char      *measure_key; /* what its numbers mean, and where they were taken */
} draft_t;

typedef struct drafts {
    cx_arena_t *arena;
    json_t     *indices; /* key of a case to its index */
    draft_t   **items;
    int64_t     count;
} drafts_t;

/* Options with a place of their own in a table; `differs` is made of the others. */
static const char *const named_options[] = {"family",
                                            "op",
                                            "algorithm",
                                            "limit",
                                            "dtype",
                                            "redop",
                                            "placement",
                                            "backend",
                                            "regime",
                                            "sizes",
                                            "tokens",
                                            "backend_options",
                                            "shape",
                                            "hidden",
                                            "topk",
                                            "experts",
                                            "mode",
                                            "precision",
                                            "combine_precision",
                                            "routing",
                                            "zipf_exponent",
                                            "hot_expert",
                                            "eplb",
                                            "eplb_seed",
                                            NULL};
/* Two backends that differ in these still do the same work. */
static const char *const backend_options[] = {"backend", "backend_options", "algorithm",
                                              "sizes",   "tokens",          NULL};

/* ---- cases from records ---- */

static cx_status_t add_launch(drafts_t *drafts, draft_t *draft, const json_t *record)
{
    launch_t *launch = cx_arena_grab(drafts->arena, sizeof *launch);

    if (!launch) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a launch");
    }
    launch->record = record;
    if (draft->last) {
        draft->last->next = launch;
    } else {
        draft->first = launch;
    }
    draft->last = launch;
    draft->one.launch_count++;
    return CX_OK;
}

/* Launches of one case share its id and its comparison key; an unlike key is another case. */
static cx_status_t file_record(drafts_t *drafts, const json_t *record)
{
    const json_t *identity = json_object_get(record, "identity");
    const char   *key      = cx_arena_format(drafts->arena, "%s %s %s",
                                             cx_text_or_empty(cx_json_text(identity, "case_id")),
                                             cx_text_or_empty(cx_json_text(identity, "comparison_key")),
                                             cx_text_or_empty(cx_json_text(identity, "origin")));
    const json_t *known    = key ? json_object_get(drafts->indices, key) : NULL;
    draft_t      *draft;

    if (known) {
        return add_launch(drafts, drafts->items[json_integer_value(known)], record);
    }
    draft = cx_arena_grab(drafts->arena, sizeof *draft);
    if (!key || !draft ||
        json_object_set_new(drafts->indices, key, json_integer(drafts->count)) != 0) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a case");
    }
    draft->one.order_index         = drafts->count;
    drafts->items[drafts->count++] = draft;
    return add_launch(drafts, draft, record);
}

static const char *make_label(const json_t *record, cx_arena_t *arena)
{
    const char *backend = cx_text_or_empty(cx_result_option(record, "backend"));
    const char *options = cx_text_or_empty(cx_result_option(record, "backend_options"));
    const char *chosen  = cx_text_or_empty(cx_result_option(record, "algorithm"));
    const bool  is_own  = *chosen && strcmp(chosen, "default") != 0;

    return cx_arena_format(arena, "%s%s%s%s%s%s", backend, is_own ? " " : "", is_own ? chosen : "",
                           *options ? "[" : "", options, *options ? "]" : "");
}

bool cx_result_is_ep(const cx_result_case_t *one)
{
    return one->family && strcmp(one->family, "ep") == 0;
}

static bool is_limit(const cx_result_case_t *one)
{
    return one->family && strcmp(one->family, "limits") == 0;
}

static const char *unless_barrier(const cx_result_case_t *one, const char *text)
{
    return cx_result_is_ep(one) || is_limit(one) || (one->op && strcmp(one->op, "barrier") == 0)
               ? NULL
               : text;
}

/* What stands for a case of family ep as a whole. */
static const char *headline_component(const cx_result_case_t *one)
{
    const bool is_steady = one->regime && strcmp(one->regime, "steady") == 0;

    if (!cx_result_is_ep(one)) {
        return NULL;
    }
    return cx_component_slug(is_steady ? CX_COMPONENT_PAIR_PERIOD : CX_COMPONENT_ROUNDTRIP);
}

static void name_case(const json_t *record, cx_arena_t *arena, cx_result_case_t *out)
{
    const char *rank_count = cx_json_text(json_object_get(record, "environment"), "rank_count");
    const char *redop      = cx_result_option(record, "redop");

    out->record  = record;
    out->case_id = cx_json_text(json_object_get(record, "identity"), "case_id");
    out->origin  = cx_json_text(json_object_get(record, "identity"), "origin");
    out->family  = cx_result_option(record, "family");
    out->op =
        cx_result_is_ep(out) ? "ep" : cx_result_option(record, is_limit(out) ? "limit" : "op");
    out->dtype      = unless_barrier(out, cx_result_option(record, "dtype"));
    out->redop      = redop && strcmp(redop, "none") == 0 ? NULL : unless_barrier(out, redop);
    out->placement  = unless_barrier(out, cx_result_option(record, "placement"));
    out->regime     = cx_result_option(record, "regime");
    out->label      = make_label(record, arena);
    out->rank_count = rank_count ? strtoll(rank_count, NULL, 10) : INT64_MIN;
    out->component  = headline_component(out);
}

static cx_status_t finish_case(draft_t *draft, cx_arena_t *arena)
{
    const json_t **launches =
        cx_arena_grab(arena, (size_t)draft->one.launch_count * sizeof(void *));
    const json_t *best  = draft->first->record;
    int64_t       count = 0;
    cx_worst_t    worst = {0};

    if (!launches) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the launches of a case");
    }
    for (const launch_t *launch = draft->first; launch; launch = launch->next) {
        cx_worst_add(&worst, cx_json_text(launch->record, "status"),
                     cx_json_text(launch->record, "detail"), count);
        launches[count++] = launch->record;
        if (json_array_size(json_object_get(best, "rows")) == 0) {
            best = launch->record;
        }
    }
    name_case(best, arena, &draft->one);
    draft->one.status  = worst.status;
    draft->one.detail  = cx_worst_explain(&worst, count, arena);
    draft->work_key    = cx_result_options_key(best, backend_options, arena);
    draft->measure_key = cx_result_measure_key(best, arena);
    if (!draft->one.label || !draft->work_key || !draft->measure_key) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the keys of a case");
    }
    draft->one.launches = launches;
    return cx_result_points_read(&draft->one, arena);
}

/* ---- tables and classes ---- */

static bool has_rows(const draft_t *draft)
{
    return json_array_size(json_object_get(draft->one.record, "rows")) > 0;
}

static bool is_same_regime(const draft_t *a, const draft_t *b)
{
    return strcmp(cx_text_or_empty(a->one.regime), cx_text_or_empty(b->one.regime)) == 0 &&
           cx_result_is_ep(&a->one) == cx_result_is_ep(&b->one);
}

/* A case that failed early does not know where it would have been measured: it stands with the
 * first one that did the same work, or else with the first of its regime. */
static void adopt_measure_key(const drafts_t *drafts, draft_t *draft)
{
    const draft_t *kin = NULL;

    for (int64_t i = 0; i < drafts->count; i++) {
        const draft_t *other = drafts->items[i];

        if (has_rows(other) && strcmp(other->work_key, draft->work_key) == 0) {
            kin = other;
            break;
        }
        if (!kin && has_rows(other) && is_same_regime(other, draft)) {
            kin = other;
        }
    }
    if (kin) {
        draft->measure_key = kin->measure_key;
    }
}

/* The index of a key, new ones in order of appearance; -1 when memory ran out. */
static int64_t index_of(json_t *indices, const char *key)
{
    const json_t *known = json_object_get(indices, key);
    const int64_t count = (int64_t)json_object_size(indices);

    if (known) {
        return json_integer_value(known);
    }
    return json_object_set_new(indices, key, json_integer(count)) == 0 ? count : -1;
}

static cx_status_t index_cases(drafts_t *drafts, json_t *tables, json_t *classes)
{
    for (int64_t i = 0; i < drafts->count; i++) {
        draft_t    *draft = drafts->items[i];
        const char *key;

        if (!has_rows(draft)) {
            adopt_measure_key(drafts, draft);
        }
        /* Regimes differ in their definition, but a failed case may have none. */
        key = cx_arena_format(drafts->arena, "%s %s\n%s", cx_text_or_empty(draft->one.family),
                              cx_text_or_empty(draft->one.regime), draft->measure_key);
        draft->one.table_index = key ? index_of(tables, key) : -1;
        key = cx_arena_format(drafts->arena, "%s%s", draft->measure_key, draft->work_key);
        draft->one.class_index = key ? index_of(classes, key) : -1;
        if (draft->one.table_index < 0 || draft->one.class_index < 0) {
            return CX_FAIL(CX_RESOURCE, "out of memory for the classes of cases");
        }
    }
    return CX_OK;
}

static int compare_cases(const void *a, const void *b)
{
    const cx_result_case_t *left         = *(cx_result_case_t *const *)a;
    const cx_result_case_t *right        = *(cx_result_case_t *const *)b;
    const int64_t           orders[3][2] = {{left->table_index, right->table_index},
                                            {left->class_index, right->class_index},
                                            {left->order_index, right->order_index}};

    for (int i = 0; i < 3; i++) {
        if (orders[i][0] != orders[i][1]) {
            return orders[i][0] < orders[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/* The first case after `first` that belongs to another table (or class). */
static int64_t find_end(const cx_result_view_t *view, int64_t first, bool of_class)
{
    int64_t i = first;

    while (i < view->case_count && view->cases[i]->table_index == view->cases[first]->table_index &&
           (!of_class || view->cases[i]->class_index == view->cases[first]->class_index)) {
        i++;
    }
    return i;
}

static bool varies(const cx_result_view_t *view, int64_t first, int64_t end, const char *key)
{
    for (int64_t i = first + 1; i < end; i++) {
        if (strcmp(cx_text_or_empty(cx_result_option(view->cases[i]->record, key)),
                   cx_text_or_empty(cx_result_option(view->cases[first]->record, key))) != 0) {
            return true;
        }
    }
    return false;
}

/* Whether anybody asked for the option where the same operation is done: otherwise it is likely to
 * mean nothing to it. */
static bool is_said(const cx_result_view_t *view, int64_t first, int64_t end,
                    const cx_result_case_t *one, const char *key)
{
    for (int64_t i = first; i < end; i++) {
        if (strcmp(cx_text_or_empty(view->cases[i]->op), cx_text_or_empty(one->op)) == 0 &&
            cx_result_option_is_asked(view->cases[i]->record, key)) {
            return true;
        }
    }
    return false;
}

/* Options that vary within a table become part of every case's name in it. */
static cx_status_t name_differences(const cx_result_view_t *view, int64_t first, int64_t end,
                                    cx_arena_t *arena)
{
    for (int64_t i = first; i < end; i++) {
        view->cases[i]->differs = "";
    }
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        char key[64];

        cx_option_key(row, key, sizeof key);
        if (row->role != CX_OPTION_KEY || cx_name_is_listed(named_options, key) ||
            !varies(view, first, end, key)) {
            continue;
        }
        for (int64_t i = first; i < end; i++) {
            cx_result_case_t *one = view->cases[i];

            if (!is_said(view, first, end, one, key)) {
                continue;
            }
            one->differs =
                cx_arena_format(arena, "%s%s%s=%s", one->differs, *one->differs ? " " : "", key,
                                cx_text_or_empty(cx_result_option(one->record, key)));
            if (!one->differs) {
                return CX_FAIL(CX_RESOURCE, "out of memory for the differences of cases");
            }
        }
    }
    return CX_OK;
}

/* ---- ranking ---- */

/* The comparable point of another case; NULL when there is none. */
static const cx_result_point_t *find_rival(const cx_result_case_t  *one,
                                           const cx_result_point_t *point)
{
    const cx_result_point_t *rival = cx_result_case_at(one, point->requested_bytes);

    return rival && rival->is_ranked && rival->message_bytes == point->message_bytes ? rival : NULL;
}

/* True also where an interval is unknown: then no order is established. */
static bool overlaps(const cx_result_point_t *a, const cx_result_point_t *b)
{
    return !(a->time_us_p50_ci_high < b->time_us_p50_ci_low ||
             b->time_us_p50_ci_high < a->time_us_p50_ci_low);
}

static void rank_point(const cx_result_view_t *view, int64_t first, int64_t end, int64_t own_index,
                       cx_result_point_t *point)
{
    double best_us = point->time_us_p50;
    bool   is_tied = false, is_alone = true;

    for (int64_t i = first; i < end; i++) {
        const cx_result_point_t *rival = i == own_index ? NULL : find_rival(view->cases[i], point);

        if (rival) {
            is_alone = false;
            is_tied  = is_tied || overlaps(point, rival);
            best_us  = fmin(best_us, rival->time_us_p50);
        }
    }
    if (is_alone) {
        return;
    }
    point->vs_best_ratio = point->time_us_p50 / best_us;
    point->standing      = is_tied                         ? CX_STANDING_TIE
                           : point->time_us_p50 == best_us ? CX_STANDING_BEST
                                                           : CX_STANDING_BEHIND;
}

static void rank_class(const cx_result_view_t *view, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i++) {
        for (int64_t j = 0; j < view->cases[i]->point_count; j++) {
            if (view->cases[i]->points[j].is_ranked) {
                rank_point(view, first, end, i, &view->cases[i]->points[j]);
            }
        }
    }
}

static cx_status_t arrange(drafts_t *drafts, cx_result_view_t *out)
{
    out->case_count = drafts->count;
    out->cases      = cx_arena_grab(drafts->arena, (size_t)(drafts->count + 1) * sizeof(void *));
    if (!out->cases) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %lld cases", (long long)drafts->count);
    }
    for (int64_t i = 0; i < drafts->count; i++) {
        out->cases[i] = &drafts->items[i]->one;
    }
    qsort(out->cases, (size_t)out->case_count, sizeof(void *), compare_cases);
    for (int64_t first = 0; first < out->case_count; first = find_end(out, first, false)) {
        CX_TRY(name_differences(out, first, find_end(out, first, false), drafts->arena));
    }
    for (int64_t first = 0; first < out->case_count; first = find_end(out, first, true)) {
        rank_class(out, first, find_end(out, first, true));
    }
    return CX_OK;
}

static cx_status_t read_cases(drafts_t *drafts, const json_t *records)
{
    size_t  i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        CX_TRY(file_record(drafts, record));
    }
    for (int64_t j = 0; j < drafts->count; j++) {
        CX_TRY(finish_case(drafts->items[j], drafts->arena));
    }
    return CX_OK;
}

cx_status_t cx_result_view_read(const json_t *records, cx_arena_t *arena, cx_result_view_t *out)
{
    const size_t record_count = json_array_size(records);
    json_t      *tables = json_object(), *classes = json_object();
    drafts_t     drafts = {.arena   = arena,
                           .indices = json_object(),
                           .items   = cx_arena_grab(arena, (record_count + 1) * sizeof(void *))};
    cx_status_t  status = CX_OK;

    if (!tables || !classes || !drafts.indices || !drafts.items) {
        status = CX_FAIL(CX_RESOURCE, "out of memory for %zu records", record_count);
        goto release;
    }
    CX_TRY_OR(release, read_cases(&drafts, records));
    CX_TRY_OR(release, index_cases(&drafts, tables, classes));
    CX_TRY_OR(release, arrange(&drafts, out));
release:
    json_decref(drafts.indices);
    json_decref(classes);
    json_decref(tables);
    return status;
}

const cx_result_point_t *cx_result_case_at(const cx_result_case_t *one, int64_t requested_bytes)
{
    for (int64_t i = 0; i < one->point_count; i++) {
        if (one->points[i].requested_bytes == requested_bytes) {
            return &one->points[i];
        }
    }
    return NULL;
}
