/* SPDX-License-Identifier: Apache-2.0 */
/* The check of expert parallelism: a few tokens out and home in every mode and precision that is
 * offered, judged by the oracle of the family. Not what a case of family ep measures (ep_case.c).
 */
#include "run/conform_kit.h"

#include "run/agree.h"
#include "run/ep_run.h"

#include <stdlib.h>

#define HIDDEN_ELEMS 256 /* whole blocks of every codec */
#define TOPK 2
#define EXPERTS_PER_RANK 4
#define STEPS "1,16" /* tokens of a rank; with one token some ranks receive nothing */

/* ---- one mode, one precision each way -------------------------------------------------------- */

static cx_status_t plan(cx_ep_run_t *run)
{
    const cx_core_t    *core   = &run->context->core;
    const cx_ep_ranks_t ranks  = cx_ep_ranks_of(core);
    cx_case_run_t      *shared = run->shared;

    (void)cx_rank_context_phase(run->context, "routing");
    run->shape = cx_case_shape(run->one);
    CX_TRY(cx_ep_plan_check(run->one, &ranks));
    CX_TRY(cx_ep_plan_make(run->one, &ranks, &shared->caps.ep[run->one->ep.mode], &shared->arena,
                           &run->plan));
    run->shape.ep = run->plan.problem;
    run->findings =
        cx_arena_grab(&shared->arena, (size_t)run->plan.rung_count * sizeof *run->findings);
    if (!run->findings) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d steps", run->plan.rung_count);
    }
    for (int32_t rung = 0; rung < run->plan.rung_count; rung++) {
        cx_ep_report_init(&run->findings[rung].reports[CX_EP_PASS_PRE]);
    }
    CX_TRY(cx_ep_slots_open(core, &run->plan, shared->caps.memory,
                            run->context->facts.is_host_ordered, &shared->arena, &run->slots));
    return cx_ep_slots_fill(&run->slots);
}

static cx_status_t prepare(cx_ep_run_t *run)
{
    cx_job_t    job;
    cx_status_t status;

    (void)cx_rank_context_phase(run->context, "prepare");
    status           = run->shared->ops->prepare(run->session, &run->slots.point);
    run->is_prepared = status == CX_OK;
    cx_bench_job(run->shared->bench, &job);
    run->job.window             = job.window;
    run->job.window.backend_ops = run->shared->ops;
    run->job.window.session     = run->session;
    return status;
}

static cx_status_t judge(const cx_ep_run_t *run)
{
    for (int32_t rung = 0; rung < run->plan.rung_count; rung++) {
        const cx_ep_report_t *report = &run->findings[rung].reports[CX_EP_PASS_PRE];

        if (!cx_ep_report_is_right(report)) {
            return CX_FAIL(CX_INCORRECT, "%lld tokens: %s", (long long)run->plan.rungs[rung].tokens,
                           report->verdict.text);
        }
    }
    return CX_OK;
}

/* Ranks that are out of step have nothing to agree on. */
static cx_status_t agree(const cx_ep_run_t *run, cx_status_t mine)
{
    return cx_conform_is_out_of_step(mine) ? mine : cx_agree(run->context, mine);
}

static cx_status_t go_out_and_home(cx_conform_t *conform, cx_ep_run_t *run)
{
    CX_TRY(agree(run, plan(run)));
    CX_TRY(agree(run, cx_conform_open(conform, &run->shape, &run->session)));
    CX_TRY(agree(run, prepare(run)));
    for (int32_t rung = 0; rung < run->plan.rung_count; rung++) {
        CX_TRY(cx_ep_pass_rung(run, CX_EP_PASS_PRE, rung));
    }
    return agree(run, judge(run));
}

static void close_all(cx_ep_run_t *run)
{
    if (run->is_prepared) {
        run->shared->ops->release(run->session);
    }
    if (run->session) {
        run->shared->ops->close(run->session);
    }
    if (run->slots.core) {
        cx_ep_slots_close(&run->slots);
    }
}

static cx_status_t try_pair(cx_conform_t *conform, const cx_case_t *one)
{
    cx_case_run_t shared = {.bench   = &conform->bench,
                            .context = conform->context,
                            .one     = one,
                            .ops     = conform->ops,
                            .caps    = conform->caps};
    cx_ep_run_t  *run    = calloc(1, sizeof *run);
    cx_status_t   status;

    if (!run) {
        return CX_FAIL(CX_INTERNAL, "out of memory for a case");
    }
    run->shared  = &shared;
    run->context = conform->context;
    run->one     = one;
    cx_arena_init(&shared.arena);
    status = go_out_and_home(conform, run);
    if (!cx_conform_is_out_of_step(status)) {
        close_all(run);
    }
    cx_arena_fini(&shared.arena);
    free(run);
    return status;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* The walk's place as one number, whose digits are the choices. Each precision is tried one way,
 * with bf16 the other. */
#define WALK_COUNT ((int32_t)CX_EP_MODE_COUNT * (int32_t)CX_CODEC_COUNT * (int32_t)CX_CODEC_COUNT)

static bool case_at(const cx_conform_t *conform, int32_t place, cx_case_t *one)
{
    one->ep.combine_codec = place % CX_CODEC_COUNT;
    place /= CX_CODEC_COUNT;
    one->ep.dispatch_codec = place % CX_CODEC_COUNT;
    one->ep.mode           = place / CX_CODEC_COUNT;
    return (one->ep.combine_codec == CX_CODEC_BF16 || one->ep.dispatch_codec == CX_CODEC_BF16) &&
           cx_conform_is_offered(conform, one);
}

static cx_status_t base_case(cx_conform_t *conform, cx_case_t *out)
{
    CX_TRY(cx_options_defaults(cx_case_options, out, &conform->arena));
    out->family          = CX_FAMILY_EP;
    out->rotate_bytes    = 1;
    out->ep.tokens       = STEPS;
    out->ep.hidden_elems = HIDDEN_ELEMS;
    out->ep.topk         = TOPK;
    out->ep.expert_count = (int64_t)EXPERTS_PER_RANK * conform->context->core.rank_count;
    return CX_OK;
}

bool cx_conform_offers_experts(cx_conform_t *conform)
{
    cx_case_t one = {0};

    if (base_case(conform, &one) != CX_OK) {
        return false;
    }
    for (int32_t place = 0; place < WALK_COUNT; place++) {
        if (case_at(conform, place, &one)) {
            return true;
        }
    }
    return false;
}

cx_status_t cx_conform_experts(cx_conform_t *conform)
{
    cx_case_t one = {0};

    if (!cx_conform_offers_experts(conform)) {
        return cx_conform_skip(conform, "no expert parallelism is offered");
    }
    CX_TRY(base_case(conform, &one));
    for (int32_t place = 0; place < WALK_COUNT; place++) {
        cx_status_t status = case_at(conform, place, &one) ? try_pair(conform, &one) : CX_OK;

        if (status != CX_OK) {
            return cx_conform_blame(
                status, "mode %s, %s out and %s home", cx_ep_mode_slugs[one.ep.mode],
                cx_codec_slugs[one.ep.dispatch_codec], cx_codec_slugs[one.ep.combine_codec]);
        }
    }
    return CX_OK;
}
