/* SPDX-License-Identifier: Apache-2.0 */
/* The backend under test: loading, probing, opening its sessions. */
#include "run/conform_kit.h"

#include "plugin/plugin.h"
#include "run/agree.h"

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

cx_status_t cx_conform_open(cx_conform_t *conform, const cx_shape_t *shape, cx_session_t **out)
{
    cx_status_t status;

    *out = NULL;
    (void)cx_rank_context_phase(conform->context, "backend open");
    status = conform->ops->open(&conform->context->core, shape, conform->options, out);
    if (status != CX_OK) {
        *out = NULL;
        return status;
    }
    conform->session_count++;
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
    conform->has_case = cx_conform_find_case(conform, -1, &one);
    conform->can_run  = conform->has_case || cx_conform_offers_experts(conform);
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
