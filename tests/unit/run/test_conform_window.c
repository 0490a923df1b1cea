/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend does in a window: allocating, answering differently, and being wrong once. */
#include "unit/run/mock.h"

static int64_t violation_count;
static int32_t window_depth;

static void enter(void)
{
    window_depth++;
}

static void leave(void)
{
    window_depth--;
}

static int64_t count_so_far(void)
{
    return violation_count;
}

/* What the audit library would count. */
static void misbehave(void)
{
    violation_count += window_depth > 0;
}

static void open_ready(mock_rank_t *rank)
{
    mock_rank_open(rank);
    EXPECT_OK(cx_conform_probe(&rank->conform));
    rank->kit.context.audit =
        (cx_audit_t){.enter = enter, .leave = leave, .violation_count = count_so_far};
}

static void test_a_right_backend_is_the_same_in_every_window(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock_rank_expect(&rank, cx_conform_window, "ok");
    mock_rank_expect(&rank, cx_conform_same_bytes, "ok");
    mock_rank_expect(&rank, cx_conform_back_to_back, "ok");
    mock_rank_close(&rank);
}

static void test_violations_are_counted_by_operation(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.in_window = misbehave;
    mock_rank_expect(&rank, cx_conform_window,
                     "3 of 3 cases, the first: all_reduce fp32 sum: 16 allocations or file "
                     "operations in a window of 16 operations, 17 elements in a block; 16 in the "
                     "next");
    mock_rank_close(&rank);
}

static void misbehave_once(void)
{
    misbehave();
    mock.in_window = NULL;
}

static void test_a_violation_at_first_use_is_told_from_one_at_each(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.in_window = misbehave_once;
    mock_rank_expect(&rank, cx_conform_window,
                     "1 of 3 cases, the first: all_reduce fp32 sum: 1 allocations or file "
                     "operations in a window of 16 operations, 17 elements in a block; 0 in the "
                     "next");
    mock_rank_close(&rank);
}

static void test_an_eighth_run_with_other_bytes_is_found(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.wrong_call = 8;
    mock_rank_expect(&rank, cx_conform_same_bytes, "run 8 of the same input gave other bytes");
    mock_rank_close(&rank);
}

static cx_status_t refuse_copy(cx_device_t *device, void *to, const void *from, size_t bytes)
{
    (void)device;
    (void)to;
    (void)from;
    return CX_FAIL(CX_DEVICE, "no copy of %zu bytes", bytes);
}

/* The host need not reach a device's memory: what is compared went through its copy. */
static void test_the_bytes_compared_come_through_the_device(void **state)
{
    cx_device_ops_t ops;
    mock_rank_t     rank;

    (void)state;
    open_ready(&rank);
    ops                              = *rank.kit.context.core.device_ops;
    ops.copy                         = refuse_copy;
    rank.kit.context.core.device_ops = &ops;
    mock_rank_expect(&rank, cx_conform_same_bytes, "no copy of ");
    mock_rank_close(&rank);
}

static void test_one_wrong_operation_of_a_long_chain_is_found(void **state)
{
    mock_rank_t rank;

    (void)state;
    open_ready(&rank);
    mock.wrong_call = 41;
    mock_rank_expect(&rank, cx_conform_back_to_back, "elements in a block: ");
    mock_rank_close(&rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_right_backend_is_the_same_in_every_window),
        cmocka_unit_test(test_violations_are_counted_by_operation),
        cmocka_unit_test(test_a_violation_at_first_use_is_told_from_one_at_each),
        cmocka_unit_test(test_an_eighth_run_with_other_bytes_is_found),
        cmocka_unit_test(test_the_bytes_compared_come_through_the_device),
        cmocka_unit_test(test_one_wrong_operation_of_a_long_chain_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
