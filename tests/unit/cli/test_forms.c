/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the machine forms: JSON against the records and the table, CSV round trip, events. */
#include "cli/forms.h"

#include "cli/numbers.h"
#include "cli/result_table.h"
#include "ep_records.h"

static const spec_t specs[] = {
    {.backend          = "hostref",
     .count            = 3,
     .first_us         = 0.42,
     .factor           = 1.7,
     .half_width_ratio = 0.01,
     .bad_index        = -1},
    {.backend          = "with,comma \"and\" quote\nline",
     .count            = 2,
     .first_us         = 0.9,
     .factor           = 1.7,
     .half_width_ratio = 0.01,
     .bad_index        = 1,
     .status           = "incorrect",
     .detail           = "a \"b\""},
    {.backend = "nccl", .status = "unsupported", .detail = "no accelerator", .bad_index = -1},
};

static void test_json_is_one_document_with_the_records(void **state)
{
    (void)state;
    json_t               *records = make_records(specs, LENGTH(specs));
    const cx_result_set_t set     = {.records = records, .title = "quick", .is_partial = true};
    json_t               *out     = cx_form_result(&set);

    assert_non_null(out);
    assert_string_equal(json_string_value(json_object_get(out, "schema")), "collectivex-result/1");
    assert_true(json_equal(json_object_get(out, "records"), records));
    assert_true(json_is_true(json_object_get(json_object_get(out, "run"), "is_partial")));
    assert_int_equal(json_array_size(json_object_get(json_object_get(out, "answer"), "groups")), 1);
    json_decref(out);
    json_decref(records);
}

/* Every number of the JSON answer, written as the table does, stands in the table. */
static void test_json_answer_equals_the_table(void **state)
{
    (void)state;
    json_t               *records = make_records(specs, 1);
    const cx_result_set_t set     = {.records = records};
    const cx_style_t      style   = {.column_count = 132};
    json_t               *out     = cx_form_result(&set);
    const json_t         *group =
        json_array_get(json_object_get(json_object_get(out, "answer"), "groups"), 0);
    const double time_us =
        json_real_value(json_object_get(json_object_get(group, "fastest"), "time_us_p50"));
    const double rate =
        json_real_value(json_object_get(json_object_get(group, "peak"), "busbw_bytes_per_s"));
    char      number[CX_NUMBER_BYTES_MAX], cell[CX_NUMBER_BYTES_MAX + 8];
    capture_t capture;
    char     *text;

    cx_result_print(capture_open(&capture), &style, &set);
    text = capture_close(&capture);
    cx_number_print(time_us, number, sizeof number);
    (void)snprintf(cell, sizeof cell, "8 B  %s", number);
    assert_non_null(strstr(text, cell));
    cx_number_print_rate(rate, number, sizeof number);
    (void)snprintf(cell, sizeof cell, "  %s  ", number);
    assert_non_null(strstr(text, cell));
    assert_memory_equal(text, json_string_value(json_object_get(group, "text")), 40);
    free(text);
    json_decref(out);
    json_decref(records);
}

/* ---- CSV: a reader of RFC 4180, so that the writer is held against something else ---- */

typedef struct cells {
    char    text[256][128];
    int64_t count;
} cells_t;

/* Reads one line of fields; returns what follows it. */
static const char *read_line(const char *at, cells_t *out)
{
    out->count = 0;
    for (;;) {
        const bool is_quoted = *at == '"';
        size_t     length    = 0;
        char      *cell      = out->text[out->count++];

        at += is_quoted;
        while (is_quoted ? !(at[0] == '"' && at[1] != '"') : *at != ',' && *at != '\r') {
            at += is_quoted && *at == '"';
            cell[length++] = *at++;
        }
        cell[length] = '\0';
        at += is_quoted;
        if (*at != ',') {
            break;
        }
        at++;
    }
    assert_memory_equal(at, "\r\n", 2);
    return at + 2;
}

static const char *cell_of(const cells_t *header, const cells_t *line, const char *name)
{
    for (int64_t i = 0; i < header->count; i++) {
        if (strcmp(header->text[i], name) == 0) {
            return line->text[i];
        }
    }
    fail_msg("no column %s", name);
    return NULL;
}

static char *print_csv(const json_t *records)
{
    capture_t capture;

    cx_form_print_csv(capture_open(&capture), records);
    return capture_close(&capture);
}

static void test_csv_reads_back_as_the_rows(void **state)
{
    (void)state;
    json_t     *records = make_records(specs, LENGTH(specs));
    char       *text    = print_csv(records);
    cells_t     header, line;
    const char *at = read_line(text, &header);
    size_t      i, j;
    json_t     *record, *row;

    json_array_foreach(records, i, record)
    {
        json_array_foreach(json_object_get(record, "rows"), j, row)
        {
            at = read_line(at, &line);
            assert_int_equal(line.count, header.count);
            assert_string_equal(cell_of(&header, &line, "backend"), specs[i].backend);
            assert_string_equal(cell_of(&header, &line, "contract"), "collective.isolated/1");
            for (const cx_field_t *field = cx_row_fields; field->name; field++) {
                const json_t *value = json_object_get(row, field->name);
                const char   *cell  = cell_of(&header, &line, field->name);

                if (json_is_null(value)) {
                    assert_string_equal(cell, "");
                } else if (json_is_real(value)) {
                    assert_true(strtod(cell, NULL) == json_real_value(value));
                } else if (json_is_integer(value)) {
                    assert_int_equal(strtoll(cell, NULL, 10), json_integer_value(value));
                } else {
                    assert_string_equal(cell, json_string_value(value));
                }
            }
        }
    }
    at = read_line(at, &line);
    assert_string_equal(cell_of(&header, &line, "status"), "unsupported");
    assert_string_equal(cell_of(&header, &line, "detail"), "no accelerator");
    assert_string_equal(cell_of(&header, &line, "time_us_p50"), "");
    assert_string_equal(at, "");
    free(text);
    json_decref(records);
}

static void test_csv_shows_what_was_left_out(void **state)
{
    (void)state;
    json_t     *records = make_records(specs, 1);
    cells_t     header, line;
    const char *at;
    char       *text;

    json_array_append_new(
        json_object_get(json_array_get(records, 0), "left_out"),
        json_pack("{sI,ss}", "requested_bytes", (json_int_t)1024, "reason", "over memory"));
    text = print_csv(records);
    at   = read_line(text, &header);
    for (int i = 0; i < 4; i++) {
        at = read_line(at, &line);
    }
    assert_string_equal(cell_of(&header, &line, "status"), "left out");
    assert_string_equal(cell_of(&header, &line, "detail"), "over memory");
    assert_string_equal(cell_of(&header, &line, "requested_bytes"), "1024");
    free(text);
    json_decref(records);
}

/* Points of expert parallelism stand beside every row of their size; nobody else has the columns.
 */
static const char *last_field_name(void)
{
    const cx_field_t *field = cx_row_fields;

    while (field[1].name) {
        field++;
    }
    return field->name;
}

static void test_csv_has_points_where_there_are_any(void **state)
{
    (void)state;
    const ep_spec_t ep      = {.backend     = "hostref",
                               .regime      = "isolated",
                               .count       = 2,
                               .first_us    = 80,
                               .factor      = 1.5,
                               .wrong_index = -1};
    json_t         *records = make_records(specs, 1);
    cells_t         header, line;
    const char     *at;
    char           *text = print_csv(records);

    (void)read_line(text, &header);
    assert_string_equal(header.text[header.count - 1], last_field_name());
    free(text);
    json_array_append_new(records, ep_record(&ep));
    text = print_csv(records);
    at   = read_line(text, &header);
    assert_string_equal(header.text[header.count - 1], "failed_passes");
    for (int i = 0; i < 3; i++) {
        at = read_line(at, &line);
        assert_string_equal(cell_of(&header, &line, "dispatch_logical_bytes"), "");
    }
    at = read_line(at, &line);
    assert_string_equal(cell_of(&header, &line, "component"), "dispatch");
    assert_string_equal(cell_of(&header, &line, "dispatch_logical_bytes"), "172032");
    assert_string_equal(cell_of(&header, &line, "is_right"), "true");
    (void)at;
    free(text);
    json_decref(records);
}

static void test_json_answers_expert_parallelism_apart(void **state)
{
    (void)state;
    const ep_spec_t       ep      = {.backend     = "hostref",
                                     .regime      = "steady",
                                     .count       = 2,
                                     .first_us    = 80,
                                     .factor      = 1.5,
                                     .wrong_index = -1};
    json_t               *records = ep_records(&ep, 1);
    const cx_result_set_t set     = {.records = records};
    json_t               *out     = cx_form_result(&set);
    const json_t         *answer  = json_object_get(out, "answer");

    assert_int_equal(json_array_size(json_object_get(answer, "groups")), 0);
    assert_int_equal(json_array_size(json_object_get(json_object_get(answer, "ep"), "works")), 1);
    json_decref(out);
    json_decref(records);
}

static void test_csv_of_nothing_is_its_header(void **state)
{
    (void)state;
    json_t *records = json_array();
    char   *text    = print_csv(records);
    cells_t header;

    assert_string_equal(read_line(text, &header), "");
    assert_string_equal(header.text[0], "suite");
    free(text);
    json_decref(records);
}

/* ---- events ---- */

static json_t *print_event(json_t *event)
{
    capture_t capture;
    json_t   *out;
    char     *text;

    cx_event_print(capture_open(&capture), event, 1.5);
    text = capture_close(&capture);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    out = json_loads(text, 0, NULL);
    assert_non_null(out);
    assert_near(json_real_value(json_object_get(out, "elapsed_s")), 1.5, 1e-12);
    free(text);
    return out;
}

static void check_event(json_t *event, const char *name, const char *members)
{
    json_t     *out       = print_event(event);
    char        list[256] = "";
    size_t      length    = 0;
    const char *key;
    json_t     *value;

    assert_string_equal(json_string_value(json_object_get(out, "event")), name);
    json_object_foreach(out, key, value)
    {
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                   length > 0 ? " " : "", key);
    }
    assert_string_equal(list, members);
    json_decref(out);
}

static void test_events_are_lines_with_the_documented_members(void **state)
{
    (void)state;
    const cx_result_set_t set = {.title = "a\nb", .data_path = "out"};
    json_t               *row = json_pack("{ss}", "status", "ok");

    check_event(cx_event_run_start(&set, 3, 2, 1), "run_start",
                "event schema title case_count launch_count seed data_path elapsed_s");
    check_event(cx_event_case_start("c", 0, 1, "mpi"), "case_start",
                "event case_id launch case_index backend elapsed_s");
    check_event(cx_event_point("c", 0, row), "point", "event case_id launch row elapsed_s");
    check_event(cx_event_case_end("c", 0, CX_TIMEOUT, NULL, NULL), "case_end",
                "event case_id launch status detail record elapsed_s");
    check_event(cx_event_run_end(&set, 1, 2, 1), "run_end",
                "event exit_code is_partial ok_count not_ok_count data_path elapsed_s");
    json_decref(row);
}

static void test_no_event_prints_nothing(void **state)
{
    (void)state;
    capture_t capture;
    char     *text;

    cx_event_print(capture_open(&capture), NULL, 0);
    text = capture_close(&capture);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_is_one_document_with_the_records),
        cmocka_unit_test(test_json_answer_equals_the_table),
        cmocka_unit_test(test_csv_reads_back_as_the_rows),
        cmocka_unit_test(test_csv_shows_what_was_left_out),
        cmocka_unit_test(test_csv_has_points_where_there_are_any),
        cmocka_unit_test(test_json_answers_expert_parallelism_apart),
        cmocka_unit_test(test_csv_of_nothing_is_its_header),
        cmocka_unit_test(test_events_are_lines_with_the_documented_members),
        cmocka_unit_test(test_no_event_prints_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
