/* SPDX-License-Identifier: Apache-2.0 */
/* The backend under test and its cases: loading, probing, walking what it offers. */
#include "run/conform_kit.h"

#include "plugin/plugin.h"
#include "run/agree.h"
#include "run/support.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

cx_status_t cx_conform_skip(cx_conform_t *conform, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(conform->skipped, sizeof conform->skipped, format, arguments);
    va_end(arguments);
    return CX_OK;
}

cx_status_t cx_conform_blame(cx_status_t status, const char *format, ...)
{
    cx_detail_t detail = *cx_detail();
    char        words[160];
    va_list     arguments;

    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    cx_detail_clear();
    cx_fail_record(detail.status != CX_OK ? detail.status : status,
                   detail.file ? detail.file : __FILE__, detail.line, "%s: %s", words,
                   detail.text[0] ? detail.text : cx_status_text(status));
    return status;
}

bool cx_conform_is_out_of_step(cx_status_t status)
{
    return status == CX_PEER || status == CX_TIMEOUT || status == CX_INTERNAL;
}

static void keep_reason(cx_conform_t *conform)
{
    (void)snprintf(conform->why_not, sizeof conform->why_not, "%s", cx_detail()->text);
    cx_detail_clear();
}

/* ---- the backend ----------------------------------------------------------------------------- */

void cx_conform_load(cx_conform_t *conform)
{
    const cx_backend_ops_t *ops;

    if (cx_backend_load(conform->backend, "backend", &ops) == CX_OK) {
        conform->ops = ops;
    } else {
        keep_reason(conform);
    }
}

static cx_status_t read_options(cx_conform_t *conform)
{
    const cx_option_t *rows    = conform->ops->options;
    void              *options = cx_arena_grab(&conform->arena, conform->ops->options_bytes + 1);
    const char        *name;
    json_t            *value;

    if (!options) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the options of %s", conform->backend);
    }
    if (rows) {
        CX_TRY(cx_options_defaults(rows, options, &conform->arena));
    }
    json_object_foreach((json_t *)(uintptr_t)conform->settings, name, value)
    {
        const cx_option_t *row = rows ? cx_options_find(rows, name) : NULL;

        if (!row) {
            return CX_FAIL(CX_INVALID, "backend %s has no option \"%s\"", conform->backend, name);
        }
        CX_TRY(
            cx_option_set(row, options, json_string_value(value), "command line", &conform->arena));
    }
    conform->options = options;
    return CX_OK;
}

/* The device that was asked for, or the first word of those the backend works on. */
static const char *choose_device(cx_conform_t *conform)
{
    const char *devices = conform->caps.devices ? conform->caps.devices : "";

    if (conform->device[0]) {
        return conform->device;
    }
    return cx_arena_format(&conform->arena, "%.*s", (int)strcspn(devices, " "), devices);
}

static cx_status_t probe(cx_conform_t *conform)
{
    cx_case_t one;

    (void)cx_rank_context_phase(conform->context, "probe");
    CX_TRY(conform->ops->probe(&conform->context->core, &conform->caps));
    CX_TRY(read_options(conform));
    CX_TRY(cx_bench_device(&conform->bench, choose_device(conform)));
    conform->has_collective = cx_conform_find_case(conform, -1, &one);
    conform->can_run        = conform->has_collective || cx_conform_offers_experts(conform);
    if (!conform->can_run) {
        return CX_FAIL(CX_UNSUPPORTED, "it offers nothing to %d ranks on device %s",
                       conform->context->core.rank_count, conform->context->device_name);
    }
    return CX_OK;
}

cx_status_t cx_conform_probe(cx_conform_t *conform)
{
    cx_status_t status;

    if (conform->can_run || conform->why_not[0]) {
        return CX_OK;
    }
    status = probe(conform);
    if (cx_conform_is_out_of_step(status)) {
        return status;
    }
    status = cx_agree(conform->context, status);
    if (cx_conform_is_out_of_step(status)) {
        return status;
    }
    if (status != CX_OK) {
        conform->can_run = false;
        keep_reason(conform);
    }
    return CX_OK;
}

/* ---- cases ----------------------------------------------------------------------------------- */

/* The walk's place as one number, whose digits are the choices. */
enum { ROOTS = 2, PLACEMENTS = 2 };
#define WALK_COUNT                                                         \
    ((int32_t)CX_COLLECTIVE_COUNT * PLACEMENTS * (int32_t)CX_DTYPE_COUNT * \
     (int32_t)CX_REDOP_COUNT * ROOTS)

/* The case at a place of the walk. False where the choices make none: a reduction for an operation
 * without arithmetic, a second root where there is none, a barrier of some type. */
static bool case_at(const cx_conform_t *conform, int32_t place, cx_case_t *out)
{
    int32_t last_rank = conform->context->core.rank_count - 1;
    int32_t root_turn = place % ROOTS;

    memset(out, 0, sizeof *out);
    place /= ROOTS;
    out->redop = place % CX_REDOP_COUNT;
    place /= CX_REDOP_COUNT;
    out->dtype = place % CX_DTYPE_COUNT;
    place /= CX_DTYPE_COUNT;
    out->placement          = place % PLACEMENTS;
    out->op                 = place / PLACEMENTS;
    out->root               = (int64_t)root_turn * last_rank;
    out->family             = CX_FAMILY_COLLECTIVE;
    out->seed               = 1 + out->op;
    out->traffic            = "";
    out->traffic_skew_ratio = last_rank > 0 ? 0.5 : 0;
    out->is_verified        = true;
    if (root_turn > 0 && (last_rank == 0 || !cx_collective_is_rooted((cx_collective_t)out->op))) {
        return false;
    }
    if (out->op == CX_COLLECTIVE_BARRIER && out->dtype > 0) {
        return false;
    }
    return cx_collective_reduces((cx_collective_t)out->op) == (out->redop != CX_REDOP_NONE);
}

static bool is_meaningful(const cx_conform_t *conform, const cx_case_t *one)
{
    cx_shape_t shape = cx_case_shape(one);
    bool is_so = cx_collective_check_shape(&shape, conform->context->core.rank_count) == CX_OK;

    cx_detail_clear();
    return is_so;
}

static bool is_offered(const cx_conform_t *conform, const cx_case_t *one)
{
    cx_shape_t shape = cx_case_shape(one);
    bool       is_so =
        cx_backend_supports(conform->ops, &conform->caps, &shape, &conform->context->core,
                            conform->context->device_name, conform->context->host_count) == CX_OK;

    cx_detail_clear();
    return is_so;
}

/* A walk that goes on behind failures which all ranks know of, and tells of the first. */
typedef struct walk {
    cx_conform_t      *conform;
    cx_conform_case_fn visit;
    int64_t            case_count, failed_count;
    cx_status_t        status;
    cx_detail_t        first;
} walk_t;

static cx_status_t visit_case(walk_t *walk, const cx_case_t *one)
{
    cx_status_t status = walk->visit(walk->conform, one);

    walk->case_count++;
    if (status == CX_OK) {
        return CX_OK;
    }
    (void)cx_conform_blame(status, "%s %s%s%s%s", cx_collective_slugs[one->op],
                           cx_dtype_slugs[one->dtype], one->redop != CX_REDOP_NONE ? " " : "",
                           one->redop != CX_REDOP_NONE ? cx_redop_slugs[one->redop] : "",
                           one->placement == 1 ? " in place" : "");
    if (cx_conform_is_out_of_step(status)) {
        return status;
    }
    if (walk->failed_count++ == 0) {
        walk->status = status;
        walk->first  = *cx_detail();
    }
    cx_detail_clear();
    return CX_OK;
}

static cx_status_t conclude_walk(const walk_t *walk)
{
    if (walk->failed_count == 0) {
        return CX_OK;
    }
    cx_fail_record(walk->first.status, walk->first.file, walk->first.line,
                   "%lld of %lld cases, the first: %s", (long long)walk->failed_count,
                   (long long)walk->case_count, walk->first.text);
    return walk->status;
}

/* fp32 where there is a choice, as its arithmetic depends on the order. */
static bool is_typical(const cx_conform_t *conform, const cx_case_t *one)
{
    bool has_fp32 = (conform->caps.dtypes & CX_BIT(CX_DTYPE_FP32)) != 0;

    return one->op == CX_COLLECTIVE_BARRIER || !has_fp32 || one->dtype == CX_DTYPE_FP32;
}

cx_status_t cx_conform_each_case(cx_conform_t *conform, cx_conform_range_t range,
                                 bool wants_offered, cx_conform_case_fn visit)
{
    walk_t    walk       = {.conform = conform, .visit = visit};
    int32_t   visited_op = -1;
    cx_case_t one;

    for (int32_t place = 0; place < WALK_COUNT; place++) {
        bool is_wanted = case_at(conform, place, &one) && is_meaningful(conform, &one) &&
                         is_offered(conform, &one) == wants_offered;

        if (range == CX_CONFORM_EVERY_OPERATION) {
            is_wanted = is_wanted && one.op != visited_op && is_typical(conform, &one);
        }
        if (is_wanted) {
            visited_op = one.op;
            CX_TRY(visit_case(&walk, &one));
        }
    }
    return conclude_walk(&walk);
}

bool cx_conform_find_case(cx_conform_t *conform, int32_t op, cx_case_t *out)
{
    for (int32_t place = 0; place < WALK_COUNT; place++) {
        if (case_at(conform, place, out) && (op < 0 || out->op == op) &&
            is_meaningful(conform, out) && is_offered(conform, out)) {
            return true;
        }
    }
    return false;
}
