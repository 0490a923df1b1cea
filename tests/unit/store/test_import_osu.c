/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reading the OSU micro-benchmarks. */
#include "store/import_osu.h"

#include "support/capture.h"

#define DATA "osu/synthetic/"

static cx_import_t import;

static void read_file(const char *name)
{
    size_t count;
    char  *bytes = read_capture(name, &count);

    EXPECT_OK(cx_import_osu(name, bytes, count, &import));
    free(bytes);
}

static void test_title_type_and_average(void **state)
{
    (void)state;
    read_file(DATA "allreduce_7.4.txt");
    assert_string_equal(import.runs[0].tool, "osu");
    assert_string_equal(import.runs[0].version, "7.4");
    assert_string_equal(import.runs[0].op, "Allreduce");
    assert_int_equal(import.runs[0].footer, CX_IMPORT_FOOTER_NONE);
    assert_string_equal(import.series[0].dtype, "MPI_FLOAT");
    assert_int_equal(import.series[0].row_count, 3);
    assert_int_equal(import.series[0].rows[2].message_bytes, 16384);
    assert_true(import.series[0].rows[2].time_us == 22.5);
    assert_false(import.series[0].rows[2].is_checked);
    assert_true(import.series[0].rows[2].wrong_count == CX_IMPORT_UNKNOWN);
    cx_import_fini(&import);
}

static void test_validation(void **state)
{
    (void)state;
    read_file(DATA "allgather_validated_7.4.txt");
    assert_true(import.series[0].rows[0].is_checked);
    assert_int_equal(import.series[0].rows[0].wrong_count, 0);
    assert_int_equal(import.series[0].rows[2].wrong_count, 1);
    cx_import_fini(&import);
}

static void test_several_programs_and_a_barrier_without_sizes(void **state)
{
    (void)state;
    read_file(DATA "two_programs_5.9.txt");
    assert_int_equal(import.run_count, 2);
    assert_string_equal(import.runs[0].op, "Broadcast");
    assert_string_equal(import.runs[1].op, "Barrier");
    assert_string_equal(import.series[0].dtype, "");
    assert_int_equal(import.series[1].row_count, 1);
    assert_true(import.series[1].rows[0].time_us == 3.21);
    cx_import_fini(&import);
}

static void test_percentile_columns_are_stepped_over(void **state)
{
    (void)state;
    read_file(DATA "nccl_percentiles_7.4.txt");
    assert_string_equal(import.runs[0].tool, "osu-nccl");
    assert_int_equal(import.series[0].row_count, 1);
    assert_true(import.series[0].rows[0].time_us == 10.5);
    cx_import_fini(&import);
}

static void test_what_is_no_collective(void **state)
{
    (void)state;
    size_t count;
    char  *bytes = read_capture(DATA "bandwidth_is_no_collective.txt", &count);

    EXPECT_FAIL(CX_INVALID, "no row of an OSU collective",
                cx_import_osu("b.txt", bytes, count, &import));
    EXPECT_FAIL(CX_INVALID, "no row of an OSU collective", cx_import_osu("e", "", 0, &import));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_title_type_and_average),
        cmocka_unit_test(test_validation),
        cmocka_unit_test(test_several_programs_and_a_barrier_without_sizes),
        cmocka_unit_test(test_percentile_columns_are_stepped_over),
        cmocka_unit_test(test_what_is_no_collective),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
