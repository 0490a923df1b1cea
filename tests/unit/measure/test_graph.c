/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: captured once, replayed behind an alignment each. Exact series are test_point.c's. */
#include "unit/measure/stage.h"

#include "measure/graph.h"

static void test_opening_runs_one_operation_and_captures_the_others(void **state)
{
    cx_job_t *job = stage_open(2, 1000);

    (void)state;
    assert_int_equal(cx_graph_open(job, 5), CX_OK);
    assert_string_equal(stage.log, "e0wsV(e0e1e0e1e0)");
    assert_string_equal(stage.phases[0], "capture");
    assert_ptr_equal(job->window.graph, &stage.graph);
    assert_int_equal(stage.graph.ns, 5000);
    assert_int_equal(stage.now_ns, 1000); /* nothing of the capture ran */
    cx_graph_close(job, CX_OK);
    assert_null(job->window.graph);
    cx_graph_close(job, CX_OK);
    assert_string_equal(stage.log, "e0wsV(e0e1e0e1e0)f");
}

static void test_a_rehearsal_is_one_verified_replay(void **state)
{
    cx_job_t *job = stage_open(2, 1000);

    (void)state;
    assert_int_equal(cx_graph_open(job, 3), CX_OK);
    stage.length = 0;
    memset(stage.log, 0, sizeof stage.log);
    assert_int_equal(cx_graph_rehearse(job), CX_OK);
    assert_string_equal(stage.log, "mgmsV");
}

static void test_each_replay_is_aligned_and_read_by_operation(void **state)
{
    cx_job_t  *job       = stage_open(2, 40250);
    cx_stamp_t stamps[4] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {-1, -1, -1}};

    (void)state;
    assert_int_equal(cx_graph_capture(&job->window, 4), CX_OK);
    assert_int_equal(cx_measure_graph(job, 12, stamps), CX_OK);
    assert_string_equal(stage.log, "(e0e1e0e1)bmgmsbmgmsbmgms");
    assert_string_equal(stage.phases[0], "graph");
    for (int i = 0; i < 3; i++) {
        assert_true(stamps[i].duration_us == 40.25);
        assert_int_equal(stamps[i].start_ns, 1000000 + i * 4 * 40250);
        assert_int_equal(stamps[i].end_ns, 1000000 + (i + 1) * 4 * 40250);
    }
    assert_int_equal(stamps[3].start_ns, -1);
}

static cx_status_t pass(cx_device_t *device, cx_stream_t *stream,
                        const cx_device_barrier_t *barrier)
{
    (void)device;
    (void)stream;
    assert_int_equal(barrier->rank_count, 2);
    return stage_note('B');
}

/* Behind a spin, so that every host has enqueued its replay by then. */
static void test_ranks_that_can_meet_on_the_device_do(void **state)
{
    static const cx_device_barrier_t barrier = {.rank_count = 2};
    cx_job_t                        *job     = stage_open(1, 1000);
    cx_device_ops_t                  ops     = stage_device_ops;
    cx_stamp_t                       stamps[1];

    (void)state;
    ops.barrier            = pass;
    job->window.device_ops = &ops;
    job->window.barrier    = &barrier;
    assert_int_equal(cx_graph_capture(&job->window, 2), CX_OK);
    assert_int_equal(cx_measure_graph(job, 2, stamps), CX_OK);
    assert_string_equal(stage.log, "(e0e0)bpBmgms");
    assert_true(stamps[0].duration_us == 1);
}

/* A capture that was begun is always ended, and what was thrown away is not freed again. */
static void test_what_fails_comes_out_and_leaves_nothing_open(void **state)
{
    static const struct {
        char        fails;
        int         fail_index;
        const char *log;
    } rows[] = {
        {'e', 0, "e0"},     {'s', 0, "e0ws"},        {'V', 0, "e0wsV"},
        {'(', 0, "e0wsV("}, {'e', 2, "e0wsV(e0e1/"}, {')', 0, "e0wsV(e0e1e0)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_job_t *job = stage_open(2, 1000);

        stage.fails      = rows[i].fails;
        stage.fail_index = rows[i].fail_index;
        assert_int_equal(cx_graph_open(job, 3), CX_BACKEND);
        assert_string_equal(stage.log, rows[i].log);
        assert_null(job->window.graph);
        cx_graph_close(job, CX_BACKEND);
        assert_string_equal(stage.log, rows[i].log);
    }
}

static void test_failing_replays_end_it(void **state)
{
    static const struct {
        char        fails;
        const char *log;
    } rows[] = {{'b', "(e0e1)b"}, {'g', "(e0e1)bmgm"}, {'s', "(e0e1)bmgms"}};
    cx_stamp_t stamps[1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_job_t *job = stage_open(2, 1000);

        assert_int_equal(cx_graph_capture(&job->window, 2), CX_OK);
        stage.fails = rows[i].fails;
        assert_int_equal(cx_measure_graph(job, 2, stamps), CX_BACKEND);
        assert_string_equal(stage.log, rows[i].log);
    }
}

static void test_a_graph_that_may_still_run_is_left(void **state)
{
    static const cx_status_t lost[] = {CX_TIMEOUT, CX_PEER};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cx_job_t *job = stage_open(1, 1000);

        assert_int_equal(cx_graph_capture(&job->window, 1), CX_OK);
        cx_graph_close(job, lost[i]);
        assert_string_equal(stage.log, "(e0)");
        assert_null(job->window.graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening_runs_one_operation_and_captures_the_others),
        cmocka_unit_test(test_a_rehearsal_is_one_verified_replay),
        cmocka_unit_test(test_each_replay_is_aligned_and_read_by_operation),
        cmocka_unit_test(test_ranks_that_can_meet_on_the_device_do),
        cmocka_unit_test(test_what_fails_comes_out_and_leaves_nothing_open),
        cmocka_unit_test(test_failing_replays_end_it),
        cmocka_unit_test(test_a_graph_that_may_still_run_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
