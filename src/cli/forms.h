/* SPDX-License-Identifier: Apache-2.0 */
/* A run's result for programs: JSON, NDJSON events, CSV. Not the table for people (result_table.h).
 */
#ifndef CX_CLI_FORMS_H
#define CX_CLI_FORMS_H

#include "cli/result_set.h"

#include <stdio.h>

/* --format; the order is that of cx_format_slugs. md is cx_result_print_markdown. */
typedef enum cx_form {
    CX_FORM_TABLE,
    CX_FORM_JSON,
    CX_FORM_NDJSON,
    CX_FORM_CSV,
    CX_FORM_MD,
    CX_FORM_COUNT
} cx_form_t;

/**
 * {"schema": "collectivex-result/1", "run": {title, started_utc, ..., is_partial},
 *  "answer": {...} (answer.h), "records": [...]}
 * A new document; NULL when memory ran out.
 */
json_t *cx_form_result(const cx_result_set_t *set);

/**
 * RFC 4180: a header row, then a line per row of every record (every launch). Identity columns,
 * options of the case, then cx_row_fields. '.' is the decimal sign whatever the locale; missing is
 * empty. A record without rows has one line with its status and detail; a size left out has one
 * with its reason as detail.
 */
void cx_form_print_csv(FILE *out, const json_t *records);

/* Events: new objects, NULL when memory ran out. NULL texts become null. */
/* {"event":"run_start","schema":"collectivex-events/1","title","case_count","launch_count","seed","data_path"}
 */
json_t *cx_event_run_start(const cx_result_set_t *set, int64_t case_count, int64_t launch_count,
                           int64_t seed);
/* {"event":"case_start","case_id","launch","case_index","backend"} */
json_t *cx_event_case_start(const char *case_id, int64_t launch, int64_t case_index,
                            const char *backend);
/* {"event":"point","case_id","launch","row":{cx_row_fields}}; `row` is borrowed. */
json_t *cx_event_point(const char *case_id, int64_t launch, const json_t *row);
/* {"event":"case_end","case_id","launch","status","detail","record"}; record: its path. */
json_t *cx_event_case_end(const char *case_id, int64_t launch, cx_status_t status,
                          const char *detail, const char *record_path);
/* {"event":"run_end","exit_code","is_partial","ok_count","not_ok_count","data_path"} */
json_t *cx_event_run_end(const cx_result_set_t *set, int exit_code, int64_t ok_count,
                         int64_t not_ok_count);

/* One line, flushed, with "elapsed_s" added; releases the event. NULL prints nothing. */
void cx_event_print(FILE *out, json_t *event, double elapsed_s);

#endif
