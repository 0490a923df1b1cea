/* SPDX-License-Identifier: Apache-2.0 */
/* What an expert-parallel record says of one ladder step beside its timed rows: what was moved, how
 * it was spread, and whether it was right. One field table; unknown is NAN, CX_I64_UNKNOWN, NULL.
 */
#ifndef CX_MODEL_EP_POINT_H
#define CX_MODEL_EP_POINT_H

#include "model/record.h"

/* Lists are texts of numbers with a comma between, so that the table stays flat. Texts borrowed. */
typedef struct cx_ep_point {
    int64_t tokens_per_rank, global_tokens;
    /* work */
    int64_t     copies, assignments, local_copies;
    double      fanout_mean;
    int64_t     fanout_min, fanout_max;
    const char *fanout_histogram, *expert_assignments_per_rank, *payload_copies_per_rank;
    int64_t     expert_load_min, expert_load_max;
    double      expert_load_mean, expert_load_cv, expert_assignment_rank_cv, payload_rank_cv;
    double      hotspot_ratio, rank_imbalance_ratio, logical_imbalance_ratio;
    int64_t     empty_expert_count, empty_rank_count;
    double      local_rank_fraction, same_node_fraction, same_domain_fraction, cross_node_fraction,
        cross_domain_fraction;
    const char *workload_digest, *routing_digest, *weights_digest;
    bool        is_cross_rank_consistent;
    /* bytes of one phase over all ranks, by basis */
    int64_t dispatch_logical_bytes, dispatch_assignment_bytes, dispatch_wire_bytes,
        dispatch_scale_bytes;
    int64_t     combine_logical_bytes, combine_assignment_bytes, combine_scale_bytes;
    const char *wire_basis; /* rank-deduplicated or per-assignment */
    int64_t     receive_total, receive_min, receive_max;
    double      receive_mean;
    /* derived from rows */
    double dispatch_logical_bytes_per_s_per_rank, combine_logical_bytes_per_s_per_rank,
        roundtrip_logical_bytes_per_s_per_rank;
    double isolated_sum_us_p50, isolated_sum_us_p90, isolated_sum_us_p95, isolated_sum_us_p99;
    double token_rate_per_s_p50, token_rate_per_s_p99;
    double min_dispatch_us_p50, min_combine_us_p50, min_roundtrip_us_p50, roundtrip_spread_us_p50;
    /* chains */
    double interpair_gap_us_p50, pair_spread_us_p50, settle_drift_us_max;
    /* correctness */
    bool        is_right;
    double      relative_error_max, gate_error_max;
    const char *failed_checks; /* slugs with a comma between; empty for none */
    const char *failed_passes; /* of pre, timed, chain, post */
} cx_ep_point_t;

extern const cx_field_t cx_ep_point_fields[];

void cx_ep_point_clear(cx_ep_point_t *point);

#endif
