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
    assert_int_equal(cx_window_loop(&job->window, 1, 5, 77), CX_OK);
    assert_string_equal(stage.log, "[me1e2e0e1wm]s");
    assert_true(stage_elapsed_us(&stage.events, 0, 1) == 4);
}

/* Here all the time is spent in enqueuing; the alignment and what the device does are no part. */
static void test_what_the_host_needed_to_enqueue_is_left_where_asked(void **state)
{
    cx_job_t *job        = stage_open(2, 1500);
    double    enqueue_us = -1;

    (void)state;
    job->window.enqueue_us            = &enqueue_us;
    job->window.stamp_operation_count = 4;
    stage.mark_ns                     = 0;
    assert_int_equal(cx_window_chain(&job->window, 3, 77), CX_OK);
    assert_true(enqueue_us == 1.5);
    enqueue_us = -1;
    assert_int_equal(cx_window_loop(&job->window, 1, 11, 77), CX_OK);
    assert_true(enqueue_us == 1.5);
    enqueue_us = -1;
    assert_int_equal(cx_window_single(&job->window, 0, 77), CX_OK);
    assert_true(enqueue_us == -1);
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

/* ---- ranks that meet on the device ----------------------------------------------------------- */

static cx_status_t meet(cx_device_t *device, cx_stream_t *stream,
                        const cx_device_barrier_t *barrier)
{
    (void)device;
    (void)stream;
    assert_int_equal(barrier->rank_count, 4);
    return stage_note('B');
}

static void test_ranks_meet_on_the_device_behind_a_spin_and_ahead_of_every_window(void **state)
{
    static const cx_device_barrier_t barrier = {.rank_count = 4};
    static const cx_phases_t         one     = {1, {CX_PHASE_COMBINE}};
    static const cx_phases_t         before  = {1, {CX_PHASE_DISPATCH}};
    static const cx_phases_t         both    = {2, {CX_PHASE_DISPATCH, CX_PHASE_COMBINE}};
    cx_device_ops_t                  device_ops;

    (void)state;
    for (int fails = 0; fails < 3; fails++) {
        cx_job_t    *job    = stage_open(1, 1000);
        cx_status_t  status = fails ? CX_BACKEND : CX_OK;
        cx_window_t *window = &job->window;

        device_ops             = *window->device_ops;
        device_ops.barrier     = meet;
        window->device_ops     = &device_ops;
        window->barrier        = &barrier;
        stage.backend_ops.wait = NULL;
        stage.fails            = " Bp"[fails];
        assert_int_equal(cx_window_single(window, 0, 77), status);
        assert_string_equal(stage.log, fails == 0 ? "pB[me0m]s" : fails == 1 ? "pB" : "p");
        if (fails) {
            continue;
        }
        stage.length = 0;
        assert_int_equal(cx_window_chain(window, 1, 77), CX_OK);
        assert_int_equal(cx_window_loop(window, 0, 1, 77), CX_OK);
        assert_int_equal(cx_window_phases(window, &before, &one, 0, 77), CX_OK);
        assert_int_equal(cx_window_periods(window, &both, 1, 77), CX_OK);
        assert_int_equal(cx_window_floors(window, &both, 1, 77), CX_OK);
        assert_string_equal(stage.log, "pB[me0m]s[me0m]spBd0[mc0m]spB[md0c0m]spB[md0mmc0m]s");
    }
}

/* ---- work of several phases ------------------------------------------------------------------ */

static const cx_phases_t nothing = {0};
static const cx_phases_t pair    = {2, {CX_PHASE_DISPATCH, CX_PHASE_COMBINE}};
static const cx_phases_t whole   = {3, {CX_PHASE_DISPATCH, CX_PHASE_STAGE, CX_PHASE_COMBINE}};

/* A stage whose phases take 1, 2, 4 and 8 us, on the slots 3 and 4; no wait. */
static cx_job_t *open_phases(void)
{
    static const int64_t phase_ns[CX_PHASE_COUNT] = {1000, 2000, 4000, 8000};
    cx_job_t            *job                      = stage_open(2, 0);

    memcpy(stage.phase_ns, phase_ns, sizeof phase_ns);
    stage.backend_ops.wait = NULL;
    job->window.first_slot = 3;
    return job;
}

static void test_a_drained_pair_is_neither_stamped_nor_audited(void **state)
{
    cx_job_t *job = open_phases();

    (void)state;
    assert_int_equal(cx_window_drain(&job->window, &whole, 0, 77), CX_OK);
    assert_int_equal(cx_window_drain(&job->window, &pair, 3, 77), CX_OK);
    assert_string_equal(stage.log, "d3t3c3sd4c4s");
    assert_int_equal(atomic_load(&stage.board.operation_index), 2);
}

/* What comes before is enqueued, not waited for: no synchronize stands before the first mark. */
static void test_phases_before_a_window_are_not_drained(void **state)
{
    static const cx_phases_t before = {2, {CX_PHASE_DISPATCH, CX_PHASE_STAGE}};
    static const cx_phases_t timed  = {1, {CX_PHASE_COMBINE}};
    cx_job_t                *job    = open_phases();

    (void)state;
    assert_int_equal(cx_window_phases(&job->window, &before, &timed, 1, 77), CX_OK);
    assert_int_equal(cx_window_phases(&job->window, &nothing, &pair, 2, 77), CX_OK);
    assert_string_equal(stage.log, "d4t4[mc4m]s[md3c3m]s");
    assert_true(stage_elapsed_us(&stage.events, 2, 3) == 8);
    assert_true(stage_elapsed_us(&stage.events, 4, 5) == 10);
    assert_int_equal(atomic_load(&stage.board.operation_index), 2);
}

static void test_a_chain_of_pairs_has_two_stamps_each(void **state)
{
    cx_job_t *job = open_phases();

    (void)state;
    stage.mark_ns = 100;
    assert_int_equal(cx_window_periods(&job->window, &whole, 3, 77), CX_OK);
    assert_string_equal(stage.log, "[md3t3c3mmd4t4c4mmd3t3c3m]s");
    assert_true(stage_elapsed_us(&stage.events, 2, 3) == 14.1);
    assert_true(stage_elapsed_us(&stage.events, 2, 4) == 14.2);
    assert_int_equal(atomic_load(&stage.board.operation_index), 3);
}

static void test_a_chain_for_floors_has_four_stamps_each(void **state)
{
    cx_job_t *job = open_phases();

    (void)state;
    assert_int_equal(cx_window_floors(&job->window, &whole, 2, 77), CX_OK);
    assert_string_equal(stage.log, "[md3mt3mc3mmd4mt4mc4m]s");
    assert_true(stage_elapsed_us(&stage.events, 4, 5) == 2);
    assert_true(stage_elapsed_us(&stage.events, 6, 7) == 8);
    assert_int_equal(atomic_load(&stage.board.operation_index), 2);
    job = open_phases();
    assert_int_equal(cx_window_floors(&job->window, &pair, 2, 77), CX_OK);
    assert_string_equal(stage.log, "[md3mmc3mmd4mmc4m]s");
}

/* Without the order of a stream a phase has to be over before the next one can begin. */
static void test_every_phase_is_waited_for_where_the_backend_wants_it(void **state)
{
    static const cx_phases_t dispatch = {1, {CX_PHASE_DISPATCH}};
    cx_job_t                *job      = open_phases();

    (void)state;
    stage.backend_ops.wait = stage_wait;
    assert_int_equal(cx_window_phases(&job->window, &dispatch, &pair, 0, 77), CX_OK);
    assert_int_equal(cx_window_periods(&job->window, &pair, 1, 77), CX_OK);
    assert_int_equal(cx_window_floors(&job->window, &pair, 1, 77), CX_OK);
    assert_int_equal(cx_window_drain(&job->window, &dispatch, 0, 77), CX_OK);
    assert_string_equal(stage.log, "d3w[md3wc3wm]s[md3wc3wm]s[md3wmmc3wm]sd3ws");
}

static cx_status_t drain_pair(const cx_window_t *window, int64_t count, int64_t deadline_ns)
{
    return cx_window_drain(window, &whole, count, deadline_ns);
}

static cx_status_t time_pair(const cx_window_t *window, int64_t count, int64_t deadline_ns)
{
    return cx_window_phases(window, &pair, &whole, count, deadline_ns);
}

static cx_status_t chain_pairs(const cx_window_t *window, int64_t count, int64_t deadline_ns)
{
    return cx_window_periods(window, &whole, count, deadline_ns);
}

static cx_status_t loop_from_zero(const cx_window_t *window, int64_t count, int64_t deadline_ns)
{
    return cx_window_loop(window, 0, count, deadline_ns);
}

static cx_status_t chain_floors(const cx_window_t *window, int64_t count, int64_t deadline_ns)
{
    return cx_window_floors(window, &whole, count, deadline_ns);
}

/* ---- failures -------------------------------------------------------------------------------- */

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
        {cx_window_single, 0, 'e', 0, "[me0m]"},
        {cx_window_single, 0, 'w', 0, "[me0wm]"},
        {cx_window_single, 0, 's', 0, "[me0wm]s"},
        {cx_window_chain, 3, 'e', 1, "[me0me0m]"},
        {cx_window_chain, 2, 'w', 0, "[me0me0wm]"},
        {cx_window_chain, 1, 's', 0, "[me0wm]s"},
        {loop_from_zero, 3, 'e', 2, "[me0e0e0m]"},
        {loop_from_zero, 2, 'w', 0, "[me0e0wm]"},
        {loop_from_zero, 1, 's', 0, "[me0wm]s"},
        {drain_pair, 0, 't', 0, "d0wt0"},
        {drain_pair, 0, 'w', 2, "d0wt0wc0w"},
        {drain_pair, 0, 's', 0, "d0wt0wc0ws"},
        {time_pair, 0, 'c', 0, "d0wc0"},
        {time_pair, 0, 'd', 1, "d0wc0w[md0m]"},
        {time_pair, 0, 's', 0, "d0wc0w[md0wt0wc0wm]s"},
        {chain_pairs, 2, 't', 1, "[md0wt0wc0wmmd0wt0m]"},
        {chain_pairs, 1, 's', 0, "[md0wt0wc0wm]s"},
        {chain_floors, 2, 'd', 0, "[md0mmm]"},
        {chain_floors, 2, 't', 0, "[md0wmt0mm]"},
        {chain_floors, 2, 'c', 1, "[md0wmt0wmc0wmmd0wmt0wmc0m]"},
        {chain_floors, 1, 's', 0, "[md0wmt0wmc0wm]s"},
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
    assert_int_equal(cx_window_loop(&job->window, 0, 2, 77), CX_OK);
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

static void test_violations_are_those_of_the_audit(void **state)
{
    cx_job_t *job = stage_open(1, 1000);

    (void)state;
    stage.violation_count = 12;
    assert_int_equal(cx_window_violation_count(&job->window), 12);
    job->window.audit = (cx_audit_t){NULL, NULL, NULL};
    assert_int_equal(cx_window_violation_count(&job->window), 0);
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
    (void)cx_window_loop(&job->window, 0, 64, 77);
    (void)cx_window_drain(&job->window, &whole, 0, 77);
    (void)cx_window_phases(&job->window, &pair, &whole, 0, 77);
    (void)cx_window_periods(&job->window, &whole, 64, 77);
    (void)cx_window_floors(&job->window, &whole, 64, 77);
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
        cmocka_unit_test(test_what_the_host_needed_to_enqueue_is_left_where_asked),
        cmocka_unit_test(test_a_backend_without_wait_is_not_waited_for),
        cmocka_unit_test(test_ranks_meet_on_the_device_behind_a_spin_and_ahead_of_every_window),
        cmocka_unit_test(test_a_window_without_audit_is_the_same_window),
        cmocka_unit_test(test_a_drained_pair_is_neither_stamped_nor_audited),
        cmocka_unit_test(test_phases_before_a_window_are_not_drained),
        cmocka_unit_test(test_a_chain_of_pairs_has_two_stamps_each),
        cmocka_unit_test(test_a_chain_for_floors_has_four_stamps_each),
        cmocka_unit_test(test_every_phase_is_waited_for_where_the_backend_wants_it),
        cmocka_unit_test(test_a_failure_closes_the_window),
        cmocka_unit_test(test_violations_are_those_of_the_audit),
        cmocka_unit_test(test_the_board_counts_operations_as_they_begin),
        cmocka_unit_test(test_empty_windows_and_single_stamps_touch_nothing_else),
        cmocka_unit_test(test_a_spin_stands_between_two_stamps),
        cmocka_unit_test(test_windows_never_allocate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
