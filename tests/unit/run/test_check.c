/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the gate: a good folder has no finding, and each kind of damage has its own. */
#include "run/check.h"

#include "support/expect.h"
#include "support/record_kit.h"

#define CASE_COUNT 3
#define LAUNCH_COUNT 2

static char dir[PATH_MAX];
static char stem[3][256]; /* of the first case's launches, and the second's first */

static int make_folder(void **state)
{
    kit_case_t kit;

    (void)state;
    if (!kit_folder(dir) || !kit_directory(dir, CASE_COUNT, LAUNCH_COUNT)) {
        return -1;
    }
    for (int i = 0; i < 3; i++) {
        if (!kit_case_init(&kit, i / 2)) {
            return -1;
        }
        (void)snprintf(stem[i], sizeof stem[i], "%s.l%d", kit.one.case_id, i % 2);
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

static char *path_of(const char *folder, const char *name, const char *ending)
{
    static char paths[2][PATH_MAX * 2];
    static int  turn;

    turn = !turn;
    (void)snprintf(paths[turn], sizeof paths[turn], "%s/%s%s%s", dir, folder, name, ending);
    return paths[turn];
}

static char *record_path(int which)
{
    return path_of("records/", stem[which], ".json");
}

static char *samples_path(int which)
{
    return path_of("samples/", stem[which], ".cxs");
}

/* How many findings of that kind there are; with all findings on stderr when it is not `wanted`. */
static void expect_findings(cx_check_kind_t kind, int64_t wanted)
{
    cx_check_report_t report;
    int64_t           count = 0;

    EXPECT_OK(cx_check_directory(dir, &report));
    for (int64_t i = 0; i < report.finding_count; i++) {
        count += report.findings[i].kind == kind;
        assert_true(strlen(report.findings[i].file) > 0);
        assert_true(strlen(report.findings[i].text) > 0);
    }
    for (int64_t i = 0; i < report.finding_count && count != wanted; i++) {
        fprintf(stderr, "%s %s: %s\n", cx_check_slug(report.findings[i].kind),
                report.findings[i].file, report.findings[i].text);
    }
    assert_int_equal(count, wanted);
    cx_check_fini(&report);
}

/* No finding but of this kind. */
static void expect_only(cx_check_kind_t kind, int64_t wanted)
{
    cx_check_report_t report;

    expect_findings(kind, wanted);
    EXPECT_OK(cx_check_directory(dir, &report));
    assert_int_equal(report.total_count, wanted);
    cx_check_fini(&report);
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

static json_t *row_of(json_t *record, size_t index)
{
    return json_array_get(json_object_get(record, "rows"), index);
}

static void test_a_good_folder_has_no_finding(void **state)
{
    (void)state;
    cx_check_report_t report;

    EXPECT_OK(cx_check_directory(dir, &report));
    assert_int_equal(report.total_count, 0);
    assert_int_equal(report.case_count, CASE_COUNT);
    assert_int_equal(report.record_count, CASE_COUNT * LAUNCH_COUNT);
    cx_check_fini(&report);
}

static void test_deleted_record(void **state)
{
    (void)state;
    assert_int_equal(unlink(record_path(0)), 0);
    expect_only(CX_CHECK_MISSING_RECORD, 1);
}

static void test_missing_case(void **state)
{
    (void)state;
    assert_int_equal(unlink(record_path(0)), 0);
    assert_int_equal(unlink(record_path(1)), 0);
    expect_only(CX_CHECK_MISSING_CASE, 1);
}

/* Every number of a row is held by something. */
static void test_edited_numbers(void **state)
{
    (void)state;
    static const char *const free_fields[] = {/* nothing else in the folder says what these are */
                                              "block_count", "repeated_block_count", "slot_count",
                                              "timed_count", "skew_bound_us",        "wall_s",
                                              NULL};

    for (const cx_field_t *field = cx_row_fields; field->name; field++) {
        json_t *record = open_record(0), *row = row_of(record, 2);
        json_t *kept    = json_incref(json_object_get(row, field->name));
        bool    is_free = false;

        for (int i = 0; free_fields[i]; i++) {
            is_free |= strcmp(free_fields[i], field->name) == 0;
        }
        if (!json_is_number(kept) || is_free) {
            json_decref(record);
            json_decref(kept);
            continue;
        }
        if (json_is_integer(kept)) {
            json_object_set_new(row, field->name, json_integer(json_integer_value(kept) + 1));
        } else {
            json_object_set_new(row, field->name,
                                json_real(json_real_value(kept) * 1.00001 + 1e-9));
        }
        save_record(0, record);
        {
            cx_check_report_t report;

            EXPECT_OK(cx_check_directory(dir, &report));
            if (report.total_count == 0) {
                fail_msg("an edited %s was not noticed", field->name);
            }
            cx_check_fini(&report);
        }
        record = open_record(0);
        json_object_set_new(row_of(record, 2), field->name, kept);
        save_record(0, record);
    }
    expect_only(CX_CHECK_NUMBER, 0);
}

static void test_edited_number_is_named(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(row_of(record, 1), "time_us_p99", json_real(1.0));
    save_record(0, record);
    expect_only(CX_CHECK_NUMBER, 1);
}

static void test_edited_factor_with_a_fitting_busbw(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(json_object_get(record, "definition"), "busbw_factor", json_real(3.0));
    for (size_t i = 0; i < KIT_ROW_COUNT; i++) {
        double algbw = json_real_value(json_object_get(row_of(record, i), "algbw_bytes_per_s"));

        json_object_set_new(row_of(record, i), "busbw_bytes_per_s", json_real(algbw * 3));
    }
    save_record(0, record);
    expect_only(CX_CHECK_NUMBER, 1);
}

static void give_limits(json_t *record, double link_bytes_per_s)
{
    cx_limits_t limits;

    cx_limits_clear(&limits);
    limits.launch_us              = 3;
    limits.link_store_bytes_per_s = link_bytes_per_s;
    json_object_set_new(record, "limits", cx_fields_to_json(cx_limits_fields, &limits));
}

/* A row of an all_reduce of 4 ranks has 3/2 of its bytes to move. */
static void give_floor(json_t *row, double link_bytes_per_s)
{
    double bytes    = json_number_value(json_object_get(row, "message_bytes"));
    double floor_us = 3 + 1.5 * bytes / link_bytes_per_s * 1e6;
    double p50      = json_real_value(json_object_get(row, "time_us_p50"));

    json_object_set_new(row, "floor_us", json_real(floor_us));
    json_object_set_new(row, "floor_ratio", json_real(p50 / floor_us));
    json_object_set_new(row, "floor_source", json_string("measured"));
}

static void save_floors(double link_bytes_per_s)
{
    json_t *record = open_record(0);

    give_limits(record, link_bytes_per_s);
    for (size_t i = 0; i < KIT_ROW_COUNT; i++) {
        give_floor(row_of(record, i), link_bytes_per_s);
    }
    save_record(0, record);
}

static void test_edited_floors(void **state)
{
    static const char *const fields[] = {"floor_us", "floor_ratio"};

    (void)state;
    save_floors(300e9);
    expect_only(CX_CHECK_NUMBER, 0);
    for (int i = 0; i < 2; i++) {
        json_t *record = open_record(0);
        json_t *value  = json_object_get(row_of(record, 2), fields[i]);

        json_real_set(value, json_real_value(value) * 0.99);
        save_record(0, record);
        expect_only(CX_CHECK_NUMBER, 1);
        save_floors(300e9);
    }
    {
        json_t *record = open_record(0);

        json_object_set_new(row_of(record, 2), "floor_source", json_string("nominal"));
        save_record(0, record);
        expect_only(CX_CHECK_NUMBER, 1);
    }
}

static void test_a_floor_without_limits_is_made_up(void **state)
{
    json_t *record;

    (void)state;
    save_floors(300e9);
    record = open_record(0);
    json_object_set_new(record, "limits", json_null());
    save_record(0, record);
    expect_only(CX_CHECK_NUMBER, 3 * KIT_ROW_COUNT);
}

/* The times of 2 KiB are about 11 us: at 200 MB/s they would have to be 18. */
static void test_a_beaten_floor_is_not_published(void **state)
{
    json_t *record;

    (void)state;
    save_floors(200e6);
    expect_only(CX_CHECK_PUBLICATION, 1);
    record = open_record(0);
    kit_judge(record, LAUNCH_COUNT);
    assert_string_equal(cx_record_text(record, "publication", "class"), "invalid");
    save_record(0, record);
    expect_only(CX_CHECK_PUBLICATION, 0);
}

/* Against what they are built for, 2 % are allowed; what is not known cannot be beaten. */
static void test_a_limit_over_its_nominal_one(void **state)
{
    static const struct {
        const char *nominal, *measured;
        double      nominal_bytes_per_s, measured_bytes_per_s;
        int64_t     finding_count;
    } rows[] = {
        {"link_nominal_bytes_per_s", "link_copy_bytes_per_s", 478e9, 480e9, 0},
        {"link_nominal_bytes_per_s", "link_copy_bytes_per_s", 478e9, 490e9, 1},
        {"link_nominal_bytes_per_s", "link_load_bytes_per_s", 478e9, 490e9, 1},
        {"link_nominal_bytes_per_s", "link_store_bytes_per_s", 300e9 / 1.03, 300e9, 1},
        {"memory_nominal_bytes_per_s", "memory_copy_bytes_per_s", 4800e9, 4890e9, 0},
        {"memory_nominal_bytes_per_s", "memory_copy_bytes_per_s", 4800e9, 4900e9, 1},
        {"memory_nominal_bytes_per_s", "link_copy_bytes_per_s", 1e9, 490e9, 0},
        {NULL, "memory_copy_bytes_per_s", 0, 1e15, 0},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        json_t *record, *limits;

        save_floors(300e9);
        record = open_record(0);
        limits = json_object_get(record, "limits");
        if (rows[i].nominal) {
            json_object_set_new(limits, rows[i].nominal, json_real(rows[i].nominal_bytes_per_s));
        }
        json_object_set_new(limits, rows[i].measured, json_real(rows[i].measured_bytes_per_s));
        save_record(0, record);
        expect_findings(CX_CHECK_OVER_NOMINAL, rows[i].finding_count);
    }
}

/* Records from before there were floors are as good as they were. */
static void test_a_record_without_floors(void **state)
{
    json_t *record = open_record(0);

    (void)state;
    json_object_del(record, "limits");
    for (size_t i = 0; i < KIT_ROW_COUNT; i++) {
        json_object_del(row_of(record, i), "floor_us");
        json_object_del(row_of(record, i), "floor_ratio");
        json_object_del(row_of(record, i), "floor_source");
    }
    save_record(0, record);
    expect_only(CX_CHECK_RECORD_INVALID, 0);
}

static void test_swapped_record(void **state)
{
    (void)state;
    json_t *first = open_record(0), *second = open_record(2);

    save_record(0, second);
    save_record(2, first);
    expect_only(CX_CHECK_SWAPPED_RECORD, 2);
}

static void test_truncated_record(void **state)
{
    (void)state;
    assert_int_equal(truncate(record_path(0), 700), 0);
    expect_only(CX_CHECK_RECORD_UNREADABLE, 1);
}

static void test_record_that_breaks_the_schema(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(record, "note", json_string("hello"));
    save_record(0, record);
    expect_only(CX_CHECK_RECORD_INVALID, 1);
}

static void test_foreign_files(void **state)
{
    (void)state;
    EXPECT_OK(cx_file_write(path_of("records/", "notes.txt", ""), "x", 1));
    EXPECT_OK(cx_file_write(path_of("records/", stem[0], ".json.tmp-7"), "x", 1));
    EXPECT_OK(cx_file_write(path_of("samples/", "other.l0", ".cxs"), "x", 1));
    EXPECT_OK(cx_file_write(path_of("samples/", stem[0], "0.cxs"), "x", 1)); /* launch 00 */
    expect_only(CX_CHECK_FOREIGN_FILE, 4);
}

static void test_unplanned_record(void **state)
{
    (void)state;
    kit_case_t kit;
    json_t    *record;

    assert_true(kit_case_init(&kit, 77));
    record = kit_record(&kit.one, 0, LAUNCH_COUNT, NULL);
    assert_true(kit_write_record(dir, record));
    json_decref(record);
    record = kit_record(&kit.one, 5, LAUNCH_COUNT, NULL);
    assert_true(kit_write_record(dir, record));
    json_decref(record);
    cx_arena_fini(&kit.arena);
    expect_only(CX_CHECK_UNEXPECTED_RECORD, 2);
}

static void test_damaged_missing_and_exchanged_sidecars(void **state)
{
    (void)state;
    char  *bytes;
    size_t count;

    EXPECT_OK(cx_file_read(samples_path(0), 1 << 24, &bytes, &count));
    bytes[count / 2] ^= 1;
    EXPECT_OK(cx_file_write(samples_path(0), bytes, count));
    free(bytes);
    assert_int_equal(unlink(samples_path(1)), 0);
    expect_only(CX_CHECK_SAMPLES, 2);
    /* Samples of another case, with their right digest. */
    json_t *record = open_record(2), *other;

    kit_case_t kit;

    assert_true(kit_case_init(&kit, 2));
    other = kit_record(&kit.one, 0, LAUNCH_COUNT, NULL);
    EXPECT_OK(
        cx_file_read(path_of("samples/", kit.one.case_id, ".l0.cxs"), 1 << 24, &bytes, &count));
    EXPECT_OK(cx_file_write(samples_path(2), bytes, count));
    json_object_set_new(json_object_get(record, "samples"), "blake2b",
                        json_string(cx_hash_hex(bytes, count, (char[CX_HASH_HEX_BYTES]){0})));
    save_record(2, record);
    free(bytes);
    json_decref(other);
    cx_arena_fini(&kit.arena);
    expect_findings(CX_CHECK_SAMPLES, 2);
    cx_check_report_t report;

    EXPECT_OK(cx_check_directory(dir, &report));
    assert_true(report.total_count > 2 + 5);
    cx_check_fini(&report);
}

static void test_samples_that_are_disowned(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(record, "samples", json_null());
    save_record(0, record);
    expect_only(CX_CHECK_SAMPLES, KIT_ROW_COUNT);
    for (size_t i = 0; i < KIT_ROW_COUNT; i++) {
        record = open_record(0);
        json_object_set_new(row_of(record, i), "sample_count", json_null());
        save_record(0, record);
    }
    expect_only(CX_CHECK_SAMPLES, KIT_ROW_COUNT);
    record = open_record(0);
    json_object_set_new(record, "samples",
                        json_pack("{ss,ss}", "file", "../../etc/passwd", "blake2b",
                                  "00000000000000000000000000000000"));
    save_record(0, record);
    expect_only(CX_CHECK_SAMPLES, 1);
}

static void test_edited_status(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    /* The row was wrong, the record says ok. */
    json_object_set_new(row_of(record, 0), "status", json_string("incorrect"));
    save_record(0, record);
    expect_findings(CX_CHECK_STATUS, 1);
    /* Operations were wrong, the row says ok. */
    record = open_record(0);
    json_object_set_new(row_of(record, 0), "status", json_string("ok"));
    json_object_set_new(row_of(record, 0), "wrong_count", json_integer(3));
    save_record(0, record);
    expect_findings(CX_CHECK_STATUS, 1);
}

static void test_a_case_that_did_not_end_ok(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(record, "status", json_string("timeout"));
    json_object_set_new(record, "detail", json_string("rank 3 is silent"));
    kit_judge(record, LAUNCH_COUNT);
    save_record(0, record);
    expect_only(CX_CHECK_NOT_OK, 1);
    assert_int_equal(cx_check_severity(CX_CHECK_NOT_OK), CX_SEVERITY_OUTCOME);
    assert_int_equal(cx_check_severity(CX_CHECK_NUMBER), CX_SEVERITY_ERROR);
}

static void test_edited_publication(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(record, "publication",
                        json_pack("{ss,s[]}", "class", "official", "reasons"));
    save_record(0, record);
    record = open_record(1);
    json_array_append_new(json_object_get(json_object_get(record, "publication"), "reasons"),
                          json_string("imported"));
    save_record(1, record);
    expect_only(CX_CHECK_PUBLICATION, 2);
}

static void test_edited_options_environment_and_identity(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(json_object_get(record, "environment"), "device_model",
                        json_string("better"));
    save_record(0, record);
    record = open_record(1);
    json_object_set_new(json_object_get(json_object_get(record, "case"), "seed"), "value",
                        json_string("12"));
    save_record(1, record);
    record = open_record(2);
    json_object_set_new(json_object_get(record, "contract"), "name",
                        json_string("collective.steady"));
    save_record(2, record);
    expect_only(CX_CHECK_IDENTITY, 1 + 2 + 2);
}

static void test_edited_plan(void **state)
{
    (void)state;
    json_t *plan = NULL, *one;

    EXPECT_OK(cx_record_read(path_of("plan", ".json", ""), &plan));
    one = json_array_get(json_object_get(plan, "cases"), 0);
    json_object_set_new(json_object_get(one, "options"), "seed", json_string("99"));
    EXPECT_OK(cx_record_write(path_of("plan", ".json", ""), plan));
    expect_only(CX_CHECK_PLAN_EDITED, 1);
    json_array_append(json_object_get(plan, "cases"),
                      json_array_get(json_object_get(plan, "cases"), 1));
    EXPECT_OK(cx_record_write(path_of("plan", ".json", ""), plan));
    expect_findings(CX_CHECK_PLAN_EDITED, 2);
    json_object_set_new(plan, "launch_count", json_integer(0));
    EXPECT_OK(cx_record_write(path_of("plan", ".json", ""), plan));
    expect_findings(CX_CHECK_PLAN_EDITED, 1);
    json_decref(plan);
}

static void test_a_case_dropped_from_the_plan(void **state)
{
    (void)state;
    json_t *plan = NULL;

    EXPECT_OK(cx_record_read(path_of("plan", ".json", ""), &plan));
    json_array_remove(json_object_get(plan, "cases"), 0);
    EXPECT_OK(cx_record_write(path_of("plan", ".json", ""), plan));
    json_decref(plan);
    expect_findings(CX_CHECK_UNEXPECTED_RECORD, LAUNCH_COUNT);
}

static void test_no_plan_and_a_broken_one(void **state)
{
    (void)state;
    assert_int_equal(truncate(path_of("plan", ".json", ""), 100), 0);
    expect_findings(CX_CHECK_PLAN_UNREADABLE, 1);
    EXPECT_OK(cx_file_write(path_of("plan", ".json", ""), "{}", 2));
    expect_findings(CX_CHECK_PLAN_UNREADABLE, 1);
    assert_int_equal(unlink(path_of("plan", ".json", "")), 0);
    expect_findings(CX_CHECK_PLAN_UNREADABLE, 1);
}

static void test_secrets(void **state)
{
    (void)state;
    json_t *record = open_record(0);

    json_object_set_new(json_object_get(record, "provenance"), "address",
                        json_string("10.11.12.13"));
    save_record(0, record);
    expect_only(CX_CHECK_SECRET, 1);
}

static void test_findings_are_capped_but_counted(void **state)
{
    (void)state;
    cx_check_report_t report;

    for (int i = 0; i < CX_CHECK_FINDING_COUNT_MAX + 5; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "x%d", i);
        EXPECT_OK(cx_file_write(path_of("records/", name, ""), "x", 1));
    }
    EXPECT_OK(cx_check_directory(dir, &report));
    assert_int_equal(report.finding_count, CX_CHECK_FINDING_COUNT_MAX);
    assert_int_equal(report.total_count, CX_CHECK_FINDING_COUNT_MAX + 5);
    cx_check_fini(&report);
}

static void test_no_folder(void **state)
{
    (void)state;
    cx_check_report_t report;

    EXPECT_FAIL(CX_INVALID, "not a folder", cx_check_directory("/no/such", &report));
}

static void test_kinds_have_sentences(void **state)
{
    (void)state;
    for (int i = 0; i < CX_CHECK_KIND_COUNT; i++) {
        assert_true(strlen(cx_check_slug((cx_check_kind_t)i)) > 3);
        assert_true(strlen(cx_check_text((cx_check_kind_t)i)) > 10);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_good_folder_has_no_finding),
        IN_FOLDER(test_deleted_record),
        IN_FOLDER(test_missing_case),
        IN_FOLDER(test_edited_numbers),
        IN_FOLDER(test_edited_number_is_named),
        IN_FOLDER(test_edited_factor_with_a_fitting_busbw),
        IN_FOLDER(test_edited_floors),
        IN_FOLDER(test_a_floor_without_limits_is_made_up),
        IN_FOLDER(test_a_beaten_floor_is_not_published),
        IN_FOLDER(test_a_limit_over_its_nominal_one),
        IN_FOLDER(test_a_record_without_floors),
        IN_FOLDER(test_swapped_record),
        IN_FOLDER(test_truncated_record),
        IN_FOLDER(test_record_that_breaks_the_schema),
        IN_FOLDER(test_foreign_files),
        IN_FOLDER(test_unplanned_record),
        IN_FOLDER(test_damaged_missing_and_exchanged_sidecars),
        IN_FOLDER(test_samples_that_are_disowned),
        IN_FOLDER(test_edited_status),
        IN_FOLDER(test_a_case_that_did_not_end_ok),
        IN_FOLDER(test_edited_publication),
        IN_FOLDER(test_edited_options_environment_and_identity),
        IN_FOLDER(test_edited_plan),
        IN_FOLDER(test_a_case_dropped_from_the_plan),
        IN_FOLDER(test_no_plan_and_a_broken_one),
        IN_FOLDER(test_secrets),
        IN_FOLDER(test_findings_are_capped_but_counted),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_kinds_have_sentences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
