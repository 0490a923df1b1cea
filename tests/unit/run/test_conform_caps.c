/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities that are kept, and that are not. */
#include "support/ends_early.h"
#include "unit/run/mock.h"

static void open_ready(mock_rank_t *rank)
{
    mock_rank_open(rank);
    EXPECT_OK(cx_conform_probe(&rank->conform));
    assert_true(rank->conform.can_run);
}

static void test_what_is_declared_and_done_is_right(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock_rank_expect(&rank, cx_conform_declared, "ok");
    mock_rank_expect(&rank, cx_conform_undeclared, "ok");
    mock_rank_close(&rank);
}

static void test_a_rare_wrong_byte_is_found_and_counted(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.wrong_call = 7;
    /* all_reduce: pairs of two types, two reductions, two placements; all_gather: two types */
    mock_rank_expect(&rank, cx_conform_declared, "7 of 8 cases, the first: all_reduce int8 sum: ");
    mock_rank_close(&rank);
}

static void test_an_operation_that_cannot_be_opened_was_declared_in_vain(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    rank.conform.caps.collectives |= CX_BIT(CX_COLLECTIVE_SEND_RECV);
    mock_rank_expect(&rank, cx_conform_declared,
                     "2 of 10 cases, the first: send_recv int8: no such operation");
    mock_rank_close(&rank);
}

static void test_ranks_out_of_step_end_the_walk(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.enqueue_status = CX_TIMEOUT;
    mock.enqueue_text   = "nobody answers";
    mock_rank_expect(&rank, cx_conform_declared, "all_reduce int8 sum: nobody answers");
    mock_rank_close(&rank);
}

static void test_an_undeclared_operation_is_refused_with_a_sentence(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.open_is_mute = true;
    mock_rank_expect(&rank, cx_conform_undeclared, "open says unsupported, without a sentence");
    mock_rank_close(&rank);
}

static void test_a_backend_that_offers_nothing_here_cannot_run(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    mock_caps.rank_count_min = 2;
    EXPECT_OK(cx_conform_probe(&rank.conform));
    assert_false(rank.conform.can_run);
    assert_string_equal(rank.conform.why_not, "it offers nothing to 1 ranks on device host");
    mock_rank_close(&rank);
}

static void test_a_backend_that_says_no_keeps_its_reason(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    mock.probe_status = CX_UNSUPPORTED;
    EXPECT_OK(cx_conform_probe(&rank.conform));
    assert_false(rank.conform.can_run);
    assert_string_equal(rank.conform.why_not, "there is no mock");
    EXPECT_OK(cx_conform_probe(&rank.conform));
    assert_int_equal(mock.probe_count, 1);
    mock_rank_close(&rank);
}

static void test_settings_reach_the_backend(void **state)
{
    mock_rank_t rank;

    (void)state;
    mock_rank_open(&rank);
    json_object_set_new((json_t *)(uintptr_t)rank.conform.settings, "mock-depth", json_string("7"));
    EXPECT_OK(cx_conform_probe(&rank.conform));
    assert_int_equal(((mock_options_t *)rank.conform.options)->depth, 7);
    mock_rank_close(&rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_declared_and_done_is_right),
        cmocka_unit_test(test_a_rare_wrong_byte_is_found_and_counted),
        cmocka_unit_test(test_an_operation_that_cannot_be_opened_was_declared_in_vain),
        cmocka_unit_test(test_ranks_out_of_step_end_the_walk),
        cmocka_unit_test(test_an_undeclared_operation_is_refused_with_a_sentence),
        cmocka_unit_test(test_a_backend_that_offers_nothing_here_cannot_run),
        cmocka_unit_test(test_a_backend_that_says_no_keeps_its_reason),
        cmocka_unit_test(test_settings_reach_the_backend),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
