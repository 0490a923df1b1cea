/* SPDX-License-Identifier: Apache-2.0 */
/* Counting a trace. Not what a backend really moves (that is read from its tensors). */
#include "family/ep/stats.h"

#include <math.h>
#include <string.h>

void cx_ep_expert_loads(const cx_ep_trace_t *trace, int64_t *loads_out)
{
    memset(loads_out, 0, (size_t)trace->expert_count * sizeof *loads_out);
    for (int64_t i = 0; i < trace->token_count * trace->topk; i++) {
        loads_out[trace->experts[i]]++;
    }
}

/* The distinct ranks that a token goes to, in slot order; returns how many. */
static int64_t ranks_of(const cx_ep_trace_t *trace, int64_t rank_count, int64_t token,
                        int64_t *ranks)
{
    const int64_t *row   = trace->experts + token * trace->topk;
    const int64_t  share = trace->expert_count / rank_count;
    int64_t        count = 0;

    for (int64_t slot = 0; slot < trace->topk; slot++) {
        int64_t rank = row[slot] / share, at = 0;

        while (at < count && ranks[at] != rank) {
            at++;
        }
        if (at == count) {
            ranks[count++] = rank;
        }
    }
    return count;
}

void cx_ep_pair_copies(const cx_ep_trace_t *trace, const int64_t *first_tokens, int64_t rank_count,
                       int64_t *copies_out)
{
    int64_t ranks[CX_EP_TOPK_MAX];

    memset(copies_out, 0, (size_t)(rank_count * rank_count) * sizeof *copies_out);
    for (int64_t source = 0; source < rank_count; source++) {
        for (int64_t token = first_tokens[source]; token < first_tokens[source + 1]; token++) {
            int64_t count = ranks_of(trace, rank_count, token, ranks);

            for (int64_t i = 0; i < count; i++) {
                copies_out[source * rank_count + ranks[i]]++;
            }
        }
    }
}

static cx_ep_spread_t spread_of(const int64_t *values, int64_t count)
{
    cx_ep_spread_t spread  = {.min_count = values[0], .max_count = values[0]};
    double         squares = 0;

    for (int64_t i = 0; i < count; i++) {
        spread.sum_count += values[i];
        spread.min_count = values[i] < spread.min_count ? values[i] : spread.min_count;
        spread.max_count = values[i] > spread.max_count ? values[i] : spread.max_count;
    }
    spread.mean_count = (double)spread.sum_count / (double)count;
    for (int64_t i = 0; i < count; i++) {
        double difference = (double)values[i] - spread.mean_count;

        squares += difference * difference;
    }
    spread.cv_ratio = spread.mean_count > 0 ? sqrt(squares / (double)count) / spread.mean_count : 0;
    return spread;
}

/* Busiest over mean; 1 when nothing is loaded. */
static double imbalance_of(const cx_ep_spread_t *spread)
{
    return spread->sum_count > 0 ? (double)spread->max_count / spread->mean_count : 1;
}

static int64_t count_zeros(const int64_t *values, int64_t count)
{
    int64_t zero_count = 0;

    for (int64_t i = 0; i < count; i++) {
        zero_count += values[i] == 0;
    }
    return zero_count;
}

static void sum_ranks(const int64_t *expert_loads, int64_t expert_count, int64_t rank_count,
                      int64_t *rank_loads)
{
    memset(rank_loads, 0, (size_t)rank_count * sizeof *rank_loads);
    for (int64_t e = 0; e < expert_count; e++) {
        rank_loads[e / (expert_count / rank_count)] += expert_loads[e];
    }
}

/* Fan-out: how many tokens go to how many ranks. */
static void count_fanout(const cx_ep_trace_t *trace, cx_ep_stats_t *stats)
{
    int64_t ranks[CX_EP_TOPK_MAX];

    stats->fanout = (cx_ep_spread_t){.min_count = trace->token_count ? INT64_MAX : 0};
    for (int64_t token = 0; token < trace->token_count; token++) {
        int64_t count = ranks_of(trace, stats->rank_count, token, ranks);

        stats->fanout_counts[count - 1]++;
        stats->fanout.sum_count += count;
        stats->fanout.min_count = count < stats->fanout.min_count ? count : stats->fanout.min_count;
        stats->fanout.max_count = count > stats->fanout.max_count ? count : stats->fanout.max_count;
    }
    if (trace->token_count > 0) {
        double mean = (double)stats->fanout.sum_count / (double)trace->token_count, squares = 0;

        for (int64_t k = 0; k < stats->rank_count; k++) {
            double difference = (double)(k + 1) - mean;

            squares += (double)stats->fanout_counts[k] * difference * difference;
        }
        stats->fanout.mean_count = mean;
        stats->fanout.cv_ratio   = sqrt(squares / (double)trace->token_count) / mean;
    }
}

static void count_locality(const cx_ep_work_t *work, cx_ep_stats_t *stats)
{
    const int64_t rank_count  = stats->rank_count;
    int64_t       node_copies = 0, domain_copies = 0;

    for (int64_t i = 0; i < rank_count * rank_count; i++) {
        const int64_t from   = work->position_ranks[i / rank_count];
        const int64_t to     = work->position_ranks[i % rank_count];
        const int64_t node   = work->workload.node_rank_count;
        const int64_t domain = work->workload.domain_rank_count;

        stats->local_copies += from == to ? stats->pair_copies[i] : 0;
        node_copies += from / node == to / node ? stats->pair_copies[i] : 0;
        domain_copies += from / domain == to / domain ? stats->pair_copies[i] : 0;
        stats->rank_copies[i % rank_count] += stats->pair_copies[i];
    }
    stats->copies = stats->fanout.sum_count;
    if (stats->copies > 0) {
        stats->local_rank_ratio   = (double)stats->local_copies / (double)stats->copies;
        stats->same_node_ratio    = (double)node_copies / (double)stats->copies;
        stats->same_domain_ratio  = (double)domain_copies / (double)stats->copies;
        stats->cross_node_ratio   = (double)(stats->copies - node_copies) / (double)stats->copies;
        stats->cross_domain_ratio = (double)(stats->copies - domain_copies) / (double)stats->copies;
    }
}

static cx_status_t grab_arrays(cx_arena_t *arena, cx_ep_stats_t *stats)
{
    const size_t ranks = (size_t)stats->rank_count, item_bytes = sizeof(int64_t);

    stats->expert_loads     = cx_arena_grab(arena, (size_t)stats->expert_count * item_bytes);
    stats->rank_assignments = cx_arena_grab(arena, ranks * item_bytes);
    stats->rank_copies      = cx_arena_grab(arena, ranks * item_bytes);
    stats->pair_copies      = cx_arena_grab(arena, ranks * ranks * item_bytes);
    stats->fanout_counts    = cx_arena_grab(arena, ranks * item_bytes);
    stats->source_tokens    = cx_arena_grab(arena, ranks * item_bytes);
    if (!stats->expert_loads || !stats->rank_assignments || !stats->rank_copies ||
        !stats->pair_copies || !stats->fanout_counts || !stats->source_tokens) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the statistics of a workload");
    }
    return CX_OK;
}

/* Rank imbalance of the logical experts: what EPLB is there to mend. */
static cx_status_t count_logical(const cx_ep_work_t *work, cx_arena_t *arena, cx_ep_stats_t *stats)
{
    const cx_ep_trace_t *trace = &work->trace;
    int64_t             *loads = cx_arena_grab(arena, (size_t)trace->expert_count * sizeof *loads);
    int64_t       *rank_loads  = cx_arena_grab(arena, (size_t)stats->rank_count * sizeof *loads);
    cx_ep_spread_t spread;

    if (!loads || !rank_loads) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the statistics of a workload");
    }
    cx_ep_expert_loads(trace, loads);
    sum_ranks(loads, trace->expert_count, stats->rank_count, rank_loads);
    spread                         = spread_of(rank_loads, stats->rank_count);
    stats->logical_imbalance_ratio = imbalance_of(&spread);
    return CX_OK;
}

cx_status_t cx_ep_stats_compute(const cx_ep_work_t *work, cx_arena_t *arena, cx_ep_stats_t *out)
{
    const cx_ep_trace_t *trace = &work->physical;
    cx_ep_stats_t        stats = {.expert_count = trace->expert_count,
                                  .rank_count   = work->workload.rank_count,
                                  .token_count  = trace->token_count,
                                  .assignments  = trace->token_count * trace->topk};

    CX_TRY(grab_arrays(arena, &stats));
    cx_ep_expert_loads(trace, stats.expert_loads);
    sum_ranks(stats.expert_loads, stats.expert_count, stats.rank_count, stats.rank_assignments);
    cx_ep_pair_copies(trace, work->first_tokens, stats.rank_count, stats.pair_copies);
    for (int64_t r = 0; r < stats.rank_count; r++) {
        stats.source_tokens[r] = work->first_tokens[r + 1] - work->first_tokens[r];
    }
    count_fanout(trace, &stats);
    count_locality(work, &stats);
    CX_TRY(count_logical(work, arena, &stats));
    stats.expert_load               = spread_of(stats.expert_loads, stats.expert_count);
    stats.rank_assignment           = spread_of(stats.rank_assignments, stats.rank_count);
    stats.rank_copy                 = spread_of(stats.rank_copies, stats.rank_count);
    stats.source_token              = spread_of(stats.source_tokens, stats.rank_count);
    stats.hotspot_ratio             = imbalance_of(&stats.expert_load);
    stats.rank_imbalance_ratio      = imbalance_of(&stats.rank_assignment);
    stats.rank_copy_imbalance_ratio = imbalance_of(&stats.rank_copy);
    stats.empty_expert_count        = count_zeros(stats.expert_loads, stats.expert_count);
    stats.empty_rank_count          = count_zeros(stats.rank_assignments, stats.rank_count);
    stats.empty_source_count        = count_zeros(stats.source_tokens, stats.rank_count);
    *out                            = stats;
    return CX_OK;
}

cx_ep_bytes_t cx_ep_payload_bytes(const cx_ep_stats_t *stats, cx_codec_t codec,
                                  int64_t hidden_elems)
{
    const int64_t row_bytes = cx_codec_row_bytes(codec, hidden_elems);

    return (cx_ep_bytes_t){.copy_bytes       = stats->copies * row_bytes,
                           .assignment_bytes = stats->assignments * row_bytes,
                           .remote_bytes     = (stats->copies - stats->local_copies) * row_bytes};
}
