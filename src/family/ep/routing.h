/* SPDX-License-Identifier: Apache-2.0 */
/* Which experts a token goes to, by (seed, token) alone: no state, so that any slice of a trace can
 * be computed anywhere, and a shorter trace is the beginning of a longer one.
 * Not gates (weights.h) and not where experts live (eplb.h, placement.h).
 *
 * With global token t, slot j, E experts, N ranks, K = topk and ctr() of CX_EP_STREAM_*:
 *   uniform              ctr(t, j, attempt, ROUTE) mod E; a repeated expert is drawn again with the
 *                        next attempt; byte for byte what the Python CollectiveX routes
 *   balanced             (t + (j mod N) * E/N + j div N) mod E
 *   balanced-rank-local  (t * K + j) mod E
 *   zipf                 expert e with weight (e+1)^-s, drawn without putting back (routing_zipf.c)
 *   hotspot[-moving]     slot 0: the hot expert (moving: step mod E); other slots as uniform
 *   alternating-groups   as uniform over the E/2 experts of half (step mod 2)
 *   trace                row t of the file
 */
#ifndef CX_FAMILY_EP_ROUTING_H
#define CX_FAMILY_EP_ROUTING_H

#include "base/counter_hash.h"
#include "family/ep/workload.h"

/* Fourth counter of ctr(token, slot, attempt, stream): what the number is for. */
enum { CX_EP_STREAM_ROUTE, CX_EP_STREAM_GATE, CX_EP_STREAM_ZIPF };

typedef struct cx_ep_router cx_ep_router_t;
struct cx_ep_router {
    cx_ep_workload_t     workload;
    cx_counter_hash_t    hash;
    const cx_ep_trace_t *recorded;   /* routing trace; borrowed, in the arena */
    const uint64_t      *zipf_sums;  /* routing zipf: [expert_count + 1], in the arena */
    int64_t              hot_expert; /* of this step */
    void (*route)(const cx_ep_router_t *router, int64_t token, int64_t *experts);
};

/**
 * Prepare for a workload that cx_ep_workload_check has passed.
 * `recorded` is the trace to replay, NULL for every other routing.
 * errors  CX_RESOURCE memory
 */
cx_status_t cx_ep_router_init(const cx_ep_workload_t *workload, const cx_ep_trace_t *recorded,
                              cx_arena_t *arena, cx_ep_router_t *out);

/* Experts of tokens [first_token, first_token + token_count): int64 [token_count][topk]. Of a
 * recorded trace these tokens must be there. */
void cx_ep_route(const cx_ep_router_t *router, int64_t first_token, int64_t token_count,
                 int64_t *experts_out);

/* ctr(token, slot, attempt, stream). */
static inline uint64_t cx_ep_counter(const cx_ep_router_t *router, int64_t token, int64_t slot,
                                     uint64_t attempt, uint64_t stream)
{
    const uint64_t counters[CX_COUNTER_COUNT] = {(uint64_t)token, (uint64_t)slot, attempt, stream};

    return cx_counter_hash_at(&router->hash, counters);
}

/* The generators, one file per group. */
void cx_ep_route_uniform(const cx_ep_router_t *router, int64_t token, int64_t *experts);
void cx_ep_route_hotspot(const cx_ep_router_t *router, int64_t token, int64_t *experts);
void cx_ep_route_alternating(const cx_ep_router_t *router, int64_t token, int64_t *experts);
void cx_ep_route_balanced(const cx_ep_router_t *router, int64_t token, int64_t *experts);
void cx_ep_route_rank_local(const cx_ep_router_t *router, int64_t token, int64_t *experts);
void cx_ep_route_zipf(const cx_ep_router_t *router, int64_t token, int64_t *experts);
/* Running sums of the weights of zipf: [expert_count + 1]. */
void cx_ep_zipf_sums(double exponent, int64_t expert_count, uint64_t *sums_out);

#endif
