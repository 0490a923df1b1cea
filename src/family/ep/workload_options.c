/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything that describes an expert-parallel workload, and what must hold between
 * its rows. Not what is made of it (workload.c). */
#include "family/ep/activation.h"
#include "family/ep/placement.h"
#include "family/ep/workload.h"

#include <stddef.h>

#define KEY CX_OPTION_KEY
#define FREE CX_OPTION_FREE

const cx_option_t cx_ep_workload_options[] = {
    CX_OPTION_INT(cx_ep_workload_t, hidden_elems, "hidden", KEY, "0", 0, 1 << 20,
                  "Elements of a token; 0: the shape's."),
    CX_OPTION_INT(cx_ep_workload_t, topk, "topk", KEY, "0", 0, CX_EP_TOPK_MAX,
                  "Experts of a token; 0: the shape's."),
    CX_OPTION_INT(cx_ep_workload_t, expert_count, "experts", KEY, "0", 0, CX_EP_EXPERT_COUNT_MAX,
                  "Routed experts of the model; 0: the shape's."),
    CX_OPTION_INT(cx_ep_workload_t, rank_count, "ep", KEY, "8", 1, CX_EP_RANK_COUNT_MAX,
                  "Ranks the experts are spread over."),
    CX_OPTION_INT(cx_ep_workload_t, tokens, "tokens", KEY, "128", 1, 1e7, "Tokens per rank."),
    CX_OPTION_ENUM(cx_ep_workload_t, routing, "routing", KEY, "uniform", cx_ep_routing_slugs,
                   "How tokens choose experts."),
    CX_OPTION_RATIO(cx_ep_workload_t, zipf_exponent, "zipf-exponent", KEY, "1", 0, 64,
                    "zipf: the expert with number e has weight (e+1)^-this."),
    CX_OPTION_INT(cx_ep_workload_t, hot_expert, "hot-expert", KEY, "0", 0, CX_EP_EXPERT_COUNT_MAX,
                  "hotspot: the expert in every token."),
    CX_OPTION_INT(cx_ep_workload_t, seed, "seed", KEY, "67", 0, 9e15,
                  "Seed of routing, gates and activations."),
    CX_OPTION_INT(cx_ep_workload_t, step, "step", KEY, "0", 0, 9e15,
                  "hotspot-moving, alternating-groups: which step of a serving engine this is."),
    CX_OPTION_ENUM(cx_ep_workload_t, uneven, "uneven", KEY, "none", cx_ep_uneven_slugs,
                   "How source tokens are spread over ranks."),
    CX_OPTION_ENUM(cx_ep_workload_t, profile, "activations", KEY, "lattice", cx_ep_profile_slugs,
                   "What tokens carry."),
    CX_OPTION_ENUM(cx_ep_workload_t, placement, "rank-placement", KEY, "packed",
                   cx_ep_placement_slugs, "Which place of the machine each rank takes."),
    CX_OPTION_INT(cx_ep_workload_t, node_rank_count, "node-ranks", KEY, "8", 1, 1e6,
                  "Ranks on one node."),
    CX_OPTION_INT(cx_ep_workload_t, domain_rank_count, "domain-ranks", KEY, "8", 1, 1e6,
                  "Ranks in one scale-up domain."),
    CX_OPTION_INT(cx_ep_workload_t, redundant_count, "eplb", KEY, "0", 0, CX_EP_EXPERT_COUNT_MAX,
                  "Redundant experts that EPLB may add, rounded up to whole ranks; 0: no EPLB."),
    CX_OPTION_INT(cx_ep_workload_t, plan_seed, "eplb-seed", KEY, "68", 0, 9e15,
                  "Seed of the trace EPLB plans from; a recorded trace plans from later tokens."),
    CX_OPTION_TEXT(cx_ep_workload_t, trace_path, "trace", FREE, false, "",
                   "File that routing trace replays; its content is part of the digest."),
    CX_OPTION_END,
};

static cx_status_t check_sizes(const cx_ep_workload_t *workload)
{
    if (workload->hidden_elems < CX_EP_HIDDEN_MIN) {
        return CX_FAIL(CX_INVALID, "hidden: %lld is below %d, the columns of a source id",
                       (long long)workload->hidden_elems, CX_EP_HIDDEN_MIN);
    }
    if (workload->topk < 1 || workload->topk > CX_EP_TOPK_MAX) {
        return CX_FAIL(CX_INVALID, "topk: %lld is outside 1..%d", (long long)workload->topk,
                       CX_EP_TOPK_MAX);
    }
    if (workload->topk > workload->expert_count) {
        return CX_FAIL(CX_INVALID, "topk: %lld distinct experts cannot come from %lld",
                       (long long)workload->topk, (long long)workload->expert_count);
    }
    if (workload->rank_count < 1 || workload->expert_count % workload->rank_count != 0) {
        return CX_FAIL(CX_INVALID, "ep: %lld experts do not divide by %lld ranks",
                       (long long)workload->expert_count, (long long)workload->rank_count);
    }
    if (workload->tokens < 1 || workload->tokens > CX_EP_TOKEN_COUNT_MAX / workload->rank_count) {
        return CX_FAIL(CX_INVALID, "tokens: %lld on each of %lld ranks are not 1..2^32 - 1",
                       (long long)workload->tokens, (long long)workload->rank_count);
    }
    return CX_OK;
}

static cx_status_t check_routing(const cx_ep_workload_t *workload)
{
    const bool is_trace = workload->routing == CX_EP_ROUTING_TRACE;

    if (is_trace != (workload->trace_path && workload->trace_path[0])) {
        return CX_FAIL(CX_INVALID, is_trace ? "trace: routing trace needs a file"
                                            : "trace: a file is for routing trace");
    }
    if (workload->routing == CX_EP_ROUTING_HOTSPOT &&
        workload->hot_expert >= workload->expert_count) {
        return CX_FAIL(CX_INVALID, "hot-expert: there is no expert %lld among %lld",
                       (long long)workload->hot_expert, (long long)workload->expert_count);
    }
    if (workload->routing == CX_EP_ROUTING_ALTERNATING_GROUPS &&
        (workload->expert_count % 2 != 0 || workload->topk > workload->expert_count / 2)) {
        return CX_FAIL(CX_INVALID,
                       "routing: alternating-groups needs two halves of at least topk experts, "
                       "there are %lld in all",
                       (long long)workload->expert_count);
    }
    return CX_OK;
}

cx_status_t cx_ep_workload_check(const cx_ep_workload_t *workload)
{
    CX_TRY(check_sizes(workload));
    CX_TRY(check_routing(workload));
    if (workload->node_rank_count < 1 || workload->domain_rank_count < 1) {
        return CX_FAIL(CX_INVALID, "node-ranks, domain-ranks: at least 1");
    }
    if (workload->redundant_count > 0 && workload->plan_seed == workload->seed &&
        workload->routing != CX_EP_ROUTING_TRACE) {
        return CX_FAIL(CX_INVALID,
                       "eplb-seed: %lld is the measured trace's seed; a plan made from the trace "
                       "it is measured on says too much",
                       (long long)workload->plan_seed);
    }
    return CX_OK;
}
