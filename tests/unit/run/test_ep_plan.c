/* SPDX-License-Identifier: Apache-2.0 */
/* Rungs, slots and works of a case, and what is refused or left out. */
#include "run/ep_plan.h"

#include "unit/run/ep_kit.h"

static void test_slots_fill_the_memory_that_is_rotated_over(void **state)
{
    /* a slot of one token: two rows of 512 B and three experts with gates */
    static const struct {
        const char *words;
        int32_t     counts[3]; /* of rungs 1, 16, 512 */
    } rows[] = {
        {"tokens=1,16,512 rotate-bytes=0B", {2, 2, 2}},
        {"tokens=1,16,512 rotate-bytes=1GiB", {8, 8, 8}},                     /* as a trial has */
        {"tokens=1,16,512 rotate-bytes=1GiB sampling=fast", {4, 4, 4}},       /* likewise */
        {"tokens=1,16,512 rotate-bytes=1GiB regime=steady", {128, 128, 128}}, /* as a chain has */
        {"tokens=1,16,512 rotate-bytes=300KiB regime=steady", {97, 6, 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ep_kit_t kit;
        int32_t  first = 0;

        ep_kit_open(&kit, rows[i].words, &ep_kit_token_rank, 0, 2);
        assert_int_equal(kit.plan.rung_count, 3);
        for (int32_t k = 0; k < 3; k++) {
            assert_int_equal(kit.plan.rungs[k].slot_count, rows[i].counts[k]);
            assert_int_equal(kit.plan.rungs[k].first_slot, first);
            first += rows[i].counts[k];
        }
        assert_int_equal(kit.plan.slot_count, first);
        ep_kit_close(&kit);
    }
}

static void test_steps_are_works_where_routing_moves(void **state)
{
    static const struct {
        const char *words;
        int32_t     work_count;
    } rows[] = {
        {"tokens=4 rotate-bytes=1GiB", 1},
        {"tokens=4 rotate-bytes=1GiB routing=alternating-groups", 2},
        {"tokens=4 rotate-bytes=1GiB routing=hotspot-moving", 8},
        {"tokens=4 rotate-bytes=1GiB routing=hotspot-moving regime=steady", 12},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cx_ep_work_t *first, *second;
        ep_kit_t            kit;

        ep_kit_open(&kit, rows[i].words, &ep_kit_token_rank, 0, 2);
        assert_int_equal(kit.plan.rungs[0].work_count, rows[i].work_count);
        first  = cx_ep_plan_work_of(&kit.plan, 0);
        second = cx_ep_plan_work_of(&kit.plan, 1);
        assert_int_equal(strcmp(first->digest, second->digest) != 0, rows[i].work_count > 1);
        assert_ptr_equal(cx_ep_plan_work_of(&kit.plan, 0), kit.plan.rungs[0].works);
        ep_kit_close(&kit);
    }
}

static void test_slots_of_a_rung_carry_different_tokens(void **state)
{
    ep_kit_t kit;

    (void)state;
    ep_kit_open(&kit, "tokens=4,8 rotate-bytes=0B seed=67", &ep_kit_token_rank, 1, 2);
    assert_int_equal(cx_ep_plan_truth(&kit.plan, 0).activation.seed, 67);
    assert_int_equal(cx_ep_plan_truth(&kit.plan, 1).activation.seed, 68);
    assert_int_equal(cx_ep_plan_truth(&kit.plan, 2).activation.seed, 67);
    assert_int_equal(cx_ep_plan_truth(&kit.plan, 0).rank, 1);
    assert_ptr_equal(cx_ep_plan_rung_of(&kit.plan, 2), &kit.plan.rungs[1]);
    ep_kit_close(&kit);
}

static void test_staging_is_hoisted_where_it_does_work(void **state)
{
    static const struct {
        const char *words;
        uint64_t    stage_codecs;
        bool        keeps_receives, has_stage, is_hoisted;
        int32_t     slot_count;
    } rows[] = {
        {"tokens=4", 0, true, false, false, 8},
        {"tokens=4", CX_BIT(CX_CODEC_BF16), true, true, true, 8},
        {"tokens=4 precision=mxfp8", CX_BIT(CX_CODEC_MXFP8), true, true, true, 8},
        {"tokens=4 precision=mxfp8", CX_BIT(CX_CODEC_MXFP8), false, true, true, 1},
        {"tokens=4 precision=mxfp8 consume=dequant", CX_BIT(CX_CODEC_MXFP8), false, true, false, 8},
        {"tokens=4 precision=mxfp8", CX_BIT(CX_CODEC_BF16), true, false, false, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_caps_t caps = ep_kit_token_rank;
        ep_kit_t     kit;

        caps.stage_codecs   = rows[i].stage_codecs;
        caps.keeps_receives = rows[i].keeps_receives;
        ep_kit_open(&kit, rows[i].words, &caps, 0, 2);
        assert_int_equal(kit.plan.has_stage, rows[i].has_stage);
        assert_int_equal(kit.plan.is_hoisted, rows[i].is_hoisted);
        assert_int_equal(kit.plan.slot_count, rows[i].slot_count);
        ep_kit_close(&kit);
    }
}

static void test_what_a_backend_does_not_allow_is_left_out(void **state)
{
    cx_ep_caps_t caps = ep_kit_token_rank;
    ep_kit_t     kit;

    (void)state;
    caps.token_count_max = 8;
    ep_kit_open(&kit, "tokens=4,8,16,32", &caps, 0, 2);
    assert_int_equal(kit.plan.rung_count, 2);
    assert_int_equal(kit.plan.problem.token_count_max, 8);
    assert_int_equal(kit.plan.left_out_count, 2);
    assert_int_equal(kit.plan.left_out_tokens[0], 16);
    assert_int_equal(kit.plan.left_out_tokens[1], 32);
    caps.token_count_max = 2;
    EXPECT_FAIL(CX_UNSUPPORTED, "allows 2 tokens per rank in mode normal, and no step has as few",
                cx_ep_plan_make(&kit.one, &kit.plan.ranks, &caps, &kit.arena, &kit.plan));
    caps           = ep_kit_token_rank;
    caps.weighting = CX_EP_WEIGHTING_KERNEL_SUM;
    cx_detail_clear();
    assert_int_equal(cx_ep_plan_make(&kit.one, &kit.plan.ranks, &caps, &kit.arena, &kit.plan),
                     CX_UNSUPPORTED);
    ep_kit_close(&kit);
}

static void test_the_problem_counts_physical_experts_and_most_tokens(void **state)
{
    ep_kit_t kit;

    (void)state;
    ep_kit_open(&kit, "tokens=4,8 uneven=linear eplb=3 domain-ranks=2", &ep_kit_token_rank, 0, 4);
    assert_int_equal(kit.plan.problem.expert_count, 16); /* 3 rounded up to whole ranks */
    assert_int_equal(kit.plan.problem.token_count_max, 12);
    assert_int_equal(kit.plan.problem.domain_rank_count, 2);
    ep_kit_close(&kit);
    ep_kit_open(&kit, "tokens=4", &ep_kit_token_rank, 0, 4);
    assert_int_equal(kit.plan.problem.domain_rank_count, 4);
    ep_kit_close(&kit);
}

static void test_a_case_has_one_placement(void **state)
{
    static const char *const words[] = {
        "tokens=1,8 domain-ranks=2 rank-placement=packed",
        "tokens=1,8 domain-ranks=2 rank-placement=striped",
        "tokens=1,8 domain-ranks=2 rank-placement=adversarial routing=hotspot",
    };

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint32_t seen = 0;
        ep_kit_t kit;

        ep_kit_open(&kit, words[i], &ep_kit_token_rank, 0, 4);
        for (int32_t rank = 0; rank < 4; rank++) {
            seen |= 1u << kit.plan.places[rank];
            assert_true(i > 0 || kit.plan.places[rank] == rank);
        }
        assert_int_equal(seen, 0xf);
        assert_ptr_equal(kit.plan.rungs[0].works[0].position_ranks, kit.plan.places);
        ep_kit_close(&kit);
    }
}

static void test_the_digest_is_of_every_work(void **state)
{
    static const char *const words[] = {"tokens=4", "tokens=4,8", "tokens=4 seed=68",
                                        "tokens=4 routing=zipf", "tokens=4 uneven=linear"};
    char                     digests[5][CX_HASH_HEX_BYTES];

    (void)state;
    for (int i = 0; i < 5; i++) {
        ep_kit_t kit;

        ep_kit_open(&kit, words[i], &ep_kit_token_rank, i % 2, 2);
        memcpy(digests[i], kit.plan.digest, sizeof digests[i]);
        ep_kit_close(&kit);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(digests[i], digests[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_fill_the_memory_that_is_rotated_over),
        cmocka_unit_test(test_steps_are_works_where_routing_moves),
        cmocka_unit_test(test_slots_of_a_rung_carry_different_tokens),
        cmocka_unit_test(test_staging_is_hoisted_where_it_does_work),
        cmocka_unit_test(test_what_a_backend_does_not_allow_is_left_out),
        cmocka_unit_test(test_the_problem_counts_physical_experts_and_most_tokens),
        cmocka_unit_test(test_a_case_has_one_placement),
        cmocka_unit_test(test_the_digest_is_of_every_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
