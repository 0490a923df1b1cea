/* SPDX-License-Identifier: Apache-2.0 */
/* What a workload asks of a machine: load of experts and ranks, fan-out, locality, copies, bytes.
 * Two quantities are kept apart: an *assignment* is one (token, expert) and is compute load; a
 * *copy* is one (token, rank that has at least one of its experts) and is network load. */
#ifndef CX_FAMILY_EP_STATS_H
#define CX_FAMILY_EP_STATS_H

#include "family/common/codec_recipe.h"
#include "family/ep/workload.h"

/* Least, most and average of a distribution, and its population standard deviation over the mean
 * (0 where the mean is 0). */
typedef struct cx_ep_spread {
    int64_t min_count, max_count, sum_count;
    double  mean_count, cv_ratio;
} cx_ep_spread_t;

/* Everything is of the experts that tokens really use: physical ones under EPLB. */
typedef struct cx_ep_stats {
    int64_t        expert_count, rank_count, token_count;
    int64_t       *expert_loads;     /* [expert_count] assignments */
    int64_t       *rank_assignments; /* [rank_count] destination */
    int64_t       *rank_copies;      /* [rank_count] destination */
    int64_t       *pair_copies;      /* [rank_count][rank_count], row = source */
    int64_t       *fanout_counts;    /* [rank_count]: entry k-1 is the tokens that go to k ranks */
    int64_t       *source_tokens;    /* [rank_count] */
    cx_ep_spread_t fanout, expert_load, rank_assignment, rank_copy, source_token;
    int64_t        copies, assignments;
    double         hotspot_ratio;             /* busiest expert over the mean */
    double         rank_imbalance_ratio;      /* busiest rank over the mean, in assignments */
    double         rank_copy_imbalance_ratio; /* the same in copies */
    int64_t        empty_expert_count, empty_rank_count, empty_source_count;
    /* shares of the copies; the last two are one minus node and domain */
    double local_rank_ratio, same_node_ratio, same_domain_ratio, cross_node_ratio,
        cross_domain_ratio;
    int64_t local_copies;            /* that never leave their rank */
    double  logical_imbalance_ratio; /* rank imbalance as it would be without EPLB */
} cx_ep_stats_t;

/* Arrays lie in the arena. errors CX_RESOURCE memory */
cx_status_t cx_ep_stats_compute(const cx_ep_work_t *work, cx_arena_t *arena, cx_ep_stats_t *out);

/* Assignments of each of trace->expert_count experts: what EPLB plans from. `loads_out` is zeroed
 * first. */
void cx_ep_expert_loads(const cx_ep_trace_t *trace, int64_t *loads_out);

/* Copies between ranks, [rank_count][rank_count], row = source, zeroed first; first_tokens as in
 * cx_ep_work_t. */
void cx_ep_pair_copies(const cx_ep_trace_t *trace, const int64_t *first_tokens, int64_t rank_count,
                       int64_t *copies_out);

/* Bytes of payload, by counting rule; the basis stands in the name. Index and gate traffic is not
 * in them. */
typedef struct cx_ep_bytes {
    int64_t copy_bytes;       /* one per (token, rank): rank-deduplicated */
    int64_t assignment_bytes; /* one per (token, expert) */
    int64_t remote_bytes;     /* copies that leave their rank */
} cx_ep_bytes_t;

/* What one direction moves when every row is encoded like that. */
cx_ep_bytes_t cx_ep_payload_bytes(const cx_ep_stats_t *stats, cx_codec_t codec,
                                  int64_t hidden_elems);

#endif
