/* SPDX-License-Identifier: Apache-2.0 */
/* Who moves what in each limit. */
#include "family/limits/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static cx_shape_t shape_of(cx_limit_t limit)
{
    return (cx_shape_t){.family = CX_FAMILY_LIMITS, .dtype = CX_DTYPE_FP32, .limit = limit};
}

static void test_each_limit_has_its_traffic(void **state)
{
    static const struct {
        cx_limit_t limit;
        bool       do_all_move;
        int64_t    counts[9];
    } rows[] = {
        {CX_LIMIT_COPY_ENGINE, false, {0, 5, 0, 0, 0, 0, 0, 0, 0}},
        {CX_LIMIT_COPY_ENGINE, true, {0, 5, 0, 0, 0, 5, 5, 0, 0}},
        {CX_LIMIT_SM_STORE, false, {0, 5, 0, 0, 0, 0, 0, 0, 0}},
        {CX_LIMIT_SM_STORE, true, {0, 5, 0, 0, 0, 5, 5, 0, 0}},
        {CX_LIMIT_SM_LOAD, false, {0, 0, 0, 5, 0, 0, 0, 0, 0}},
        {CX_LIMIT_SM_LOAD, true, {0, 0, 5, 5, 0, 0, 0, 5, 0}},
        {CX_LIMIT_SM_STORE_ALL, false, {0, 5, 5, 0, 0, 0, 0, 0, 0}},
        {CX_LIMIT_SM_STORE_ALL, true, {0, 5, 5, 5, 0, 5, 5, 5, 0}},
        {CX_LIMIT_MEMORY_COPY, false, {5, 0, 0, 0, 0, 0, 0, 0, 0}},
        {CX_LIMIT_MEMORY_COPY, true, {5, 0, 0, 0, 5, 0, 0, 0, 5}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_shape_t shape     = shape_of(rows[i].limit);
        int64_t    counts[9] = {0};

        cx_limits_traffic(&shape, rows[i].do_all_move, 3, 5, counts);
        assert_memory_equal(counts, rows[i].counts, sizeof counts);
    }
}

static void test_rung_is_what_one_rank_moves(void **state)
{
    static const struct {
        cx_limit_t limit;
        int32_t    rank_count;
        int64_t    wanted_bytes, elems; /* elems -1: too small */
    } rows[] = {
        {CX_LIMIT_COPY_ENGINE, 4, 1024, 256},  {CX_LIMIT_SM_LOAD, 4, 1027, 256},
        {CX_LIMIT_MEMORY_COPY, 1, 4, 1},       {CX_LIMIT_SM_STORE, 2, 3, -1},
        {CX_LIMIT_SM_STORE_ALL, 4, 1200, 100}, {CX_LIMIT_SM_STORE_ALL, 4, 11, -1},
        {CX_LIMIT_SM_STORE_ALL, 1, 8, 2},      {CX_LIMIT_FLAG, 2, 0, 0},
        {CX_LIMIT_GRAPH_LAUNCH, 1, 64, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_shape_t shape = shape_of(rows[i].limit);
        int64_t    elems = -1;

        assert_int_equal(cx_limits_size(&shape, rows[i].rank_count, rows[i].wanted_bytes, &elems),
                         rows[i].elems >= 0);
        assert_int_equal(elems, rows[i].elems);
    }
}

static void test_copy_in_one_memory_counts_reading_and_writing(void **state)
{
    cx_shape_t shape = shape_of(CX_LIMIT_MEMORY_COPY);

    (void)state;
    assert_int_equal(cx_limits_copied_bytes(&shape, 100), 200);
    shape.limit = CX_LIMIT_SM_STORE;
    assert_int_equal(cx_limits_copied_bytes(&shape, 100), 100);
    shape.limit  = CX_LIMIT_MEMORY_COPY;
    shape.family = CX_FAMILY_COLLECTIVE; /* where the member means nothing */
    assert_int_equal(cx_limits_copied_bytes(&shape, 100), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_limit_has_its_traffic),
        cmocka_unit_test(test_rung_is_what_one_rank_moves),
        cmocka_unit_test(test_copy_in_one_memory_counts_reading_and_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
