/* SPDX-License-Identifier: Apache-2.0 */
/* Routings without chance, in which every expert gets the same load: the bounds of what skew and
 * fan-out can cost. Not random ones (routing_uniform.c, routing_zipf.c). */
#include "family/ep/routing.h"

/* One expert per rank, then the next one of each: the widest fan-out. Without the last term, which
 * is zero for topk <= ranks, a token with more slots than ranks would name experts twice. */
void cx_ep_route_balanced(const cx_ep_router_t *router, int64_t token, int64_t *experts)
{
    const cx_ep_workload_t *workload   = &router->workload;
    const int64_t           rank_count = workload->rank_count;
    const int64_t           share      = workload->expert_count / rank_count;

    for (int64_t slot = 0; slot < workload->topk; slot++) {
        experts[slot] =
            (token + slot % rank_count * share + slot / rank_count) % workload->expert_count;
    }
}

/* Neighbouring experts: one rank per token, where topk divides a rank's experts. */
void cx_ep_route_rank_local(const cx_ep_router_t *router, int64_t token, int64_t *experts)
{
    const cx_ep_workload_t *workload = &router->workload;

    for (int64_t slot = 0; slot < workload->topk; slot++) {
        experts[slot] = (token * workload->topk + slot) % workload->expert_count;
    }
}
