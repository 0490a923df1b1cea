/* SPDX-License-Identifier: Apache-2.0 */
/* What comes home: every codec, reduction domain and order of phases, bit for bit.
 * Not what was delivered in between (test_ep_dispatch.c). */
#include "ep_exercise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct plan {
    const cx_backend_ops_t *ops;
    ep_exercise_t           what;
    ep_body_fn              body;
} plan_t;

static int run_plan(fake_core_t *fake, void *argument)
{
    const plan_t *plan = argument;

    return ep_exercise_run(fake, plan->ops, &plan->what, plan->body);
}

static void check_rank_count(void **state, const ep_exercise_t *what, ep_body_fn body,
                             int32_t rank_count)
{
    plan_t plan = {.ops = *state, .what = *what, .body = body};

    assert_int_equal(fake_ranks_run(rank_count, EP_BUDGET_NS, run_plan, &plan), 0);
}

static void check_all_rank_counts(void **state, const ep_exercise_t *what, ep_body_fn body)
{
    static const int32_t rank_counts[] = {1, 2, 3, 5};

    for (size_t i = 0; i < sizeof rank_counts / sizeof *rank_counts; i++) {
        check_rank_count(state, what, body, rank_counts[i]);
    }
}

/* A pair whose experts do something between, then one whose experts do nothing. */
static int pair_each_slot(ep_run_t *run)
{
    cx_ep_view_t view;
    int          failed_count = 0;

    for (int32_t call = 0; call < 2 * run->what->slot_count && failed_count == 0; call++) {
        const int32_t slot      = call / 2;
        const int32_t seen_call = call % 2 == 0 ? call : -1;

        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot);
        failed_count += ep_phase(run, CX_PHASE_STAGE, slot);
        failed_count += run->ops->inspect(run->session, slot, &view) != CX_OK;
        ep_apply(run, &view, seen_call);
        failed_count += ep_phase(run, CX_PHASE_COMBINE, slot);
        failed_count += ep_check_combined(run, slot, seen_call);
    }
    return failed_count;
}

static void test_pairs_bring_home_every_codec(void **state)
{
    for (int i = 0; i < CX_EP_MODE_COUNT * CX_CODEC_COUNT; i++) {
        const cx_codec_t codec = (cx_codec_t)(i / CX_EP_MODE_COUNT);
        ep_exercise_t    what  = ep_typical;

        what.mode           = (cx_ep_mode_t)(i % CX_EP_MODE_COUNT);
        what.dispatch_codec = codec;
        check_all_rank_counts(state, &what, pair_each_slot);
        if (codec != CX_CODEC_NVFP4) {
            what.combine_codec  = codec;
            what.dispatch_codec = (cx_codec_t)(i % CX_CODEC_COUNT);
            check_all_rank_counts(state, &what, pair_each_slot);
        }
    }
}

/* Six rounded domain sums are not one sum: what is expected differs, and so must the answers. */
static int count_domain_differences(ep_run_t *run)
{
    const int64_t elems = run->what->hidden_elems;
    uint16_t      by_one[EP_HIDDEN_MAX], together[EP_HIDDEN_MAX];
    int           difference_count = 0;

    for (int64_t token = 0; token < run->token_counts[1][run->rank]; token++) {
        run->shape.ep.domain_rank_count = 1;
        ep_expect_unweighted(run, 1, token, 0, by_one);
        run->shape.ep.domain_rank_count = 2;
        ep_expect_unweighted(run, 1, token, 0, together);
        for (int64_t i = 0; i < elems; i++) {
            difference_count += by_one[i] != together[i];
        }
    }
    return difference_count;
}

static int pair_with_domains_that_matter(ep_run_t *run)
{
    const int64_t domain_ranks = run->shape.ep.domain_rank_count;
    const int     failed_count = count_domain_differences(run) == 0;

    run->shape.ep.domain_rank_count = domain_ranks;
    return failed_count + pair_each_slot(run);
}

static void test_combine_rounds_the_sum_of_every_domain(void **state)
{
    static const int64_t domains[] = {1, 2, 4, 6, 8};

    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        ep_exercise_t what = ep_typical;

        what.topk              = 8;
        what.domain_rank_count = domains[i];
        check_rank_count(state, &what, pair_with_domains_that_matter, 6);
        what.combine_codec = CX_CODEC_E5M2_TOKEN;
        check_rank_count(state, &what, pair_with_domains_that_matter, 6);
    }
}

/* No rank waits for the others but in the pairs themselves: one may be a whole pair ahead. What
 * experts do changes from pair to pair, so that a row of an older pair would be noticed. */
static int chain_pairs(ep_run_t *run)
{
    cx_ep_view_t views[EP_SLOTS_MAX];
    int          failed_count = 0;

    for (int32_t slot = 0; slot < run->what->slot_count; slot++) {
        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot);
        failed_count += run->ops->inspect(run->session, slot, &views[slot]) != CX_OK;
    }
    for (int32_t call = 0; call < 90 && failed_count == 0; call++) {
        const int32_t slot = call % run->what->slot_count;

        ep_dawdle(run, 2 * call);
        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot);
        failed_count += ep_phase(run, CX_PHASE_STAGE, slot);
        ep_apply(run, &views[slot], call);
        ep_dawdle(run, 2 * call + 1);
        failed_count += ep_phase(run, CX_PHASE_COMBINE, slot);
        failed_count += ep_check_combined(run, slot, call);
    }
    return failed_count;
}

static void test_pairs_may_follow_each_other_at_once(void **state)
{
    static const cx_codec_t codecs[][2] = {{CX_CODEC_BF16, CX_CODEC_BF16},
                                           {CX_CODEC_E4M3FN_BLOCK, CX_CODEC_BF16},
                                           {CX_CODEC_BF16, CX_CODEC_MXFP8},
                                           {CX_CODEC_NVFP4, CX_CODEC_E4M3FN_DIRECT}};

    for (size_t i = 0; i < 4 * CX_EP_MODE_COUNT; i++) {
        ep_exercise_t what = ep_typical;

        what.mode           = (cx_ep_mode_t)(i % CX_EP_MODE_COUNT);
        what.dispatch_codec = codecs[i / CX_EP_MODE_COUNT][0];
        what.combine_codec  = codecs[i / CX_EP_MODE_COUNT][1];
        what.slot_count     = 1 + (int32_t)i % 3;
        check_rank_count(state, &what, chain_pairs, 2);
        check_rank_count(state, &what, chain_pairs, 5);
    }
}

/* Bytes from the first staged row to behind the last. */
static size_t staged_bytes(const ep_run_t *run, const cx_ep_view_t *view)
{
    const bool is_by_expert = run->what->mode == CX_EP_MODE_LOW_LATENCY;

    return (size_t)(is_by_expert ? run->what->local_expert_count * view->expert_row_capacity
                                 : view->row_count) *
           view->staged_stride_bytes;
}

/* The rows stay; what experts make of them may change between combines, once it is said that none
 * is running. In calls of even number staging brings the rows back, in the others the test does. */
static int combine_often(ep_run_t *run)
{
    unsigned char *saved[EP_SLOTS_MAX] = {NULL};
    cx_ep_view_t   view;
    int            failed_count = 0;

    for (int32_t slot = 0; slot < run->what->slot_count; slot++) {
        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot);
        failed_count += ep_phase(run, CX_PHASE_STAGE, slot);
        failed_count += run->ops->inspect(run->session, slot, &view) != CX_OK;
        saved[slot] = calloc(1, staged_bytes(run, &view) + 1);
        memcpy(saved[slot], view.staged, staged_bytes(run, &view));
    }
    for (int32_t call = 0; call < 40 && failed_count == 0; call++) {
        const int32_t slot = call % 3 % run->what->slot_count;

        ep_dawdle(run, call);
        if (call % 2 == 0 && run->what->dispatch_codec != CX_CODEC_BF16) {
            failed_count += ep_phase(run, CX_PHASE_STAGE, slot);
        } else {
            failed_count += run->ops->inspect(run->session, slot, &view) != CX_OK;
            memcpy(view.staged, saved[slot], staged_bytes(run, &view));
            ep_apply(run, &view, call);
        }
        failed_count += ep_phase(run, CX_PHASE_COMBINE, slot);
        failed_count += ep_check_combined(
            run, slot, call % 2 == 0 && run->what->dispatch_codec != CX_CODEC_BF16 ? -1 : call);
    }
    for (int32_t slot = 0; slot < run->what->slot_count; slot++) {
        free(saved[slot]);
    }
    return failed_count;
}

static void test_one_dispatch_serves_many_combines(void **state)
{
    static const cx_codec_t codecs[][2] = {{CX_CODEC_BF16, CX_CODEC_BF16},
                                           {CX_CODEC_BF16, CX_CODEC_E5M2_BLOCK},
                                           {CX_CODEC_E4M3FNUZ_TOKEN, CX_CODEC_BF16},
                                           {CX_CODEC_MXFP8, CX_CODEC_MXFP8}};

    for (size_t i = 0; i < 4 * CX_EP_MODE_COUNT; i++) {
        ep_exercise_t what = ep_typical;

        what.mode           = (cx_ep_mode_t)(i % CX_EP_MODE_COUNT);
        what.dispatch_codec = codecs[i / CX_EP_MODE_COUNT][0];
        what.combine_codec  = codecs[i / CX_EP_MODE_COUNT][1];
        check_all_rank_counts(state, &what, combine_often);
    }
}

/* Staged once, then pairs without staging: the regime in which staging is not part of a pair. */
static int chain_with_staging_hoisted(ep_run_t *run)
{
    int failed_count = 0;

    for (int32_t slot = 0; slot < run->what->slot_count; slot++) {
        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot);
        failed_count += ep_phase(run, CX_PHASE_STAGE, slot);
    }
    for (int32_t call = 0; call < 20 && failed_count == 0; call++) {
        const int32_t slot = call % run->what->slot_count;

        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot);
        failed_count += ep_phase(run, CX_PHASE_COMBINE, slot);
        failed_count += ep_check_combined(run, slot, -1);
    }
    return failed_count;
}

static void test_staging_once_serves_many_pairs(void **state)
{
    ep_exercise_t what = ep_typical;

    what.dispatch_codec = CX_CODEC_E4M3FN_BLOCK;
    check_all_rank_counts(state, &what, chain_with_staging_hoisted);
    what.mode = CX_EP_MODE_LOW_LATENCY;
    check_all_rank_counts(state, &what, chain_with_staging_hoisted);
}

/* The second product is no fp32, and the first is minus what it is rounded to: a fused multiply-add
 * would leave the rounding error. */
static int combine_what_cancels(ep_run_t *run)
{
    const uint16_t three_quarters = 0x3f40, minus_one = 0xbf80;
    const float    gate  = 0x1.fffffep-1f;
    float         *gates = (float *)(uintptr_t)run->slots[1].gates;
    cx_ep_view_t   view;
    int            failed_count;

    failed_count =
        ep_phase(run, CX_PHASE_DISPATCH, 1) + (run->ops->inspect(run->session, 1, &view) != CX_OK);
    for (int32_t e = 0; e < 2; e++) {
        uint16_t *staged =
            (uint16_t *)view.staged + e * view.expert_row_capacity * run->what->hidden_elems;

        for (int64_t i = 0; i < view.expert_row_counts[e] * run->what->hidden_elems; i++) {
            staged[i] = e == 0 ? minus_one : three_quarters;
        }
    }
    for (int64_t token = 0; token < run->token_counts[1][0]; token++) {
        ep_experts(run, 1)[2 * token]     = 0;
        ep_experts(run, 1)[2 * token + 1] = 1;
        gates[2 * token]                  = gate * 0.75f;
        gates[2 * token + 1]              = gate;
    }
    failed_count += ep_phase(run, CX_PHASE_COMBINE, 1);
    for (int64_t i = 0; i < run->token_counts[1][0] * run->what->hidden_elems; i++) {
        failed_count += run->slots[1].combined[i] != 0;
    }
    return failed_count;
}

static void test_combine_rounds_products_before_it_adds_them(void **state)
{
    ep_exercise_t what = ep_typical;

    what.mode               = CX_EP_MODE_LOW_LATENCY;
    what.topk               = 2;
    what.local_expert_count = 2;
    check_rank_count(state, &what, combine_what_cancels, 1);
}

/* More than there are processors: whoever waits gives way. */
static void test_pairs_work_with_more_ranks_than_processors(void **state)
{
    ep_exercise_t what = ep_typical;

    what.local_expert_count = 2;
    what.topk               = 6;
    what.domain_rank_count  = 8;
    what.token_count        = 6;
    check_rank_count(state, &what, chain_pairs, 16);
    what.mode = CX_EP_MODE_LOW_LATENCY;
    check_rank_count(state, &what, chain_pairs, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_bring_home_every_codec),
        cmocka_unit_test(test_combine_rounds_the_sum_of_every_domain),
        cmocka_unit_test(test_pairs_may_follow_each_other_at_once),
        cmocka_unit_test(test_one_dispatch_serves_many_combines),
        cmocka_unit_test(test_staging_once_serves_many_pairs),
        cmocka_unit_test(test_combine_rounds_products_before_it_adds_them),
        cmocka_unit_test(test_pairs_work_with_more_ranks_than_processors),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
