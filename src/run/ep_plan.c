/* SPDX-License-Identifier: Apache-2.0 */
/* From a case and its ranks to rungs, works and slots. */
#include "run/ep_plan.h"

#include "family/common/codec_recipe.h"

#include <stdio.h>
#include <string.h>

cx_ep_workload_t cx_ep_plan_workload(const cx_case_t *one, const cx_ep_ranks_t *ranks,
                                     int64_t tokens, int64_t step)
{
    const cx_case_ep_t *ep = &one->ep;

    return (cx_ep_workload_t){
        .hidden_elems      = ep->hidden_elems,
        .topk              = ep->topk,
        .expert_count      = ep->expert_count,
        .rank_count        = ranks->rank_count,
        .tokens            = tokens,
        .routing           = ep->routing,
        .zipf_exponent     = ep->zipf_exponent,
        .hot_expert        = ep->hot_expert,
        .seed              = one->seed,
        .step              = step,
        .uneven            = ep->uneven,
        .profile           = ep->profile,
        .placement         = ep->placement,
        .node_rank_count   = ranks->node_rank_count,
        .domain_rank_count = ep->domain_rank_count ? ep->domain_rank_count : ranks->node_rank_count,
        .redundant_count   = ep->redundant_count,
        .plan_seed         = ep->plan_seed,
        .trace_path        = ep->trace,
    };
}

/* The nearest number of ranks that the experts divide by, for the message. */
static int64_t nearest_divisor(int64_t expert_count, int64_t rank_count)
{
    for (int64_t distance = 1; distance < rank_count; distance++) {
        if (expert_count % (rank_count - distance) == 0) {
            return rank_count - distance;
        }
        if (expert_count % (rank_count + distance) == 0) {
            return rank_count + distance;
        }
    }
    return 1;
}

cx_status_t cx_ep_plan_check(const cx_case_t *one, const cx_ep_ranks_t *ranks)
{
    const cx_case_ep_t *ep = &one->ep;
    cx_ladder_t         ladder;
    cx_ep_workload_t    workload;

    CX_TRY(cx_token_ladder_parse(ep->tokens, "tokens", &ladder));
    if (ep->expert_count % ranks->rank_count != 0) {
        return CX_FAIL(CX_INVALID,
                       "experts: %lld do not divide by %d ranks; the nearest number of ranks is "
                       "%lld",
                       (long long)ep->expert_count, ranks->rank_count,
                       (long long)nearest_divisor(ep->expert_count, ranks->rank_count));
    }
    CX_TRY(cx_codec_check((cx_codec_t)ep->dispatch_codec, ep->hidden_elems));
    CX_TRY(cx_codec_check((cx_codec_t)ep->combine_codec, ep->hidden_elems));
    workload = cx_ep_plan_workload(one, ranks, ladder.tokens[ladder.rung_count - 1], 0);
    return cx_ep_workload_check(&workload);
}

int64_t cx_ep_plan_slot_bytes(const cx_case_t *one, const cx_ep_ranks_t *ranks, int64_t tokens)
{
    const cx_ep_workload_t workload  = cx_ep_plan_workload(one, ranks, tokens, 0);
    const int64_t          row_bytes = 2 * one->ep.hidden_elems * (int64_t)sizeof(uint16_t) +
                              one->ep.topk * (int64_t)(sizeof(int32_t) + sizeof(float));
    int64_t most = 0;

    for (int32_t rank = 0; rank < ranks->rank_count; rank++) {
        int64_t own = cx_ep_first_token(&workload, rank + 1) - cx_ep_first_token(&workload, rank);

        most = own > most ? own : most;
    }
    return most * row_bytes;
}

/* ---- rungs ---------------------------------------------------------------------------------- */

/* As many slots as fit the rung's share of --rotate-bytes, so that outputs of many pairs can be
 * looked at; more than a block has pairs would never be used. */
static int32_t choose_slot_count(const cx_ep_plan_t *plan, int64_t tokens, int32_t rung_count)
{
    const cx_pair_sampling_t *sampling = &cx_pair_samplings[plan->one->ep.sampling];
    const int64_t             most =
        plan->one->regime == CX_REGIME_STEADY ? sampling->chain_iters : sampling->iters_per_trial;
    const int64_t share      = plan->one->rotate_bytes / rung_count;
    const int64_t slot_bytes = cx_ep_plan_slot_bytes(plan->one, &plan->ranks, tokens);
    int64_t       count      = slot_bytes > 0 ? share / slot_bytes : most;

    /* What was staged ahead is in the one receive memory there is, so that there is one slot. */
    if (plan->is_hoisted && !plan->caps.keeps_receives) {
        return 1;
    }
    count = count < most ? count : most;
    return count > CX_EP_SLOT_COUNT_MIN ? (int32_t)count : CX_EP_SLOT_COUNT_MIN;
}

/* After how many steps the routing repeats itself. */
static int64_t step_count_of(const cx_case_t *one)
{
    switch (one->ep.routing) {
    case CX_EP_ROUTING_HOTSPOT_MOVING:
        return one->ep.expert_count;
    case CX_EP_ROUTING_ALTERNATING_GROUPS:
        return 2;
    default:
        return 1;
    }
}

static cx_status_t build_works(const cx_ep_plan_t *plan, cx_arena_t *arena, cx_ep_rung_t *rung)
{
    const int64_t step_count = step_count_of(plan->one);

    rung->work_count = rung->slot_count < step_count ? rung->slot_count : (int32_t)step_count;
    rung->works      = cx_arena_grab(arena, (size_t)rung->work_count * sizeof *rung->works);
    if (!rung->works) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a workload");
    }
    for (int32_t step = 0; step < rung->work_count; step++) {
        cx_ep_workload_t workload =
            cx_ep_plan_workload(plan->one, &plan->ranks, rung->tokens, step);

        CX_TRY(cx_ep_work_build(&workload, arena, &rung->works[step]));
    }
    return CX_OK;
}

static cx_status_t plan_ladder(cx_ep_plan_t *plan, cx_arena_t *arena)
{
    const int64_t limit = plan->caps.token_count_max;
    cx_ladder_t   ladder;

    CX_TRY(cx_token_ladder_parse(plan->one->ep.tokens, "tokens", &ladder));
    for (int32_t i = 0; i < ladder.rung_count; i++) {
        cx_ep_rung_t *rung = &plan->rungs[plan->rung_count];

        if (limit > 0 && ladder.tokens[i] > limit) {
            plan->left_out_tokens[plan->left_out_count++] = ladder.tokens[i];
            continue;
        }
        rung->tokens     = ladder.tokens[i];
        rung->first_slot = plan->slot_count;
        rung->slot_count = choose_slot_count(plan, rung->tokens, ladder.rung_count);
        CX_TRY(build_works(plan, arena, rung));
        plan->slot_count += rung->slot_count;
        plan->rung_count++;
    }
    if (plan->rung_count == 0) {
        return CX_FAIL(CX_UNSUPPORTED,
                       "tokens: backend %s allows %lld tokens per rank in mode %s, and no step has "
                       "as few",
                       plan->one->backend, (long long)limit, cx_ep_mode_slugs[plan->one->ep.mode]);
    }
    return CX_OK;
}

/* There is one placement for the whole case: that of the largest step. */
static void share_placement(cx_ep_plan_t *plan)
{
    int32_t *positions = plan->rungs[plan->rung_count - 1].works[0].position_ranks;

    for (int32_t i = 0; i < plan->rung_count; i++) {
        for (int32_t step = 0; step < plan->rungs[i].work_count; step++) {
            plan->rungs[i].works[step].position_ranks = positions;
        }
    }
    plan->places = positions;
}

static void fill_problem(cx_ep_plan_t *plan)
{
    const cx_ep_work_t *first = &plan->rungs[0].works[0];

    plan->problem                   = cx_case_shape(plan->one).ep;
    plan->problem.expert_count      = first->physical.expert_count;
    plan->problem.domain_rank_count = first->workload.domain_rank_count;
    for (int32_t i = 0; i < plan->rung_count; i++) {
        int64_t most = cx_ep_work_tokens_max(&plan->rungs[i].works[0]);

        plan->problem.token_count_max =
            most > plan->problem.token_count_max ? most : plan->problem.token_count_max;
    }
}

/* digest = digest(digest, work), over all works in order. */
static void digest_works(cx_ep_plan_t *plan)
{
    char both[2 * CX_HASH_HEX_BYTES];

    for (int32_t i = 0; i < plan->rung_count; i++) {
        for (int32_t step = 0; step < plan->rungs[i].work_count; step++) {
            memcpy(both, plan->digest, CX_HASH_HEX_BYTES);
            memcpy(both + CX_HASH_HEX_BYTES, plan->rungs[i].works[step].digest, CX_HASH_HEX_BYTES);
            cx_hash_hex(both, sizeof both, plan->digest);
        }
    }
}

cx_status_t cx_ep_plan_make(const cx_case_t *one, const cx_ep_ranks_t *ranks,
                            const cx_ep_caps_t *caps, cx_arena_t *arena, cx_ep_plan_t *out)
{
    cx_ep_plan_t plan = {.one = one, .ranks = *ranks, .caps = *caps};

    CX_TRY(cx_ep_caps_check(caps));
    plan.has_stage  = (uint64_t)caps->stage_codecs & CX_BIT(one->ep.dispatch_codec);
    plan.is_hoisted = plan.has_stage && (one->ep.dispatch_codec == CX_CODEC_BF16 ||
                                         one->ep.consume == CX_EP_CONSUME_NATIVE);
    CX_TRY(plan_ladder(&plan, arena));
    share_placement(&plan);
    fill_problem(&plan);
    digest_works(&plan);
    *out = plan;
    return CX_OK;
}

/* ---- a slot --------------------------------------------------------------------------------- */

const cx_ep_rung_t *cx_ep_plan_rung_of(const cx_ep_plan_t *plan, int32_t slot_index)
{
    const cx_ep_rung_t *rung = plan->rungs;

    while (slot_index >= rung->first_slot + rung->slot_count) {
        rung++;
    }
    return rung;
}

const cx_ep_work_t *cx_ep_plan_work_of(const cx_ep_plan_t *plan, int32_t slot_index)
{
    const cx_ep_rung_t *rung = cx_ep_plan_rung_of(plan, slot_index);

    return &rung->works[(slot_index - rung->first_slot) % rung->work_count];
}

int64_t cx_ep_work_tokens(const cx_ep_work_t *work, int32_t rank)
{
    return work->first_tokens[rank + 1] - work->first_tokens[rank];
}

int64_t cx_ep_work_tokens_max(const cx_ep_work_t *work)
{
    int64_t most = 0;

    for (int32_t rank = 0; rank < work->workload.rank_count; rank++) {
        int64_t own = cx_ep_work_tokens(work, rank);

        most = own > most ? own : most;
    }
    return most;
}

cx_ep_truth_t cx_ep_plan_truth(const cx_ep_plan_t *plan, int32_t slot_index)
{
    const cx_ep_rung_t *rung = cx_ep_plan_rung_of(plan, slot_index);

    return (cx_ep_truth_t){
        .work       = cx_ep_plan_work_of(plan, slot_index),
        .problem    = &plan->problem,
        .caps       = plan->caps,
        .activation = {.profile      = (cx_ep_profile_t)plan->one->ep.profile,
                       .seed         = (uint64_t)(plan->one->seed + slot_index - rung->first_slot),
                       .hidden_elems = plan->one->ep.hidden_elems},
        .rank       = plan->ranks.rank,
    };
}
