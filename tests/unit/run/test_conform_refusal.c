/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend says of impossible sizes, of a device that fails, and of a rank that never comes.
 */
#include "unit/run/mock.h"

static void open_ready(mock_rank_t *rank)
{
    mock_rank_open(rank);
    EXPECT_OK(cx_conform_probe(&rank->conform));
}

static void test_a_right_backend_refuses_and_reports(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock_rank_expect(&rank, cx_conform_wrong_input, "ok");
    mock_rank_expect(&rank, cx_conform_device_failure, "ok");
    mock_rank_close(&rank);
}

static void test_impossible_sizes_that_are_accepted_are_named(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.accepts_all = true;
    mock_rank_expect(&rank, cx_conform_wrong_input, "prepare accepts a point without memory");
    mock_rank_close(&rank);
}

static void test_a_refusal_needs_a_sentence(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.prepare_is_mute = true;
    mock_rank_expect(&rank, cx_conform_wrong_input,
                     "prepare refuses a point without memory without a sentence");
    mock_rank_close(&rank);
}

static void test_a_device_failure_that_is_ignored_is_found(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.ignores_device = true;
    mock_rank_expect(&rank, cx_conform_device_failure,
                     "device call 1 failed, and open and prepare said ok");
    mock_rank_close(&rank);
}

static void test_what_a_failed_open_leaves_behind_is_found(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.leaks_on_failure = true;
    mock_rank_expect(&rank, cx_conform_device_failure, "20 more descriptors after 20 repetitions");
    mock_rank_close(&rank);
}

static void test_a_backend_without_device_calls_has_none_that_fail(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.uses_no_device = true;
    mock_rank_expect(&rank, cx_conform_device_failure,
                     "skipped: the backend asks the device for nothing");
    mock_rank_close(&rank);
}

/* ---- a rank that never comes: peers that say what this rank says, so that two ranks are one ----
 */

static cx_status_t echo_all(cx_peers_t *peers, const void *mine, void *all, size_t bytes_each,
                            int64_t deadline_ns)
{
    (void)peers;
    (void)deadline_ns;
    memcpy(all, mine, bytes_each);
    memcpy((char *)all + bytes_each, mine, bytes_each);
    return CX_OK;
}

static void expect_of_wait(cx_status_t status, const char *text, const char *words)
{
    cx_peers_ops_t echo;
    mock_rank_t    rank;

    open_ready(&rank);
    echo                             = *rank.kit.context.core.peers_ops;
    echo.allgather                   = echo_all;
    rank.kit.context.core.peers_ops  = &echo;
    rank.kit.context.core.rank_count = 2;
    mock.enqueue_status              = status;
    mock.enqueue_text                = text;
    mock.good_count                  = 1; /* the operation of all ranks */
    mock_rank_expect(&rank, cx_conform_absent_peer, words);
    rank.kit.context.core.rank_count = 1;
    mock_rank_close(&rank);
}

static void test_a_timeout_that_names_the_absent_rank_is_right(void **state)
{
    (void)state;
    expect_of_wait(CX_TIMEOUT, "rank 0 waited for rank 1", "ok");
    expect_of_wait(CX_TIMEOUT, "no answer from rank 1: rank 0 called", "ok");
}

static void test_a_timeout_that_names_nobody_is_found(void **state)
{
    (void)state;
    expect_of_wait(CX_TIMEOUT, "too late", "does not name the rank that is missing: too late");
    expect_of_wait(CX_TIMEOUT, "rank 0 is late", "does not name the rank that is missing");
}

static void test_a_wait_that_ends_otherwise_is_found(void **state)
{
    (void)state;
    expect_of_wait(CX_BACKEND, "broken", "the wait ended as backend, not as timeout: broken");
    expect_of_wait(CX_OK, "", "the operation ended though a rank never came");
}

/* A sanitizer keeps freed memory for a while, so footprints say nothing there. */
#ifdef __SANITIZE_ADDRESS__
#define FOOTPRINTS_MEAN_NOTHING 1
#else
#define FOOTPRINTS_MEAN_NOTHING 0
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_right_backend_refuses_and_reports),
        cmocka_unit_test(test_impossible_sizes_that_are_accepted_are_named),
        cmocka_unit_test(test_a_refusal_needs_a_sentence),
        cmocka_unit_test(test_a_device_failure_that_is_ignored_is_found),
        cmocka_unit_test(test_what_a_failed_open_leaves_behind_is_found),
        cmocka_unit_test(test_a_backend_without_device_calls_has_none_that_fail),
        cmocka_unit_test(test_a_timeout_that_names_the_absent_rank_is_right),
        cmocka_unit_test(test_a_timeout_that_names_nobody_is_found),
        cmocka_unit_test(test_a_wait_that_ends_otherwise_is_found),
    };

    if (FOOTPRINTS_MEAN_NOTHING) {
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
