/* SPDX-License-Identifier: Apache-2.0 */
/* The declared reductions: pins that tell them apart, bit for bit. */
#include "family/ep/reduce.h"

#include "family/common/halves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ELEMS 300 /* more than a tile of the tree */

/* Messages of one value each. */
typedef struct sum {
    cx_ep_reduction_t reduction;
    int64_t           domain_rank_count, slot_count, count;
    float             values[8], gates[8];
    int64_t           ranks[8], slots[8];
} sum_t;

static float sum_up(const sum_t *sum)
{
    cx_ep_reducer_t reducer = {
        .reduction = sum->reduction, .elems = ELEMS, .domain_rank_count = sum->domain_rank_count};
    uint16_t         rows[8][ELEMS], out[ELEMS];
    const uint16_t  *row_list[8];
    int64_t          ranks[8], slots[8];
    float            gates[8];
    cx_ep_messages_t messages = {.count      = sum->count,
                                 .slot_count = sum->slot_count,
                                 .rows       = row_list,
                                 .ranks      = ranks,
                                 .slots      = slots,
                                 .gates      = gates};
    cx_arena_t       arena;

    memcpy(ranks, sum->ranks, sizeof ranks);
    memcpy(slots, sum->slots, sizeof slots);
    memcpy(gates, sum->gates, sizeof gates);
    for (int i = 0; i < 8; i++) {
        row_list[i] = rows[i];
        for (int c = 0; c < ELEMS; c++) {
            rows[i][c] = cx_bf16_from_float(sum->values[i]);
        }
    }
    cx_arena_init(&arena);
    assert_int_equal(cx_ep_reducer_init(&reducer, &arena), CX_OK);
    cx_ep_reduce(&reducer, &messages, out);
    cx_arena_fini(&arena);
    for (int c = 1; c < ELEMS; c++) {
        assert_int_equal(out[c], out[0]);
    }
    return cx_bf16_to_float(out[0]);
}

#define SMALL 0x1p-9f
static const sum_t pin = {.domain_rank_count = 8,
                          .slot_count        = 8,
                          .count             = 8,
                          .values            = {1, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL},
                          .gates             = {1, 1, 1, 1, 1, 1, 1, 1},
                          .ranks             = {0, 1, 2, 3, 4, 5, 6, 7},
                          .slots             = {0, 1, 2, 3, 4, 5, 6, 7}};

static void expect(const sum_t *sum, float right)
{
    const float got = sum_up(sum);

    assert_memory_equal(&got, &right, sizeof got);
}

static void test_the_published_pin(void **state)
{
    sum_t sum = pin;

    (void)state;
    sum.reduction = CX_EP_REDUCTION_TOPK_SLOT_TREE;
    expect(&sum, 1.0078125f);
    sum.reduction = CX_EP_REDUCTION_RANK_FP32;
    expect(&sum, 1.015625f);
    sum.reduction = CX_EP_REDUCTION_SLOT_FP32;
    expect(&sum, 1.015625f);
    sum.reduction = CX_EP_REDUCTION_DOMAIN_FP32;
    expect(&sum, 1.015625f);
}

/* bf16 has 1 and 1 + 4 * 2^-9 and nothing between; 1 + 2^-9 is rounded to 1 in each of two domains,
 * and to 2 + 2^-8 without, which is rounded to 2 as well: so one more of 2^-8 tells. */
static void test_domains_are_rounded_before_they_are_added(void **state)
{
    sum_t sum = {.reduction         = CX_EP_REDUCTION_DOMAIN_FP32,
                 .domain_rank_count = 2,
                 .slot_count        = 5,
                 .count             = 5,
                 .values            = {1, SMALL, 1, SMALL, 2 * SMALL},
                 .ranks             = {0, 1, 2, 3, 4}};

    (void)state;
    expect(&sum, 2.0f); /* 1 + 1 + 2^-8 */
    sum.values[1] = sum.values[3] = 1.75f * SMALL;
    expect(&sum, 2.0f); /* the same */
    sum.reduction = CX_EP_REDUCTION_RANK_FP32;
    expect(&sum, 2.015625f); /* 2 + 5.5 * 2^-9, nearer to 2 + 8 * 2^-9 */
}

/* Ranks 0 and 1 in one domain, 2 and 3 in the other; the messages come in slot order 3 1 2 0. */
static void test_domains_go_by_rank_and_not_by_slot(void **state)
{
    sum_t sum = {.reduction         = CX_EP_REDUCTION_DOMAIN_FP32,
                 .domain_rank_count = 2,
                 .slot_count        = 4,
                 .count             = 4,
                 .values            = {SMALL, 1, SMALL, SMALL},
                 .ranks             = {3, 1, 2, 0},
                 .slots             = {0, 1, 2, 3}};

    (void)state;
    expect(&sum, 1.0f); /* (1 + 2^-9 to 1) + 2^-8, a tie that goes to the even 1 */
    sum.values[2] = 2 * SMALL;
    expect(&sum, 1.0078125f); /* 1 + 3 * 2^-9; had 2^-9 survived its cast, 1 + 2^-7 the same way */
    sum.domain_rank_count = 4;
    sum.values[2]         = SMALL;
    expect(&sum, 1.0078125f); /* 1 + 3 * 2^-9 in one domain */
}

static void test_a_tree_keeps_the_places_of_slots(void **state)
{
    sum_t sum = {.reduction         = CX_EP_REDUCTION_TOPK_SLOT_TREE,
                 .domain_rank_count = 8,
                 .slot_count        = 4,
                 .count             = 3,
                 .values            = {1, SMALL, SMALL},
                 .ranks             = {0, 1, 2},
                 .slots             = {0, 2, 3}};

    (void)state;
    expect(&sum, 1.0f); /* 1 + 0, 2^-8: a tie that goes to the even 1 */
    sum.values[2] = 2 * SMALL;
    expect(&sum, 1.0078125f);
    sum.slots[1] = 1; /* (1 + 2^-9) goes to 1, then 1 + 2^-8 as well */
    expect(&sum, 1.0f);
}

static void test_an_odd_leaf_is_carried_unrounded(void **state)
{
    sum_t sum = pin;

    (void)state;
    sum.reduction  = CX_EP_REDUCTION_TOPK_SLOT_TREE;
    sum.slot_count = sum.count = 3;
    sum.values[2]              = 3 * SMALL;
    expect(&sum, 1.0078125f); /* (1 + 2^-9 to 1) + 3 * 2^-9 */
    sum.slot_count = sum.count = 1;
    expect(&sum, 1.0f);
}

static void test_gates_are_applied_before_the_sum(void **state)
{
    sum_t sum = {.reduction  = CX_EP_REDUCTION_SLOT_FP32,
                 .slot_count = 2,
                 .count      = 2,
                 .values     = {1, 3},
                 .gates      = {0.75f, 0.25f},
                 .slots      = {0, 1}};

    (void)state;
    expect(&sum, 1.5f);
    sum.gates[1] = 0.5f;
    expect(&sum, 2.25f);
}

static void test_sums_start_at_positive_zero(void **state)
{
    sum_t sum = {.reduction         = CX_EP_REDUCTION_RANK_FP32,
                 .domain_rank_count = 1,
                 .slot_count        = 2,
                 .count             = 1,
                 .values            = {-0.0f},
                 .gates             = {1}};

    (void)state;
    expect(&sum, 0.0f);
    sum.reduction = CX_EP_REDUCTION_DOMAIN_FP32;
    expect(&sum, 0.0f);
    sum.reduction = CX_EP_REDUCTION_TOPK_SLOT_TREE; /* its empty slot is +0 */
    expect(&sum, 0.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_pin),
        cmocka_unit_test(test_domains_are_rounded_before_they_are_added),
        cmocka_unit_test(test_domains_go_by_rank_and_not_by_slot),
        cmocka_unit_test(test_a_tree_keeps_the_places_of_slots),
        cmocka_unit_test(test_an_odd_leaf_is_carried_unrounded),
        cmocka_unit_test(test_gates_are_applied_before_the_sum),
        cmocka_unit_test(test_sums_start_at_positive_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
