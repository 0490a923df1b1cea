/* SPDX-License-Identifier: Apache-2.0 */
/* The cross product of a request. */
#include "model/plan.h"

#include "model/group.h"
#include "model/ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKEND_OPTIONS_BYTES_MAX CX_OPTION_TEXT_BYTES_MAX /* a record reads it back */

/* What is being built, with a hash table of the digests seen so far. */
typedef struct builder {
    const cx_plan_request_t *request;
    cx_arena_t              *arena;
    cx_case_t               *cases; /* owned until it is copied to the arena */
    size_t                   case_count, case_capacity;
    size_t                  *seen; /* owned; case index + 1, 0 free */
    size_t                   seen_capacity;
    bool                     is_applied[CX_CASE_OPTION_COUNT_MAX];
    const char              *backend; /* whose options were asked for last; NULL before */
    const cx_option_t       *backend_rows;
    size_t                   backend_options_bytes;
    cx_plan_choice_t         open, chosen; /* what was left open last, and what came of it */
    int32_t                  chosen_family;
} builder_t;

static cx_status_t out_of_memory(void)
{
    return CX_FAIL(CX_RESOURCE, "out of memory for the plan");
}

static uint64_t digest_start(const cx_case_t *one)
{
    uint64_t value;

    memcpy(&value, one->digest, sizeof value);
    return value * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

/* The place of the case in the table of seen ones: its own, or a free one. */
static size_t *find_seen(const builder_t *builder, const cx_case_t *one)
{
    size_t mask  = builder->seen_capacity - 1;
    size_t index = (size_t)digest_start(one) & mask;

    while (builder->seen[index] &&
           strcmp(builder->cases[builder->seen[index] - 1].digest, one->digest) != 0) {
        index = (index + 1) & mask;
    }
    return &builder->seen[index];
}

static cx_status_t grow(builder_t *builder)
{
    size_t     capacity = builder->case_capacity ? builder->case_capacity * 2 : 64;
    cx_case_t *cases    = realloc(builder->cases, capacity * sizeof *cases);

    if (!cases) {
        return out_of_memory();
    }
    builder->cases         = cases;
    builder->case_capacity = capacity;
    free(builder->seen);
    builder->seen_capacity = capacity * 2;
    builder->seen          = calloc(builder->seen_capacity, sizeof *builder->seen);
    if (!builder->seen) {
        return out_of_memory();
    }
    for (size_t i = 0; i < builder->case_count; i++) {
        *find_seen(builder, &builder->cases[i]) = i + 1;
    }
    return CX_OK;
}

static cx_status_t add_case(builder_t *builder, const cx_case_t *one)
{
    size_t *seen;

    if (builder->case_count == builder->case_capacity) {
        CX_TRY(grow(builder));
    }
    seen = find_seen(builder, one);
    if (*seen) {
        return CX_OK;
    }
    if (builder->case_count == CX_PLAN_CASE_COUNT_MAX) {
        return CX_FAIL(CX_INVALID, "the request expands to more than %d cases",
                       CX_PLAN_CASE_COUNT_MAX);
    }
    builder->cases[builder->case_count++] = *one;
    *seen                                 = builder->case_count;
    return CX_OK;
}

static cx_status_t unknown_name(const char *place, const char *name, const cx_option_t *rows)
{
    const char *nearest = cx_text_nearest(name, cx_case_options, cx_options_name_at);

    if (!nearest && rows) {
        nearest = cx_text_nearest(name, rows, cx_options_name_at);
    }
    return CX_FAIL(CX_INVALID, "%s: unknown option \"%s\"%s%s%s", place, name,
                   nearest ? "; did you mean \"" : "; see: collectivex list options",
                   nearest ? nearest : "", nearest ? "\"?" : "");
}

/* Neighbouring cases mostly have the same backend, and to find one costs system calls. */
static cx_status_t ask_backend(builder_t *builder, const char *backend, const char *place)
{
    const cx_plan_request_t *request = builder->request;

    if (builder->backend && strcmp(builder->backend, backend) == 0) {
        return CX_OK;
    }
    CX_TRY(request->backend_rows(request->context, backend, place, &builder->backend_rows,
                                 &builder->backend_options_bytes));
    builder->backend = backend;
    return CX_OK;
}

/* Those extras that belong to the case's backend, checked and written in table order. */
static cx_status_t set_backend_options(builder_t *builder, const cx_group_t *group, cx_case_t *one,
                                       const char *place)
{
    char   text[BACKEND_OPTIONS_BYTES_MAX] = "";
    size_t used                            = 0;
    void  *scratch;

    CX_TRY(ask_backend(builder, one->backend, place));
    if (!group->extras) {
        return CX_OK;
    }
    scratch = cx_arena_grab(builder->arena, builder->backend_options_bytes + 1);
    if (!scratch) {
        return out_of_memory();
    }
    for (const cx_option_t *row = builder->backend_rows; row && row->name; row++) {
        for (cx_extra_t *extra = group->extras; extra; extra = extra->next) {
            char value[CX_OPTION_TEXT_BYTES_MAX];

            if (cx_options_find(builder->backend_rows, extra->name) != row) {
                continue;
            }
            extra->is_used = true;
            CX_TRY(cx_option_set(row, scratch, extra->text, extra->place, builder->arena));
            cx_option_print(row, scratch, value, sizeof value);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s=%s", used ? ";" : "",
                                     row->name, value);
            if (used >= sizeof text) {
                return CX_FAIL(CX_INVALID, "%s: the options of backend %s are too long together",
                               extra->place, one->backend);
            }
        }
    }
    if (used > 0) {
        one->backend_options = cx_arena_text(builder->arena, text);
    }
    return one->backend_options ? CX_OK : out_of_memory();
}

static cx_status_t resolve_auto(builder_t *builder, cx_case_t *one)
{
    const cx_plan_request_t *request = builder->request;
    const cx_plan_choice_t   open    = {one->backend, one->device};

    if (strcmp(open.backend, "auto") != 0 && strcmp(open.device, "auto") != 0) {
        return CX_OK;
    }
    if (!builder->chosen.backend || builder->chosen_family != one->family ||
        strcmp(builder->open.backend, open.backend) != 0 ||
        strcmp(builder->open.device, open.device) != 0) {
        cx_plan_choice_t chosen = open;

        CX_TRY(request->auto_choice(request->context, (cx_family_t)one->family, &chosen));
        builder->open          = open;
        builder->chosen        = chosen;
        builder->chosen_family = one->family;
    }
    one->backend = builder->chosen.backend;
    one->device  = builder->chosen.device;
    return CX_OK;
}

/* Where the option was given. */
static const char *place_of(const cx_group_t *group, const char *name)
{
    size_t row = (size_t)(cx_options_find(cx_case_options, name) - cx_case_options);

    return group->axes[row].place ? group->axes[row].place : "default";
}

static bool is_given(const cx_case_t *one, const char *name)
{
    return one->origins[cx_options_find(cx_case_options, name) - cx_case_options] !=
           CX_ORIGIN_DEFAULT;
}

/* From here on a case has numbers, so that what it means never depends on a registry again. A
 * default shape is no wish: where all its numbers are given, it is not looked for. */
static cx_status_t resolve_shape(const builder_t *builder, const cx_group_t *group, cx_case_t *one)
{
    const cx_plan_request_t *request = builder->request;
    cx_case_ep_t            *ep      = &one->ep;
    cx_plan_shape_t          shape;

    if (ep->hidden_elems > 0 && ep->topk > 0 && ep->expert_count > 0 && !is_given(one, "shape")) {
        ep->shape = "custom";
        return CX_OK;
    }
    CX_TRY(request->shape_numbers(request->context, ep->shape, place_of(group, "shape"), &shape));
    ep->hidden_elems = ep->hidden_elems > 0 ? ep->hidden_elems : shape.hidden_elems;
    ep->topk         = ep->topk > 0 ? ep->topk : shape.topk;
    ep->expert_count = ep->expert_count > 0 ? ep->expert_count : shape.expert_count;
    return CX_OK;
}

static void resolve_allreduce(cx_case_t *one)
{
    if (one->family == CX_FAMILY_ALLREDUCE && !is_given(one, "dtype")) {
        one->dtype = CX_CASE_ALLREDUCE_DTYPE;
    }
    if (one->family == CX_FAMILY_ALLREDUCE && !is_given(one, "sizes")) {
        one->sizes = CX_CASE_ALLREDUCE_SIZES;
    }
}

static cx_status_t resolve_ep(const builder_t *builder, const cx_group_t *group, cx_case_t *one)
{
    if (one->family != CX_FAMILY_EP) {
        return CX_OK;
    }
    if (!is_given(one, "seed")) {
        one->seed = CX_CASE_EP_SEED;
    }
    return resolve_shape(builder, group, one);
}

static cx_status_t check_case(const cx_case_t *one, const cx_group_t *group)
{
    cx_ladder_t ladder;

    if (one->family == CX_FAMILY_EP) {
        return cx_token_ladder_parse(one->ep.tokens, place_of(group, "tokens"), &ladder);
    }
    CX_TRY(cx_ladder_parse(one->sizes, place_of(group, "sizes"), &ladder));
    if (one->traffic[0] && one->traffic_skew_ratio > 0) {
        return CX_FAIL(CX_INVALID, "%s: give either a traffic file or a traffic skew, not both",
                       one->traffic);
    }
    return CX_OK;
}

/* A suite says itself what only some devices can be asked
 * (docs/adr/0018-say-in-a-suite-what-only-some-devices-have.md). */
static bool is_for_device(const cx_group_t *group, const char *device)
{
    for (size_t i = 0; i < group->only_on.value_count; i++) {
        if (strcmp(group->only_on.texts[i], device) == 0) {
            return true;
        }
    }
    return group->only_on.value_count == 0;
}

/* A name that no device has would leave its group out on all of them, unseen. */
static cx_status_t check_only_on(const cx_plan_request_t *request, const cx_axis_t *only_on)
{
    for (size_t i = 0; i < only_on->value_count; i++) {
        CX_TRY(request->check_device(request->context, only_on->texts[i], only_on->place));
    }
    return CX_OK;
}

static cx_status_t finish_case(builder_t *builder, const cx_group_t *group, cx_case_t one)
{
    CX_TRY(resolve_auto(builder, &one));
    if (!is_for_device(group, one.device)) {
        for (cx_extra_t *extra = group->extras; extra; extra = extra->next) {
            extra->is_used = true; /* for all that is known here */
        }
        return CX_OK;
    }
    resolve_allreduce(&one);
    CX_TRY(resolve_ep(builder, group, &one));
    CX_TRY(set_backend_options(builder, group, &one, place_of(group, "backend")));
    CX_TRY(cx_case_seal(&one, builder->arena));
    CX_TRY(check_case(&one, group));
    for (const cx_option_t *option = cx_case_options; option->name; option++) {
        builder->is_applied[option - cx_case_options] |= cx_case_option_applies(&one, option);
    }
    return add_case(builder, &one);
}

/* Each axis in turn, depth first; values are parsed once per branch. */
static cx_status_t expand_from(builder_t *builder, const cx_group_t *group, const cx_option_t *row,
                               cx_case_t one)
{
    const cx_axis_t *axis;

    while (row->name && group->axes[row - cx_case_options].value_count == 0) {
        row++;
    }
    if (!row->name) {
        return finish_case(builder, group, one);
    }
    axis                               = &group->axes[row - cx_case_options];
    one.origins[row - cx_case_options] = (uint8_t)axis->origin;
    for (size_t i = 0; i < axis->value_count; i++) {
        CX_TRY(cx_option_set(row, &one, axis->texts[i], axis->place, builder->arena));
        CX_TRY(expand_from(builder, group, row + 1, one));
    }
    return CX_OK;
}

static cx_status_t check_extras(const builder_t *builder, const cx_group_t *group)
{
    for (const cx_extra_t *extra = group->extras; extra; extra = extra->next) {
        if (!extra->is_used) {
            const cx_option_t *rows = NULL;
            size_t             options_bytes;

            if (builder->case_count > 0) {
                CX_TRY(builder->request->backend_rows(builder->request->context,
                                                      builder->cases[0].backend, extra->place,
                                                      &rows, &options_bytes));
            }
            return unknown_name(extra->place, extra->name, rows);
        }
    }
    return CX_OK;
}

/* An override that could change no case at all is a mistake, not a wish. */
static cx_status_t check_overrides(const builder_t *builder)
{
    const cx_plan_request_t *request = builder->request;

    for (size_t i = 0; i < request->override_count; i++) {
        const cx_setting_t *setting = &request->overrides[i];
        const cx_option_t  *row     = cx_options_find(cx_case_options, setting->name);

        if (row && setting->origin == CX_ORIGIN_COMMAND &&
            !builder->is_applied[row - cx_case_options]) {
            return CX_FAIL(CX_INVALID, "%s: %s means nothing for any case of this request",
                           setting->place, setting->name);
        }
    }
    return CX_OK;
}

static cx_status_t expand_group(builder_t *builder, const cx_node_t *defaults,
                                const cx_node_t *node)
{
    const cx_plan_request_t *request = builder->request;
    cx_group_t               group   = {.extras = NULL};
    cx_case_t                one;

    if (defaults) {
        CX_TRY(cx_group_read(&group, defaults, request->suite_path, builder->arena));
    }
    if (node) {
        CX_TRY(cx_group_read(&group, node, request->suite_path, builder->arena));
    }
    for (size_t i = 0; i < request->override_count; i++) {
        CX_TRY(cx_group_set(&group, &request->overrides[i], builder->arena));
    }
    CX_TRY(check_only_on(request, &group.only_on));
    memset(&one, 0, sizeof one);
    CX_TRY(cx_options_defaults(cx_case_options, &one, builder->arena));
    CX_TRY(expand_from(builder, &group, cx_case_options, one));
    return check_extras(builder, &group);
}

typedef struct suite_keys {
    const cx_node_t *name, *summary, *defaults, *cases;
} suite_keys_t;

static cx_status_t read_suite_keys(const cx_plan_request_t *request, suite_keys_t *out)
{
    static const char *const names[]  = {"suite", "summary", "defaults", "cases", NULL};
    const cx_node_t         *found[4] = {NULL};
    const cx_node_t         *suite    = request->suite;

    if (suite->kind != CX_NODE_MAP) {
        return CX_FAIL(CX_INVALID, "%s:%d:%d: expected the keys suite, summary, defaults, cases",
                       request->suite_path, suite->line, suite->column);
    }
    for (size_t i = 0; i < suite->item_count; i++) {
        const cx_node_t *key   = &suite->keys[i];
        size_t           index = 0;

        while (names[index] && strcmp(names[index], key->text) != 0) {
            index++;
        }
        if (!names[index]) {
            const char *nearest = cx_text_nearest(key->text, names, cx_text_name_at);

            return CX_FAIL(CX_INVALID, "%s:%d:%d: unknown key \"%s\"; %s%s%s", request->suite_path,
                           key->line, key->column, key->text,
                           nearest ? "did you mean \"" : "one of suite, summary, defaults, cases",
                           nearest ? nearest : "", nearest ? "\"?" : "");
        }
        if ((suite->items[i].kind == CX_NODE_SCALAR) != (index < 2)) {
            return CX_FAIL(CX_INVALID, "%s:%d:%d: %s: %s", request->suite_path,
                           suite->items[i].line, suite->items[i].column, key->text,
                           index < 2 ? "expected a text" : "expected a map or a list of maps");
        }
        found[index] = &suite->items[i];
    }
    *out = (suite_keys_t){found[0], found[1], found[2], found[3]};
    return CX_OK;
}

static cx_status_t expand_suite(builder_t *builder, cx_plan_t *plan)
{
    const cx_plan_request_t *request = builder->request;
    suite_keys_t             keys    = {NULL, NULL, NULL, NULL};

    CX_TRY(read_suite_keys(request, &keys));
    if (keys.defaults && keys.defaults->kind != CX_NODE_MAP) {
        return CX_FAIL(CX_INVALID, "%s:%d:%d: defaults: expected a map", request->suite_path,
                       keys.defaults->line, keys.defaults->column);
    }
    if (!keys.cases || keys.cases->kind != CX_NODE_LIST || keys.cases->item_count == 0) {
        return CX_FAIL(CX_INVALID, "%s:%d:1: the suite has no cases", request->suite_path,
                       keys.cases ? keys.cases->line : 1);
    }
    plan->suite   = keys.name ? keys.name->text : request->suite_path;
    plan->summary = keys.summary ? keys.summary->text : "";
    for (size_t i = 0; i < keys.cases->item_count; i++) {
        const cx_node_t *node = &keys.cases->items[i];

        if (node->kind != CX_NODE_MAP) {
            return CX_FAIL(CX_INVALID, "%s:%d:%d: cases: expected a map of options",
                           request->suite_path, node->line, node->column);
        }
        CX_TRY(expand_group(builder, keys.defaults, node));
    }
    return CX_OK;
}

/* Only a suite can be empty: all that it has is for devices that are not asked for. */
static cx_status_t check_count(const builder_t *builder)
{
    return builder->case_count > 0
               ? CX_OK
               : CX_FAIL(CX_INVALID, "no case is left: every group of the suite is only_on other "
                                     "devices; ask for one of those with --device");
}

cx_status_t cx_plan_expand(const cx_plan_request_t *request, cx_arena_t *arena, cx_plan_t *out)
{
    builder_t   builder = {.request = request, .arena = arena};
    cx_plan_t   plan    = {.suite = "command line", .summary = ""};
    cx_status_t status;

    if (request->suite) {
        CX_TRY_OR(free_builder, expand_suite(&builder, &plan));
    } else {
        CX_TRY_OR(free_builder, expand_group(&builder, NULL, NULL));
    }
    CX_TRY_OR(free_builder, check_overrides(&builder));
    CX_TRY_OR(free_builder, check_count(&builder));
    plan.case_count = builder.case_count;
    plan.cases      = cx_arena_grab(arena, builder.case_count * sizeof *plan.cases);
    if (!plan.cases) {
        CX_TRY_OR(free_builder, out_of_memory());
    }
    memcpy(plan.cases, builder.cases, builder.case_count * sizeof *plan.cases);
    *out = plan;

free_builder:
    free(builder.seen);
    free(builder.cases);
    return status;
}
