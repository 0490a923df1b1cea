/* SPDX-License-Identifier: Apache-2.0 */
/* Chains and loops: one alignment, no waiting inside. Exact series are test_point.c's. */
#include "unit/measure/stage.h"

#include "measure/chain.h"

static void test_the_head_is_two_or_what_a_short_chain_can_spare(void **state)
{
    static const struct {
        int64_t operations, head;
    } rows[] = {{0, 0}, {1, 0}, {2, 1}, {3, 1}, {7, 1}, {8, 2}, {9, 2}, {4096, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(cx_chain_head_count(rows[i].operations), rows[i].head);
    }
}

static void test_a_chain_aligns_once_and_reads_periods(void **state)
{
    cx_job_t  *job = stage_open(2, 40250);
    cx_stamp_t stamps[3];

    (void)state;
    assert_int_equal(cx_measure_chain(job, 3, stamps), CX_OK);
    assert_string_equal(stage.log, "b[me0me1me0wm]s");
    assert_string_equal(stage.phases[0], "steady");
    for (int i = 0; i < 3; i++) {
        assert_true(stamps[i].duration_us == 40.25);
        assert_int_equal(stamps[i].start_ns, 1000000 + i * 40250);
        assert_int_equal(stamps[i].end_ns, 1000000 + (i + 1) * 40250);
    }
}

static void test_stamps_may_be_some_operations_apart(void **state)
{
    cx_job_t  *job = stage_open(2, 40250);
    cx_stamp_t stamps[2];

    (void)state;
    job->window.stamp_operation_count = 3;
    assert_int_equal(cx_measure_chain(job, 6, stamps), CX_OK);
    assert_string_equal(stage.log, "b[me0e1e0me1e0e1wm]s");
    for (int i = 0; i < 2; i++) {
        assert_true(stamps[i].duration_us == 40.25);
        assert_int_equal(stamps[i].start_ns, 1000000 + 3 * i * 40250);
        assert_int_equal(stamps[i].end_ns, 1000000 + 3 * (i + 1) * 40250);
    }
}

static void test_a_loop_is_one_stamp_of_the_mean_behind_an_untimed_operation(void **state)
{
    cx_job_t  *job       = stage_open(2, 1000);
    cx_stamp_t stamps[2] = {{0, 0, 0}, {-1, -1, -1}};

    (void)state;
    assert_int_equal(cx_measure_loop(job, 5, stamps), CX_OK);
    assert_string_equal(stage.log, "e0wsb[me1e0e1e0wm]s");
    assert_string_equal(stage.phases[0], "loop_mean");
    assert_true(stamps[0].duration_us == 1);
    assert_int_equal(stamps[0].end_ns - stamps[0].start_ns, 4000);
    assert_int_equal(stamps[1].start_ns, -1);
}

typedef cx_status_t (*measure_fn)(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps);

static void test_failures_of_peers_and_backend_come_out(void **state)
{
    static const struct {
        measure_fn  measure;
        const char *log; /* up to a failing barrier */
    } rows[] = {{cx_measure_chain, "b"}, {cx_measure_loop, "e0wsb"}};
    cx_stamp_t stamps[3];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cx_job_t *job = stage_open(1, 1000);

        stage.fails = 'b';
        assert_int_equal(rows[i].measure(job, 3, stamps), CX_BACKEND);
        assert_string_equal(stage.log, rows[i].log);
        job         = stage_open(1, 1000);
        stage.fails = 'w';
        assert_int_equal(rows[i].measure(job, 1, stamps), CX_BACKEND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_head_is_two_or_what_a_short_chain_can_spare),
        cmocka_unit_test(test_a_chain_aligns_once_and_reads_periods),
        cmocka_unit_test(test_stamps_may_be_some_operations_apart),
        cmocka_unit_test(test_a_loop_is_one_stamp_of_the_mean_behind_an_untimed_operation),
        cmocka_unit_test(test_failures_of_peers_and_backend_come_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
