/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of sizes: layouts never overlap and agree on all ranks, what is sent is what is received,
 * traffic stays within its bounds. */
#include "family/collective/bytes.h"
#include "family/collective/layout.h"
#include "family/collective/traffic.h"
#include "family/common/guard.h"
#include "model/case.h"
#include "support/prop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OP, DTYPE, RANK_COUNT, ROOT, BYTES, IN_PLACE, SLOT_COUNT, STRIDE, SKEW };

static const prop_range_t gen[] = {
    {"op", 0, CX_COLLECTIVE_COUNT - 1},
    {"dtype", 0, CX_DTYPE_COUNT - 1},
    {"rank_count", 1, 64},
    {"root", 0, 63},
    {"bytes", 0, INT64_C(1) << 40},
    {"in_place", 0, 1},
    {"slot_count", 1, 12},
    {"stride", 0, 1 << 22},
    {"skew_thousandths", 0, 1000},
    PROP_END,
};

static cx_shape_t shape;
static int64_t    counts[64 * 64];

/* The request that the values stand for; false when it is refused or does not fit. */
static bool build_data(const int64_t *values, cx_collective_data_t *out)
{
    const int32_t rank_count = (int32_t)values[RANK_COUNT];
    int64_t       elems, message_bytes;

    shape = (cx_shape_t){
        .op        = (cx_collective_t)values[OP],
        .dtype     = (cx_dtype_t)values[DTYPE],
        .root_rank = cx_collective_is_rooted((cx_collective_t)values[OP])
                         ? (int32_t)(values[ROOT] % rank_count)
                         : -1,
        .redop = cx_collective_reduces((cx_collective_t)values[OP]) ? CX_REDOP_SUM : CX_REDOP_NONE,
        .is_in_place = values[IN_PLACE] == 1,
    };
    cx_detail_clear();
    if (cx_collective_check_shape(&shape, rank_count) != CX_OK ||
        !cx_collective_size(&shape, rank_count, values[BYTES], &elems, &message_bytes) ||
        cx_traffic_from_skew(rank_count, elems, (rank_count - 1) * (double)values[SKEW] / 1000.0,
                             counts) != CX_OK) {
        return false;
    }
    *out = (cx_collective_data_t){.shape  = &shape,
                                  .elems  = elems,
                                  .counts = shape.op == CX_COLLECTIVE_ALL_TO_ALL_V ? counts : NULL,
                                  .rank_count = rank_count,
                                  .seed       = 1};
    return true;
}

/* The data of slots as ranges of bytes; all addresses are offsets, no memory is needed. */
static bool is_inside(size_t from, size_t bytes, size_t area_from, size_t area_bytes)
{
    return from >= area_from && from + bytes <= area_from + area_bytes;
}

static bool check_slot(const cx_collective_layout_t *layout, const cx_collective_data_t *data,
                       const cx_slot_t *slot, char *base)
{
    const cx_collective_place_t place      = cx_collective_place(data);
    const size_t                elem_bytes = cx_dtype_bytes(data->shape->dtype);
    const size_t recv_bytes = data->shape->is_in_place ? layout->send_bytes : layout->recv_bytes;

    return (slot->send == NULL) == (place.send_elems == 0) &&
           (slot->recv == NULL) == (place.recv_elems == 0) &&
           (!slot->send || is_inside((size_t)((const char *)slot->send - base),
                                     (size_t)place.send_elems * elem_bytes, slot->send_offset,
                                     layout->send_bytes)) &&
           (!slot->recv ||
            is_inside((size_t)((char *)slot->recv - base), (size_t)place.recv_elems * elem_bytes,
                      slot->recv_offset, recv_bytes));
}

/* Areas with their guards, in the order they lie: each starts where the last has ended, or later.
 */
static bool check_order(const cx_collective_layout_t *layout, const cx_slot_t *slots)
{
    size_t end = 0;

    for (int32_t i = 0; i < layout->slot_count; i++) {
        for (int is_recv = 0; is_recv < 2; is_recv++) {
            size_t bytes  = is_recv ? layout->recv_bytes : layout->send_bytes;
            size_t offset = is_recv ? slots[i].recv_offset : slots[i].send_offset;

            if (bytes == 0) {
                continue;
            }
            if (offset < end + CX_GUARD_BYTES || offset % CX_LAYOUT_ALIGN_BYTES != 0) {
                return false;
            }
            end = offset + bytes + CX_GUARD_BYTES;
        }
        if (i > 0 && slots[i].send_offset - slots[i - 1].send_offset != layout->stride_bytes) {
            return false;
        }
    }
    return end <= layout->region_bytes;
}

static bool layouts_agree_and_never_overlap(const int64_t *values)
{
    const int32_t          slot_count = (int32_t)values[SLOT_COUNT];
    cx_collective_layout_t layout, other;
    cx_collective_data_t   data;
    cx_slot_t              slots[12];
    static char            base[1]; /* never dereferenced */

    if (!build_data(values, &data)) {
        return true;
    }
    if (cx_collective_layout(&data, slot_count, (size_t)values[STRIDE], &layout) != CX_OK ||
        (layout.region_bytes > 0 && layout.stride_bytes < (size_t)values[STRIDE])) {
        return false;
    }
    for (data.rank = 0; data.rank < data.rank_count; data.rank++) {
        if (cx_collective_layout(&data, slot_count, (size_t)values[STRIDE], &other) != CX_OK ||
            memcmp(&layout, &other, sizeof layout) != 0) {
            return false;
        }
        cx_collective_slots(&layout, &data, base, slots);
        for (int32_t i = 0; i < slot_count; i++) {
            if (!check_slot(&layout, &data, &slots[i], base)) {
                return false;
            }
        }
        if (!check_order(&layout, slots)) {
            return false;
        }
    }
    return true;
}

static bool all_that_is_sent_is_received(const int64_t *values)
{
    cx_collective_data_t data;
    int64_t              sent = 0, received = 0;

    if (!build_data(values, &data) || shape.op != CX_COLLECTIVE_ALL_TO_ALL_V) {
        return true;
    }
    for (int32_t rank = 0; rank < data.rank_count; rank++) {
        cx_collective_extent_t extent =
            cx_collective_extent(&shape, data.elems, counts, rank, data.rank_count);

        sent += extent.send_elems;
        received += extent.recv_elems;
    }
    return sent == received;
}

static bool message_is_the_rung_rounded_down(const int64_t *values)
{
    int64_t              elems, message_bytes, real_bytes;
    cx_collective_data_t data;

    if (!build_data(values, &data) || shape.op == CX_COLLECTIVE_BARRIER) {
        return true;
    }
    cx_collective_size(&shape, data.rank_count, values[BYTES], &elems, &message_bytes);
    real_bytes = cx_collective_message_bytes(&shape, elems, data.counts, data.rank_count);
    /* Under skew the hottest rank alone decides, and it receives exactly the bound. */
    return message_bytes <= values[BYTES] && real_bytes == message_bytes &&
           values[BYTES] - message_bytes < data.rank_count * (int64_t)cx_dtype_bytes(shape.dtype);
}

static void test_layouts_agree_and_never_overlap(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, layouts_agree_and_never_overlap));
}

static void test_all_that_is_sent_is_received(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, all_that_is_sent_is_received));
}

static void test_message_is_the_rung_rounded_down(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, message_is_the_rung_rounded_down));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts_agree_and_never_overlap),
        cmocka_unit_test(test_all_that_is_sent_is_received),
        cmocka_unit_test(test_message_is_the_rung_rounded_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
