/* SPDX-License-Identifier: Apache-2.0 */
/* One case of family ep from start to end; reads like the methodology. */
#include "run/ep_case.h"

#include "run/agree.h"
#include "run/ep_ranks.h"
#include "run/ep_run.h"
#include "run/report.h"
#include "run/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_PAIR_COUNT 8 /* upstream's conditioning rounds */
#define REASON_BYTES 160

static const char *const layout_slugs[] = {
#define SLUG(name, slug, text) slug,
    CX_EP_LAYOUT_MAP(SLUG)
#undef SLUG
};

static const char *const weighting_slugs[] = {
#define SLUG(name, slug, text) slug,
    CX_EP_WEIGHTING_MAP(SLUG)
#undef SLUG
};

static const char *const reduction_slugs[] = {
#define SLUG(name, slug) slug,
    CX_EP_REDUCTION_MAP(SLUG)
#undef SLUG
};

/* ---- opening -------------------------------------------------------------------------------- */

/* What all ranks can do alone: what is refused here is refused before anybody waits. */
static cx_status_t plan_case(cx_ep_run_t *run)
{
    cx_case_run_t      *shared = run->shared;
    const cx_core_t    *core   = &run->context->core;
    const cx_ep_ranks_t ranks  = cx_ep_ranks_of(core);
    const cx_shape_t    asked  = cx_case_shape(run->one);

    cx_rank_context_phase(run->context, "routing");
    CX_TRY(cx_case_run_load(shared));
    CX_TRY(cx_backend_supports(shared->ops, &shared->caps, &asked, core, run->context->device_name,
                               run->context->host_count));
    CX_TRY(cx_ep_plan_check(run->one, &ranks));
    CX_TRY(cx_ep_plan_make(run->one, &ranks, &shared->caps.ep[asked.ep.mode], &shared->arena,
                           &run->plan));
    run->shape    = asked;
    run->shape.ep = run->plan.problem;
    run->sampling = &cx_pair_samplings[run->one->ep.sampling];
    run->findings =
        cx_arena_grab(&shared->arena, (size_t)run->plan.rung_count * sizeof *run->findings);
    run->expectations =
        cx_arena_grab(&shared->arena, (size_t)run->plan.slot_count * sizeof *run->expectations);
    run->results = calloc((size_t)run->plan.rung_count, sizeof *run->results);
    if (!run->findings || !run->expectations || !run->results) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d rungs", run->plan.rung_count);
    }
    return CX_OK;
}

/* All ranks must have the same trace, byte for byte. */
static cx_status_t compare_works(cx_ep_run_t *run)
{
    const cx_core_t *core = &run->context->core;
    char            *all  = calloc((size_t)core->rank_count, CX_HASH_HEX_BYTES);
    cx_status_t      status;

    if (!all) {
        return CX_FAIL(CX_INTERNAL, "out of memory for %d digests", core->rank_count);
    }
    status = core->peers_ops->allgather(core->peers, run->plan.digest, all, CX_HASH_HEX_BYTES,
                                        cx_rank_context_phase(run->context, "comparing traces"));
    for (int32_t rank = 1; rank < core->rank_count && status == CX_OK; rank++) {
        if (strcmp(all + (size_t)rank * CX_HASH_HEX_BYTES, all) != 0) {
            status = CX_FAIL(CX_INVALID, "rank %d has another routing trace than rank 0", rank);
        }
    }
    free(all);
    return status;
}

/* Processes take the ranks that the placement gives them. */
static cx_status_t place_ranks(cx_ep_run_t *run)
{
    CX_TRY(cx_ep_ranks_renumber(run->context, run->plan.places, &run->renumbering));
    run->plan.ranks.rank = run->context->core.rank;
    return CX_OK;
}

static cx_status_t open_memory(cx_ep_run_t *run)
{
    const cx_core_t *core = &run->context->core;

    CX_TRY(cx_ep_slots_open(core, &run->plan, run->shared->caps.memory,
                            run->context->facts.is_host_ordered, &run->shared->arena, &run->slots));
    for (int32_t i = 0; i < run->plan.rung_count; i++) {
        for (int pass = 0; pass < CX_EP_PASS_COUNT; pass++) {
            cx_ep_report_init(&run->findings[i].reports[pass]);
        }
        CX_TRY(cx_pair_result_init(&run->results[i], core->rank_count, run->sampling,
                                   (cx_regime_t)run->one->regime));
    }
    cx_rank_context_phase(run->context, "fill");
    return cx_ep_slots_fill(&run->slots);
}

static cx_status_t open_session(cx_ep_run_t *run)
{
    return cx_case_run_open(run->shared, &run->context->core, &run->shape, &run->session);
}

static cx_status_t prepare(cx_ep_run_t *run)
{
    cx_status_t status;

    cx_rank_context_phase(run->context, "prepare");
    status           = run->shared->ops->prepare(run->session, &run->slots.point);
    run->is_prepared = status == CX_OK;
    return status;
}

static int64_t begin_phase(void *context, const char *phase)
{
    return cx_rank_context_phase(((cx_ep_run_t *)context)->context, phase);
}

static int64_t to_common_ns(void *context, int64_t local_ns)
{
    return cx_rank_context_common_ns(((cx_ep_run_t *)context)->context, local_ns);
}

static void set_job(cx_ep_run_t *run)
{
    const cx_ep_plan_t *plan = &run->plan;
    cx_job_t            shared;

    cx_bench_job(run->shared->bench, &shared);
    run->job                    = (cx_pair_job_t){.window           = shared.window,
                                                  .peers_ops        = run->context->core.peers_ops,
                                                  .peers            = run->context->core.peers,
                                                  .rank             = plan->ranks.rank,
                                                  .rank_count       = plan->ranks.rank_count,
                                                  .rung_count       = plan->rung_count,
                                                  .is_hoisted       = plan->is_hoisted,
                                                  .has_stage        = plan->has_stage,
                                                  .needs_fresh_pair = plan->caps.needs_fresh_pair,
                                                  .is_pair_only     = plan->caps.is_pair_only,
                                                  .before_block     = cx_ep_before_block,
                                                  .after_block      = cx_ep_after_block,
                                                  .begin_phase      = begin_phase,
                                                  .to_common_ns     = to_common_ns,
                                                  .context          = run};
    run->job.window.backend_ops = run->shared->ops;
    run->job.window.session     = run->session;
    for (int32_t i = 0; i < plan->rung_count; i++) {
        run->job.rungs[i] = (cx_pair_rung_t){.first_slot = plan->rungs[i].first_slot,
                                             .slot_count = plan->rungs[i].slot_count};
    }
}

/* What of the comparison key only the ranks of an EP case know. */
static cx_status_t report_start(const cx_ep_run_t *run)
{
    const cx_ep_plan_t *plan      = &run->plan;
    const cx_factor_t   factors[] = {
          {"ep_workload", plan->digest},
          {"ep_receive_layout", layout_slugs[plan->caps.layout]},
          {"ep_gate_weighting", weighting_slugs[plan->caps.weighting]},
          {"ep_combine_reduction", reduction_slugs[plan->caps.reduction]},
          {"ep_staging", plan->is_hoisted  ? "hoisted"
                         : plan->has_stage ? "in-pair"
                                           : "none"},
    };

    return cx_report_case_start(run->context, run->shared->case_index, &run->shared->caps,
                                &run->shared->bench->harness, factors,
                                sizeof factors / sizeof factors[0]);
}

/* ---- the case ------------------------------------------------------------------------------- */

static cx_status_t report_left_out(const cx_ep_run_t *run)
{
    const cx_ep_plan_t *plan = &run->plan;

    for (int32_t i = 0; i < plan->left_out_count; i++) {
        const int64_t tokens = plan->left_out_tokens[i];
        char          reason[REASON_BYTES];

        (void)snprintf(reason, sizeof reason,
                       "%lld tokens per rank: backend %s allows %lld in mode %s", (long long)tokens,
                       run->one->backend, (long long)plan->caps.token_count_max,
                       cx_ep_mode_slugs[run->one->ep.mode]);
        CX_TRY(cx_report_left_out(run->context->channel_fd, run->shared->case_index,
                                  tokens * plan->problem.hidden_elems * (int64_t)sizeof(uint16_t),
                                  reason));
    }
    return CX_OK;
}

/* Ascending, so that no step starts cold: pairs on every slot, then the proof that they are right.
 */
static cx_status_t ramp_up(cx_ep_run_t *run)
{
    for (int32_t i = 0; i < run->plan.rung_count; i++) {
        const int32_t slots = run->plan.rungs[i].slot_count;
        const int64_t count = slots > WARM_PAIR_COUNT ? slots : WARM_PAIR_COUNT;

        CX_TRY(cx_case_run_heed_stop(run->context));
        CX_TRY(cx_agree(run->context, cx_pairs_warm(&run->job, i, count)));
        CX_TRY(cx_ep_pass_rung(run, CX_EP_PASS_PRE, i));
    }
    return CX_OK;
}

static cx_status_t measure(cx_ep_run_t *run)
{
    if (run->one->regime == CX_REGIME_STEADY) {
        CX_TRY(cx_measure_chains(&run->job, run->sampling, run->results));
        return cx_ep_pass_all(run, CX_EP_PASS_CHAIN);
    }
    return cx_measure_components(&run->job, run->sampling, run->results);
}

static cx_status_t run_all(cx_ep_run_t *run)
{
    CX_TRY(cx_agree(run->context, plan_case(run)));
    CX_TRY(compare_works(run));
    CX_TRY(cx_agree(run->context, place_ranks(run)));
    CX_TRY(cx_agree(run->context, open_memory(run)));
    CX_TRY(open_session(run));
    CX_TRY(report_start(run));
    CX_TRY(report_left_out(run));
    CX_TRY(cx_agree(run->context, prepare(run)));
    CX_TRY(cx_agree(run->context, cx_ep_pass_expect(run)));
    set_job(run);
    CX_TRY(ramp_up(run));
    CX_TRY(cx_case_run_heed_stop(run->context));
    CX_TRY(measure(run));
    CX_TRY(cx_ep_pass_all(run, CX_EP_PASS_POST));
    return cx_ep_report_all(run);
}

static void close_all(cx_ep_run_t *run)
{
    if (run->is_prepared) {
        run->shared->ops->release(run->session);
    }
    if (run->session) {
        run->shared->ops->close(run->session);
    }
    for (int32_t i = 0; run->results && i < run->plan.rung_count; i++) {
        cx_pair_result_fini(&run->results[i]);
    }
    free(run->results);
    if (run->slots.core) {
        cx_ep_slots_close(&run->slots);
    }
}

cx_status_t cx_ep_case_run(cx_case_run_t *shared)
{
    cx_ep_run_t *run = calloc(1, sizeof *run);
    cx_status_t  status;

    if (!run) {
        return CX_FAIL(CX_INTERNAL, "out of memory for a case");
    }
    run->shared  = shared;
    run->context = shared->context;
    run->one     = shared->one;
    status       = run_all(run);
    if (cx_case_run_is_orderly(status)) {
        close_all(run);
    }
    cx_ep_ranks_restore(&run->renumbering);
    free(run);
    return status;
}
