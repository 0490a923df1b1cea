/* SPDX-License-Identifier: Apache-2.0 */
/* Extents, rungs, refusals, and where a region puts its areas. */
#include "family/collective/layout.h"

#include "family/common/guard.h"
#include "model/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* op, then send and receive of the root (rank 1) and of another, N = 4, elems = 10 */
static const struct {
    cx_collective_t op;
    int64_t         root_send, root_recv, other_send, other_recv;
} extents[] = {
    {CX_COLLECTIVE_ALL_REDUCE, 10, 10, 10, 10},     {CX_COLLECTIVE_ALL_GATHER, 10, 40, 10, 40},
    {CX_COLLECTIVE_REDUCE_SCATTER, 40, 10, 40, 10}, {CX_COLLECTIVE_ALL_TO_ALL, 40, 40, 40, 40},
    {CX_COLLECTIVE_BROADCAST, 10, 0, 0, 10},        {CX_COLLECTIVE_REDUCE, 10, 10, 10, 0},
    {CX_COLLECTIVE_GATHER, 10, 40, 10, 0},          {CX_COLLECTIVE_SCATTER, 40, 10, 0, 10},
    {CX_COLLECTIVE_SEND_RECV, 10, 10, 10, 10},      {CX_COLLECTIVE_BARRIER, 0, 0, 0, 0},
};

static void test_extents_are_those_of_the_shape_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof extents / sizeof extents[0]; i++) {
        cx_shape_t             shape = {.op = extents[i].op, .root_rank = 1};
        cx_collective_extent_t root  = cx_collective_extent(&shape, 10, NULL, 1, 4);
        cx_collective_extent_t other = cx_collective_extent(&shape, 10, NULL, 2, 4);

        assert_int_equal(root.send_elems, extents[i].root_send);
        assert_int_equal(root.recv_elems, extents[i].root_recv);
        assert_int_equal(other.send_elems, extents[i].other_send);
        assert_int_equal(other.recv_elems, extents[i].other_recv);
    }
}

static void test_extents_of_all_to_all_v_are_row_and_column_sums(void **state)
{
    static const int64_t   counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    cx_shape_t             shape    = {.op = CX_COLLECTIVE_ALL_TO_ALL_V, .root_rank = -1};
    cx_collective_extent_t extent   = cx_collective_extent(&shape, 0, counts, 1, 3);

    (void)state;
    assert_int_equal(extent.send_elems, 15);
    assert_int_equal(extent.recv_elems, 15);
    extent = cx_collective_extent(&shape, 0, counts, 0, 3);
    assert_int_equal(extent.send_elems, 6);
    assert_int_equal(extent.recv_elems, 12);
}

static void test_rungs_are_rounded_down_to_whole_blocks(void **state)
{
    static const struct {
        cx_collective_t op;
        int64_t         wanted_bytes;
        bool            fits;
        int64_t         elems, message_bytes;
    } rows[] = {
        {CX_COLLECTIVE_ALL_REDUCE, 1024, true, 256, 1024},
        {CX_COLLECTIVE_ALL_REDUCE, 1027, true, 256, 1024},
        {CX_COLLECTIVE_ALL_REDUCE, 3, false, 0, 0},
        {CX_COLLECTIVE_ALL_GATHER, 1024, true, 85, 1020},
        {CX_COLLECTIVE_ALL_GATHER, 12, true, 1, 12},
        {CX_COLLECTIVE_ALL_GATHER, 11, false, 0, 0},
        {CX_COLLECTIVE_ALL_TO_ALL_V, 24, true, 2, 24},
        {CX_COLLECTIVE_BROADCAST, 5, true, 1, 4},
        {CX_COLLECTIVE_BARRIER, 0, true, 0, 0},
        {CX_COLLECTIVE_BARRIER, 77, true, 0, 0},
        {CX_COLLECTIVE_SCATTER, 0, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_shape_t shape = {.op = rows[i].op, .dtype = CX_DTYPE_FP32, .root_rank = 0};
        int64_t    elems = -7, message_bytes = -7;

        assert_int_equal(
            cx_collective_size(&shape, 3, rows[i].wanted_bytes, &elems, &message_bytes),
            rows[i].fits);
        assert_int_equal(elems, rows[i].fits ? rows[i].elems : -7);
        assert_int_equal(message_bytes, rows[i].fits ? rows[i].message_bytes : -7);
    }
}

static void test_meaningless_requests_are_refused_in_words(void **state)
{
    static const struct {
        cx_shape_t  shape;
        int32_t     rank_count;
        const char *words; /* NULL: accepted */
    } rows[] = {
        {{0, CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP32, CX_REDOP_SUM, -1, true, {0}, 0, 0, 0},
         4,
         NULL},
        {{0, CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP32, CX_REDOP_NONE, -1, false, {0}, 0, 0, 0},
         4,
         "all_reduce needs a redop"},
        {{0, CX_COLLECTIVE_GATHER, CX_DTYPE_FP32, CX_REDOP_SUM, 0, false, {0}, 0, 0, 0},
         4,
         "gather does no arithmetic: redop sum has no meaning"},
        {{0, CX_COLLECTIVE_REDUCE, CX_DTYPE_FP32, CX_REDOP_SUM, 4, false, {0}, 0, 0, 0},
         4,
         "root 4 is not one of the ranks 0 to 3"},
        {{0, CX_COLLECTIVE_BROADCAST, CX_DTYPE_FP32, CX_REDOP_NONE, -1, false, {0}, 0, 0, 0},
         4,
         "root -1 is not one of the ranks 0 to 3"},
        {{0, CX_COLLECTIVE_ALL_GATHER, CX_DTYPE_FP32, CX_REDOP_NONE, 0, false, {0}, 0, 0, 0},
         4,
         "all_gather has no root"},
        {{0, CX_COLLECTIVE_SEND_RECV, CX_DTYPE_FP32, CX_REDOP_NONE, -1, true, {0}, 0, 0, 0},
         4,
         "in place has no meaning for send_recv"},
        {{0, CX_COLLECTIVE_BARRIER, CX_DTYPE_FP32, CX_REDOP_NONE, -1, true, {0}, 0, 0, 0},
         4,
         "in place has no meaning for barrier"},
        {{0, CX_COLLECTIVE_ALL_TO_ALL_V, CX_DTYPE_FP32, CX_REDOP_NONE, -1, true, {0}, 0, 0, 0},
         4,
         "in place has no meaning for all_to_all_v"},
        {{0, CX_COLLECTIVE_ALL_TO_ALL, CX_DTYPE_FP32, CX_REDOP_NONE, -1, true, {0}, 0, 0, 0},
         4,
         NULL},
        {{0, CX_COLLECTIVE_BARRIER, CX_DTYPE_FP32, CX_REDOP_NONE, -1, false, {0}, 0, 0, 0},
         0,
         "at least one rank, not 0"},
        {{0, CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_INT8, CX_REDOP_AVG, -1, false, {0}, 0, 0, 0},
         127,
         NULL},
        {{0, CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_INT8, CX_REDOP_AVG, -1, false, {0}, 0, 0, 0},
         128,
         "avg in int8 over 128 ranks cannot be verified"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_detail_clear();
        assert_int_equal(cx_collective_check_shape(&rows[i].shape, rows[i].rank_count),
                         rows[i].words ? CX_INVALID : CX_OK);
        if (rows[i].words && !strstr(cx_detail()->text, rows[i].words)) {
            fail_msg("%s\nlacks %s", cx_detail()->text, rows[i].words);
        }
    }
}

/* The pointers of slot 1 as offsets in elements from its area; -1: NULL. Rank 2 of 4, elems 10. */
static void test_slots_point_where_the_shape_table_says(void **state)
{
    static const struct {
        cx_collective_t op;
        bool            is_in_place;
        int32_t         root_rank;
        int64_t         send, recv;
    } rows[] = {
        {CX_COLLECTIVE_ALL_GATHER, true, -1, 20, 0},
        {CX_COLLECTIVE_ALL_GATHER, false, -1, 0, 0},
        {CX_COLLECTIVE_REDUCE_SCATTER, true, -1, 0, 20},
        {CX_COLLECTIVE_ALL_REDUCE, true, -1, 0, 0},
        {CX_COLLECTIVE_GATHER, true, 2, 20, 0},
        {CX_COLLECTIVE_GATHER, true, 1, 20, -1},
        {CX_COLLECTIVE_SCATTER, true, 2, 0, 20},
        {CX_COLLECTIVE_SCATTER, true, 1, -1, 20},
        {CX_COLLECTIVE_BROADCAST, true, 2, 0, -1},
        {CX_COLLECTIVE_BROADCAST, true, 1, -1, 0},
        {CX_COLLECTIVE_BROADCAST, false, 2, 0, -1},
        {CX_COLLECTIVE_REDUCE, true, 1, 0, -1},
        {CX_COLLECTIVE_ALL_TO_ALL, true, -1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_shape_t             shape = {.op          = rows[i].op,
                                        .dtype       = CX_DTYPE_INT16,
                                        .root_rank   = rows[i].root_rank,
                                        .is_in_place = rows[i].is_in_place};
        cx_collective_data_t   data  = {.shape = &shape, .elems = 10, .rank = 2, .rank_count = 4};
        cx_collective_layout_t layout;
        cx_slot_t              slots[2];
        static char            region[4096];

        assert_int_equal(cx_collective_layout(&data, 2, 0, &layout), CX_OK);
        assert_true(layout.region_bytes <= sizeof region);
        cx_collective_slots(&layout, &data, region, slots);
        assert_int_equal(slots[1].send_offset, layout.stride_bytes + layout.send_offset);
        assert_int_equal(slots[1].recv_offset, layout.stride_bytes + layout.recv_offset);
        assert_int_equal(slots[1].send_offset == slots[1].recv_offset, rows[i].is_in_place);
        assert_ptr_equal(slots[1].send, rows[i].send < 0
                                            ? NULL
                                            : region + slots[1].send_offset + 2 * rows[i].send);
        assert_ptr_equal(slots[1].recv, rows[i].recv < 0
                                            ? NULL
                                            : region + slots[1].recv_offset + 2 * rows[i].recv);
    }
}

static void test_stride_spreads_slots_and_a_barrier_has_no_region(void **state)
{
    cx_shape_t             shape = {.op = CX_COLLECTIVE_ALL_REDUCE, .dtype = CX_DTYPE_FP64};
    cx_collective_data_t   data  = {.shape = &shape, .elems = 3, .rank = 0, .rank_count = 2};
    cx_collective_layout_t layout;
    cx_slot_t              slot;

    (void)state;
    assert_int_equal(cx_collective_layout(&data, 5, 0, &layout), CX_OK);
    assert_int_equal(layout.stride_bytes, 2 * 384);
    assert_int_equal(layout.region_bytes, 5 * 2 * 384);
    assert_int_equal(cx_collective_layout(&data, 5, 5000, &layout), CX_OK);
    assert_int_equal(layout.stride_bytes, 5120);
    shape.op   = CX_COLLECTIVE_BARRIER;
    data.elems = 0;
    assert_int_equal(cx_collective_layout(&data, 1, 4096, &layout), CX_OK);
    assert_int_equal(layout.region_bytes, 0);
    cx_collective_slots(&layout, &data, NULL, &slot);
    assert_null(slot.send);
    assert_null(slot.recv);
}

static void test_regions_beyond_addresses_are_refused(void **state)
{
    cx_shape_t             shape = {.op = CX_COLLECTIVE_ALL_REDUCE, .dtype = CX_DTYPE_FP64};
    cx_collective_data_t   data  = {.shape = &shape, .elems = 3, .rank = 0, .rank_count = 2};
    cx_collective_layout_t layout;

    (void)state;
    cx_detail_clear();
    assert_int_equal(cx_collective_layout(&data, 2147483647, SIZE_MAX / 32, &layout), CX_RESOURCE);
    assert_int_equal(cx_collective_layout(&data, 1, SIZE_MAX, &layout), CX_RESOURCE);
    data.elems = INT64_MAX / 4;
    assert_int_equal(cx_collective_layout(&data, 1, 0, &layout), CX_RESOURCE);
    assert_non_null(strstr(cx_detail()->text, "do not fit into an address"));
}

static void test_guards_see_writes_past_each_area(void **state)
{
    cx_shape_t             shape = {.op = CX_COLLECTIVE_ALL_GATHER, .dtype = CX_DTYPE_INT8};
    cx_collective_data_t   data  = {.shape = &shape, .elems = 5, .rank = 0, .rank_count = 3};
    cx_collective_layout_t layout;
    cx_slot_t              slots[3];
    cx_verdict_t           verdict;
    unsigned char         *region;

    (void)state;
    assert_int_equal(cx_collective_layout(&data, 3, 0, &layout), CX_OK);
    region = calloc(1, layout.region_bytes);
    assert_non_null(region);
    cx_collective_slots(&layout, &data, region, slots);
    for (int32_t i = 0; i < 3; i++) {
        cx_collective_guard_write(&layout, 77, i, region);
        memset(region + slots[i].send_offset, 1, layout.send_bytes);
        memset(region + slots[i].recv_offset, 2, layout.recv_bytes);
    }
    for (int32_t i = 0; i < 3; i++) {
        cx_collective_guard_check(&layout, 77, i, region, &verdict);
        assert_true(verdict.is_right);
    }
    region[slots[1].recv_offset + layout.recv_bytes] ^= 1;
    cx_collective_guard_check(&layout, 77, 1, region, &verdict);
    assert_string_equal(verdict.kind, "guard");
    assert_non_null(strstr(verdict.text, "guard after the receive buffer of slot 1"));
    region[slots[2].send_offset - 1] ^= 1;
    cx_collective_guard_check(&layout, 77, 2, region, &verdict);
    assert_non_null(strstr(verdict.text, "guard before the send buffer of slot 2"));
    free(region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extents_are_those_of_the_shape_table),
        cmocka_unit_test(test_extents_of_all_to_all_v_are_row_and_column_sums),
        cmocka_unit_test(test_rungs_are_rounded_down_to_whole_blocks),
        cmocka_unit_test(test_meaningless_requests_are_refused_in_words),
        cmocka_unit_test(test_slots_point_where_the_shape_table_says),
        cmocka_unit_test(test_stride_spreads_slots_and_a_barrier_has_no_region),
        cmocka_unit_test(test_regions_beyond_addresses_are_refused),
        cmocka_unit_test(test_guards_see_writes_past_each_area),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
