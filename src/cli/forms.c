/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, NDJSON and CSV of a run. Computes nothing: numbers are those of the records and of the
 * answer. */
#include "cli/forms.h"

#include "base/units.h"
#include "cli/answer.h"
#include "cli/ep_answer.h"
#include "cli/result_points.h"
#include "model/case.h"
#include "model/ep_point.h"
#include "model/record.h"

#include <locale.h>
#include <string.h>

#define NUMBER_BYTES_MAX 64
#define KEY_BYTES_MAX 64

static json_t *run_to_json(const cx_result_set_t *set)
{
    return json_pack("{ss?,ss?,ss?,ss?,ss?,ss?,sb}", "title", set->title, "started_utc",
                     set->started_utc, "machine", set->machine, "program", set->program,
                     "data_path", set->data_path, "report_path", set->report_path, "is_partial",
                     set->is_partial);
}

json_t *cx_form_result(const cx_result_set_t *set)
{
    cx_arena_t       arena;
    cx_result_view_t view;
    cx_answer_list_t list;
    cx_ep_results_t  ep;
    json_t          *out = NULL;

    cx_arena_init(&arena);
    if (cx_result_view_read(set->records, &arena, &view) == CX_OK &&
        cx_answer_derive(&view, &arena, &list) == CX_OK &&
        cx_ep_results_read(&view, &arena, &ep) == CX_OK) {
        out = json_pack("{ss,so,s{so,so},sO}", "schema", "collectivex-result/1", "run",
                        run_to_json(set), "answer", "groups", cx_answer_groups_to_json(&list), "ep",
                        cx_ep_answer_to_json(&ep, &arena), "records", set->records);
    }
    cx_arena_fini(&arena);
    return out;
}

/* ---- CSV ---- */

/* Writes the comma between the fields of a line. */
typedef struct csv {
    FILE *out;
    bool  has_field;
    bool  has_points; /* some record has: then every line has their columns */
} csv_t;

/* RFC 4180, section 2, rules 5 to 7. */
static void put_text(csv_t *csv, const char *text)
{
    fprintf(csv->out, "%s", csv->has_field ? "," : "");
    csv->has_field = true;
    if (!text || !text[strcspn(text, ",\"\r\n")]) {
        fprintf(csv->out, "%s", text ? text : "");
        return;
    }
    fprintf(csv->out, "\"");
    for (; *text; text++) {
        fprintf(csv->out, *text == '"' ? "\"\"" : "%c", *text);
    }
    fprintf(csv->out, "\"");
}

static void put_value(csv_t *csv, const json_t *value)
{
    char text[NUMBER_BYTES_MAX];

    if (json_is_real(value)) {
        put_text(csv, cx_units_print_ratio(json_real_value(value), text, sizeof text));
    } else if (json_is_integer(value)) {
        (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        put_text(csv, text);
    } else if (json_is_boolean(value)) {
        put_text(csv, json_is_true(value) ? "true" : "false");
    } else {
        put_text(csv, json_string_value(value));
    }
}

static void end_line(csv_t *csv)
{
    fprintf(csv->out, "\r\n");
    csv->has_field = false;
}

static const char *const identity_names[] = {"suite",   "case_id", "case_digest", "comparison_key",
                                             "attempt", "launch",  "origin",      NULL};

/* Whether the field is a column of rows already. */
static bool is_row_field(const cx_field_t *field)
{
    const cx_field_t *row = cx_row_fields;

    while (row->name && strcmp(row->name, field->name) != 0) {
        row++;
    }
    return row->name != NULL;
}

static void put_header(csv_t *csv)
{
    char key[KEY_BYTES_MAX];

    for (const char *const *name = identity_names; *name; name++) {
        put_text(csv, *name);
    }
    put_text(csv, "contract");
    put_text(csv, "publication_class");
    put_text(csv, "rank_count");
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        put_text(csv, cx_option_key(row, key, sizeof key));
    }
    for (const cx_field_t *field = cx_row_fields; field->name; field++) {
        put_text(csv, field->name);
    }
    for (const cx_field_t *field = cx_ep_point_fields; csv->has_points && field->name; field++) {
        if (!is_row_field(field)) {
            put_text(csv, field->name);
        }
    }
    end_line(csv);
}

static void put_identity(csv_t *csv, const json_t *record)
{
    const json_t *contract = json_object_get(record, "contract");
    const char   *name     = cx_json_text(contract, "name");
    char          text[128];

    for (const char *const *key = identity_names; *key; key++) {
        put_value(csv, json_object_get(json_object_get(record, "identity"), *key));
    }
    (void)snprintf(text, sizeof text, "%s/%lld", name ? name : "",
                   (long long)cx_json_whole(contract, "version"));
    put_text(csv, name ? text : NULL);
    put_value(csv, json_object_get(json_object_get(record, "publication"), "class"));
    put_value(csv, json_object_get(json_object_get(record, "environment"), "rank_count"));
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        const json_t *options = json_object_get(record, "case");

        put_text(csv, cx_json_text(json_object_get(options, cx_option_key(row, text, sizeof text)),
                                   "value"));
    }
}

/* The point beside the rows of a size; NULL when there is none. */
static const json_t *find_point(const json_t *record, int64_t tokens)
{
    size_t  i;
    json_t *point;

    json_array_foreach(json_object_get(record, "points"), i, point)
    {
        if (cx_json_whole(point, "tokens_per_rank") == tokens) {
            return point;
        }
    }
    return NULL;
}

static void put_point(csv_t *csv, const json_t *point)
{
    for (const cx_field_t *field = cx_ep_point_fields; field->name; field++) {
        if (!is_row_field(field)) {
            put_value(csv, json_object_get(point, field->name));
        }
    }
}

static void put_row(csv_t *csv, const json_t *record, const json_t *row)
{
    put_identity(csv, record);
    for (const cx_field_t *field = cx_row_fields; field->name; field++) {
        put_value(csv, json_object_get(row, field->name));
    }
    if (csv->has_points) {
        put_point(csv, find_point(record, cx_json_whole(row, "tokens_per_rank")));
    }
    end_line(csv);
}

static void put_left_out(csv_t *csv, const json_t *record, const json_t *left)
{
    const char *reason = cx_json_text(left, "reason");
    json_t     *row    = json_pack("{ss,ss?,sO}", "status", "left out", "detail", reason,
                                   "requested_bytes", json_object_get(left, "requested_bytes"));

    put_row(csv, record, row);
    json_decref(row);
}

static void put_record(csv_t *csv, const json_t *record)
{
    const json_t *rows     = json_object_get(record, "rows");
    const json_t *left_out = json_object_get(record, "left_out");
    size_t        i;
    json_t       *item;

    json_array_foreach(rows, i, item)
    {
        put_row(csv, record, item);
    }
    json_array_foreach(left_out, i, item)
    {
        put_left_out(csv, record, item);
    }
    if (json_array_size(rows) + json_array_size(left_out) == 0) {
        /* Its status and detail have the names of the fields that shall hold them. */
        put_row(csv, record, record);
    }
}

static bool have_points(const json_t *records)
{
    size_t  i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (json_array_size(json_object_get(record, "points")) > 0) {
            return true;
        }
    }
    return false;
}

void cx_form_print_csv(FILE *out, const json_t *records)
{
    const locale_t plain    = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    const locale_t previous = plain ? uselocale(plain) : (locale_t)0;
    csv_t          csv      = {.out = out};
    size_t         i;
    json_t        *record;

    csv.has_points = have_points(records);
    put_header(&csv);
    json_array_foreach(records, i, record)
    {
        put_record(&csv, record);
    }
    if (plain) {
        (void)uselocale(previous);
        freelocale(plain);
    }
}

/* ---- events ---- */

json_t *cx_event_run_start(const cx_result_set_t *set, int64_t case_count, int64_t launch_count,
                           int64_t seed)
{
    return json_pack("{ss,ss,ss?,sI,sI,sI,ss?}", "event", "run_start", "schema",
                     "collectivex-events/1", "title", set->title, "case_count",
                     (json_int_t)case_count, "launch_count", (json_int_t)launch_count, "seed",
                     (json_int_t)seed, "data_path", set->data_path);
}

json_t *cx_event_case_start(const char *case_id, int64_t launch, int64_t case_index,
                            const char *backend)
{
    return json_pack("{ss,ss?,sI,sI,ss?}", "event", "case_start", "case_id", case_id, "launch",
                     (json_int_t)launch, "case_index", (json_int_t)case_index, "backend", backend);
}

json_t *cx_event_point(const char *case_id, int64_t launch, const json_t *row)
{
    return json_pack("{ss,ss?,sI,sO}", "event", "point", "case_id", case_id, "launch",
                     (json_int_t)launch, "row", row);
}

json_t *cx_event_case_end(const char *case_id, int64_t launch, cx_status_t status,
                          const char *detail, const char *record_path)
{
    return json_pack("{ss,ss?,sI,ss,ss?,ss?}", "event", "case_end", "case_id", case_id, "launch",
                     (json_int_t)launch, "status", cx_status_slug(status), "detail", detail,
                     "record", record_path);
}

json_t *cx_event_run_end(const cx_result_set_t *set, int exit_code, int64_t ok_count,
                         int64_t not_ok_count)
{
    return json_pack("{ss,si,sb,sI,sI,ss?}", "event", "run_end", "exit_code", exit_code,
                     "is_partial", set->is_partial, "ok_count", (json_int_t)ok_count,
                     "not_ok_count", (json_int_t)not_ok_count, "data_path", set->data_path);
}

void cx_event_print(FILE *out, json_t *event, double elapsed_s)
{
    if (!event) {
        return;
    }
    (void)json_object_set_new(event, "elapsed_s", json_real(elapsed_s));
    if (json_dumpf(event, out, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0) {
        fprintf(out, "\n");
        (void)fflush(out);
    }
    json_decref(event);
}
