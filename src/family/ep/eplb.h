/* SPDX-License-Identifier: Apache-2.0 */
/* EPLB, the expert-parallel load balancer: busy experts get replicas, and replicas are packed so
 * that ranks are equally busy. Not how load is counted (stats.h).
 *
 * Plan, from the load of every logical expert in a planning trace:
 *   1. R redundant experts, rounded up to a multiple of the ranks
 *   2. R times: one more replica for the expert with the highest load per replica (ties: lowest
 *      expert)
 *   3. replicas, the heaviest first (ties: lowest expert), each onto the least loaded rank that has
 *      room (ties: lowest rank); all ranks get the same number
 *   4. physical experts are numbered rank by rank, in the order they were packed: physical expert p
 *      lives on rank p div slots, as logical ones do without a plan
 * Use: global token t takes replica t mod (number of replicas), counted by physical number.
 */
#ifndef CX_FAMILY_EP_EPLB_H
#define CX_FAMILY_EP_EPLB_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/hash.h"

#include <stdint.h>

typedef struct cx_ep_eplb {
    int64_t  expert_count, rank_count, redundant_count, physical_count; /* redundant: rounded up */
    int64_t *logical_experts; /* [physical_count]: whose replica it is */
    int64_t *replica_firsts;  /* [expert_count + 1]: where an expert's replicas begin ... */
    int64_t *replicas;        /* [physical_count]: ... in here, ascending physical numbers */
    int64_t  replicated_count, replica_count_max; /* experts with replicas; most of one */
    double   planned_imbalance_ratio; /* busiest rank over mean, for the load it was planned for */
    char     digest[CX_HASH_HEX_BYTES]; /* of logical_experts as int64 */
} cx_ep_eplb_t;

/**
 * Plan replicas. Everything of `out` lies in the arena.
 *
 * loads   [expert_count], assignments of each expert in the planning trace
 * errors  CX_INVALID experts do not divide by ranks · CX_RESOURCE memory
 */
cx_status_t cx_ep_eplb_plan(const int64_t *loads, cx_ep_eplb_t *in_out, cx_arena_t *arena);

/* The physical expert that a global token uses for a logical one. */
static inline int64_t cx_ep_eplb_physical(const cx_ep_eplb_t *eplb, int64_t token, int64_t expert)
{
    const int64_t first = eplb->replica_firsts[expert];

    return eplb->replicas[first + token % (eplb->replica_firsts[expert + 1] - first)];
}

#endif
