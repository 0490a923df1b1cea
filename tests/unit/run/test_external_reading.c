/* SPDX-License-Identifier: Apache-2.0 */
/* What captures come to for a case: rows by rung, what is left out, and every way not to be ok. */
#include "run/external_reading.h"

#include "run/nccltests.h"
#include "support/capture.h"
#include "unit/run/kit.h"

#include "support/arena.h"

#define REAL "nccltests/h100x4/"
#define TRAP "nccltests/synthetic/"
#define WORK "backend=nccltests device=cuda regime=loop_mean "
#define SMALL WORK "sizes=1KiB:4KiB:x2"
#define LARGE WORK "sizes=8B:2GiB:x4"

static cx_external_outcome_t outcome;

/* A capture as what a program of that case said. */
static void read_as(const char *capture, const char *words, int32_t rank_count, cx_status_t end)
{
    size_t                      count;
    char                       *bytes   = read_capture(capture, &count);
    cx_case_t                   one     = kit_case(&arena, words);
    const cx_external_reading_t reading = {.external   = &cx_nccltests,
                                           .one        = &one,
                                           .rank_count = rank_count,
                                           .name       = "all_reduce_perf",
                                           .bytes      = bytes,
                                           .byte_count = count,
                                           .end        = end,
                                           .end_text   = "it ended badly"};

    EXPECT_OK(cx_external_read(&reading, &arena, &outcome));
    memset(bytes, '?', count); /* nothing of it may be needed any more */
    free(bytes);
}

static void test_every_way_to_end(void **state)
{
    static const struct {
        const char *capture, *words;
        int32_t     rank_count;
        cx_status_t end, status;
        const char *detail;
    } rows[] = {
        {TRAP "good_all_reduce.txt", SMALL, 4, CX_OK, CX_OK, ""},
        {REAL "all_reduce.json", LARGE, 4, CX_OK, CX_OK, ""},
        {REAL "mpi_all_reduce.txt", WORK "sizes=8B:64MiB:x4", 4, CX_OK, CX_OK, ""},
        {TRAP "good_all_reduce.txt", SMALL, 4, CX_BACKEND, CX_BACKEND, "it ended badly"},
        {TRAP "good_all_reduce.txt", SMALL, 4, CX_TIMEOUT, CX_TIMEOUT, "it ended badly"},
        {TRAP "good_all_reduce.txt", SMALL, 8, CX_OK, CX_INVALID, "8 ranks were asked for"},
        {TRAP "good_all_reduce.txt", SMALL " device=hip", 4, CX_OK, CX_INVALID, "device hip"},
        {TRAP "good_all_reduce.txt", SMALL " redop=max", 4, CX_OK, CX_INVALID, "no row of the"},
        {TRAP "good_all_reduce.txt", WORK "sizes=1KiB:8KiB:x2", 4, CX_OK, CX_INVALID, "1 of 4"},
        {TRAP "reduced.txt", WORK "sizes=16KiB", 4, CX_OK, CX_INVALID, "no row of the"},
        {TRAP "no_footer.txt", SMALL, 4, CX_OK, CX_INVALID, "footer is absent"},
        {TRAP "no_footer.txt", SMALL, 4, CX_TIMEOUT, CX_TIMEOUT, "it ended badly"},
        {TRAP "unchecked.txt", SMALL, 4, CX_OK, CX_INVALID, "did not check"},
        {TRAP "wrong_elements.txt", SMALL, 4, CX_OK, CX_INCORRECT, "check of the run failed"},
        {TRAP "wrong_elements.txt", SMALL, 4, CX_BACKEND, CX_INCORRECT, "check of the run failed"},
        {TRAP "zero_bandwidth.txt", WORK "sizes=4MiB", 4, CX_OK, CX_INVALID, "bandwidth is zero"},
        {TRAP "library_failure.txt", SMALL, 4, CX_BACKEND, CX_BACKEND, "unhandled system error"},
        {TRAP "time_out.txt", SMALL, 4, CX_BACKEND, CX_TIMEOUT, "Test timeout"},
        {TRAP "cut_device_list.txt", SMALL, 4, CX_OK, CX_INVALID, "how many ranks it had"},
        {TRAP "two_runs_of_mpirun.txt", SMALL, 4, CX_OK, CX_INVALID, "tables of 2 runs"},
        {TRAP "README.md", SMALL, 4, CX_OK, CX_INVALID, "no row of nccl-tests"},
        {TRAP "README.md", SMALL, 4, CX_BACKEND, CX_BACKEND, "it ended badly"},
        {REAL "alltoall.txt", LARGE " op=all_to_all placement=in_place", 4, CX_OK, CX_INVALID,
         "did not check the output"},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        read_as(rows[i].capture, rows[i].words, rows[i].rank_count, rows[i].end);
        if (outcome.status != rows[i].status ||
            !strstr(outcome.detail ? outcome.detail : "", rows[i].detail)) {
            fail_msg("%s: %s \"%s\"", rows[i].capture, cx_status_slug(outcome.status),
                     outcome.detail);
        }
        assert_int_equal(outcome.status == CX_OK, outcome.detail == NULL);
        for (int32_t j = 0; j < outcome.row_count; j++) {
            assert_int_equal(strcmp(outcome.rows[j].status, "ok") == 0, outcome.status == CX_OK);
        }
        cx_external_outcome_fini(&outcome);
    }
}

static int64_t left_out_bytes(size_t index)
{
    return json_integer_value(
        json_object_get(json_array_get(outcome.left_out, index), "requested_bytes"));
}

static const char *left_out_reason(size_t index)
{
    return json_string_value(json_object_get(json_array_get(outcome.left_out, index), "reason"));
}

static void test_rows_are_known_by_their_rungs(void **state)
{
    (void)state;
    read_as(REAL "all_gather.txt", LARGE " op=all_gather", 4, CX_OK);
    assert_int_equal(outcome.status, CX_OK);
    assert_int_equal(outcome.row_count, 13);
    assert_int_equal(outcome.rows[0].requested_bytes, 128);
    assert_int_equal(json_array_size(outcome.left_out), 2);
    assert_int_equal(left_out_bytes(1), 32);
    assert_non_null(strstr(left_out_reason(1), "moves nothing"));
    assert_string_equal(outcome.tool, "nccl-tests");
    assert_string_equal(outcome.version, "2.19.6");
    assert_true(outcome.busbw_factor == 0.75);
    cx_external_outcome_fini(&outcome);

    /* Blocks of 16 B on 4 ranks: 130 B are 128 B. */
    read_as(REAL "all_gather.txt", WORK "sizes=130B,132B,512B op=all_gather", 4, CX_OK);
    assert_int_equal(outcome.rows[0].requested_bytes, 130);
    assert_int_equal(outcome.rows[0].message_bytes, 128);
    assert_int_equal(left_out_bytes(0), 132);
    assert_non_null(strstr(left_out_reason(0), "rounds it down"));
    assert_int_equal(outcome.rows[1].requested_bytes, 512);
    cx_external_outcome_fini(&outcome);
}

static void test_sizes_that_memory_did_not_allow_are_no_fault(void **state)
{
    (void)state;
    read_as(TRAP "reduced.txt", WORK "sizes=1KiB:8KiB:x2", 4, CX_OK);
    assert_int_equal(outcome.status, CX_OK);
    assert_int_equal(outcome.row_count + (int64_t)json_array_size(outcome.left_out), 4);
    assert_non_null(strstr(left_out_reason(0), "reduced the largest size"));
    cx_external_outcome_fini(&outcome);
    /* The rows of smaller sizes are not what was asked for. */
    read_as(TRAP "reduced.txt", WORK "sizes=4KiB,16KiB", 4, CX_OK);
    assert_int_equal(outcome.row_count, 1);
    assert_int_equal(outcome.rows[0].message_bytes, 4096);
    assert_int_equal(left_out_bytes(0), 16384);
    cx_external_outcome_fini(&outcome);
}

static void test_the_placement_chooses_the_column(void **state)
{
    (void)state;
    read_as(TRAP "good_all_reduce.txt", SMALL " placement=in_place", 4, CX_OK);
    assert_true(outcome.rows[0].time_us_p50 == 11.0);
    cx_external_outcome_fini(&outcome);
    read_as(TRAP "good_all_reduce.txt", SMALL, 4, CX_OK);
    assert_true(outcome.rows[0].time_us_p50 == 10.0);
    cx_external_outcome_fini(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_to_end),
        cmocka_unit_test(test_rows_are_known_by_their_rungs),
        cmocka_unit_test(test_sizes_that_memory_did_not_allow_are_no_fault),
        cmocka_unit_test(test_the_placement_chooses_the_column),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
