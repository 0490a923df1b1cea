/* SPDX-License-Identifier: Apache-2.0 */
/* A plan has its experts where it says, gives the busy ones replicas, and balances. */
#include "family/ep/eplb.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void plan(const int64_t *loads, cx_ep_eplb_t *eplb, cx_arena_t *arena)
{
    assert_int_equal(cx_ep_eplb_plan(loads, eplb, arena), CX_OK);
}

static void test_golden_harmonic_load(void **state)
{
    int64_t      loads[256];
    double       sum  = 0;
    cx_ep_eplb_t eplb = {.expert_count = 256, .rank_count = 8, .redundant_count = 32};
    cx_arena_t   arena;

    (void)state;
    for (int e = 0; e < 256; e++) {
        loads[e] = (int64_t)(1e12 / (e + 1));
        sum += e < 32 ? 1.0 / (e + 1) : 0;
    }
    cx_arena_init(&arena);
    plan(loads, &eplb, &arena);
    assert_true(fabs(sum * 8 / 6.1243 - 5.30) < 0.01); /* what it mends: H(32) * 8 / H(256) */
    assert_true(eplb.planned_imbalance_ratio < 1.005);
    assert_int_equal(eplb.replica_count_max, 13);
    assert_int_equal(eplb.replica_firsts[1] - eplb.replica_firsts[0], 13);
    assert_int_equal(eplb.physical_count, 288);
    cx_arena_fini(&arena);
}

static void test_a_plan_by_hand(void **state)
{
    /* Loads 12 4 2 2 on two ranks with two more: expert 0 gets both (12, 6, 4 a replica). Packed:
     * 4 -> rank 0, 4 -> rank 1, 4 -> rank 0, 4 (expert 1) -> rank 1, 2 -> rank 0, 2 -> rank 1. */
    static const int64_t loads[] = {12, 4, 2, 2}, logical[] = {0, 0, 2, 0, 1, 3};
    static const int64_t firsts[] = {0, 3, 4, 5, 6}, replicas[] = {0, 1, 3, 4, 2, 5};
    cx_ep_eplb_t         eplb = {.expert_count = 4, .rank_count = 2, .redundant_count = 1};
    cx_arena_t           arena;

    (void)state;
    cx_arena_init(&arena);
    plan(loads, &eplb, &arena);
    assert_int_equal(eplb.redundant_count, 2); /* rounded up to whole ranks */
    assert_int_equal(eplb.physical_count, 6);
    assert_memory_equal(eplb.logical_experts, logical, sizeof logical);
    assert_memory_equal(eplb.replica_firsts, firsts, sizeof firsts);
    assert_memory_equal(eplb.replicas, replicas, sizeof replicas);
    assert_int_equal(eplb.replicated_count, 1);
    assert_int_equal(eplb.replica_count_max, 3);
    assert_true(eplb.planned_imbalance_ratio == 1.0);
    assert_int_equal(cx_ep_eplb_physical(&eplb, 0, 0), 0);
    assert_int_equal(cx_ep_eplb_physical(&eplb, 4, 0), 1);
    assert_int_equal(cx_ep_eplb_physical(&eplb, 5, 0), 3);
    assert_int_equal(cx_ep_eplb_physical(&eplb, 5, 3), 5);
    cx_arena_fini(&arena);
}

static void test_ties_go_to_the_lowest_expert(void **state)
{
    static const int64_t loads[] = {3, 3, 3, 3};
    cx_ep_eplb_t         eplb    = {.expert_count = 4, .rank_count = 2, .redundant_count = 2};
    cx_arena_t           arena;

    (void)state;
    cx_arena_init(&arena);
    plan(loads, &eplb, &arena);
    assert_int_equal(eplb.replica_firsts[1], 2);
    assert_int_equal(eplb.replica_firsts[2], 4);
    cx_arena_fini(&arena);
}

static void test_no_load_at_all_is_balanced(void **state)
{
    static const int64_t loads[8] = {0};
    cx_ep_eplb_t         eplb     = {.expert_count = 8, .rank_count = 4, .redundant_count = 4};
    cx_arena_t           arena;

    (void)state;
    cx_arena_init(&arena);
    plan(loads, &eplb, &arena);
    assert_true(eplb.planned_imbalance_ratio == 1.0);
    cx_arena_fini(&arena);
}

static void test_experts_that_do_not_divide_are_refused(void **state)
{
    static const int64_t loads[6] = {0};
    cx_ep_eplb_t         eplb     = {.expert_count = 6, .rank_count = 4, .redundant_count = 2};
    cx_arena_t           arena;

    (void)state;
    cx_arena_init(&arena);
    assert_int_equal(cx_ep_eplb_plan(loads, &eplb, &arena), CX_INVALID);
    cx_detail_clear();
    cx_arena_fini(&arena);
}

static void test_the_digest_is_of_the_mapping(void **state)
{
    static const int64_t one[] = {9, 1, 1, 1}, other[] = {1, 1, 1, 9};
    cx_ep_eplb_t         a = {.expert_count = 4, .rank_count = 2, .redundant_count = 2};
    cx_ep_eplb_t         b = a, c = a;
    cx_arena_t           arena;

    (void)state;
    cx_arena_init(&arena);
    plan(one, &a, &arena);
    plan(one, &b, &arena);
    plan(other, &c, &arena);
    assert_string_equal(a.digest, b.digest);
    assert_string_not_equal(a.digest, c.digest);
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_harmonic_load),
        cmocka_unit_test(test_a_plan_by_hand),
        cmocka_unit_test(test_ties_go_to_the_lowest_expert),
        cmocka_unit_test(test_no_load_at_all_is_balanced),
        cmocka_unit_test(test_experts_that_do_not_divide_are_refused),
        cmocka_unit_test(test_the_digest_is_of_the_mapping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
