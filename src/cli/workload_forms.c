/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads as bytes. Not the numbers in them. */
#include "cli/workload_forms.h"

#include "base/text.h"
#include "cli/workload_stats.h"
#include "family/common/codec_bf16.h"
#include "family/ep/activation.h"
#include "model/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX ((int64_t)1 << 30)
#define VALUE_BYTES 12 /* what a number is taken to need as text */

const char *const cx_workload_what_slugs[] = {"routing", "weights", "activations", "stats", NULL};
const char *const cx_workload_form_slugs[] = {"json", "csv", "npy", "trace", NULL};

/* What a table of numbers is read from: one row per token, whole numbers or floats. */
typedef struct table {
    int64_t        first_token, token_count, column_count;
    const int64_t *wholes; /* the first row's; NULL when floats are given */
    const float   *floats;
} table_t;

static cx_status_t grab_activations(const cx_ep_work_t *work, cx_arena_t *arena, table_t *table)
{
    const size_t       count  = (size_t)table->token_count * (size_t)table->column_count;
    uint16_t          *rows   = cx_arena_grab(arena, count * sizeof *rows);
    float             *floats = cx_arena_grab(arena, count * sizeof *floats);
    cx_ep_activation_t activation;

    if (!rows || !floats) {
        return CX_FAIL(CX_RESOURCE, "out of memory for activations");
    }
    activation = (cx_ep_activation_t){.profile      = (cx_ep_profile_t)work->workload.profile,
                                      .seed         = (uint64_t)work->workload.seed,
                                      .hidden_elems = work->workload.hidden_elems};
    cx_ep_activations(&activation, (uint32_t)table->first_token, table->token_count, rows);
    cx_bf16_widen(rows, (int64_t)count, floats);
    table->floats = floats;
    return CX_OK;
}

/* The table that is asked for, or a refusal of one that is too large to be shown. */
static cx_status_t make_table(const cx_workload_request_t *request, const cx_ep_work_t *work,
                              cx_arena_t *arena, table_t *out)
{
    const bool    is_all = request->rank < 0;
    const int64_t first  = is_all ? 0 : work->first_tokens[request->rank];
    const int64_t end    = is_all ? work->trace.token_count : work->first_tokens[request->rank + 1];
    table_t       table  = {.first_token = first, .token_count = end - first};

    table.column_count =
        request->what == CX_WORKLOAD_ACTIVATIONS ? work->workload.hidden_elems : work->trace.topk;
    if (table.token_count * (table.column_count + 1) > BYTES_MAX / VALUE_BYTES) {
        return CX_FAIL(CX_INVALID,
                       "%lld tokens of %lld values are over 1 GiB: ask for fewer --tokens, or for "
                       "one rank's with --rank",
                       (long long)table.token_count, (long long)table.column_count);
    }
    if (request->what == CX_WORKLOAD_ACTIVATIONS) {
        CX_TRY(grab_activations(work, arena, &table));
    } else if (request->what == CX_WORKLOAD_WEIGHTS) {
        table.floats = work->trace.weights + first * work->trace.topk;
    } else {
        table.wholes = work->trace.experts + first * work->trace.topk;
    }
    *out = table;
    return CX_OK;
}

/* Nine digits bring every float back. */
static void append_value(const table_t *table, int64_t index, cx_text_t *text)
{
    if (table->wholes) {
        cx_text_format(text, "%" PRId64, table->wholes[index]);
    } else if (table->floats) {
        cx_text_format(text, "%.9g", (double)table->floats[index]);
    }
}

static void print_csv_table(const table_t *table, cx_text_t *text)
{
    for (int64_t row = 0; row < table->token_count; row++) {
        cx_text_format(text, "%" PRId64, table->first_token + row);
        for (int64_t column = 0; column < table->column_count; column++) {
            cx_text_append(text, ",", 1);
            append_value(table, row * table->column_count + column, text);
        }
        cx_text_append(text, "\n", 1);
    }
}

/* Rows as JSON, by hand: a json_t for each of a million numbers would take longer than the rest. */
static void print_json_table(const table_t *table, cx_text_t *text)
{
    cx_text_append(text, "[", 1);
    for (int64_t row = 0; row < table->token_count; row++) {
        cx_text_format(text, row ? ",\n  [" : "\n  [");
        for (int64_t column = 0; column < table->column_count; column++) {
            cx_text_append(text, ",", column > 0);
            append_value(table, row * table->column_count + column, text);
        }
        cx_text_append(text, "]", 1);
    }
    cx_text_append(text, "]", 1);
}

/* A printed option in the type that it has in JSON. */
static json_t *typed_value(const cx_option_t *row, const char *text)
{
    switch (row->kind) {
    case CX_VALUE_INT:
        return json_integer(strtoll(text, NULL, 10));
    case CX_VALUE_RATIO:
        return json_real(strtod(text, NULL));
    default:
        return json_string(text);
    }
}

/* The description: every option that is part of the digest, and the digests. */
static json_t *describe(const cx_workload_request_t *request, const cx_ep_work_t *work)
{
    json_t *all = json_object(), *options = json_object();

    for (const cx_option_t *row = cx_ep_workload_options; row->name; row++) {
        char key[64], value[CX_OPTION_TEXT_BYTES_MAX];

        if (row->role == CX_OPTION_KEY) {
            (void)cx_option_key(row, key, sizeof key);
            (void)cx_option_print(row, &work->workload, value, sizeof value);
            (void)json_object_set_new(options, key, typed_value(row, value));
        }
    }
    if (request->shape) {
        (void)json_object_set_new(all, "shape",
                                  json_pack("{s:s,s:I,s:b}", "name", request->shape->name,
                                            "version", (json_int_t)request->shape->version,
                                            "to_verify", request->shape->is_to_verify));
    }
    (void)json_object_set_new(all, "workload", options);
    (void)json_object_set_new(all, "digest", json_string(work->digest));
    (void)json_object_set_new(all, "routing_digest", json_string(work->routing_digest));
    (void)json_object_set_new(all, "weights_digest", json_string(work->weights_digest));
    return all;
}

/* {description..., "WHAT": data}: the description's closing brace makes room for the data. */
static cx_status_t print_json(const cx_workload_request_t *request, const cx_ep_work_t *work,
                              cx_arena_t *arena, cx_text_t *text)
{
    json_t *all   = describe(request, work);
    json_t *stats = NULL;
    char   *head;
    table_t table;

    if (request->what == CX_WORKLOAD_STATS) {
        cx_status_t status = cx_workload_stats(work, arena, &stats);

        if (status != CX_OK) {
            json_decref(all);
            return status;
        }
        (void)json_object_set_new(all, "stats", stats);
    }
    head = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    json_decref(all);
    if (!head) {
        return CX_FAIL(CX_RESOURCE, "out of memory for JSON");
    }
    if (request->what == CX_WORKLOAD_STATS) {
        cx_text_format(text, "%s\n", head);
        free(head);
        return CX_OK;
    }
    cx_text_append(text, head, strlen(head) - strlen("\n}"));
    free(head);
    CX_TRY(make_table(request, work, arena, &table));
    cx_text_format(text, ",\n \"%s\": ", cx_workload_what_slugs[request->what]);
    print_json_table(&table, text);
    cx_text_append(text, "\n}\n", 3);
    return CX_OK;
}

static void print_csv_number(const json_t *value, cx_text_t *text)
{
    if (json_is_integer(value)) {
        cx_text_format(text, "%lld\n", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        cx_text_format(text, "%.12g\n", json_real_value(value));
    } else {
        cx_text_format(text, "%s\n", json_string_value(value));
    }
}

/* NAME,VALUE; members of objects as NAME.MEMBER,VALUE; lists as NAME,INDEX,VALUE. */
static void print_csv_object(json_t *object, const char *prefix, cx_text_t *text)
{
    const char *key;
    json_t     *value, *item;
    size_t      index;

    json_object_foreach(object, key, value)
    {
        if (json_is_object(value)) {
            char inner[128];

            (void)snprintf(inner, sizeof inner, "%s%s.", prefix, key);
            print_csv_object(value, inner, text);
        } else if (json_is_array(value)) {
            json_array_foreach(value, index, item)
            {
                cx_text_format(text, "%s%s,%zu,", prefix, key, index);
                print_csv_number(item, text);
            }
        } else {
            cx_text_format(text, "%s%s,", prefix, key);
            print_csv_number(value, text);
        }
    }
}

static cx_status_t print_csv(const cx_workload_request_t *request, const cx_ep_work_t *work,
                             cx_arena_t *arena, cx_text_t *text)
{
    table_t table;
    json_t *stats;

    if (request->what == CX_WORKLOAD_STATS) {
        CX_TRY(cx_workload_stats(work, arena, &stats));
        cx_text_format(text, "digest,%s\n", work->digest);
        print_csv_object(stats, "", text);
        json_decref(stats);
        return CX_OK;
    }
    CX_TRY(make_table(request, work, arena, &table));
    print_csv_table(&table, text);
    return CX_OK;
}

/* NumPy's format 1.0: magic, length of the header, the header padded to a multiple of 64. */
static cx_status_t print_npy(const cx_workload_request_t *request, const cx_ep_work_t *work,
                             cx_arena_t *arena, cx_text_t *text)
{
    table_t table;
    char    header[128];
    int     length;

    CX_TRY(make_table(request, work, arena, &table));
    length = snprintf(
        header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%lld, %lld), }",
        table.wholes ? "<i8" : "<f4", (long long)table.token_count, (long long)table.column_count);
    cx_text_append(text, "\x93NUMPY\x01\x00\x76\x00", 10);
    cx_text_append(text, header, (size_t)length);
    while (text->length < 127 && !text->is_cut) {
        cx_text_append(text, " ", 1);
    }
    cx_text_append(text, "\n", 1);
    cx_text_append(text, table.wholes ? (const char *)table.wholes : (const char *)table.floats,
                   (size_t)(table.token_count * table.column_count) * (table.wholes ? 8 : 4));
    return CX_OK;
}

static cx_status_t print_form(const cx_workload_request_t *request, const cx_ep_work_t *work,
                              cx_arena_t *arena, cx_text_t *text)
{
    switch (request->form) {
    case CX_WORKLOAD_CSV:
        return print_csv(request, work, arena, text);
    case CX_WORKLOAD_NPY:
        return print_npy(request, work, arena, text);
    default:
        return print_json(request, work, arena, text);
    }
}

static cx_status_t check_form(const cx_workload_request_t *request, const cx_ep_work_t *work)
{
    if (request->form == CX_WORKLOAD_NPY && request->what == CX_WORKLOAD_STATS) {
        return CX_FAIL(CX_INVALID, "format: stats are no array; use json or csv");
    }
    if (request->form == CX_WORKLOAD_TRACE &&
        (request->what != CX_WORKLOAD_ROUTING || request->rank >= 0)) {
        return CX_FAIL(CX_INVALID, "format: a trace file holds the routing of all ranks");
    }
    if (request->rank >= work->workload.rank_count) {
        return CX_FAIL(CX_INVALID, "rank: there is no rank %lld among %lld",
                       (long long)request->rank, (long long)work->workload.rank_count);
    }
    return CX_OK;
}

cx_status_t cx_workload_form(const cx_workload_request_t *request, const cx_ep_work_t *work,
                             cx_arena_t *arena, const char **bytes_out, size_t *byte_count_out)
{
    unsigned char *trace;
    cx_text_t      text;
    cx_status_t    status;
    char          *bytes;

    CX_TRY(check_form(request, work));
    if (request->form == CX_WORKLOAD_TRACE) {
        CX_TRY(cx_ep_trace_encode(&work->trace, arena, &trace, byte_count_out));
        *bytes_out = (const char *)trace;
        return CX_OK;
    }
    cx_text_init(&text, (size_t)2 * (size_t)BYTES_MAX);
    status = print_form(request, work, arena, &text);
    bytes  = status == CX_OK && !text.is_cut ? cx_arena_grab(arena, text.length + 1) : NULL;
    if (bytes) {
        memcpy(bytes, text.bytes ? text.bytes : "", text.length);
        *bytes_out      = bytes;
        *byte_count_out = text.length;
    } else if (status == CX_OK) {
        status = CX_FAIL(CX_RESOURCE, "out of memory for the workload's text");
    }
    cx_text_fini(&text);
    return status;
}
