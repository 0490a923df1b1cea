/* SPDX-License-Identifier: Apache-2.0 */
/* What the plugin says of family ep, what it refuses to open, and what becomes of a silent peer.
 * Not rows (test_ep_dispatch.c, test_ep_combine.c). */
#include "ep_exercise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_ep_declares_both_modes(void **state)
{
    const cx_backend_ops_t *ops = *state;
    const uint64_t          all = CX_BIT(CX_CODEC_COUNT) - 1;
    fake_core_t             fake;
    cx_caps_t               caps;

    fake_core_init(&fake, NULL, 0, 1, EP_BUDGET_NS);
    assert_int_equal(ops->probe(&fake.core, &caps), CX_OK);
    assert_true(caps.families & CX_BIT(CX_FAMILY_EP));
    assert_non_null(ops->inspect);
    for (int mode = 0; mode < CX_EP_MODE_COUNT; mode++) {
        const cx_ep_caps_t *ep = &caps.ep[mode];

        assert_true(ep->is_supported && ep->is_bitwise && ep->keeps_receives);
        assert_false(ep->needs_fresh_pair || ep->is_pair_only);
        assert_int_equal(ep->token_count_max, 0);
        assert_int_equal(ep->dispatch_codecs, all);
        assert_int_equal(ep->combine_codecs, all & ~CX_BIT(CX_CODEC_NVFP4));
        assert_int_equal(ep->stage_codecs, all & ~CX_BIT(CX_CODEC_BF16));
    }
    assert_int_equal(caps.ep[CX_EP_MODE_NORMAL].layout, CX_EP_LAYOUT_TOKEN_RANK);
    assert_int_equal(caps.ep[CX_EP_MODE_NORMAL].weighting, CX_EP_WEIGHTING_RANK_SUM);
    assert_int_equal(caps.ep[CX_EP_MODE_NORMAL].reduction, CX_EP_REDUCTION_DOMAIN_FP32);
    assert_int_equal(caps.ep[CX_EP_MODE_LOW_LATENCY].layout, CX_EP_LAYOUT_TOKEN_EXPERT);
    assert_int_equal(caps.ep[CX_EP_MODE_LOW_LATENCY].weighting, CX_EP_WEIGHTING_KERNEL_SUM);
    assert_int_equal(caps.ep[CX_EP_MODE_LOW_LATENCY].reduction, CX_EP_REDUCTION_SLOT_FP32);
}

typedef struct refusal {
    cx_status_t     status;
    const char     *words;
    cx_ep_problem_t problem;
} refusal_t;

/* A problem of four ranks that is all right but for what a row changes. */
#define PROBLEM(...)                                                                           \
    {                                                                                          \
        .hidden_elems = 256, .topk = 2, .expert_count = 8, .domain_rank_count = 4, __VA_ARGS__ \
    }

static void test_ep_refuses_what_it_cannot_lay_out(void **state)
{
    static const refusal_t refusals[] = {
        {CX_UNSUPPORTED, "no combine in codec nvfp4", PROBLEM(.combine_codec = CX_CODEC_NVFP4)},
        {CX_INVALID,
         "e4m3fn-block128 of dispatch needs rows of whole blocks of 128",
         {.hidden_elems      = 200,
          .topk              = 2,
          .expert_count      = 8,
          .domain_rank_count = 4,
          .dispatch_codec    = CX_CODEC_E4M3FN_BLOCK}},
        {CX_INVALID,
         "9 of 8 experts",
         {.hidden_elems = 256, .topk = 9, .expert_count = 8, .domain_rank_count = 4}},
        {CX_INVALID,
         "2 of 6 experts",
         {.hidden_elems = 256, .topk = 2, .expert_count = 6, .domain_rank_count = 4}},
        {CX_INVALID, "domains of 0 ranks", {.hidden_elems = 256, .topk = 2, .expert_count = 8}},
        {CX_INVALID, "rows of 0 elements", {.topk = 2, .expert_count = 8, .domain_rank_count = 4}},
    };
    const cx_backend_ops_t *ops         = *state;
    const int64_t           eager_bytes = 64;

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const cx_shape_t shape   = {.family = CX_FAMILY_EP, .ep = refusals[i].problem};
        cx_session_t    *session = NULL;
        fake_core_t      fake;

        fake_core_init(&fake, NULL, 0, 4, EP_BUDGET_NS);
        assert_int_equal(ops->open(&fake.core, &shape, &eager_bytes, &session), refusals[i].status);
        assert_non_null(strstr(fake_detail_text, refusals[i].words));
        assert_null(session);
    }
}

typedef struct plan {
    const cx_backend_ops_t *ops;
    cx_phase_t              phase;
} plan_t;

/* Rank 1 never comes to the phase in question. */
static int wait_for_a_silent_peer(fake_core_t *fake, void *argument)
{
    const plan_t *plan = argument;
    ep_run_t      run;
    int           failed_count = 0;

    if (ep_open(&run, fake, plan->ops, &ep_typical) != CX_OK ||
        plan->ops->prepare(run.session, &run.point) != CX_OK) {
        return 1;
    }
    if (plan->phase == CX_PHASE_COMBINE) {
        failed_count += ep_phase(&run, CX_PHASE_DISPATCH, 0);
    }
    if (run.rank == 0) {
        const char *words =
            plan->phase == CX_PHASE_COMBINE ? "operation 2 (combine)" : "operation 1 (dispatch)";

        fake->deadline_ns = fake_now_ns() + 20000000;
        failed_count += plan->ops->enqueue(run.session, plan->phase, 0, NULL) != CX_TIMEOUT;
        failed_count += !strstr(fake_detail_text, "rank 0 waited for rank 1");
        failed_count += !strstr(fake_detail_text, words);
    }
    plan->ops->release(run.session);
    return ep_close(&run, failed_count);
}

static void test_ep_gives_up_on_a_silent_peer(void **state)
{
    plan_t plan = {.ops = *state, .phase = CX_PHASE_DISPATCH};

    assert_int_equal(fake_ranks_run(2, EP_BUDGET_NS, wait_for_a_silent_peer, &plan), 0);
    plan.phase = CX_PHASE_COMBINE;
    assert_int_equal(fake_ranks_run(2, EP_BUDGET_NS, wait_for_a_silent_peer, &plan), 0);
}

/* One session, one point after the other; flags go on from where they were. */
static int serve_many_points(fake_core_t *fake, void *argument)
{
    const plan_t *plan = argument;
    ep_exercise_t what = ep_typical;
    ep_run_t      run;
    int           failed_count = 0;

    what.dispatch_codec = CX_CODEC_MXFP8;
    what.combine_codec  = CX_CODEC_E4M3FN_TOKEN;
    if (ep_open(&run, fake, plan->ops, &what) != CX_OK) {
        return 1;
    }
    for (int32_t point = 0; point < 5 && failed_count == 0; point++) {
        failed_count += plan->ops->prepare(run.session, &run.point) != CX_OK;
        for (int32_t call = 0; call < 6 && failed_count == 0; call++) {
            failed_count += ep_phase(&run, CX_PHASE_DISPATCH, call % 2);
            failed_count += ep_phase(&run, CX_PHASE_STAGE, call % 2);
            failed_count += ep_phase(&run, CX_PHASE_COMBINE, call % 2);
            failed_count += ep_check_combined(&run, call % 2, -1);
        }
        failed_count += plan->ops->enqueue(run.session, CX_PHASE_OPERATION, 0, NULL) != CX_INVALID;
        plan->ops->release(run.session);
    }
    return ep_close(&run, failed_count);
}

static void test_ep_session_serves_many_points(void **state)
{
    plan_t plan = {.ops = *state};

    assert_int_equal(fake_ranks_run(3, EP_BUDGET_NS, serve_many_points, &plan), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ep_declares_both_modes),
        cmocka_unit_test(test_ep_refuses_what_it_cannot_lay_out),
        cmocka_unit_test(test_ep_gives_up_on_a_silent_peer),
        cmocka_unit_test(test_ep_session_serves_many_points),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
