/* SPDX-License-Identifier: Apache-2.0 */
/* Replicate, pack, number. Not the choice of the planning trace (workload.c). */
#include "family/ep/eplb.h"

#include <stdlib.h>

/* One replica to be packed. */
typedef struct replica {
    int64_t expert;
    double  load;
} replica_t;

/* How many replicas each expert gets. */
static void replicate(const int64_t *loads, const cx_ep_eplb_t *eplb, int64_t *counts)
{
    for (int64_t e = 0; e < eplb->expert_count; e++) {
        counts[e] = 1;
    }
    for (int64_t i = 0; i < eplb->redundant_count; i++) {
        int64_t busiest = 0;

        /* Fractions are compared by cross-multiplication, so that ties are ties. */
        for (int64_t e = 1; e < eplb->expert_count; e++) {
            busiest = loads[e] * counts[busiest] > loads[busiest] * counts[e] ? e : busiest;
        }
        counts[busiest]++;
    }
}

static int compare_replicas(const void *a, const void *b)
{
    const replica_t *one = a, *two = b;

    if (one->load != two->load) {
        return one->load > two->load ? -1 : 1;
    }
    return (one->expert > two->expert) - (one->expert < two->expert);
}

static void list_replicas(const int64_t *loads, const int64_t *counts, const cx_ep_eplb_t *eplb,
                          replica_t *replicas)
{
    int64_t filled = 0;

    for (int64_t e = 0; e < eplb->expert_count; e++) {
        for (int64_t i = 0; i < counts[e]; i++) {
            replicas[filled++] = (replica_t){e, (double)loads[e] / (double)counts[e]};
        }
    }
    qsort(replicas, (size_t)filled, sizeof *replicas, compare_replicas);
}

/* Fills logical_experts and the planned imbalance. */
static void pack(const replica_t *replicas, double *rank_loads, int64_t *rank_counts,
                 cx_ep_eplb_t *eplb)
{
    const int64_t slots = eplb->physical_count / eplb->rank_count;
    double        sum = 0, max = 0;

    for (int64_t i = 0; i < eplb->physical_count; i++) {
        int64_t best = -1;

        for (int64_t r = 0; r < eplb->rank_count; r++) {
            if (rank_counts[r] < slots && (best < 0 || rank_loads[r] < rank_loads[best])) {
                best = r;
            }
        }
        eplb->logical_experts[best * slots + rank_counts[best]++] = replicas[i].expert;
        rank_loads[best] += replicas[i].load;
        sum += replicas[i].load;
        max = rank_loads[best] > max ? rank_loads[best] : max;
    }
    eplb->planned_imbalance_ratio = sum > 0 ? max * (double)eplb->rank_count / sum : 1;
}

/* From logical_experts back to the replicas of each expert, ascending. */
static void index_replicas(const int64_t *counts, int64_t *filled, cx_ep_eplb_t *eplb)
{
    eplb->replica_firsts[0] = 0;
    eplb->replicated_count  = 0;
    eplb->replica_count_max = 0;
    for (int64_t e = 0; e < eplb->expert_count; e++) {
        eplb->replica_firsts[e + 1] = eplb->replica_firsts[e] + counts[e];
        eplb->replicated_count += counts[e] > 1;
        if (counts[e] > eplb->replica_count_max) {
            eplb->replica_count_max = counts[e];
        }
    }
    for (int64_t p = 0; p < eplb->physical_count; p++) {
        int64_t expert = eplb->logical_experts[p];

        eplb->replicas[eplb->replica_firsts[expert] + filled[expert]++] = p;
    }
}

cx_status_t cx_ep_eplb_plan(const int64_t *loads, cx_ep_eplb_t *in_out, cx_arena_t *arena)
{
    cx_ep_eplb_t eplb    = *in_out;
    const size_t experts = (size_t)eplb.expert_count, ranks = (size_t)eplb.rank_count;
    int64_t     *counts, *filled, *rank_counts;
    double      *rank_loads;
    replica_t   *replicas;

    if (eplb.expert_count % eplb.rank_count != 0) {
        return CX_FAIL(CX_INVALID, "eplb: %lld experts do not divide by %lld ranks",
                       (long long)eplb.expert_count, (long long)eplb.rank_count);
    }
    eplb.redundant_count =
        (eplb.redundant_count + eplb.rank_count - 1) / eplb.rank_count * eplb.rank_count;
    eplb.physical_count  = eplb.expert_count + eplb.redundant_count;
    eplb.logical_experts = cx_arena_grab(arena, (size_t)eplb.physical_count * sizeof(int64_t));
    eplb.replica_firsts  = cx_arena_grab(arena, (experts + 1) * sizeof(int64_t));
    eplb.replicas        = cx_arena_grab(arena, (size_t)eplb.physical_count * sizeof(int64_t));
    counts               = cx_arena_grab(arena, experts * sizeof *counts);
    filled               = cx_arena_grab(arena, experts * sizeof *filled);
    rank_counts          = cx_arena_grab(arena, ranks * sizeof *rank_counts);
    rank_loads           = cx_arena_grab(arena, ranks * sizeof *rank_loads);
    replicas             = cx_arena_grab(arena, (size_t)eplb.physical_count * sizeof *replicas);
    if (!eplb.logical_experts || !eplb.replica_firsts || !eplb.replicas || !counts || !filled ||
        !rank_counts || !rank_loads || !replicas) {
        return CX_FAIL(CX_RESOURCE, "out of memory for an EPLB plan");
    }
    replicate(loads, &eplb, counts);
    list_replicas(loads, counts, &eplb, replicas);
    pack(replicas, rank_loads, rank_counts, &eplb);
    index_replicas(counts, filled, &eplb);
    (void)cx_hash_hex(eplb.logical_experts, (size_t)eplb.physical_count * sizeof(int64_t),
                      eplb.digest);
    *in_out = eplb;
    return CX_OK;
}
