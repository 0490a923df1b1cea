/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the gate on records of expert parallelism: a good folder has no finding, and each kind of
 * damage has its own. */
#include "run/check_ep.h"

#include "support/ep_record_kit.h"
#include "support/expect.h"

enum { ISOLATED, STEADY };

static char dir[PATH_MAX];
static char stem[2][256];

static int make_folder(void **state)
{
    (void)state;
    if (!kit_folder(dir) || !kit_ep_directory(dir)) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        kit_case_t kit;

        if (!kit_ep_case_init(&kit, i == STEADY ? CX_REGIME_STEADY : CX_REGIME_ISOLATED)) {
            return -1;
        }
        (void)snprintf(stem[i], sizeof stem[i], "%s.l0", kit.one.case_id);
        cx_arena_fini(&kit.arena);
    }
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    kit_remove(dir);
    return 0;
}

static char *record_path(int which)
{
    static char path[PATH_MAX * 2];

    (void)snprintf(path, sizeof path, "%s/records/%s.json", dir, stem[which]);
    return path;
}

static json_t *open_record(int which)
{
    json_t *record = NULL;

    EXPECT_OK(cx_record_read(record_path(which), &record));
    return record;
}

static void save_record(int which, json_t *record)
{
    EXPECT_OK(cx_record_write(record_path(which), record));
    json_decref(record);
}

static json_t *row_of(json_t *record, const char *component, int64_t tokens)
{
    size_t  i;
    json_t *row;

    json_array_foreach(json_object_get(record, "rows"), i, row)
    {
        if (json_integer_value(json_object_get(row, "tokens_per_rank")) == tokens &&
            strcmp(json_string_value(json_object_get(row, "component")), component) == 0) {
            return row;
        }
    }
    fail_msg("no row of %s", component);
    return NULL;
}

static json_t *point_of(json_t *record, size_t index)
{
    return json_array_get(json_object_get(record, "points"), index);
}

/* Findings of that kind; with all findings on stderr when it is not as many. */
static int64_t count_findings(cx_check_kind_t kind, bool is_loud, int64_t *total_out)
{
    cx_check_report_t report;
    int64_t           count = 0;

    EXPECT_OK(cx_check_directory(dir, &report));
    for (int64_t i = 0; i < report.finding_count; i++) {
        count += report.findings[i].kind == kind;
        if (is_loud) {
            fprintf(stderr, "%s %s: %s\n", cx_check_slug(report.findings[i].kind),
                    report.findings[i].file, report.findings[i].text);
        }
    }
    *total_out = report.total_count;
    cx_check_fini(&report);
    return count;
}

static void expect_only(cx_check_kind_t kind, int64_t wanted)
{
    int64_t total_count;
    int64_t count = count_findings(kind, false, &total_count);

    if (count != wanted || total_count != wanted) {
        (void)count_findings(kind, true, &total_count);
    }
    assert_int_equal(count, wanted);
    assert_int_equal(total_count, wanted);
}

static void expect_some(cx_check_kind_t kind)
{
    int64_t total_count;

    assert_true(count_findings(kind, false, &total_count) > 0);
}

static void test_a_good_folder_has_no_finding(void **state)
{
    (void)state;
    expect_only(CX_CHECK_NUMBER, 0);
}

static bool is_listed(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

/* A value of the same type that is another. */
static json_t *other_than(const json_t *value)
{
    if (json_is_integer(value)) {
        return json_integer(json_integer_value(value) + 1);
    }
    if (json_is_real(value)) {
        return json_real(json_real_value(value) * 1.00001 + 1e-9);
    }
    if (json_is_string(value)) {
        return json_string("another");
    }
    return json_is_null(value) ? json_null() : json_boolean(!json_is_true(value));
}

/* Edits one member after the other; each edit must be noticed. */
static void edit_members(int which, const char *list, size_t index, const cx_field_t *fields,
                         const char *const *free_fields)
{
    for (const cx_field_t *field = fields; field->name; field++) {
        json_t *record = open_record(which);
        json_t *item   = json_array_get(json_object_get(record, list), index);
        json_t *kept   = json_incref(json_object_get(item, field->name));
        int64_t total_count;

        if (json_is_null(kept) || is_listed(free_fields, field->name)) {
            json_decref(record);
            json_decref(kept);
            continue;
        }
        json_object_set_new(item, field->name, other_than(kept));
        save_record(which, record);
        (void)count_findings(CX_CHECK_NUMBER, false, &total_count);
        if (total_count == 0) {
            fail_msg("an edited %s of %s was not noticed", field->name, list);
        }
        record = open_record(which);
        json_object_set_new(json_array_get(json_object_get(record, list), index), field->name,
                            kept);
        save_record(which, record);
    }
    expect_only(CX_CHECK_NUMBER, 0);
}

static void test_every_edited_number_of_a_row_is_noticed(void **state)
{
    (void)state;
    static const char *const free_fields[] = {
        /* nothing else in the folder says what these are */
        "block_count", "repeated_block_count", "slot_count", "timed_count", "skew_bound_us",
        "wall_s",      "stop_reason",          NULL};

    edit_members(ISOLATED, "rows", 3, cx_row_fields, free_fields);
    edit_members(STEADY, "rows", 0, cx_row_fields, free_fields);
}

static void test_every_edited_member_of_a_point_is_noticed(void **state)
{
    (void)state;
    static const char *const free_fields[] = {
        /* the backend's word, and magnitudes of errors */
        "dispatch_wire_bytes", "receive_min",    "receive_max",
        "relative_error_max",  "gate_error_max", "interpair_gap_us_p50",
        "settle_drift_us_max", "wire_basis",     NULL};

    edit_members(ISOLATED, "points", 1, cx_ep_point_fields, free_fields);
    edit_members(STEADY, "points", 0, cx_ep_point_fields, free_fields);
}

static void test_another_layout_receives_other_rows(void **state)
{
    (void)state;
    json_t *record = open_record(ISOLATED);

    json_object_set_new(point_of(record, 1), "wire_basis", json_string("per-assignment"));
    save_record(ISOLATED, record);
    expect_only(CX_CHECK_NUMBER, 2); /* total and mean */
}

static void test_a_basis_that_is_not_the_layouts(void **state)
{
    (void)state;
    json_t *record = open_record(ISOLATED);

    json_object_set_new(json_object_get(record, "environment"), "ep_receive_layout",
                        json_string("token-expert"));
    save_record(ISOLATED, record);
    expect_some(CX_CHECK_IDENTITY); /* it is in the key, too */
    expect_some(CX_CHECK_NUMBER);
}

static void test_receives_that_contradict_each_other(void **state)
{
    (void)state;
    json_t *record = open_record(ISOLATED);

    json_object_set_new(point_of(record, 1), "receive_min", json_integer(1000));
    save_record(ISOLATED, record);
    expect_only(CX_CHECK_NUMBER, 1);
}

static void test_missing_rows(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);
    json_t *rows   = json_object_get(record, "rows");

    json_array_remove(rows, json_array_size(rows) - 1); /* the last floor of the last size */
    save_record(STEADY, record);
    expect_some(CX_CHECK_MISSING_ROW);
    expect_some(CX_CHECK_SAMPLES);
}

static void test_a_missing_size(void **state)
{
    (void)state;
    json_t *record = open_record(ISOLATED);
    json_t *rows   = json_object_get(record, "rows");

    for (int i = 0; i < 4; i++) {
        json_array_remove(rows, json_array_size(rows) - 1);
    }
    json_array_remove(json_object_get(record, "points"), 1);
    save_record(ISOLATED, record);
    expect_some(CX_CHECK_MISSING_ROW);
}

static void test_a_size_left_out_with_a_reason_is_not_missing(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);
    json_t *rows   = json_object_get(record, "rows");

    for (int i = 0; i < 3; i++) {
        json_array_remove(rows, json_array_size(rows) - 1);
    }
    json_array_remove(json_object_get(record, "points"), 1);
    json_array_append_new(json_object_get(record, "left_out"),
                          json_pack("{si,ss}", "requested_bytes", 8 * KIT_EP_HIDDEN * 2, "reason",
                                    "above what the backend allows"));
    save_record(STEADY, record);
    expect_only(CX_CHECK_SAMPLES, 1); /* the sidecar still has them */
}

static void test_a_missing_point(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);

    json_array_remove(json_object_get(record, "points"), 0);
    save_record(STEADY, record);
    expect_only(CX_CHECK_MISSING_ROW, 1);
    record = open_record(STEADY);
    json_array_append(json_object_get(record, "points"), point_of(record, 0));
    save_record(STEADY, record);
    expect_only(CX_CHECK_MISSING_ROW, 2);
}

static void test_rows_that_are_swapped(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);
    json_t *rows   = json_object_get(record, "rows");
    json_t *first  = json_incref(json_array_get(rows, 1));

    json_array_remove(rows, 1);
    json_array_insert_new(rows, 2, first);
    save_record(STEADY, record);
    expect_only(CX_CHECK_SAMPLES, 2); /* each has the samples of the other component */
}

static void test_a_component_of_the_other_regime(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);

    json_object_set_new(row_of(record, "combine-floor", 8), "component", json_string("combine"));
    save_record(STEADY, record);
    expect_some(CX_CHECK_NUMBER);
    expect_some(CX_CHECK_MISSING_ROW);
}

static void test_a_bandwidth_only_collectives_have(void **state)
{
    (void)state;
    json_t *record = open_record(ISOLATED);

    json_object_set_new(row_of(record, "roundtrip", 1), "busbw_bytes_per_s", json_real(1e9));
    save_record(ISOLATED, record);
    expect_some(CX_CHECK_NUMBER);
}

/* At 1 TB/s, so that no time of the kit is under its floor. */
static void give_floor(json_t *record, size_t rung, const char *component, double crossing_bytes)
{
    json_t *row      = row_of(record, component, kit_ep_tokens[rung]);
    double  p50      = json_real_value(json_object_get(row, "time_us_p50"));
    double  floor_us = 2 + crossing_bytes / KIT_RANK_COUNT / 1e12 * 1e6;

    json_object_set_new(row, "floor_us", json_real(floor_us));
    json_object_set_new(row, "floor_ratio", json_real(p50 / floor_us));
    json_object_set_new(row, "floor_source", json_string("measured"));
}

static void test_floors_follow_from_the_points_bytes(void **state)
{
    (void)state;
    json_t     *record = open_record(ISOLATED), *row;
    cx_limits_t limits;

    cx_limits_clear(&limits);
    limits.launch_us              = 2;
    limits.link_store_bytes_per_s = 1e12;
    json_object_set_new(record, "limits", cx_fields_to_json(cx_limits_fields, &limits));
    for (size_t i = 0; i < KIT_EP_RUNG_COUNT; i++) {
        json_t *point     = point_of(record, i);
        double  out_bytes = json_number_value(json_object_get(point, "dispatch_wire_bytes"));
        double  ratio     = json_number_value(json_object_get(point, "combine_logical_bytes")) /
                       json_number_value(json_object_get(point, "dispatch_logical_bytes"));

        give_floor(record, i, "dispatch", out_bytes);
        give_floor(record, i, "combine", out_bytes * ratio);
        give_floor(record, i, "roundtrip", out_bytes * (1 + ratio));
    }
    save_record(ISOLATED, record);
    expect_only(CX_CHECK_NUMBER, 0);
    record = open_record(ISOLATED);
    row    = row_of(record, "combine", 8);
    json_object_set_new(row, "floor_us", json_real(2));
    save_record(ISOLATED, record);
    expect_only(CX_CHECK_NUMBER, 1);
}

static void test_wrong_output_cannot_be_ok(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);

    json_object_set_new(point_of(record, 1), "is_right", json_false());
    json_object_set_new(point_of(record, 1), "failed_checks", json_string("combine-values"));
    json_object_set_new(point_of(record, 1), "failed_passes", json_string("chain"));
    save_record(STEADY, record);
    expect_only(CX_CHECK_STATUS, 3); /* every row of the size */
}

static void test_right_output_has_no_failed_check(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);

    json_object_set_new(point_of(record, 0), "failed_passes", json_string("pre"));
    save_record(STEADY, record);
    expect_only(CX_CHECK_STATUS, 1);
}

static void test_unlike_workloads_cannot_have_rows(void **state)
{
    (void)state;
    json_t *record = open_record(STEADY);

    json_object_set_new(point_of(record, 0), "is_cross_rank_consistent", json_false());
    save_record(STEADY, record);
    expect_only(CX_CHECK_STATUS, 1);
}

static void test_points_of_a_collective(void **state)
{
    (void)state;
    json_t    *donor = open_record(STEADY), *record, *cases = json_array();
    kit_case_t kit;

    assert_true(kit_case_init(&kit, 1));
    record = kit_record(&kit.one, 0, 1, dir);
    json_object_set(record, "points", json_object_get(donor, "points"));
    assert_true(kit_write_record(dir, record));
    json_array_append_new(cases, kit_planned(&kit.one));
    assert_true(kit_write_plan(dir, 1, cases));
    expect_some(CX_CHECK_NUMBER);
    json_decref(donor);
    json_decref(record);
    cx_arena_fini(&kit.arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_folder_has_no_finding),
        TEST(test_every_edited_number_of_a_row_is_noticed),
        TEST(test_every_edited_member_of_a_point_is_noticed),
        TEST(test_another_layout_receives_other_rows),
        TEST(test_a_basis_that_is_not_the_layouts),
        TEST(test_receives_that_contradict_each_other),
        TEST(test_missing_rows),
        TEST(test_a_missing_size),
        TEST(test_a_size_left_out_with_a_reason_is_not_missing),
        TEST(test_a_missing_point),
        TEST(test_rows_that_are_swapped),
        TEST(test_a_component_of_the_other_regime),
        TEST(test_a_bandwidth_only_collectives_have),
        TEST(test_floors_follow_from_the_points_bytes),
        TEST(test_wrong_output_cannot_be_ok),
        TEST(test_right_output_has_no_failed_check),
        TEST(test_unlike_workloads_cannot_have_rows),
        TEST(test_points_of_a_collective),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
