/* SPDX-License-Identifier: Apache-2.0 */
/* Message sizes and bandwidths against nccl-tests' definitions and hand-counted traffic. */
#include "family/collective/bytes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_factors_are_those_of_nccl_tests(void **state)
{
    static const struct {
        cx_collective_t op;
        int32_t         rank_count;
        double          factor;
    } rows[] = {
        {CX_COLLECTIVE_ALL_REDUCE, 2, 1.0},      {CX_COLLECTIVE_ALL_REDUCE, 4, 1.5},
        {CX_COLLECTIVE_ALL_REDUCE, 8, 1.75},     {CX_COLLECTIVE_ALL_GATHER, 4, 0.75},
        {CX_COLLECTIVE_REDUCE_SCATTER, 4, 0.75}, {CX_COLLECTIVE_ALL_TO_ALL, 8, 0.875},
        {CX_COLLECTIVE_GATHER, 4, 0.75},         {CX_COLLECTIVE_SCATTER, 2, 0.5},
        {CX_COLLECTIVE_BROADCAST, 4, 1.0},       {CX_COLLECTIVE_REDUCE, 8, 1.0},
        {CX_COLLECTIVE_SEND_RECV, 3, 1.0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(cx_busbw_factor(rows[i].op, rows[i].rank_count) == rows[i].factor);
    }
}

static void test_one_rank_uses_no_bus(void **state)
{
    (void)state;
    for (int op = 0; op < CX_COLLECTIVE_COUNT; op++) {
        double factor = cx_busbw_factor((cx_collective_t)op, 1);

        assert_true(factor == 0.0 || (isnan(factor) && (op == CX_COLLECTIVE_BARRIER ||
                                                        op == CX_COLLECTIVE_ALL_TO_ALL_V)));
    }
}

static void test_algbw_is_bytes_over_time(void **state)
{
    (void)state;
    assert_true(fabs(cx_algbw_bytes_per_s(1000000, 10.0) - 1e11) < 1.0);
    assert_true(cx_algbw_bytes_per_s(0, 10.0) == 0.0);
    assert_true(isnan(cx_algbw_bytes_per_s(8, 0.0)));
    assert_true(isnan(cx_algbw_bytes_per_s(8, -1.0)));
    assert_true(isnan(cx_algbw_bytes_per_s(8, (double)NAN)));
}

static void test_traffic_factor_counts_what_leaves_the_busiest_rank(void **state)
{
    static const int64_t uniform[]  = {5, 5, 5, 5, 5, 5, 5, 5, 5};
    static const int64_t diagonal[] = {7, 0, 0, 7};
    static const int64_t exchange[] = {0, 9, 9, 0};
    static const int64_t incast[]   = {1, 0, 0, 1, 0, 0, 1, 0, 0};
    static const int64_t nothing[]  = {0, 0, 0, 0};

    (void)state;
    assert_true(cx_busbw_factor_v(uniform, 3) == 2.0 / 3.0);
    assert_true(cx_busbw_factor_v(diagonal, 2) == 0.0);
    assert_true(cx_busbw_factor_v(exchange, 2) == 1.0);
    assert_true(cx_busbw_factor_v(incast, 3) == 2.0 / 3.0);
    assert_true(cx_busbw_factor_v(nothing, 2) == 0.0);
}

static void test_message_is_the_larger_of_sent_and_received(void **state)
{
    static const int64_t counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const struct {
        cx_collective_t op;
        int64_t         bytes;
    } rows[] = {
        {CX_COLLECTIVE_ALL_REDUCE, 40},      {CX_COLLECTIVE_ALL_GATHER, 120},
        {CX_COLLECTIVE_REDUCE_SCATTER, 120}, {CX_COLLECTIVE_ALL_TO_ALL, 120},
        {CX_COLLECTIVE_BROADCAST, 40},       {CX_COLLECTIVE_REDUCE, 40},
        {CX_COLLECTIVE_GATHER, 120},         {CX_COLLECTIVE_SCATTER, 120},
        {CX_COLLECTIVE_SEND_RECV, 40},       {CX_COLLECTIVE_BARRIER, 0},
    };
    cx_shape_t shape = {.dtype = CX_DTYPE_FP32, .root_rank = 1};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shape.op = rows[i].op;
        assert_int_equal(cx_collective_message_bytes(&shape, 10, NULL, 3), rows[i].bytes);
    }
    shape.op = CX_COLLECTIVE_ALL_TO_ALL_V; /* rank 2 sends 24 elements, none receives more */
    assert_int_equal(cx_collective_message_bytes(&shape, 0, counts, 3), 96);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factors_are_those_of_nccl_tests),
        cmocka_unit_test(test_one_rank_uses_no_bus),
        cmocka_unit_test(test_algbw_is_bytes_over_time),
        cmocka_unit_test(test_traffic_factor_counts_what_leaves_the_busiest_rank),
        cmocka_unit_test(test_message_is_the_larger_of_sent_and_received),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
