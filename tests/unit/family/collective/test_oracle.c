/* SPDX-License-Identifier: Apache-2.0 */
/* Right outputs are right; any wrong byte, and a changed input, is not. Words: test_diagnose.c. */
#include "family/collective/oracle.h"

#include "family/collective/inputs.h"
#include "family/collective/layout.h"
#include "model/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANK_COUNT 3
#define ELEMS 1500 /* several chunks of the comparison */
#define SLOT 4

static const int64_t counts[] = {0, 900, 1500, 20, 1500, 3, 77, 0, 1500};
static unsigned char recv[RANK_COUNT * ELEMS * 8], sent[RANK_COUNT * ELEMS * 8];

static cx_collective_data_t make_data(const cx_shape_t *shape, int32_t rank)
{
    return (cx_collective_data_t){
        .shape      = shape,
        .elems      = ELEMS,
        .counts     = shape->op == CX_COLLECTIVE_ALL_TO_ALL_V ? counts : NULL,
        .rank       = rank,
        .rank_count = RANK_COUNT,
        .seed       = 3,
        .epoch      = 7,
    };
}

static void check_case(const cx_shape_t *shape, int32_t rank)
{
    const cx_collective_data_t  data  = make_data(shape, rank);
    const cx_collective_place_t place = cx_collective_place(&data);
    const size_t recv_bytes           = (size_t)place.recv_elems * cx_dtype_bytes(shape->dtype);
    cx_verdict_t verdict;

    cx_collective_expect(&data, SLOT, 0, place.recv_elems, recv);
    assert_int_equal(cx_collective_verify(&data, SLOT, recv, NULL, &verdict), CX_OK);
    assert_true(verdict.is_right);
    assert_int_equal(verdict.checked_count, place.recv_elems);
    assert_int_equal(verdict.first_index, -1);
    for (size_t byte = 0; byte < recv_bytes; byte += 1 + recv_bytes / 7) {
        recv[byte] ^= 0x44;
        assert_int_equal(cx_collective_verify(&data, SLOT, recv, NULL, &verdict), CX_OK);
        recv[byte] ^= 0x44;
        assert_false(verdict.is_right);
        assert_int_equal(verdict.wrong_count, 1);
        assert_int_equal(verdict.first_index, byte / cx_dtype_bytes(shape->dtype));
    }
}

static void test_every_operation_type_and_reduction_is_checked(void **state)
{
    (void)state;
    for (int op = 0; op < CX_COLLECTIVE_COUNT; op++) {
        for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
            for (int redop = 0; redop < CX_REDOP_COUNT; redop++) {
                cx_shape_t shape = {.op        = (cx_collective_t)op,
                                    .dtype     = (cx_dtype_t)dtype,
                                    .redop     = (cx_redop_t)redop,
                                    .root_rank = 1};

                if (cx_collective_reduces(shape.op) != (redop != CX_REDOP_NONE)) {
                    continue;
                }
                for (int32_t rank = 0; rank < RANK_COUNT; rank++) {
                    check_case(&shape, rank);
                }
            }
        }
    }
}

static void test_a_changed_input_is_reported(void **state)
{
    cx_shape_t           shape = {.op        = CX_COLLECTIVE_ALL_REDUCE,
                                  .dtype     = CX_DTYPE_FP32,
                                  .redop     = CX_REDOP_SUM,
                                  .root_rank = -1};
    cx_collective_data_t data  = make_data(&shape, 0);
    cx_verdict_t         verdict;

    (void)state;
    cx_collective_expect(&data, SLOT, 0, ELEMS, recv);
    cx_collective_fill(&data, SLOT, sent);
    assert_int_equal(cx_collective_verify(&data, SLOT, recv, sent, &verdict), CX_OK);
    assert_true(verdict.is_right);
    assert_int_equal(verdict.checked_count, 2 * ELEMS);
    sent[4 * 1200 + 1] ^= 1;
    assert_int_equal(cx_collective_verify(&data, SLOT, recv, sent, &verdict), CX_OK);
    assert_string_equal(verdict.kind, "input-modified");
    assert_int_equal(verdict.first_index, 1200);
    assert_non_null(strstr(verdict.text, "element 1200 (byte 4800) of the send buffer"));
    recv[0] ^= 1; /* a wrong output outranks it */
    assert_int_equal(cx_collective_verify(&data, SLOT, recv, sent, &verdict), CX_OK);
    assert_string_equal(verdict.kind, "bit-flip");
}

static void test_inputs_are_checked_in_place_only_where_they_survive(void **state)
{
    cx_shape_t shape = {
        .op = CX_COLLECTIVE_BROADCAST, .dtype = CX_DTYPE_FP32, .root_rank = 0, .is_in_place = true};
    cx_collective_data_t data = make_data(&shape, 0);
    cx_verdict_t         verdict;

    (void)state;
    cx_collective_fill(&data, SLOT, sent);
    sent[9] ^= 1;
    assert_int_equal(cx_collective_verify(&data, SLOT, NULL, sent, &verdict), CX_OK);
    assert_string_equal(verdict.kind, "input-modified");
    shape.op        = CX_COLLECTIVE_ALL_REDUCE;
    shape.redop     = CX_REDOP_SUM;
    shape.root_rank = -1;
    cx_collective_expect(&data, SLOT, 0, ELEMS, recv);
    assert_int_equal(cx_collective_verify(&data, SLOT, recv, recv, &verdict), CX_OK);
    assert_true(verdict.is_right);
    assert_int_equal(verdict.checked_count, ELEMS);
}

static void test_a_missing_buffer_is_an_error_of_the_caller(void **state)
{
    cx_shape_t shape = {.op = CX_COLLECTIVE_ALL_GATHER, .dtype = CX_DTYPE_FP32, .root_rank = -1};
    cx_collective_data_t data = make_data(&shape, 0);
    cx_verdict_t         verdict;

    (void)state;
    assert_int_equal(cx_collective_verify(&data, SLOT, NULL, NULL, &verdict), CX_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_type_and_reduction_is_checked),
        cmocka_unit_test(test_a_changed_input_is_reported),
        cmocka_unit_test(test_inputs_are_checked_in_place_only_where_they_survive),
        cmocka_unit_test(test_a_missing_buffer_is_an_error_of_the_caller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
