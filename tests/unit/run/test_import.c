/* SPDX-License-Identifier: Apache-2.0 */
/* Tests captures as records: cases, statuses, what is left out, and that the gate accepts them. */
#include "run/import.h"

#include "run/check.h"
#include "support/capture.h"
#include "support/record_kit.h"

#define REAL "nccltests/h100x4/"
#define TRAP "nccltests/synthetic/"
#define OSU "osu/synthetic/"

static cx_imported_t imported;

static cx_status_t import_capture(const char *name)
{
    size_t            count;
    char             *bytes   = read_capture(name, &count);
    json_t           *program = json_pack("{ss,ss,ss,ss,si}", "version", "0.1.0", "git", "abc1234",
                                          "compiler", "gcc", "build_type", "Release", "abi", 1);
    json_t           *command = json_pack("[ss]", "collectivex", "import");
    cx_import_frame_t frame   = {"2026-11-22T06:10:04Z", program, command};
    cx_status_t       status  = cx_import_bytes(name, bytes, count, &frame, &imported);

    free(bytes);
    json_decref(program);
    json_decref(command);
    return status;
}

static const json_t *record_at(size_t index)
{
    assert_true(index < json_array_size(imported.records));
    return json_array_get(imported.records, index);
}

static const char *text_at(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "";
}

static const char *option_at(const json_t *record, const char *key)
{
    return text_at(json_object_get(json_object_get(record, "case"), key), "value");
}

static void test_a_capture_becomes_two_records(void **state)
{
    (void)state;
    const json_t *record, *row, *environment;

    EXPECT_OK(import_capture(REAL "all_reduce.txt"));
    assert_int_equal(json_array_size(imported.records), 2);
    record      = record_at(1);
    environment = json_object_get(record, "environment");
    assert_string_equal(text_at(record, "status"), "ok");
    assert_string_equal(option_at(record, "op"), "all_reduce");
    assert_string_equal(option_at(record, "dtype"), "fp32");
    assert_string_equal(option_at(record, "placement"), "in_place");
    assert_string_equal(option_at(record, "regime"), "loop_mean");
    assert_string_equal(option_at(record, "loop_iters"), "20");
    assert_string_equal(option_at(record, "seed"), ""); /* the tool does not say */
    assert_string_equal(text_at(environment, "rank_count"), "4");
    assert_string_equal(text_at(environment, "device_model"), "NVIDIA H100 80GB HBM3");
    assert_string_equal(text_at(json_object_get(record, "publication"), "class"), "comparable");
    assert_int_equal(json_array_size(json_object_get(record, "rows")), 15);
    row = json_array_get(json_object_get(record, "rows"), 14);
    assert_int_equal(json_integer_value(json_object_get(row, "message_bytes")), 2147483648);
    assert_true(fabs(json_real_value(json_object_get(row, "busbw_bytes_per_s")) - 359.46e9) < 1e7);
    assert_true(json_is_null(json_object_get(row, "time_us_p99")));
    assert_true(json_is_null(json_object_get(row, "verified_count")));
    cx_imported_fini(&imported);
}

static void test_statuses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first, *second, *words;
    } rows[] = {
        {REAL "alltoall.txt", "ok", "invalid", "did not check the output"},
        {REAL "alltoall.json", "ok", "invalid", "did not check the output"},
        {TRAP "good_all_reduce.txt", "ok", "ok", ""},
        {TRAP "no_footer.txt", "invalid", "invalid", "footer is absent"},
        {TRAP "unchecked.txt", "invalid", "invalid", "did not check"},
        {TRAP "wrong_elements.txt", "incorrect", "incorrect", "wrong"},
        {TRAP "zero_bandwidth.txt", "invalid", "invalid", "zero"},
        {TRAP "edited_average.txt", "invalid", "invalid", "average"},
        {TRAP "time_out.txt", "timeout", "timeout", "Test timeout"},
        {TRAP "library_failure.txt", "backend", "backend", "unhandled system error"},
        {TRAP "all_reduce_perf.old_error_column.txt", "ok", "ok", ""},
        {TRAP "per_iteration_timestamps.txt", "ok", "ok", ""},
        {TRAP "wide_numbers.txt", "ok", "ok", ""},
        {TRAP "cycles.txt", "ok", "ok", ""},
        {TRAP "split_rows.txt", "ok", "ok", ""},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        EXPECT_OK(import_capture(rows[i].name));
        assert_string_equal(text_at(record_at(0), "status"), rows[i].first);
        assert_string_equal(text_at(record_at(1), "status"), rows[i].second);
        assert_non_null(strstr(text_at(record_at(1), "detail"), rows[i].words));
        cx_imported_fini(&imported);
    }
}

static void test_osu_is_never_ok_unless_validated(void **state)
{
    (void)state;
    EXPECT_OK(import_capture(OSU "allreduce_7.4.txt"));
    assert_string_equal(text_at(record_at(0), "status"), "invalid");
    assert_string_equal(option_at(record_at(0), "backend"), "mpi");
    cx_imported_fini(&imported);
    EXPECT_OK(import_capture(OSU "allgather_validated_7.4.txt"));
    assert_string_equal(text_at(record_at(0), "status"), "incorrect");
    assert_string_equal(option_at(record_at(0), "dtype"), "int8");
    assert_true(json_is_null(json_object_get(
        json_array_get(json_object_get(record_at(0), "rows"), 0), "algbw_bytes_per_s")));
    cx_imported_fini(&imported);
    EXPECT_OK(import_capture(OSU "two_programs_5.9.txt"));
    assert_string_equal(option_at(record_at(1), "op"), "barrier");
    cx_imported_fini(&imported);
}

static void test_cycles_are_samples(void **state)
{
    (void)state;
    const json_t *row;

    EXPECT_OK(import_capture(TRAP "cycles.txt"));
    row = json_array_get(json_object_get(record_at(0), "rows"), 0);
    assert_int_equal(json_array_size(json_object_get(record_at(0), "rows")), 3);
    assert_int_equal(json_integer_value(json_object_get(row, "sample_count")), 7);
    assert_true(json_real_value(json_object_get(row, "time_us_p50")) == 13.0);
    assert_true(json_real_value(json_object_get(row, "time_us_min")) == 10.0);
    /* They rise steadily, so they are worth too few independent ones for an interval. */
    assert_true(json_is_null(json_object_get(row, "time_us_p50_ci_high")));
    cx_imported_fini(&imported);
}

static void test_what_has_no_row_is_left_out_with_a_reason(void **state)
{
    (void)state;
    const json_t *left_out;

    EXPECT_OK(import_capture(REAL "all_gather.txt"));
    left_out = json_object_get(record_at(0), "left_out");
    assert_int_equal(json_array_size(left_out), 1);
    assert_non_null(strstr(text_at(json_array_get(left_out, 0), "reason"), "too small"));
    cx_imported_fini(&imported);
    EXPECT_OK(import_capture(TRAP "split_rows.txt"));
    left_out = json_object_get(record_at(0), "left_out");
    assert_non_null(strstr(text_at(json_array_get(left_out, 0), "reason"), "split"));
    cx_imported_fini(&imported);
    EXPECT_OK(import_capture(TRAP "reduced.txt"));
    left_out = json_object_get(record_at(0), "left_out");
    assert_non_null(strstr(text_at(json_array_get(left_out, 0), "reason"), "memory"));
    cx_imported_fini(&imported);
    EXPECT_OK(import_capture(TRAP "many_types.txt"));
    assert_int_equal(json_array_size(imported.records), 3 * 2 * 2);
    assert_true(json_array_size(imported.skipped) >= 2);
    cx_imported_fini(&imported);
}

static void test_a_second_run_is_a_second_launch(void **state)
{
    (void)state;
    EXPECT_OK(import_capture(TRAP "two_runs_of_mpirun.txt"));
    assert_int_equal(json_array_size(imported.records), 4);
    assert_int_equal(json_array_size(json_object_get(imported.plan, "cases")), 2);
    assert_int_equal(json_integer_value(json_object_get(imported.plan, "launch_count")), 2);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(record_at(3), "identity"), "launch")),
        1);
    cx_imported_fini(&imported);
}

static void test_unlike_runs_have_unlike_keys(void **state)
{
    (void)state;
    char key[64];

    EXPECT_OK(import_capture(REAL "mpi_all_reduce.txt"));
    (void)snprintf(key, sizeof key, "%s",
                   text_at(json_object_get(record_at(0), "identity"), "comparison_key"));
    cx_imported_fini(&imported);
    EXPECT_OK(import_capture(REAL "mpi_graph_all_reduce.txt"));
    assert_string_not_equal(text_at(json_object_get(record_at(0), "identity"), "comparison_key"),
                            key);
    cx_imported_fini(&imported);
}

/* What an import writes passes the gate, but for what did not end ok. */
static void test_the_gate_accepts_imports(void **state)
{
    (void)state;
    static const char *const names[] = {
        REAL "all_reduce.txt",
        REAL "all_reduce.json",
        REAL "all_gather.txt",
        REAL "alltoall.txt",
        REAL "broadcast.json",
        REAL "reduce_scatter.json",
        TRAP "cycles.txt",
        TRAP "two_runs_of_mpirun.txt",
        TRAP "alltoallv_summary.txt",
        TRAP "many_types.txt",
        TRAP "cut_device_list.txt",
        TRAP "no_footer.txt",
        TRAP "wrong_elements.txt",
        OSU "allgather_validated_7.4.txt",
        OSU "two_programs_5.9.txt",
    };

    for (int64_t i = 0; i < LENGTH(names); i++) {
        char              dir[PATH_MAX], path[PATH_MAX + 16];
        cx_check_report_t report;

        EXPECT_OK(import_capture(names[i]));
        assert_non_null(kit_folder(dir));
        (void)snprintf(path, sizeof path, "%s/records", dir);
        EXPECT_OK(cx_folder_make(path));
        (void)snprintf(path, sizeof path, "%s/plan.json", dir);
        EXPECT_OK(cx_record_write(path, imported.plan));
        for (size_t k = 0; k < json_array_size(imported.records); k++) {
            assert_true(kit_write_record(dir, record_at(k)));
        }
        EXPECT_OK(cx_check_directory(dir, &report));
        for (int64_t k = 0; k < report.finding_count; k++) {
            if (report.findings[k].kind != CX_CHECK_NOT_OK) {
                fail_msg("%s: %s", names[i], report.findings[k].text);
            }
        }
        cx_check_fini(&report);
        cx_imported_fini(&imported);
        kit_remove(dir);
    }
}

static void test_what_is_no_capture(void **state)
{
    (void)state;
    EXPECT_FAIL(CX_INVALID, "which operation", import_capture(TRAP "no_operation.txt"));
    EXPECT_FAIL(CX_INVALID, "no row of an OSU",
                import_capture(OSU "bandwidth_is_no_collective.txt"));
    EXPECT_FAIL(CX_INVALID, "/no/such", cx_import_file("/no/such", NULL, &imported));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_capture_becomes_two_records),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_osu_is_never_ok_unless_validated),
        cmocka_unit_test(test_cycles_are_samples),
        cmocka_unit_test(test_what_has_no_row_is_left_out_with_a_reason),
        cmocka_unit_test(test_a_second_run_is_a_second_launch),
        cmocka_unit_test(test_unlike_runs_have_unlike_keys),
        cmocka_unit_test(test_the_gate_accepts_imports),
        cmocka_unit_test(test_what_is_no_capture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
