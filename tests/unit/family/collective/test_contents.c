/* SPDX-License-Identifier: Apache-2.0 */
/* Slots described as contents hold the same bytes as slots that the host writes, for every
 * operation, placement and rank. What a content is, is another test (unit/gpu/test_content.c). */
#include "family/collective/contents.h"

#include "family/collective/inputs.h"
#include "family/collective/traffic.h"
#include "model/case.h"
#include "support/content_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define RANK_COUNT 3
#define SLOT_COUNT 2
#define ELEMS 21
#define REGION_BYTES 8192

/* One rank of one operation: a region as the host writes it, and one from contents. */
typedef struct scene {
    cx_shape_t             shape;
    cx_collective_data_t   data;
    cx_collective_layout_t layout;
    cx_slot_t              slots[SLOT_COUNT];
    int64_t                counts[RANK_COUNT * RANK_COUNT];
    cx_span_t              spans[CX_COLLECTIVE_SPANS_MAX(RANK_COUNT)];
    unsigned char          by_host[REGION_BYTES], by_contents[REGION_BYTES];
} scene_t;

static scene_t scene;

static bool set_scene(int op, cx_dtype_t dtype, bool is_in_place, int32_t rank)
{
    scene.shape = (cx_shape_t){
        .op          = (cx_collective_t)op,
        .dtype       = dtype,
        .redop       = cx_collective_reduces((cx_collective_t)op) ? CX_REDOP_SUM : CX_REDOP_NONE,
        .root_rank   = cx_collective_is_rooted((cx_collective_t)op) ? 1 : -1,
        .is_in_place = is_in_place,
    };
    scene.data = (cx_collective_data_t){
        .shape      = &scene.shape,
        .elems      = ELEMS,
        .counts     = op == CX_COLLECTIVE_ALL_TO_ALL_V ? scene.counts : NULL,
        .rank       = rank,
        .rank_count = RANK_COUNT,
        .seed       = 77,
    };
    if (cx_collective_check_shape(&scene.shape, RANK_COUNT) != CX_OK) {
        cx_detail_clear();
        return false;
    }
    assert_int_equal(cx_traffic_from_skew(RANK_COUNT, ELEMS, 0.9, scene.counts), CX_OK);
    assert_int_equal(cx_collective_layout(&scene.data, SLOT_COUNT, 0, &scene.layout), CX_OK);
    assert_true(scene.layout.region_bytes <= REGION_BYTES);
    memset(scene.by_host, 0xee, sizeof scene.by_host);
    memset(scene.by_contents, 0xee, sizeof scene.by_contents);
    cx_collective_slots(&scene.layout, &scene.data, scene.by_contents, scene.slots);
    return true;
}

/* What lies in the host's region where `at` lies in the other. */
static void *beside(const void *at)
{
    return at ? scene.by_host + ((const unsigned char *)at - scene.by_contents) : NULL;
}

/* Every byte is written at most once, as the blocks of a device write in no order. */
static void write_spans(const cx_span_list_t *list)
{
    static unsigned char writes[REGION_BYTES];

    memset(writes, 0, sizeof writes);
    assert_true(list->span_count <= CX_COLLECTIVE_SPANS_MAX(RANK_COUNT));
    for (int64_t i = 0; i < list->span_count; i++) {
        const cx_span_t *span  = &list->spans[i];
        size_t           first = (size_t)((unsigned char *)span->memory - scene.by_contents);

        assert_true(span->byte_count > 0 && first + span->byte_count <= REGION_BYTES);
        content_bytes(&span->content, span->byte_count, span->memory);
        for (size_t at = first; at < first + span->byte_count; at++) {
            assert_int_equal(++writes[at], 1);
        }
    }
}

static void check_filling(int32_t slot_index)
{
    const cx_slot_t *slot = &scene.slots[slot_index];
    cx_span_list_t   list = {.spans = scene.spans};

    if (scene.layout.send_bytes > 0) {
        cx_collective_fill(&scene.data, slot_index, scene.by_host + slot->send_offset);
        cx_collective_add_inputs(&scene.data, slot_index, scene.by_contents + slot->send_offset,
                                 &list);
    }
    if (slot->recv) {
        cx_collective_poison(&scene.data, slot_index, beside(slot->recv));
        cx_collective_add_poison(&scene.data, slot_index, slot->recv, &list);
    }
    cx_collective_guard_write(&scene.layout, scene.data.seed, slot_index, scene.by_host);
    cx_collective_add_guards(&scene.layout, scene.data.seed, slot_index, scene.by_contents, &list);
    write_spans(&list);
    assert_memory_equal(scene.by_host, scene.by_contents, REGION_BYTES);
}

static void check_outputs(int32_t slot_index)
{
    const cx_slot_t *slot       = &scene.slots[slot_index];
    const int64_t    recv_elems = cx_collective_place(&scene.data).recv_elems;
    const bool       has_inputs = slot->send && !cx_collective_needs_refill(&scene.shape);
    cx_span_list_t   list = {.spans = scene.spans}, inputs = list;

    if (slot->recv) {
        cx_collective_expect(&scene.data, slot_index, 0, recv_elems, beside(slot->recv));
    }
    cx_collective_add_outputs(&scene.data, slot_index, slot->recv, NULL, &list);
    write_spans(&list);
    assert_memory_equal(scene.by_host, scene.by_contents, REGION_BYTES);
    /* The inputs are still there; in place they are part of the output. */
    cx_collective_add_outputs(&scene.data, slot_index, NULL, slot->send, &inputs);
    assert_int_equal(inputs.span_count, has_inputs);
    write_spans(&inputs);
    assert_memory_equal(scene.by_host, scene.by_contents, REGION_BYTES);
}

static void test_contents_are_what_the_host_writes(void **state)
{
    static const cx_dtype_t dtypes[]    = {CX_DTYPE_UINT8, CX_DTYPE_FP16, CX_DTYPE_FP64};
    int                     scene_count = 0;

    (void)state;
    for (int i = 0; i < CX_COLLECTIVE_COUNT * 3 * 2 * RANK_COUNT; i++) {
        if (set_scene(i / (6 * RANK_COUNT), dtypes[i / 2 % 3], i % 2 == 1, i / 6 % RANK_COUNT)) {
            for (int32_t slot_index = 0; slot_index < SLOT_COUNT; slot_index++) {
                check_filling(slot_index);
            }
            check_outputs(SLOT_COUNT - 1);
            scene_count++;
        }
    }
    assert_true(scene_count >= 17 * 3 * RANK_COUNT);
}

/* A slot that is described as another one is not the same: the comparison above can fail. */
static void test_slots_and_ranks_differ(void **state)
{
    cx_span_list_t list = {.spans = scene.spans};

    (void)state;
    assert_true(set_scene(CX_COLLECTIVE_ALL_GATHER, CX_DTYPE_FP32, false, 0));
    cx_collective_fill(&scene.data, 0, beside(scene.slots[0].send));
    cx_collective_add_inputs(&scene.data, 1, scene.by_contents + scene.slots[0].send_offset, &list);
    write_spans(&list);
    assert_memory_not_equal(scene.by_host, scene.by_contents, REGION_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents_are_what_the_host_writes),
        cmocka_unit_test(test_slots_and_ranks_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
