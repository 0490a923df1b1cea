/* SPDX-License-Identifier: Apache-2.0 */
/* What nccl makes of a library that fails, hangs or loses a rank: the stub's planted faults.
 * Not the supervisor, which ends ranks that hang inside a call. */
#include "unit/nccl/kit.h"

static void plant(const char *fault)
{
    (void)setenv("STUB_NCCL_FAULT", fault, 1);
}

/* ---- opening -------------------------------------------------------------------------------- */

typedef struct failure {
    const char *fault;
    cx_status_t status;
    const char *words[2];
} failure_t;

/* The fault is rank 0's alone; the others must not wait for it longer than for a word of it. */
static int failing_open_rank(fake_core_t *fake, void *argument)
{
    const failure_t *failure      = argument;
    const cx_shape_t shape        = {.op = CX_COLLECTIVE_BARRIER};
    cx_session_t    *session      = NULL;
    int              failed_count = kit_begin(fake, KIT_NEWEST);

    plant(failure->fault);
    failed_count += KIT_FAILS(failure->status, failure->words[0],
                              kit_open(&fake->core, &shape, NULL, &session));
    return failed_count + KIT_CHECK(strstr(fake_detail_text, failure->words[1]) != NULL) +
           KIT_CHECK(session == NULL);
}

static void test_a_failed_opening_is_told_with_the_librarys_words(void **state)
{
    static const failure_t failures[] = {
        {"id:system", CX_BACKEND, {"ncclGetUniqueId failed with code 2", "no socket interface"}},
        {"init:remote", CX_PEER, {"ncclCommInitRank failed with code 6: remote", "host-b<4711>"}},
        {"init:memory", CX_RESOURCE, {"ncclCommInitRank failed with code 1", "out of memory"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        failure_t failure = failures[i];

        assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, failing_open_rank, &failure), 0);
    }
}

/* Rank 0 cannot make an id: rank 1 hears of it instead of waiting. */
static int deaf_rank(fake_core_t *fake, void *argument)
{
    const cx_shape_t shape        = {.op = CX_COLLECTIVE_BARRIER};
    cx_session_t    *session      = NULL;
    int              failed_count = kit_begin(fake, KIT_NEWEST);

    (void)argument;
    if (fake->core.rank == 0) {
        plant("id:system");
    }
    return failed_count +
           KIT_FAILS(CX_BACKEND,
                     fake->core.rank == 0 ? "ncclGetUniqueId" : "rank 0 cannot open nccl",
                     kit_open(&fake->core, &shape, NULL, &session));
}

static void test_a_rank_that_cannot_open_is_not_waited_for(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, KIT_BUDGET_NS, deaf_rank, NULL), 0);
}

/* Rank 1 never comes to the library: it hangs before, as a rank with a broken device does. */
static int missing_rank(fake_core_t *fake, void *argument)
{
    const cx_shape_t shape        = {.op = CX_COLLECTIVE_BARRIER};
    cx_session_t    *session      = NULL;
    int              failed_count = kit_begin(fake, KIT_NEWEST);

    (void)argument;
    if (fake->core.rank == 1) {
        plant("init:hang");
    }
    return failed_count + KIT_FAILS(CX_TIMEOUT, "NCCL did not connect the 2 ranks in time",
                                    kit_open(&fake->core, &shape, NULL, &session));
}

static void test_a_missing_rank_is_a_timeout(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, KIT_SHORT_NS, missing_rank, NULL), 0);
}

/* ---- operations ----------------------------------------------------------------------------- */

typedef struct wreck {
    const char     *fault;
    cx_collective_t op;
    cx_status_t     status;
    const char     *words;
} wreck_t;

/* The session is closed after the failure, where a library that is asked in order would hang. */
static int wrecked_rank(fake_core_t *fake, void *argument)
{
    const wreck_t *wreck        = argument;
    int            failed_count = kit_begin(fake, KIT_NEWEST);
    cx_session_t  *session;
    cx_slot_t      slot;
    cx_point_t     point;

    kit_options.native = KIT_NO;
    session            = kit_session(fake, wreck->op);
    failed_count += KIT_CHECK(session != NULL) ||
                    KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK) ||
                    KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
    if (failed_count > 0) {
        return failed_count;
    }
    plant(wreck->fault);
    failed_count += KIT_FAILS(wreck->status, wreck->words,
                              kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL));
    kit_ops->release(session);
    plant("destroy:hang");
    kit_ops->close(session);
    return failed_count + KIT_CHECK(kit_log_count == 0);
}

static void test_a_failed_operation_says_what_was_called_and_closes_by_force(void **state)
{
    static const wreck_t wrecks[] = {
        {"operation:remote", CX_COLLECTIVE_ALL_REDUCE, CX_PEER, "ncclAllReduce failed with code 6"},
        {"operation:remote", CX_COLLECTIVE_ALL_REDUCE, CX_PEER, "host-b<4711>"},
        {"operation:memory", CX_COLLECTIVE_ALL_GATHER, CX_RESOURCE, "ncclAllGather"},
        {"operation:memory", CX_COLLECTIVE_SEND_RECV, CX_RESOURCE, "ncclSend and ncclRecv"},
        {"operation:remote", CX_COLLECTIVE_ALL_TO_ALL, CX_PEER, "ncclSend and ncclRecv"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrecks / sizeof *wrecks; i++) {
        wreck_t wreck = wrecks[i];

        assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, wrecked_rank, &wreck), 0);
    }
}

/* The operation was enqueued, its failure comes later: seen by release, or by the next call. */
static int late_rank(fake_core_t *fake, void *argument)
{
    const bool    has_second_call = *(bool *)argument;
    int           failed_count    = kit_begin(fake, KIT_NEWEST);
    cx_session_t *session         = kit_session(fake, CX_COLLECTIVE_ALL_REDUCE);
    cx_slot_t     slot;
    cx_point_t    point;

    failed_count += KIT_CHECK(session != NULL) ||
                    KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK) ||
                    KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
    plant("async:remote");
    failed_count +=
        failed_count || KIT_CHECK(kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) == CX_OK);
    if (failed_count > 0) {
        return failed_count;
    }
    if (has_second_call) {
        failed_count += KIT_FAILS(CX_PEER, "ncclAllReduce failed with code 6",
                                  kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL));
    }
    kit_ops->release(session);
    failed_count += KIT_CHECK(kit_log_count == (has_second_call ? 0 : 1));
    failed_count += KIT_CHECK(has_second_call || strstr(kit_log_text, "has failed since") != NULL);
    kit_ops->close(session); /* to destroy it would hang */
    return failed_count + KIT_CHECK(kit_log_count <= 1);
}

static void test_an_error_that_comes_later_is_found_and_closes_by_force(void **state)
{
    bool has_second_call = false;

    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, late_rank, &has_second_call), 0);
    has_second_call = true;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, late_rank, &has_second_call), 0);
}

/* Nothing fails, nothing arrives: the device's own deadline ends the wait, then close comes. */
static int stuck_rank(fake_core_t *fake, void *argument)
{
    int           failed_count = kit_begin(fake, KIT_NEWEST);
    cx_session_t *session;
    cx_slot_t     slot;
    cx_point_t    point;

    (void)argument;
    kit_options.registration = KIT_USER_BUFFER;
    session                  = kit_session(fake, CX_COLLECTIVE_ALL_REDUCE);
    failed_count += KIT_CHECK(session != NULL) ||
                    KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK) ||
                    KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
    if (failed_count > 0) {
        return failed_count;
    }
    plant("operation:hang");
    failed_count += KIT_CHECK(kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) == CX_OK);
    fake->deadline_ns = 0;
    kit_ops->release(session); /* to deregister would hang */
    kit_ops->close(session);   /* and to destroy */
    return failed_count + KIT_CHECK(kit_log_count == 0);
}

static void test_a_hanging_operation_is_aborted_once_time_is_up(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, stuck_rank, NULL), 0);
}

/* ---- closing -------------------------------------------------------------------------------- */

/* As if the budget were spent at once, but for the time that close gives the library anyway. */
static int hanging_close_rank(fake_core_t *fake, void *argument)
{
    int           failed_count = kit_begin(fake, KIT_NEWEST);
    cx_session_t *session      = kit_session(fake, CX_COLLECTIVE_ALL_REDUCE);
    const int64_t start_ns     = fake_now_ns();

    failed_count += KIT_CHECK(session != NULL);
    if (failed_count > 0) {
        return failed_count;
    }
    plant(argument);
    fake->deadline_ns = strcmp(argument, "abort:hang") == 0 ? 0 : start_ns + KIT_SHORT_NS;
    kit_ops->close(session);
    return failed_count + KIT_CHECK(strstr(kit_log_text, "did not return") != NULL) +
           KIT_CHECK(fake_now_ns() - start_ns < KIT_BUDGET_NS / 2);
}

static void test_a_library_that_hangs_while_closing_is_left_behind(void **state)
{
    char destroy[] = "destroy:hang", abandon[] = "abort:hang";

    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, hanging_close_rank, destroy), 0);
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, hanging_close_rank, abandon), 0);
}

/* ---- points --------------------------------------------------------------------------------- */

typedef struct refusal {
    const char *fault;
    int32_t     registration;
    int64_t     elems;
    cx_memory_t memory;
    size_t      skip_bytes;
    cx_status_t status;
    const char *words;
} refusal_t;

static int refusing_rank(fake_core_t *fake, void *argument)
{
    const refusal_t *refusal      = argument;
    int              failed_count = kit_begin(fake, KIT_NEWEST);
    cx_session_t    *session;
    cx_slot_t        slot;
    cx_point_t       point;

    kit_options.registration = refusal->registration;
    session                  = kit_session(fake, CX_COLLECTIVE_ALL_REDUCE);
    failed_count +=
        KIT_CHECK(session != NULL) || KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK);
    if (failed_count > 0) {
        return failed_count;
    }
    point.elems  = refusal->elems;
    point.memory = refusal->memory;
    point.region = (char *)point.region + refusal->skip_bytes;
    plant(refusal->fault);
    failed_count += KIT_FAILS(refusal->status, refusal->words, kit_ops->prepare(session, &point));
    kit_ops->close(session);
    return failed_count + KIT_CHECK(kit_log_count == 0);
}

static void test_a_point_that_cannot_be_is_refused_by_prepare(void **state)
{
    static const refusal_t refusals[] = {
        {"", KIT_NONE, 1025, CX_MEMORY_PLAIN, 0, CX_INVALID, "do not fit into a region of 4096"},
        {"", KIT_NONE, -1, CX_MEMORY_PLAIN, 0, CX_INVALID, "do not fit into a region"},
        {"register:memory", KIT_USER_BUFFER, 1, CX_MEMORY_PLAIN, 0, CX_RESOURCE,
         "ncclCommRegister failed with code 1"},
        {"register:nothing", KIT_USER_BUFFER, 1, CX_MEMORY_PLAIN, 0, CX_UNSUPPORTED,
         "NCCL_LOCAL_REGISTER"},
        {"register:memory", KIT_SYMMETRIC, 1, CX_MEMORY_EXPORTABLE, 0, CX_RESOURCE,
         "ncclCommWindowRegister failed with code 1"},
        {"register:nothing", KIT_SYMMETRIC, 1, CX_MEMORY_EXPORTABLE, 0, CX_UNSUPPORTED,
         "made no window"},
        {"", KIT_SYMMETRIC, 1, CX_MEMORY_PLAIN, 0, CX_UNSUPPORTED, "needs exportable memory"},
        {"", KIT_SYMMETRIC, 1, CX_MEMORY_EXPORTABLE, 64, CX_UNSUPPORTED, "begins at a page"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        refusal_t refusal = refusals[i];

        assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, refusing_rank, &refusal), 0);
    }
}

/* A rank never comes: this one gives up in time, and leaves to the library what it still uses. */
static int windowing_rank(fake_core_t *fake, void *argument)
{
    int           failed_count = kit_begin(fake, KIT_NEWEST);
    cx_session_t *session;
    cx_slot_t     slot;
    cx_point_t    point;

    (void)argument;
    kit_options.registration = KIT_SYMMETRIC;
    session                  = kit_session(fake, CX_COLLECTIVE_ALL_REDUCE);
    failed_count +=
        KIT_CHECK(session != NULL) || KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK);
    if (failed_count > 0) {
        return failed_count;
    }
    plant("window:hang");
    fake->deadline_ns = fake_now_ns() + KIT_SHORT_NS;
    failed_count += KIT_FAILS(CX_TIMEOUT, "ncclCommWindowRegister did not return in time",
                              kit_ops->prepare(session, &point));
    kit_ops->close(session);
    return failed_count + KIT_CHECK(kit_log_count == 1) +
           KIT_CHECK(strstr(kit_log_text, "a communicator is left behind") != NULL);
}

static void test_a_window_that_a_rank_does_not_join_is_a_timeout(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(1, KIT_BUDGET_NS, windowing_rank, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failed_opening_is_told_with_the_librarys_words),
        cmocka_unit_test(test_a_rank_that_cannot_open_is_not_waited_for),
        cmocka_unit_test(test_a_missing_rank_is_a_timeout),
        cmocka_unit_test(test_a_failed_operation_says_what_was_called_and_closes_by_force),
        cmocka_unit_test(test_an_error_that_comes_later_is_found_and_closes_by_force),
        cmocka_unit_test(test_a_hanging_operation_is_aborted_once_time_is_up),
        cmocka_unit_test(test_a_library_that_hangs_while_closing_is_left_behind),
        cmocka_unit_test(test_a_point_that_cannot_be_is_refused_by_prepare),
        cmocka_unit_test(test_a_window_that_a_rank_does_not_join_is_a_timeout),
    };

    return kit_load("cx-backend-nccl.so") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
