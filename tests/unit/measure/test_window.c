/* SPDX-License-Identifier: Apache-2.0 */
/* What happens inside a timed window, call by call. Not how often windows are opened. */
#include "unit/measure/stage.h"

#include "support/allocations.h"

static void test_a_single_window_holds_enqueue_and_wait_alone(void **state)
{
    cx_job_t *job = stage_open(2, 12500);

    (void)state;
    assert_int_equal(cx_window_single(&job->window, 0, 77), CX_OK);
    assert_int_equal(cx_window_single(&job->window, 3, 77), CX_OK);
    assert_string_equal(stage.log, "[me0wm]s[me1wm]s");
    assert_true(stage_elapsed_us(&stage.events, 0, 1) == 12.5);
    assert_true(stage_elapsed_us(&stage.events, 6, 7) == 12.5);
}

static void test_a_chain_is_stamped_before_each_operation_and_at_its_end(void **state)
{
    cx_job_t *job = stage_open(2, 1000);

    (void)state;
    assert_int_equal(cx_window_chain(&job->window, 5, 77), CX_OK);
    assert_string_equal(stage.log, "[me0me1me0me1me0wm]s");
    assert_int_equal(stage.events.ns[5], 5000);
}

static void test_a_loop_is_stamped_at_its_ends(void **state)
{
    cx_job_t *job = stage_open(3, 1000);

    (void)state;
    assert_int_equal(cx_window_loop(&job->window, 4, 77), CX_OK);
    assert_string_equal(stage.log, "[me0e1e2e0wm]s");
    assert_true(stage_elapsed_us(&stage.events, 0, 1) == 4);
}

static void test_a_backend_without_wait_is_not_waited_for(void **state)
{
    cx_job_t *job = stage_open(1, 1000);

    (void)state;
    stage.backend_ops.wait = NULL;
    assert_int_equal(cx_window_single(&job->window, 0, 77), CX_OK);
    assert_string_equal(stage.log, "[me0m]s");
    stage_open(1, 1000);
    stage.backend_ops.struct_size = offsetof(cx_backend_ops_t, wait);
    assert_int_equal(cx_window_chain(&job->window, 1, 77), CX_OK);
    assert_string_equal(stage.log, "[me0m]s");
}

static void test_a_window_without_audit_is_the_same_window(void **state)
{
    cx_job_t *job = stage_open(1, 1000);

    (void)state;
    job->window.audit = (cx_audit_t){NULL, NULL, NULL};
    assert_int_equal(cx_window_single(&job->window, 0, 77), CX_OK);
    assert_string_equal(stage.log, "me0wms");
}

typedef cx_status_t (*window_fn)(const cx_window_t *window, int64_t count, int64_t deadline_ns);

/* A failure ends the window at once, and the window is closed all the same. */
static void test_a_failure_closes_the_window(void **state)
{
    static const struct {
        window_fn   open;
        int64_t     count;
        char        fails;
        int         index;
        const char *log;
    } rows[] = {
        {cx_window_single, 0, 'e', 0, "[me0m]"},    {cx_window_single, 0, 'w', 0, "[me0wm]"},
        {cx_window_single, 0, 's', 0, "[me0wm]s"},  {cx_window_chain, 3, 'e', 1, "[me0me0m]"},
        {cx_window_chain, 2, 'w', 0, "[me0me0wm]"}, {cx_window_chain, 1, 's', 0, "[me0wm]s"},
        {cx_window_loop, 3, 'e', 2, "[me0e0e0m]"},  {cx_window_loop, 2, 'w', 0, "[me0e0wm]"},
        {cx_window_loop, 1, 's', 0, "[me0wm]s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_job_t *job = stage_open(1, 1000);

        stage.fails      = rows[i].fails;
        stage.fail_index = rows[i].index;
        assert_int_equal(rows[i].open(&job->window, rows[i].count, 77), CX_BACKEND);
        assert_string_equal(stage.log, rows[i].log);
    }
}

static void test_the_board_counts_operations_as_they_begin(void **state)
{
    cx_job_t *job = stage_open(1, 1000);

    (void)state;
    assert_int_equal(cx_window_single(&job->window, 0, 77), CX_OK);
    assert_int_equal(atomic_load(&stage.board.operation_index), 1);
    assert_int_equal(cx_window_chain(&job->window, 4, 77), CX_OK);
    assert_int_equal(cx_window_loop(&job->window, 2, 77), CX_OK);
    assert_int_equal(atomic_load(&stage.board.operation_index), 7);
}

static void test_empty_windows_and_single_stamps_touch_nothing_else(void **state)
{
    cx_job_t *job = stage_open(1, 1000);

    (void)state;
    cx_window_empty(&job->window, 3);
    cx_window_stamp(&job->window, 0);
    assert_string_equal(stage.log, "mmmmmmm");
}

static void test_a_spin_stands_between_two_stamps(void **state)
{
    cx_job_t *job = stage_open(1, 1000);

    (void)state;
    assert_int_equal(cx_window_spin(&job->window, 40.25, 77), CX_OK);
    assert_string_equal(stage.log, "mpms");
    assert_true(stage_elapsed_us(&stage.events, 0, 1) == 40.25);
    stage.fails = 'p';
    assert_int_equal(cx_window_spin(&job->window, 1, 77), CX_BACKEND);
    assert_string_equal(stage.log, "mpmsmpm");
}

static void test_windows_never_allocate(void **state)
{
    cx_job_t *job = stage_open(4, 1000);
    int64_t   before;

    (void)state;
    allocations_start();
    before = allocations_count();
    for (int64_t i = 0; i < 32; i++) {
        (void)cx_window_single(&job->window, i, 77);
    }
    (void)cx_window_chain(&job->window, 64, 77);
    (void)cx_window_loop(&job->window, 64, 77);
    cx_window_empty(&job->window, 16);
    assert_int_equal(allocations_count() - before, 0);
    free(allocations_provoke());
    assert_true(allocations_count() > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_single_window_holds_enqueue_and_wait_alone),
        cmocka_unit_test(test_a_chain_is_stamped_before_each_operation_and_at_its_end),
        cmocka_unit_test(test_a_loop_is_stamped_at_its_ends),
        cmocka_unit_test(test_a_backend_without_wait_is_not_waited_for),
        cmocka_unit_test(test_a_window_without_audit_is_the_same_window),
        cmocka_unit_test(test_a_failure_closes_the_window),
        cmocka_unit_test(test_the_board_counts_operations_as_they_begin),
        cmocka_unit_test(test_empty_windows_and_single_stamps_touch_nothing_else),
        cmocka_unit_test(test_a_spin_stands_between_two_stamps),
        cmocka_unit_test(test_windows_never_allocate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
