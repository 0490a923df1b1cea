/* SPDX-License-Identifier: Apache-2.0 */
/* What was filled, carried to where the operation's definition says, is what is expected there. */
#include "family/collective/inputs.h"

#include "family/collective/element.h"
#include "family/collective/layout.h"
#include "family/collective/recipe.h"
#include "family/common/guard.h"
#include "model/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RANK_COUNT 5
#define ROOT 3
#define ELEMS 7
#define SLOT 2
#define BUFFER_BYTES 512

static const int64_t counts[RANK_COUNT * RANK_COUNT] = {3, 0, 5, 1, 2, 0, 0, 9, 4, 1, 7, 7, 0,
                                                        2, 2, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5};

static unsigned char buffers[RANK_COUNT][BUFFER_BYTES], right[BUFFER_BYTES], made[BUFFER_BYTES];

static cx_collective_data_t make_data(const cx_shape_t *shape, int32_t rank)
{
    return (cx_collective_data_t){
        .shape      = shape,
        .elems      = ELEMS,
        .counts     = shape->op == CX_COLLECTIVE_ALL_TO_ALL_V ? counts : NULL,
        .rank       = rank,
        .rank_count = RANK_COUNT,
        .seed       = 11,
        .epoch      = 1,
    };
}

/* The definitions of the operations, element by element: who sent receive element i of `rank`. */
static void find_source(cx_collective_t op, int32_t rank, int64_t i, int32_t *source,
                        int64_t *index)
{
    int64_t start = 0;

    *source = (int32_t)(i / ELEMS);
    *index  = i % ELEMS;
    if (op == CX_COLLECTIVE_ALL_TO_ALL) {
        *index = rank * ELEMS + i % ELEMS;
    } else if (op == CX_COLLECTIVE_BROADCAST || op == CX_COLLECTIVE_SCATTER) {
        *source = ROOT;
        *index  = op == CX_COLLECTIVE_SCATTER ? rank * ELEMS + i : i;
    } else if (op == CX_COLLECTIVE_SEND_RECV) {
        *source = rank == 0 ? RANK_COUNT - 1 : rank - 1;
        *index  = i;
    } else if (op == CX_COLLECTIVE_ALL_TO_ALL_V) {
        *source = 0;
        while (i - start >= counts[*source * RANK_COUNT + rank]) {
            start += counts[*source * RANK_COUNT + rank];
            ++*source;
        }
        *index = i - start;
        for (int32_t to = 0; to < rank; to++) {
            *index += counts[*source * RANK_COUNT + to];
        }
    }
}

static void check_moved(const cx_shape_t *shape, int32_t rank)
{
    const size_t               elem_bytes = cx_dtype_bytes(shape->dtype);
    const cx_collective_data_t data       = make_data(shape, rank);
    const int64_t              recv_elems = cx_collective_place(&data).recv_elems;

    cx_collective_expect(&data, SLOT, 0, recv_elems, right);
    for (int64_t i = 0; i < recv_elems; i++) {
        int32_t source;
        int64_t index;

        find_source(shape->op, rank, i, &source, &index);
        assert_memory_equal(right + (size_t)i * elem_bytes,
                            buffers[source] + (size_t)index * elem_bytes, elem_bytes);
    }
}

static void test_moving_operations_deliver_what_was_filled(void **state)
{
    (void)state;
    for (int op = 0; op < CX_COLLECTIVE_COUNT; op++) {
        for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
            cx_shape_t shape = {
                .op = (cx_collective_t)op, .dtype = (cx_dtype_t)dtype, .root_rank = ROOT};

            if (cx_collective_reduces(shape.op)) {
                continue;
            }
            for (int32_t rank = 0; rank < RANK_COUNT; rank++) {
                cx_collective_data_t data = make_data(&shape, rank);

                cx_collective_fill(&data, SLOT, buffers[rank]);
            }
            for (int32_t rank = 0; rank < RANK_COUNT; rank++) {
                check_moved(&shape, rank);
            }
        }
    }
}

/* int32 sums, by hand: every reducing operation against a plain loop over the filled buffers. */
static void test_reducing_operations_add_what_was_filled(void **state)
{
    static const cx_collective_t ops[] = {CX_COLLECTIVE_ALL_REDUCE, CX_COLLECTIVE_REDUCE,
                                          CX_COLLECTIVE_REDUCE_SCATTER};

    (void)state;
    for (size_t o = 0; o < 3; o++) {
        cx_shape_t shape = {
            .op = ops[o], .dtype = CX_DTYPE_INT32, .redop = CX_REDOP_SUM, .root_rank = ROOT};

        for (int32_t rank = 0; rank < RANK_COUNT; rank++) {
            cx_collective_data_t data = make_data(&shape, rank);

            cx_collective_fill(&data, SLOT, buffers[rank]);
        }
        for (int32_t rank = 0; rank < RANK_COUNT; rank++) {
            cx_collective_data_t data  = make_data(&shape, rank);
            int64_t              elems = cx_collective_place(&data).recv_elems;
            int64_t              start = o == 2 ? rank * ELEMS : 0;

            cx_collective_expect(&data, SLOT, 0, elems, right);
            for (int64_t i = 0; i < elems; i++) {
                uint32_t sum = 0, value;

                for (int32_t source = 0; source < RANK_COUNT; source++) {
                    memcpy(&value, buffers[source] + 4 * (start + i), 4);
                    sum += value;
                }
                assert_memory_equal(&sum, right + 4 * i, 4);
            }
        }
    }
}

static void test_contents_change_with_seed_epoch_slot_and_rank(void **state)
{
    cx_shape_t           shape = {.op = CX_COLLECTIVE_ALL_GATHER, .dtype = CX_DTYPE_FP32};
    cx_collective_data_t data  = make_data(&shape, 1);
    cx_collective_data_t other = data;

    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        cx_collective_fill(&data, 0, right);
        other.seed++;
        cx_collective_fill(&other, 0, made);
        assert_memory_not_equal(right, made, 4 * ELEMS);
        other = data;
        other.epoch++;
        cx_collective_fill(&other, 0, made);
        assert_memory_not_equal(right, made, 4 * ELEMS);
        other = data;
        cx_collective_fill(&other, 1, made);
        assert_memory_not_equal(right, made, 4 * ELEMS);
        other.rank++;
        cx_collective_fill(&other, 0, made);
        assert_memory_not_equal(right, made, 4 * ELEMS);
        other = data;
        cx_collective_fill(&other, 0, made);
        assert_memory_equal(right, made, 4 * ELEMS);
        shape.op    = CX_COLLECTIVE_ALL_REDUCE;
        shape.redop = CX_REDOP_SUM;
    }
}

static void test_in_place_fill_writes_own_block_and_poison_around_it(void **state)
{
    static const struct {
        cx_collective_t op;
        int64_t         own_first, own_elems, buffer_elems; /* rank 2 */
    } rows[] = {
        {CX_COLLECTIVE_ALL_GATHER, 14, 7, 35}, {CX_COLLECTIVE_GATHER, 14, 7, 35},
        {CX_COLLECTIVE_ALL_REDUCE, 0, 7, 7},   {CX_COLLECTIVE_REDUCE_SCATTER, 0, 35, 35},
        {CX_COLLECTIVE_ALL_TO_ALL, 0, 35, 35}, {CX_COLLECTIVE_BROADCAST, 0, 0, 7},
        {CX_COLLECTIVE_SCATTER, 0, 0, 35},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_shape_t shape = {
            .op = rows[i].op, .dtype = CX_DTYPE_UINT8, .redop = CX_REDOP_SUM, .root_rank = ROOT};
        cx_collective_data_t data = make_data(&shape, 2);

        cx_collective_fill(&data, SLOT, made); /* out of place: the inputs alone */
        shape.is_in_place = true;
        cx_poison(right, (size_t)rows[i].buffer_elems, cx_collective_poison_seed(&data, SLOT));
        memcpy(right + rows[i].own_first, made, (size_t)rows[i].own_elems);
        memset(buffers[0], 0x5a, BUFFER_BYTES);
        cx_collective_fill(&data, SLOT, buffers[0]);
        assert_memory_equal(buffers[0], right, (size_t)rows[i].buffer_elems);
        assert_int_equal(buffers[0][rows[i].buffer_elems], 0x5a);
    }
}

static void test_poison_is_never_the_right_answer_and_outlives_epochs(void **state)
{
    cx_shape_t           shape = {.op = CX_COLLECTIVE_ALL_GATHER, .dtype = CX_DTYPE_FP32};
    cx_collective_data_t data  = make_data(&shape, 1);

    (void)state;
    cx_collective_poison(&data, SLOT, made);
    cx_collective_expect(&data, SLOT, 0, ELEMS * RANK_COUNT, right);
    for (size_t i = 0; i < ELEMS * RANK_COUNT; i++) {
        assert_memory_not_equal(made + 4 * i, right + 4 * i, 4);
    }
    data.epoch++;
    cx_collective_poison(&data, SLOT, right);
    assert_memory_equal(made, right, ELEMS * RANK_COUNT * 4);
    shape.is_in_place = true;
    memset(made, 0, sizeof made);
    cx_collective_poison(&data, SLOT, made);
    assert_int_equal(made[0], 0);
}

static void test_only_in_place_arithmetic_and_exchange_need_refills(void **state)
{
    (void)state;
    for (int op = 0; op < CX_COLLECTIVE_COUNT; op++) {
        cx_shape_t shape = {.op = (cx_collective_t)op};

        assert_false(cx_collective_needs_refill(&shape));
        shape.is_in_place = true;
        assert_int_equal(cx_collective_needs_refill(&shape),
                         cx_collective_reduces(shape.op) || op == CX_COLLECTIVE_ALL_TO_ALL);
    }
}

static void test_any_stretch_of_the_answer_equals_the_whole(void **state)
{
    static const cx_collective_t ops[] = {CX_COLLECTIVE_ALL_TO_ALL_V, CX_COLLECTIVE_ALL_GATHER,
                                          CX_COLLECTIVE_REDUCE_SCATTER};

    (void)state;
    for (size_t o = 0; o < 3; o++) {
        cx_shape_t           shape = {.op = ops[o], .dtype = CX_DTYPE_BF16, .redop = CX_REDOP_SUM};
        cx_collective_data_t data  = make_data(&shape, 2);
        int64_t              elems = cx_collective_place(&data).recv_elems;

        cx_collective_expect(&data, SLOT, 0, elems, right);
        for (int64_t first = 0; first < elems; first++) {
            for (int64_t count = 1; count <= elems - first; count++) {
                cx_collective_expect(&data, SLOT, first, count, made);
                assert_memory_equal(made, right + 2 * first, (size_t)(2 * count));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_operations_deliver_what_was_filled),
        cmocka_unit_test(test_reducing_operations_add_what_was_filled),
        cmocka_unit_test(test_contents_change_with_seed_epoch_slot_and_rank),
        cmocka_unit_test(test_in_place_fill_writes_own_block_and_poison_around_it),
        cmocka_unit_test(test_poison_is_never_the_right_answer_and_outlives_epochs),
        cmocka_unit_test(test_only_in_place_arithmetic_and_exchange_need_refills),
        cmocka_unit_test(test_any_stretch_of_the_answer_equals_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
