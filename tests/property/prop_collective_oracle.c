/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle accepts what is right and rejects every corruption, swap, duplication and loss of a
 * single element, for all operations, types, reductions, rank counts, sizes and placements. */
#include "family/collective/inputs.h"
#include "family/collective/layout.h"
#include "family/collective/oracle.h"
#include "family/collective/traffic.h"
#include "model/case.h"
#include "support/prop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OP, DTYPE, REDOP, RANK_COUNT, RANK, ROOT, ELEMS, IN_PLACE, SEED, SLOT, FIRST, SECOND, BIT };

static const prop_range_t gen[] = {
    {"op", 0, CX_COLLECTIVE_COUNT - 1},
    {"dtype", 0, CX_DTYPE_COUNT - 1},
    {"redop", CX_REDOP_SUM, CX_REDOP_COUNT - 1},
    {"rank_count", 1, 40},
    {"rank", 0, 1000},
    {"root", 0, 1000},
    {"elems", 1, 300},
    {"in_place", 0, 1},
    {"seed", 0, INT64_MAX},
    {"slot", 0, 100},
    {"first", 0, INT64_MAX},
    {"second", 0, INT64_MAX},
    {"bit", 0, 63},
    PROP_END,
};

/* A rank's right output, and room to change it. */
typedef struct scene {
    cx_shape_t           shape;
    cx_collective_data_t data;
    int32_t              slot_index;
    int64_t              recv_elems, counts[40 * 40];
    size_t               elem_bytes;
    unsigned char        recv[40 * 300 * 8];
} scene_t;

static scene_t scene;

/* False when the values stand for a request that is refused, or for a rank that receives nothing.
 */
static bool build_scene(const int64_t *values)
{
    const cx_collective_t op         = (cx_collective_t)values[OP];
    const int32_t         rank_count = (int32_t)values[RANK_COUNT];

    scene.shape = (cx_shape_t){
        .op          = op,
        .dtype       = (cx_dtype_t)values[DTYPE],
        .redop       = cx_collective_reduces(op) ? (cx_redop_t)values[REDOP] : CX_REDOP_NONE,
        .root_rank   = cx_collective_is_rooted(op) ? (int32_t)(values[ROOT] % rank_count) : -1,
        .is_in_place = values[IN_PLACE] == 1,
    };
    scene.data = (cx_collective_data_t){
        .shape      = &scene.shape,
        .elems      = values[ELEMS],
        .counts     = op == CX_COLLECTIVE_ALL_TO_ALL_V ? scene.counts : NULL,
        .rank       = (int32_t)(values[RANK] % rank_count),
        .rank_count = rank_count,
        .seed       = (uint64_t)values[SEED],
        .epoch      = (uint64_t)values[SEED] % 3,
    };
    cx_detail_clear();
    if (cx_collective_check_shape(&scene.shape, rank_count) != CX_OK ||
        cx_traffic_from_skew(rank_count, values[ELEMS], (rank_count - 1) / 3.0, scene.counts) !=
            CX_OK) {
        return false;
    }
    scene.slot_index = (int32_t)values[SLOT];
    scene.elem_bytes = cx_dtype_bytes(scene.shape.dtype);
    scene.recv_elems = cx_collective_place(&scene.data).recv_elems;
    if (scene.recv_elems == 0) {
        return false;
    }
    cx_collective_expect(&scene.data, scene.slot_index, 0, scene.recv_elems, scene.recv);
    return true;
}

static bool is_right(void)
{
    cx_verdict_t verdict;

    if (cx_collective_verify(&scene.data, scene.slot_index, scene.recv, NULL, &verdict) != CX_OK) {
        return false;
    }
    return verdict.is_right;
}

static unsigned char *elem_at(int64_t index)
{
    return scene.recv + (size_t)index * scene.elem_bytes;
}

static bool accepts_what_is_right(const int64_t *values)
{
    return !build_scene(values) || is_right();
}

static bool rejects_any_flipped_bit(const int64_t *values)
{
    if (!build_scene(values)) {
        return true;
    }
    elem_at(values[FIRST] % scene.recv_elems)[values[BIT] / 8 % (int64_t)scene.elem_bytes] ^=
        (unsigned char)(1 << values[BIT] % 8);
    return !is_right();
}

/* Equal elements may change places: that is no loss. */
static bool rejects_any_swap(const int64_t *values)
{
    unsigned char first[8], second[8];

    if (!build_scene(values)) {
        return true;
    }
    memcpy(first, elem_at(values[FIRST] % scene.recv_elems), scene.elem_bytes);
    memcpy(second, elem_at(values[SECOND] % scene.recv_elems), scene.elem_bytes);
    memcpy(elem_at(values[FIRST] % scene.recv_elems), second, scene.elem_bytes);
    memcpy(elem_at(values[SECOND] % scene.recv_elems), first, scene.elem_bytes);
    return is_right() == (memcmp(first, second, scene.elem_bytes) == 0);
}

static bool rejects_any_duplicate(const int64_t *values)
{
    unsigned char *from, *to;
    bool           is_same;

    if (!build_scene(values)) {
        return true;
    }
    from    = elem_at(values[FIRST] % scene.recv_elems);
    to      = elem_at(values[SECOND] % scene.recv_elems);
    is_same = memcmp(from, to, scene.elem_bytes) == 0;
    memmove(to, from, scene.elem_bytes);
    return is_right() == is_same;
}

/* All behind the lost element move up, and the last place keeps what it had. */
static bool rejects_any_loss(const int64_t *values)
{
    static unsigned char before[sizeof scene.recv];
    int64_t              lost;
    size_t               recv_bytes;

    if (!build_scene(values)) {
        return true;
    }
    lost       = values[FIRST] % scene.recv_elems;
    recv_bytes = (size_t)scene.recv_elems * scene.elem_bytes;
    memcpy(before, scene.recv, recv_bytes);
    memmove(elem_at(lost), elem_at(lost) + scene.elem_bytes,
            (size_t)(scene.recv_elems - 1 - lost) * scene.elem_bytes);
    return is_right() == (memcmp(before, scene.recv, recv_bytes) == 0);
}

static void test_right_outputs_are_accepted(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, accepts_what_is_right));
}

static void test_flipped_bits_are_rejected(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, rejects_any_flipped_bit));
}

static void test_swapped_elements_are_rejected(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, rejects_any_swap));
}

static void test_duplicated_elements_are_rejected(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, rejects_any_duplicate));
}

static void test_lost_elements_are_rejected(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, rejects_any_loss));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_outputs_are_accepted),
        cmocka_unit_test(test_flipped_bits_are_rejected),
        cmocka_unit_test(test_swapped_elements_are_rejected),
        cmocka_unit_test(test_duplicated_elements_are_rejected),
        cmocka_unit_test(test_lost_elements_are_rejected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
