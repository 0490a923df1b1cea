/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a capture. */
#include "run/import.h"

#include "base/file.h"
#include "model/key.h"
#include "run/facts.h"
#include "store/case_json.h"
#include "store/fields.h"
#include "store/import_nccltests.h"
#include "store/import_osu.h"
#include "store/record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define FACTOR_COUNT_MAX 16
#define CONTRACT_VERSION 1

/* One import under way. */
typedef struct importer {
    const cx_import_frame_t *frame;
    const char              *name; /* of the file, without its folder */
    char                     digest[CX_HASH_HEX_BYTES];
    cx_import_t              import;
    cx_arena_t               arena;
    cx_imported_t            imported;
    int64_t                  launch_count;
} importer_t;

static cx_status_t out_of_memory(const importer_t *importer)
{
    return CX_FAIL(CX_RESOURCE, "%s: out of memory for the records", importer->name);
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static void add_number(json_t *environment, const char *name, int64_t value)
{
    char text[32] = "unknown";

    if (value != CX_IMPORT_UNKNOWN) {
        (void)snprintf(text, sizeof text, "%" PRId64, value);
    }
    json_object_set_new(environment, name, json_string(text));
}

json_t *cx_import_environment(const cx_import_view_t *view)
{
    const cx_import_run_t *run = view->run;
    json_t                *out =
        json_pack("{ss,ss,ss,ss,ss}", "origin", "imported", "tool", run->tool, "tool_version",
                  run->version[0] ? run->version : "unknown", "library_version",
                  run->library_version[0] ? run->library_version : "unknown", "device_model",
                  run->device_model[0] ? run->device_model : "unknown");

    add_number(out, "rank_count", run->rank_count > 0 ? run->rank_count : CX_IMPORT_UNKNOWN);
    add_number(out, "host_count", run->host_count > 0 ? run->host_count : CX_IMPORT_UNKNOWN);
    add_number(out, "warmup_iters", run->warmup_iters);
    add_number(out, "aggregated_iters", run->agg_iters);
    add_number(out, "graph_launches", run->graph_launches);
    json_object_set_new(out, "is_host_time", json_string(run->is_host_time ? "true" : "false"));
    return out;
}

/* What the tool did not say is null; the rest is known from it. */
static json_t *case_of(const cx_import_view_t *view)
{
    json_t *out = cx_case_to_json(&view->one);

    for (const cx_option_t *row = cx_case_options; out && row->name; row++) {
        char    key[64];
        json_t *option = json_object_get(out, cx_option_key(row, key, sizeof key));

        json_object_set_new(option, "origin", json_string("imported"));
        if (!view->is_known[row - cx_case_options]) {
            json_object_set_new(option, "value", json_null());
        }
    }
    return out;
}

static json_t *rows_of(const cx_import_view_t *view)
{
    json_t *rows = json_array();

    for (int32_t i = 0; i < view->row_count; i++) {
        json_array_append_new(rows, cx_fields_to_json(cx_row_fields, &view->rows[i]));
    }
    return rows;
}

static void leave_out(json_t *list, int64_t requested_bytes, const char *reason)
{
    json_array_append_new(list, json_pack("{sI,ss}", "requested_bytes", (json_int_t)requested_bytes,
                                          "reason", reason));
}

static json_t *left_out_of(const cx_import_view_t *view)
{
    const cx_import_run_t *run  = view->run;
    json_t                *list = json_array();

    if (view->empty_count > 0) {
        leave_out(list, 0, "sizes too small for one element per rank: the tool moved nothing");
    }
    for (int32_t i = 0; i < run->lost_count; i++) {
        leave_out(list, run->lost_bytes[i], "its line was split by other output beyond repair");
    }
    if (run->reduced_max_bytes >= 0 && run->max_bytes > run->reduced_max_bytes) {
        leave_out(list, run->max_bytes, "the tool reduced the largest size: memory");
    }
    return list;
}

/* How many records of this case there are already: it is the next launch. */
static int64_t launch_of(const importer_t *importer, const char *case_id)
{
    int64_t launch = 0;

    for (size_t i = 0; i < json_array_size(importer->imported.records); i++) {
        const json_t *identity =
            json_object_get(json_array_get(importer->imported.records, i), "identity");

        launch += strcmp(json_string_value(json_object_get(identity, "case_id")), case_id) == 0;
    }
    return launch;
}

static json_t *identity_of(const importer_t *importer, const cx_import_view_t *view,
                           const json_t *environment, int64_t launch)
{
    cx_factor_t factors[FACTOR_COUNT_MAX];
    size_t      count = 0;
    char        key[CX_HASH_HEX_BYTES];
    const char *name;
    json_t     *value;

    json_object_foreach((json_t *)(uintptr_t)environment, name, value)
    {
        factors[count++] = (cx_factor_t){name, json_string_value(value)};
    }
    cx_key_compute(&view->one, cx_case_contract(&view->one), CONTRACT_VERSION, factors, count, key);
    return json_pack("{ss,ss,ss,ss,si,sI,ss,s{ss,so,ss,ss}}", "suite", view->run->tool, "case_id",
                     view->one.case_id, "case_digest", view->one.digest, "comparison_key", key,
                     "attempt", 0, "launch", (json_int_t)launch, "origin", "imported", "source",
                     "tool", view->run->tool, "version", text_or_null(view->run->version), "file",
                     importer->name, "file_blake2b", importer->digest);
}

json_t *cx_import_definition(double busbw_factor)
{
    json_t *factor = isnan(busbw_factor) ? json_null() : json_real(busbw_factor);

    return json_pack("{ss,ss,ss,ss,ss,ss,so}", "sample", "mean over a loop, as the tool printed it",
                     "over_ranks", "mean", "percentile", "nearest rank", "interval",
                     "order statistics, 95 %", "clock", "the tool's", "alignment", "the tool's",
                     "busbw_factor", factor);
}

/* All but publication, which is derived from the rest. */
static json_t *record_of(const importer_t *importer, const cx_import_view_t *view)
{
    json_t *environment = cx_import_environment(view);
    int64_t launch      = launch_of(importer, view->one.case_id);
    json_t *identity    = identity_of(importer, view, environment, launch);
    json_t *publication = json_pack("{ss,s[]}", "class", "comparable", "reasons");

    return json_pack(
        "{ss,so,ss,so,so,sn,s{ss,si},so,so,so,sn,so,s[],so,sn,sn,s{ss,sf},sO,sO}", "schema",
        "collectivex-record/1", "identity", identity, "status", cx_status_slug(view->status),
        "detail", text_or_null(view->detail), "publication", publication, "failure", "contract",
        "name", cx_case_contract(&view->one), "version", CONTRACT_VERSION, "definition",
        cx_import_definition(view->busbw_factor), "case", case_of(view), "environment", environment,
        "harness", "rows", rows_of(view), "points", "left_out", left_out_of(view), "samples",
        "provenance", "time", "started_utc", importer->frame->started_utc, "wall_s", 0.0, "program",
        importer->frame->program, "command", importer->frame->command);
}

static cx_status_t add_record(importer_t *importer, const cx_import_view_t *view)
{
    json_t *record = record_of(importer, view);
    int64_t launch = launch_of(importer, view->one.case_id);

    if (!record || json_array_append_new(importer->imported.records, record) != 0) {
        return out_of_memory(importer);
    }
    importer->launch_count =
        launch + 1 > importer->launch_count ? launch + 1 : importer->launch_count;
    if (launch == 0) {
        json_t *cases = json_object_get(importer->imported.plan, "cases");

        json_array_append_new(cases,
                              json_pack("{ss,ss,so}", "case_id", view->one.case_id, "case_digest",
                                        view->one.digest, "options", cx_case_to_texts(&view->one)));
    }
    return CX_OK;
}

static cx_status_t add_series(importer_t *importer, const cx_import_series_t *series)
{
    cx_import_view_t view;
    const char      *why;

    CX_TRY(cx_import_view(&importer->import, series, &importer->arena, &view, &why));
    if (why) {
        size_t      count = json_array_size(importer->imported.skipped);
        const char *last =
            count ? json_string_value(json_array_get(importer->imported.skipped, count - 1)) : "";

        if (strcmp(last, why) != 0) { /* the other placement says the same */
            json_array_append_new(importer->imported.skipped, json_string(why));
        }
        return CX_OK;
    }
    return add_record(importer, &view);
}

/* Which class each record is of, now that the number of launches is known. */
static cx_status_t conclude(importer_t *importer)
{
    json_t *records = importer->imported.records;

    if (json_array_size(records) == 0) {
        return CX_FAIL(CX_INVALID, "%s: nothing in it can be a record: %s", importer->name,
                       json_string_value(json_array_get(importer->imported.skipped, 0)));
    }
    json_object_set_new(importer->imported.plan, "launch_count",
                        json_integer(importer->launch_count));
    for (size_t i = 0; i < json_array_size(records); i++) {
        json_t          *record = json_array_get(records, i);
        cx_judge_facts_t facts;
        cx_publication_t publication;

        cx_facts_read(record, importer->launch_count, &facts);
        publication = cx_judge(&facts);
        json_object_set_new(record, "publication", cx_facts_publication(&publication));
        if (cx_record_validate(record, importer->name) != CX_OK) {
            return CX_INTERNAL; /* whatever was read, we built it */
        }
    }
    return CX_OK;
}

static cx_status_t import_all(importer_t *importer)
{
    const cx_import_t *import = &importer->import;

    importer->imported.plan    = json_pack("{ss,ss,ss,si,si,s[]}", "schema", "collectivex-plan/1",
                                           "suite", import->runs[0].tool, "summary", "Imported.",
                                           "launch_count", 1, "seed", 0, "cases");
    importer->imported.records = json_array();
    importer->imported.skipped = json_array();
    if (!importer->imported.plan || !importer->imported.records || !importer->imported.skipped) {
        return out_of_memory(importer);
    }
    for (int32_t i = 0; i < import->series_count; i++) {
        CX_TRY(add_series(importer, &import->series[i]));
    }
    return conclude(importer);
}

/* The first line of any OSU program names it. */
static bool is_osu(const char *bytes, size_t byte_count)
{
    return memmem(bytes, byte_count, "# OSU ", strlen("# OSU ")) != NULL;
}

cx_status_t cx_import_bytes(const char *name, const char *bytes, size_t byte_count,
                            const cx_import_frame_t *frame, cx_imported_t *out)
{
    const char *base     = strrchr(name, '/');
    importer_t  importer = {.frame = frame, .name = base ? base + 1 : name};
    cx_status_t status;

    if (is_osu(bytes, byte_count)) {
        CX_TRY(cx_import_osu(name, bytes, byte_count, &importer.import));
    } else {
        CX_TRY(cx_import_nccltests(name, bytes, byte_count, &importer.import));
    }
    importer.name = cx_import_text(&importer.import, importer.name);
    cx_hash_hex(bytes, byte_count, importer.digest);
    cx_arena_init(&importer.arena);
    status = import_all(&importer);
    if (status == CX_OK) {
        *out = importer.imported;
    } else {
        cx_imported_fini(&importer.imported);
    }
    cx_arena_fini(&importer.arena);
    cx_import_fini(&importer.import);
    return status;
}

cx_status_t cx_import_file(const char *path, const cx_import_frame_t *frame, cx_imported_t *out)
{
    char       *bytes;
    size_t      byte_count;
    cx_status_t status;

    CX_TRY(cx_file_read(path, FILE_BYTES_MAX, &bytes, &byte_count));
    status = cx_import_bytes(path, bytes, byte_count, frame, out);
    free(bytes);
    return status;
}

void cx_imported_fini(cx_imported_t *imported)
{
    json_decref(imported->plan);
    json_decref(imported->records);
    json_decref(imported->skipped);
    *imported = (cx_imported_t){NULL, NULL, NULL};
}
