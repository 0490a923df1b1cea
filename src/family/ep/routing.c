/* SPDX-License-Identifier: Apache-2.0 */
/* From a kind of routing to its generator. Not the generators (routing_*.c). */
#include "family/ep/routing.h"

#include <string.h>

static void route_recorded(const cx_ep_router_t *router, int64_t token, int64_t *experts)
{
    const size_t topk = (size_t)router->workload.topk;

    memcpy(experts, router->recorded->experts + (size_t)token * topk, topk * sizeof *experts);
}

cx_status_t cx_ep_router_init(const cx_ep_workload_t *workload, const cx_ep_trace_t *recorded,
                              cx_arena_t *arena, cx_ep_router_t *out)
{
    static void (*const generators[CX_EP_ROUTING_COUNT])(const cx_ep_router_t *, int64_t,
                                                         int64_t *) = {
        [CX_EP_ROUTING_UNIFORM]             = cx_ep_route_uniform,
        [CX_EP_ROUTING_BALANCED]            = cx_ep_route_balanced,
        [CX_EP_ROUTING_BALANCED_RANK_LOCAL] = cx_ep_route_rank_local,
        [CX_EP_ROUTING_ZIPF]                = cx_ep_route_zipf,
        [CX_EP_ROUTING_HOTSPOT]             = cx_ep_route_hotspot,
        [CX_EP_ROUTING_HOTSPOT_MOVING]      = cx_ep_route_hotspot,
        [CX_EP_ROUTING_ALTERNATING_GROUPS]  = cx_ep_route_alternating,
        [CX_EP_ROUTING_TRACE]               = route_recorded,
    };
    uint64_t *sums = NULL;

    if (workload->routing == CX_EP_ROUTING_ZIPF) {
        sums = cx_arena_grab(arena, ((size_t)workload->expert_count + 1) * sizeof *sums);
        if (!sums) {
            return CX_FAIL(CX_RESOURCE, "out of memory for the popularity of experts");
        }
        cx_ep_zipf_sums(workload->zipf_exponent, workload->expert_count, sums);
    }
    *out = (cx_ep_router_t){
        .workload   = *workload,
        .recorded   = recorded,
        .zipf_sums  = sums,
        .hot_expert = workload->routing == CX_EP_ROUTING_HOTSPOT_MOVING
                          ? workload->step % workload->expert_count
                          : workload->hot_expert,
        .route      = generators[workload->routing],
    };
    cx_counter_hash_init(&out->hash, (uint64_t)workload->seed);
    return CX_OK;
}

void cx_ep_route(const cx_ep_router_t *router, int64_t first_token, int64_t token_count,
                 int64_t *experts_out)
{
    for (int64_t i = 0; i < token_count; i++) {
        router->route(router, first_token + i, experts_out + i * router->workload.topk);
    }
}
