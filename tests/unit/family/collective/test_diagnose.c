/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes planted in right outputs are named by the right word. */
#include "family/collective/diagnose.h"

#include "family/collective/inputs.h"
#include "family/collective/layout.h"
#include "family/collective/oracle.h"
#include "model/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANK_COUNT 4
#define ELEMS 40
#define RANK 2
#define SLOT 3
#define BUFFER_BYTES (RANK_COUNT * ELEMS * 8)

static const int64_t counts[] = {10, 20, 30, 40, 40, 30, 20, 10, 5, 15, 25, 35, 40, 0, 40, 0};

/* One output of rank 2 with room to plant a mistake in. */
typedef struct scene {
    cx_shape_t           shape;
    cx_collective_data_t data;
    size_t               elem_bytes;
    int64_t              recv_elems;
    unsigned char        recv[BUFFER_BYTES];
} scene_t;

typedef void (*plant_fn)(scene_t *scene);

static void expect_slot(scene_t *scene, uint64_t epoch, int32_t slot_index)
{
    cx_collective_data_t data = scene->data;

    data.epoch = epoch;
    cx_collective_expect(&data, slot_index, 0, scene->recv_elems, scene->recv);
}

/* Overwrite a block of the output with what `source_rank` sends from `first` on. */
static void copy_piece(scene_t *scene, int64_t recv_first, int32_t source_rank, int64_t first,
                       int64_t elem_count)
{
    cx_collective_piece_t piece = {SLOT, source_rank, CX_NO_RANK, first, elem_count};

    cx_collective_piece(&scene->data, &piece,
                        scene->recv + recv_first * (int64_t)scene->elem_bytes);
}

static void skip_all(scene_t *scene)
{
    unsigned char buffer[BUFFER_BYTES];

    if (scene->shape.is_in_place) {
        cx_collective_fill(&scene->data, SLOT, buffer);
        memcpy(scene->recv,
               buffer + (size_t)cx_collective_place(&scene->data).recv_first * scene->elem_bytes,
               (size_t)scene->recv_elems * scene->elem_bytes);
    } else {
        cx_collective_poison(&scene->data, SLOT, scene->recv);
    }
}

static void take_unwritten_root_1(scene_t *scene)
{
    cx_collective_data_t data = scene->data;

    data.rank = 1;
    cx_collective_poison(&data, SLOT, scene->recv);
}

static void skip_one_block(scene_t *scene)
{
    unsigned char right[BUFFER_BYTES];
    size_t        block_bytes = ELEMS * scene->elem_bytes;

    memcpy(right, scene->recv, sizeof right);
    skip_all(scene);
    memcpy(scene->recv, right, block_bytes);
    memcpy(scene->recv + 2 * block_bytes, right + 2 * block_bytes, sizeof right - 2 * block_bytes);
}

static void lose_one_element(scene_t *scene)
{
    unsigned char right[BUFFER_BYTES];
    size_t        lost = 5 * scene->elem_bytes;

    memcpy(right, scene->recv, sizeof right);
    skip_all(scene);
    memcpy(right + lost, scene->recv + lost, scene->elem_bytes);
    memcpy(scene->recv, right, sizeof right);
}

static void take_last_epoch(scene_t *scene)
{
    expect_slot(scene, scene->data.epoch - 1, SLOT);
}

static void take_slot_1(scene_t *scene)
{
    expect_slot(scene, scene->data.epoch, 1);
}

static void take_old_slot_9(scene_t *scene)
{
    expect_slot(scene, scene->data.epoch - 1, 9);
}

static void take_root_1(scene_t *scene)
{
    copy_piece(scene, 0, 1, cx_collective_block_start(&scene->data, 1, RANK), ELEMS);
}

static void repeat_rank_0(scene_t *scene)
{
    copy_piece(scene, ELEMS, 0, cx_collective_block_start(&scene->data, 0, RANK), ELEMS);
}

static void swap_blocks_1_and_3(scene_t *scene)
{
    copy_piece(scene, ELEMS, 3, cx_collective_block_start(&scene->data, 3, RANK), ELEMS);
    copy_piece(scene, 3 * ELEMS, 1, cx_collective_block_start(&scene->data, 1, RANK), ELEMS);
}

static void take_block_of_rank_1(scene_t *scene)
{
    int32_t source = scene->recv_elems == ELEMS ? scene->shape.root_rank : 0;

    copy_piece(scene, 0, source, cx_collective_block_start(&scene->data, source, 1), 15);
}

static void keep_own_blocks(scene_t *scene)
{
    copy_piece(scene, 0, RANK, 0, ELEMS * RANK_COUNT);
}

static void take_own_input(scene_t *scene)
{
    copy_piece(scene, 0, RANK, cx_collective_block_start(&scene->data, RANK, RANK), ELEMS);
}

static void shift_up(scene_t *scene)
{
    memmove(scene->recv + scene->elem_bytes, scene->recv,
            (size_t)(scene->recv_elems - 1) * scene->elem_bytes);
}

static void shift_down_by_3(scene_t *scene)
{
    memmove(scene->recv, scene->recv + 3 * scene->elem_bytes,
            (size_t)(scene->recv_elems - 3) * scene->elem_bytes);
}

static void forget_rank_3(scene_t *scene)
{
    cx_collective_piece_t piece = {SLOT, CX_ALL_RANKS, 3,
                                   cx_collective_block_start(&scene->data, RANK, RANK), ELEMS};

    cx_collective_piece(&scene->data, &piece, scene->recv);
}

static void flip_a_bit(scene_t *scene)
{
    scene->recv[17 * scene->elem_bytes] ^= 0x20;
}

static void stick_a_bit(scene_t *scene)
{
    for (int64_t i = 0; i < scene->recv_elems; i++) {
        scene->recv[(size_t)i * scene->elem_bytes] |= 0x08;
    }
}

static void spoil_a_byte(scene_t *scene)
{
    scene->recv[17 * scene->elem_bytes] ^= 0x5a;
}

static void spoil_many(scene_t *scene)
{
    for (int64_t i = 0; i < scene->recv_elems * (int64_t)scene->elem_bytes; i++) {
        scene->recv[i] ^= (unsigned char)(37 * i + 3);
    }
}

#define SUM(op, dtype) CX_COLLECTIVE_##op, CX_DTYPE_##dtype, CX_REDOP_SUM, false
#define MOVE(op, dtype) CX_COLLECTIVE_##op, CX_DTYPE_##dtype, CX_REDOP_NONE, false
#define SUM_IN_PLACE(op, dtype) CX_COLLECTIVE_##op, CX_DTYPE_##dtype, CX_REDOP_SUM, true
#define MOVE_IN_PLACE(op, dtype) CX_COLLECTIVE_##op, CX_DTYPE_##dtype, CX_REDOP_NONE, true

static const struct {
    cx_collective_t op;
    cx_dtype_t      dtype;
    cx_redop_t      redop;
    bool            is_in_place;
    plant_fn        plant;
    const char     *kind, *words;
} rows[] = {
    {SUM(ALL_REDUCE, FP32), skip_all, "never-written", "never written (skipped send?); element 0"},
    {MOVE(ALL_GATHER, INT8), skip_all, "never-written", "160 of 160 elements wrong"},
    {MOVE(ALL_GATHER, FP16), skip_one_block, "never-written", "40 of 160 elements wrong"},
    {MOVE(ALL_TO_ALL, FP32), skip_one_block, "never-written", "element 40 (byte 160)"},
    {MOVE(ALL_TO_ALL_V, FP32), lose_one_element, "never-written", "1 of 115 elements wrong"},
    {SUM_IN_PLACE(ALL_REDUCE, FP32), skip_all, "never-written", "still this rank's own input"},
    {SUM_IN_PLACE(REDUCE_SCATTER, BF16), skip_all, "never-written", "still this rank's own input"},
    {MOVE_IN_PLACE(ALL_TO_ALL, INT16), skip_all, "never-written", "still this rank's own input"},
    {MOVE_IN_PLACE(ALL_GATHER, FP32), skip_all, "never-written", "120 of 160 elements wrong"},
    {MOVE_IN_PLACE(BROADCAST, FP64), skip_all, "never-written", "skipped send?"},
    {SUM(ALL_REDUCE, FP32), take_last_epoch, "stale", "data of slot 3 before the last filling"},
    {SUM(ALL_REDUCE, BF16), take_slot_1, "stale", "stale: data of slot 1;"},
    {MOVE(SEND_RECV, INT8), take_slot_1, "stale", "stale: data of slot 1;"},
    {MOVE(GATHER, UINT64), take_old_slot_9, "stale", "data of slot 9 before the last filling"},
    {MOVE(BROADCAST, FP32), take_root_1, "wrong-root", "data of rank 1: wrong root (root is 0)"},
    {MOVE(BROADCAST, FP32), take_unwritten_root_1, "wrong-root",
     "the unwritten output of rank 1: wrong root (root is 0)"},
    {MOVE(SCATTER, INT8), take_root_1, "wrong-root", "data of rank 1: wrong root (root is 0)"},
    {MOVE(SEND_RECV, FP16), take_own_input, "wrong-rank", "data of rank 2: wrong rank"},
    {MOVE(ALL_GATHER, FP32), repeat_rank_0, "wrong-rank",
     "data of rank 0: wrong rank (belongs to rank 1)"},
    {MOVE(ALL_TO_ALL, INT64), keep_own_blocks, "wrong-rank", "its own input, not exchanged"},
    {SUM(ALL_REDUCE, FP64), take_own_input, "wrong-rank", "not reduced: data of rank 2 alone"},
    {SUM(REDUCE_SCATTER, FP16), take_own_input, "wrong-rank", "not reduced: data of rank 2 alone"},
    {MOVE(ALL_GATHER, FP32), swap_blocks_1_and_3, "swapped", "blocks of ranks 1 and 3 swapped"},
    {MOVE(ALL_TO_ALL, UINT8), swap_blocks_1_and_3, "swapped", "blocks of ranks 1 and 3 swapped"},
    {MOVE(ALL_TO_ALL, FP32), take_block_of_rank_1, "wrong-block", "the one meant for rank 1"},
    {MOVE(ALL_TO_ALL_V, FP32), take_block_of_rank_1, "wrong-block", "the one meant for rank 1"},
    {MOVE(SCATTER, BF16), take_block_of_rank_1, "wrong-block", "the one meant for rank 1"},
    {SUM(ALL_REDUCE, FP32), shift_up, "shifted", "shifted by 1 element towards the end"},
    {MOVE(ALL_GATHER, INT8), shift_up, "shifted", "shifted by 1 element towards the end"},
    {MOVE(BROADCAST, FP16), shift_down_by_3, "shifted", "shifted by 3 elements towards the start"},
    {SUM(ALL_REDUCE, FP32), forget_rank_3, "missing", "contribution of rank 3 missing"},
    {SUM(REDUCE_SCATTER, INT8), forget_rank_3, "missing", "contribution of rank 3 missing"},
    {CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP64, CX_REDOP_MAX, false, forget_rank_3, "missing",
     "contribution of rank 3 missing"},
    {CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP32, CX_REDOP_PROD, false, forget_rank_3, "missing",
     "contribution of rank 3 missing"},
    {CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_UINT16, CX_REDOP_AVG, false, forget_rank_3, "missing",
     "contribution of rank 3 missing"},
    {SUM(ALL_REDUCE, FP32), flip_a_bit, "bit-flip",
     "bit 5 of byte 0 of the element; element 17 (byte 68)"},
    {MOVE(ALL_GATHER, INT8), flip_a_bit, "bit-flip", "1 of 160 elements wrong"},
    {MOVE(BROADCAST, FP64), stick_a_bit, "bit-flip", "bit 3 of byte 0"},
    {SUM(ALL_REDUCE, FP32), spoil_a_byte, "corrupted", "corrupted: only byte 0 of the element"},
    {MOVE(SEND_RECV, INT8), spoil_a_byte, "corrupted", "element 17 (byte 17)"},
    {MOVE(ALL_TO_ALL, FP32), spoil_many, "corrupted", "160 of 160 elements wrong"},
    {SUM(ALL_REDUCE, INT64), spoil_many, "corrupted", "40 of 40 elements wrong"},
};

static void test_planted_mistakes_are_named(void **state)
{
    static scene_t scene;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_verdict_t verdict;

        scene.shape = (cx_shape_t){
            .op          = rows[i].op,
            .dtype       = rows[i].dtype,
            .redop       = rows[i].redop,
            .root_rank   = rows[i].op == CX_COLLECTIVE_GATHER    ? RANK
                           : cx_collective_is_rooted(rows[i].op) ? 0
                                                                 : -1,
            .is_in_place = rows[i].is_in_place,
        };
        scene.data = (cx_collective_data_t){
            .shape      = &scene.shape,
            .elems      = ELEMS,
            .counts     = rows[i].op == CX_COLLECTIVE_ALL_TO_ALL_V ? counts : NULL,
            .rank       = RANK,
            .rank_count = RANK_COUNT,
            .seed       = 5,
            .epoch      = 6,
        };
        scene.elem_bytes = cx_dtype_bytes(rows[i].dtype);
        scene.recv_elems = cx_collective_place(&scene.data).recv_elems;
        expect_slot(&scene, scene.data.epoch, SLOT);
        rows[i].plant(&scene);
        assert_int_equal(cx_collective_verify(&scene.data, SLOT, scene.recv, NULL, &verdict),
                         CX_OK);
        if (strcmp(verdict.kind, rows[i].kind) != 0 || !strstr(verdict.text, rows[i].words)) {
            fail_msg("row %zu: %s: %s\nexpected %s: %s", i, verdict.kind, verdict.text,
                     rows[i].kind, rows[i].words);
        }
    }
}

static void test_the_sentence_is_whole(void **state)
{
    cx_shape_t shape = {.op = CX_COLLECTIVE_BROADCAST, .dtype = CX_DTYPE_FP32, .root_rank = 0};
    cx_collective_data_t data = {.shape = &shape, .elems = 8, .rank = 1, .rank_count = 2};
    uint32_t             recv[8];
    uint32_t             right;
    cx_verdict_t         verdict;
    char                 expected[256];

    (void)state;
    cx_collective_expect(&data, 0, 0, 8, recv);
    right   = recv[6];
    recv[6] = 0x3f800000;
    assert_int_equal(cx_collective_verify(&data, 0, recv, NULL, &verdict), CX_OK);
    snprintf(expected, sizeof expected, "corrupted; element 6 (byte 24): expected 0x%08x (",
             (unsigned)right);
    assert_true(strncmp(verdict.text, expected, strlen(expected)) == 0);
    assert_non_null(strstr(verdict.text, "), got 0x3f800000 (1); 1 of 8 elements wrong"));
    assert_int_equal(verdict.first_index, 6);
}

/* One byte has too little to say for a guess among many: it stays "corrupted". */
static void test_thin_evidence_is_not_overread(void **state)
{
    cx_shape_t shape = {.op = CX_COLLECTIVE_ALL_GATHER, .dtype = CX_DTYPE_INT8, .root_rank = -1};
    cx_collective_data_t data = {.shape = &shape, .elems = 64, .rank = 0, .rank_count = 8};
    unsigned char        recv[512], neighbour;
    cx_verdict_t         verdict;

    (void)state;
    cx_collective_expect(&data, 0, 0, 512, recv);
    neighbour = recv[101];
    assert_true(__builtin_popcount(recv[100] ^ neighbour) > 1);
    recv[100] = neighbour;
    assert_int_equal(cx_collective_verify(&data, 0, recv, NULL, &verdict), CX_OK);
    assert_string_equal(verdict.kind, "corrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planted_mistakes_are_named),
        cmocka_unit_test(test_the_sentence_is_whole),
        cmocka_unit_test(test_thin_evidence_is_not_overread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
