/* SPDX-License-Identifier: Apache-2.0 */
/* What a dispatch delivers: rows, scales, experts, gates and counts, bit for bit and in order.
 * Not what comes home (test_ep_combine.c). */
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

static void check_all_rank_counts(void **state, const ep_exercise_t *what, ep_body_fn body)
{
    static const int32_t rank_counts[] = {1, 2, 3, 5};
    plan_t               plan          = {.ops = *state, .what = *what, .body = body};

    for (size_t i = 0; i < sizeof rank_counts / sizeof *rank_counts; i++) {
        assert_int_equal(fake_ranks_run(rank_counts[i], EP_BUDGET_NS, run_plan, &plan), 0);
    }
}

/* ---- what is right --------------------------------------------------------------------------- */

/* The receive side of a slot, walked through in the order in which rows must lie. */
typedef struct walk {
    const ep_run_t *run;
    cx_ep_view_t    view;
    int32_t         slot, source;
    int64_t         token;
    int64_t         rows[64]; /* of each local expert; token-rank: [0] is of all */
    int64_t         expert_rows[64];
    int64_t         foreign_row_count;
} walk_t;

static int fail_walk(const walk_t *walk, const char *what)
{
    (void)fprintf(stderr, "codec %d rank %d of %d slot %d: source %d token %lld: wrong %s\n",
                  (int)walk->run->what->dispatch_codec, walk->run->rank, walk->run->rank_count,
                  walk->slot, walk->source, (long long)walk->token, what);
    return 1;
}

static int check_row(walk_t *walk, int64_t row)
{
    const ep_exercise_t *what         = walk->run->what;
    const cx_ep_view_t  *view         = &walk->view;
    const float          tensor_scale = walk->run->slots[walk->slot].tensor_scale;
    const int64_t        elems        = what->hidden_elems;
    const size_t  payload_bytes = (size_t)cx_codec_ops.payload_bytes(what->dispatch_codec, elems);
    const size_t  scale_bytes   = (size_t)cx_codec_ops.scale_bytes(what->dispatch_codec, elems);
    unsigned char payload[EP_HIDDEN_MAX * 2], scales[EP_HIDDEN_MAX * 2];
    uint16_t      x[EP_HIDDEN_MAX], staged[EP_HIDDEN_MAX];

    for (int64_t i = 0; i < elems; i++) {
        x[i] = ep_value(walk->slot, walk->source, walk->token, i);
    }
    cx_codec_ops.encode(what->dispatch_codec, x, elems, tensor_scale, payload, scales);
    cx_codec_ops.decode(what->dispatch_codec, payload, scales, elems, tensor_scale, staged);
    if (memcmp((unsigned char *)view->payload + (size_t)row * view->payload_stride_bytes, payload,
               payload_bytes) != 0) {
        return fail_walk(walk, "payload");
    }
    if (scale_bytes > 0 &&
        memcmp((unsigned char *)view->scales + (size_t)row * view->scale_stride_bytes, scales,
               scale_bytes) != 0) {
        return fail_walk(walk, "scales");
    }
    if (memcmp((unsigned char *)view->staged + (size_t)row * view->staged_stride_bytes, staged,
               (size_t)elems * 2) != 0) {
        return fail_walk(walk, "staged row");
    }
    walk->foreign_row_count += walk->source != walk->run->rank;
    return 0;
}

static int check_choices(const walk_t *walk, const int32_t *experts, int64_t row)
{
    const ep_exercise_t *what = walk->run->what;

    for (int64_t k = 0; k < what->topk; k++) {
        const bool  is_here = experts[k] / what->local_expert_count == walk->run->rank;
        const float gate    = ep_gate(walk->slot, walk->source, walk->token, k);

        if (walk->view.row_experts[row * what->topk + k] != (is_here ? experts[k] : -1)) {
            return fail_walk(walk, "experts of a row");
        }
        if (walk->view.row_gates[row * what->topk + k] != (is_here ? gate : 0.0f)) {
            return fail_walk(walk, "gates of a row");
        }
    }
    return 0;
}

static int check_token(walk_t *walk)
{
    const ep_exercise_t *what = walk->run->what;
    int32_t              experts[EP_TOPK_MAX];
    int                  failed_count = 0;

    ep_choose(walk->run, walk->slot, walk->source, walk->token, experts);
    for (int64_t k = 0; k < what->topk && failed_count == 0; k++) {
        const int32_t local = experts[k] - walk->run->rank * what->local_expert_count;

        if (local < 0 || local >= what->local_expert_count) {
            continue;
        }
        if (what->mode == CX_EP_MODE_LOW_LATENCY) {
            failed_count +=
                check_row(walk, local * walk->view.expert_row_capacity + walk->expert_rows[local]);
        }
        walk->expert_rows[local]++;
    }
    if (what->mode == CX_EP_MODE_NORMAL && ep_has_rank(walk->run, experts, walk->run->rank)) {
        failed_count +=
            check_row(walk, walk->rows[0]) + check_choices(walk, experts, walk->rows[0]);
        walk->rows[0]++;
    }
    return failed_count;
}

static int check_totals(const walk_t *walk)
{
    const ep_exercise_t *what      = walk->run->what;
    const int64_t        elems     = what->hidden_elems;
    const int64_t        row_bytes = cx_codec_ops.payload_bytes(what->dispatch_codec, elems) +
                              cx_codec_ops.scale_bytes(what->dispatch_codec, elems);
    int64_t row_count = walk->rows[0];

    for (int32_t e = 0; e < what->local_expert_count; e++) {
        if (walk->view.expert_row_counts[e] != walk->expert_rows[e]) {
            return fail_walk(walk, "rows of an expert");
        }
        row_count += what->mode == CX_EP_MODE_LOW_LATENCY ? walk->expert_rows[e] : 0;
    }
    if (walk->view.row_count != row_count) {
        return fail_walk(walk, "number of rows");
    }
    if (walk->view.wire_bytes != walk->foreign_row_count * row_bytes) {
        return fail_walk(walk, "bytes on the wire");
    }
    return (walk->view.scales == NULL) ==
                   (cx_codec_ops.scale_bytes(what->dispatch_codec, elems) == 0)
               ? 0
               : fail_walk(walk, "place of scales");
}

/* Everything that a dispatch of the slot, and a stage, left here. */
static int check_received(const ep_run_t *run, int32_t slot)
{
    walk_t walk         = {.run = run, .slot = slot};
    int    failed_count = 0;

    if (run->ops->inspect(run->session, slot, &walk.view) != CX_OK) {
        return 1;
    }
    for (; walk.source < run->rank_count; walk.source++) {
        for (walk.token = 0; walk.token < run->token_counts[slot][walk.source] && failed_count == 0;
             walk.token++) {
            failed_count += check_token(&walk);
        }
    }
    return failed_count ? failed_count : check_totals(&walk);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static int dispatch_once(ep_run_t *run)
{
    int failed_count = 0;

    for (int32_t slot = 0; slot < run->what->slot_count && failed_count == 0; slot++) {
        failed_count += ep_phase(run, CX_PHASE_DISPATCH, slot);
        failed_count += ep_phase(run, CX_PHASE_STAGE, slot);
        failed_count += check_received(run, slot);
    }
    return failed_count;
}

static void test_dispatch_delivers_every_codec(void **state)
{
    for (int mode = 0; mode < CX_EP_MODE_COUNT; mode++) {
        for (int codec = 0; codec < CX_CODEC_COUNT; codec++) {
            ep_exercise_t what = ep_typical;

            what.mode           = (cx_ep_mode_t)mode;
            what.dispatch_codec = (cx_codec_t)codec;
            check_all_rank_counts(state, &what, dispatch_once);
        }
    }
}

/* Each slot keeps what its last dispatch brought, however far ranks drift apart. */
static int dispatch_only(ep_run_t *run)
{
    int failed_count = 0;

    for (int32_t call = 0; call < 40 && failed_count == 0; call++) {
        ep_dawdle(run, call);
        failed_count += ep_phase(run, CX_PHASE_DISPATCH, call * 2 % 3);
    }
    for (int32_t slot = 0; slot < run->what->slot_count && failed_count == 0; slot++) {
        failed_count += ep_phase(run, CX_PHASE_STAGE, slot);
        failed_count += check_received(run, slot);
    }
    return failed_count;
}

static void test_dispatches_need_no_combine_between(void **state)
{
    static const cx_codec_t codecs[] = {CX_CODEC_BF16, CX_CODEC_E4M3FN_BLOCK};

    for (size_t i = 0; i < 2 * CX_EP_MODE_COUNT; i++) {
        ep_exercise_t what = ep_typical;

        what.mode           = (cx_ep_mode_t)(i % CX_EP_MODE_COUNT);
        what.dispatch_codec = codecs[i / CX_EP_MODE_COUNT];
        what.slot_count     = 3;
        check_all_rank_counts(state, &what, dispatch_only);
    }
}

/* All of rank 0's tokens now want the experts of rank 0, which has not the room. */
static int dispatch_what_was_not_prepared(ep_run_t *run)
{
    cx_status_t status;

    if (run->rank == 0) {
        for (int64_t i = 0; i < run->token_counts[1][0] * run->what->topk; i++) {
            ep_experts(run, 1)[i] = (int32_t)(i % run->what->topk);
        }
    }
    status = run->ops->enqueue(run->session, CX_PHASE_DISPATCH, 1, NULL);
    if (run->rank != 0) {
        return status != CX_OK;
    }
    return status != CX_INVALID || !strstr(fake_detail_text, "has no room for");
}

static void test_dispatch_refuses_more_rows_than_were_prepared(void **state)
{
    plan_t plan = {.ops = *state, .what = ep_typical, .body = dispatch_what_was_not_prepared};

    plan.what.mode        = CX_EP_MODE_LOW_LATENCY;
    plan.what.token_count = 60;
    assert_int_equal(fake_ranks_run(2, EP_BUDGET_NS, run_plan, &plan), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dispatch_delivers_every_codec),
        cmocka_unit_test(test_dispatches_need_no_combine_between),
        cmocka_unit_test(test_dispatch_refuses_more_rows_than_were_prepared),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
