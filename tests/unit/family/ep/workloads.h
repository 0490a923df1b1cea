/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions and routers for the tests of this folder. Not an example of a good workload. */
#ifndef CX_TESTS_EP_WORKLOADS_H
#define CX_TESTS_EP_WORKLOADS_H

#include "family/ep/routing.h"

/* The workloads of the published rows. */
static inline cx_ep_workload_t ep_v3(int64_t rank_count, int64_t tokens)
{
    return (cx_ep_workload_t){.hidden_elems      = 7168,
                              .topk              = 8,
                              .expert_count      = 256,
                              .rank_count        = rank_count,
                              .tokens            = tokens,
                              .zipf_exponent     = 1,
                              .seed              = 67,
                              .node_rank_count   = 8,
                              .domain_rank_count = 8,
                              .plan_seed         = 68,
                              .trace_path        = ""};
}

static inline cx_ep_workload_t ep_v4(int64_t rank_count, int64_t tokens)
{
    cx_ep_workload_t workload = ep_v3(rank_count, tokens);

    workload.topk         = 6;
    workload.expert_count = 384;
    return workload;
}

/* Routing without files; everything it needs lies in the arena. */
static inline void ep_route(const cx_ep_workload_t *workload, cx_arena_t *arena,
                            int64_t first_token, int64_t token_count, int64_t *experts)
{
    cx_ep_router_t router;

    if (cx_ep_router_init(workload, NULL, arena, &router) == CX_OK) {
        cx_ep_route(&router, first_token, token_count, experts);
    }
}

#endif
