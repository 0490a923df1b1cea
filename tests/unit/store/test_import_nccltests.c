/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reading nccl-tests and rccl-tests: real captures, and one synthetic file per trap. */
#include "store/import_nccltests.h"

#include "support/capture.h"

#include <math.h>

#define REAL "nccltests/h100x4/"
#define TRAP "nccltests/synthetic/"

static cx_import_t import;

static void read_file(const char *name)
{
    size_t count;
    char  *bytes = read_capture(name, &count);

    EXPECT_OK(cx_import_nccltests(name, bytes, count, &import));
    free(bytes);
}

static cx_status_t read_text(const char *text)
{
    return cx_import_nccltests("t.txt", text, strlen(text), &import);
}

static const cx_import_row_t *row_of(int32_t series, int32_t row)
{
    assert_true(series < import.series_count);
    assert_true(row < import.series[series].row_count);
    return &import.series[series].rows[row];
}

static void test_a_capture_is_read_whole(void **state)
{
    (void)state;
    const cx_import_run_t *run;

    read_file(REAL "all_reduce.txt");
    run = &import.runs[0];
    assert_int_equal(import.run_count, 1);
    assert_int_equal(import.series_count, 2);
    assert_int_equal(import.series[0].row_count, 15);
    assert_string_equal(run->tool, "nccl-tests");
    assert_string_equal(run->version, "2.19.6");
    assert_string_equal(run->library_version, "22809");
    assert_string_equal(run->op, "all_reduce");
    assert_string_equal(run->device_model, "NVIDIA H100 80GB HBM3");
    assert_int_equal(run->rank_count, 4);
    assert_int_equal(run->host_count, 1);
    assert_int_equal(run->iters, 20);
    assert_int_equal(run->warmup_iters, 1);
    assert_int_equal(run->agg_iters, 1);
    assert_int_equal(run->is_validated, 1);
    assert_int_equal(run->graph_launches, 0);
    assert_int_equal(run->footer, CX_IMPORT_FOOTER_OK);
    assert_true(fabs(run->busbw_bytes_per_s_mean - 107.271e9) < 1);
    assert_false(import.series[0].is_in_place);
    assert_true(import.series[1].is_in_place);
    assert_string_equal(import.series[0].dtype, "float");
    assert_string_equal(import.series[0].redop, "sum");
    assert_int_equal(import.series[0].root_rank, -1);
    assert_int_equal(row_of(1, 14)->message_bytes, 2147483648);
    assert_int_equal(row_of(1, 14)->elems, 536870912);
    assert_true(row_of(1, 14)->time_us == 8961.33);
    assert_true(fabs(row_of(1, 14)->busbw_bytes_per_s - 359.46e9) < 1);
    assert_true(row_of(1, 14)->is_checked);
    assert_int_equal(row_of(1, 14)->wrong_count, 0);
    cx_import_fini(&import);
}

static void test_every_capture_has_its_rows(void **state)
{
    (void)state;
    static const struct {
        const char *name, *op;
        int32_t     rows;
        int64_t     graph_launches;
    } captures[] = {
        {REAL "all_gather.txt", "all_gather", 15, 0},
        {REAL "all_gather.json", "all_gather", 15, 0},
        {REAL "alltoall.txt", "alltoall", 15, 0},
        {REAL "alltoall.json", "alltoall", 15, 0},
        {REAL "broadcast.txt", "broadcast", 15, 0},
        {REAL "broadcast.json", "broadcast", 15, 0},
        {REAL "reduce_scatter.txt", "reduce_scatter", 15, 0},
        {REAL "reduce_scatter.json", "reduce_scatter", 15, 0},
        {REAL "all_reduce.json", "all_reduce", 15, 0},
        {REAL "mpi_all_reduce.txt", "all_reduce", 12, 0},
        {REAL "mpi_graph_all_reduce.txt", "all_reduce", 12, 20},
    };

    for (int64_t i = 0; i < LENGTH(captures); i++) {
        read_file(captures[i].name);
        assert_int_equal(import.series_count, 2);
        assert_int_equal(import.series[0].row_count, captures[i].rows);
        assert_int_equal(import.series[1].row_count, captures[i].rows);
        assert_string_equal(import.series[1].op, captures[i].op);
        assert_int_equal(import.runs[0].rank_count, 4);
        assert_int_equal(import.runs[0].graph_launches, captures[i].graph_launches);
        assert_int_equal(import.runs[0].footer, CX_IMPORT_FOOTER_OK);
        cx_import_fini(&import);
    }
}

static void test_unchecked_and_wrong_outputs(void **state)
{
    (void)state;
    read_file(REAL "alltoall.txt");
    assert_true(row_of(0, 3)->is_checked);
    assert_false(row_of(1, 3)->is_checked);
    assert_true(row_of(1, 3)->wrong_count == CX_IMPORT_UNKNOWN);
    cx_import_fini(&import);
    read_file(TRAP "unchecked.txt");
    assert_false(row_of(0, 0)->is_checked);
    assert_int_equal(import.runs[0].is_validated, 0);
    cx_import_fini(&import);
    read_file(TRAP "wrong_elements.txt");
    assert_int_equal(row_of(1, 1)->wrong_count, 12);
    assert_int_equal(import.runs[0].footer, CX_IMPORT_FOOTER_FAILED);
    cx_import_fini(&import);
    read_file(TRAP "no_footer.txt");
    assert_int_equal(import.runs[0].footer, CX_IMPORT_FOOTER_ABSENT);
    cx_import_fini(&import);
}

static void test_columns_come_from_the_header(void **state)
{
    (void)state;
    read_file(TRAP "all_reduce_perf.old_error_column.txt");
    assert_string_equal(import.series[0].op, "all_reduce");
    assert_int_equal(import.series[0].row_count, 3);
    assert_true(row_of(0, 0)->is_checked);
    assert_true(row_of(0, 0)->wrong_count == CX_IMPORT_UNKNOWN);
    assert_string_equal(import.runs[0].device_model, "Old GPU");
    cx_import_fini(&import);
    read_file(TRAP "per_iteration_timestamps.txt");
    assert_int_equal(import.series[1].row_count, 3);
    assert_true(row_of(1, 2)->time_us == 11);
    cx_import_fini(&import);
    read_file(TRAP "all_reduce_perf.rccl_in_place_only.txt");
    assert_string_equal(import.runs[0].tool, "rccl-tests");
    assert_int_equal(import.series_count, 1);
    assert_true(import.series[0].is_in_place);
    assert_int_equal(import.series[0].row_count, 2);
    assert_true(row_of(0, 1)->time_us == 10);
    assert_true(row_of(0, 1)->is_checked);
    cx_import_fini(&import);
}

static void test_rows_in_pieces(void **state)
{
    (void)state;
    read_file(TRAP "split_rows.txt");
    assert_int_equal(import.series[0].row_count, 2);
    assert_int_equal(import.series[1].row_count, 2);
    assert_int_equal(row_of(1, 0)->message_bytes, 1024);
    assert_true(row_of(1, 0)->time_us == 11);
    assert_int_equal(row_of(1, 1)->message_bytes, 4096);
    assert_int_equal(import.runs[0].lost_count, 1);
    assert_int_equal(import.runs[0].lost_bytes[0], 2048);
    cx_import_fini(&import);
    read_file(TRAP "alltoallv_summary.txt");
    assert_string_equal(import.series[0].op, "alltoallv");
    assert_true(row_of(0, 0)->time_us == 10);
    assert_true(row_of(1, 0)->time_us == 11);
    assert_int_equal(import.runs[0].lost_count, 0);
    cx_import_fini(&import);
}

static void test_wide_and_exponent_numbers(void **state)
{
    (void)state;
    read_file(TRAP "wide_numbers.txt");
    assert_int_equal(import.series[0].row_count, 3);
    assert_true(row_of(0, 0)->time_us == 1.2e5);
    assert_true(row_of(0, 2)->time_us == 1e3);
    cx_import_fini(&import);
}

static void test_cycles_types_and_roots_are_series(void **state)
{
    (void)state;
    read_file(TRAP "cycles.txt");
    assert_int_equal(import.series_count, 2);
    assert_int_equal(import.series[0].row_count, 21);
    cx_import_fini(&import);
    read_file(TRAP "many_types.txt");
    assert_int_equal(import.series_count, 4 * 3 * 2);
    assert_string_equal(import.series[23].dtype, "f8e4m3");
    assert_string_equal(import.series[23].redop, "mulsum");
    cx_import_fini(&import);
    read_file(TRAP "all_roots.txt");
    assert_int_equal(import.series_count, 3 * 2);
    assert_int_equal(import.series[5].root_rank, 2);
    cx_import_fini(&import);
}

static void test_launchers_prefixes_and_several_runs(void **state)
{
    (void)state;
    read_file(TRAP "two_runs_of_mpirun.txt");
    assert_int_equal(import.run_count, 2);
    assert_int_equal(import.series_count, 4);
    assert_int_equal(import.series[3].run_index, 1);
    assert_int_equal(import.runs[1].rank_count, 4);
    assert_int_equal(import.runs[1].host_count, 2);
    cx_import_fini(&import);
    read_file(TRAP "labelled_by_srun.txt");
    assert_int_equal(import.series[0].row_count, 3);
    cx_import_fini(&import);
}

static void test_the_tools_own_failures(void **state)
{
    (void)state;
    read_file(TRAP "time_out.txt");
    assert_string_equal(import.runs[0].error, "Test timeout (600s) common.cu:345");
    assert_int_equal(import.runs[0].lost_bytes[0], 2048);
    cx_import_fini(&import);
    read_file(TRAP "library_failure.txt");
    assert_non_null(strstr(import.runs[0].error, "Test NCCL failure common.cu:345"));
    cx_import_fini(&import);
}

static void test_fewer_sizes_and_unlisted_ranks(void **state)
{
    (void)state;
    read_file(TRAP "reduced.txt");
    assert_int_equal(import.runs[0].max_bytes, 8192);
    assert_int_equal(import.runs[0].reduced_max_bytes, 4096);
    cx_import_fini(&import);
    read_file(TRAP "cut_device_list.txt");
    assert_int_equal(import.runs[0].rank_count, 0);
    cx_import_fini(&import);
}

static void test_oddities_of_the_json(void **state)
{
    (void)state;
    size_t count;
    char  *bytes;

    read_file(TRAP "version_1_with_inf.json");
    assert_int_equal(import.series_count, 1); /* in_place is null */
    assert_int_equal(import.series[0].row_count, 2);
    assert_int_equal(import.series[0].root_rank, -1);
    assert_true(isnan(row_of(0, 1)->time_us));
    assert_true(isnan(row_of(0, 1)->algbw_bytes_per_s));
    assert_false(row_of(0, 1)->is_checked);
    assert_int_equal(import.runs[0].rank_count, 4); /* two processes of two */
    assert_true(isnan(import.runs[0].busbw_bytes_per_s_mean));
    assert_string_equal(import.runs[0].error, "");
    cx_import_fini(&import);
    bytes = read_capture(TRAP "cut_short.json", &count);
    EXPECT_FAIL(CX_INVALID, "was the run cut short?",
                cx_import_nccltests("cut.json", bytes, count, &import));
    free(bytes);
}

static void test_what_is_no_capture(void **state)
{
    (void)state;
    size_t count;
    char  *bytes = read_capture(TRAP "no_operation.txt", &count);

    EXPECT_FAIL(CX_INVALID, "which operation",
                cx_import_nccltests("run.txt", bytes, count, &import));
    EXPECT_OK(cx_import_nccltests("dir_perf/all_gather_perf.log", bytes, count, &import));
    assert_string_equal(import.series[0].op, "all_gather");
    cx_import_fini(&import);
    free(bytes);
    EXPECT_FAIL(CX_INVALID, "no row", read_text(""));
    EXPECT_FAIL(CX_INVALID, "no row", read_text("hello\nworld 1 2 3\n"));
    EXPECT_FAIL(CX_INVALID, "no row", read_text("8 2 float sum -1 1 1 1 0 1 1 1 0\n"));
    EXPECT_FAIL(CX_INVALID, "\"results\"", read_text("{}"));
    EXPECT_FAIL(CX_INVALID, "without a size",
                read_text("{\"config\":{},\"results\":[{\"out_of_place\":{}}]}"));
    EXPECT_FAIL(CX_INVALID, "cut short", read_text("{\"config\":"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_capture_is_read_whole),
        cmocka_unit_test(test_every_capture_has_its_rows),
        cmocka_unit_test(test_unchecked_and_wrong_outputs),
        cmocka_unit_test(test_columns_come_from_the_header),
        cmocka_unit_test(test_rows_in_pieces),
        cmocka_unit_test(test_wide_and_exponent_numbers),
        cmocka_unit_test(test_cycles_types_and_roots_are_series),
        cmocka_unit_test(test_launchers_prefixes_and_several_runs),
        cmocka_unit_test(test_the_tools_own_failures),
        cmocka_unit_test(test_fewer_sizes_and_unlisted_ranks),
        cmocka_unit_test(test_oddities_of_the_json),
        cmocka_unit_test(test_what_is_no_capture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
