/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of whole workloads: what is sent is what is received, whatever the tokens, the placement and
 * EPLB; and descriptions decide digests. */
#include "family/ep/stats.h"
#include "support/prop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUTING, TOPK, SHARE, RANKS, SEED, TOKENS, UNEVEN, PLACEMENT, DOMAIN_RANKS, REDUNDANT };

static const prop_range_t gen[] = {
    {"routing", 0, CX_EP_ROUTING_TRACE - 1},
    {"topk", 1, 12},
    {"experts_per_rank", 1, 32},
    {"ranks", 1, 20},
    {"seed", 0, INT64_MAX - 1},
    {"tokens", 1, 24},
    {"uneven", 0, CX_EP_UNEVEN_COUNT - 1},
    {"placement", 0, 2},
    {"domain_ranks", 1, 24},
    {"redundant", 0, 40},
    PROP_END,
};

static bool build(const int64_t *values, cx_ep_workload_t *out)
{
    *out = (cx_ep_workload_t){.hidden_elems      = 128,
                              .topk              = values[TOPK],
                              .expert_count      = values[SHARE] * values[RANKS],
                              .rank_count        = values[RANKS],
                              .tokens            = values[TOKENS],
                              .routing           = (int32_t)values[ROUTING],
                              .zipf_exponent     = 1,
                              .seed              = values[SEED],
                              .uneven            = (int32_t)values[UNEVEN],
                              .placement         = (int32_t)values[PLACEMENT],
                              .node_rank_count   = 4,
                              .domain_rank_count = values[DOMAIN_RANKS],
                              .redundant_count   = values[REDUNDANT],
                              .plan_seed         = values[SEED] + 1,
                              .trace_path        = ""};
    if (cx_ep_workload_check(out) != CX_OK) {
        cx_detail_clear();
        return false;
    }
    return true;
}

static int64_t sum_of(const int64_t *values, int64_t count)
{
    int64_t sum = 0;

    for (int64_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}

static bool totals_agree(const cx_ep_work_t *work, const cx_ep_stats_t *stats)
{
    const int64_t ranks  = stats->rank_count;
    int64_t       fanout = 0;

    for (int64_t k = 0; k < ranks; k++) {
        fanout += (k + 1) * stats->fanout_counts[k];
    }
    return sum_of(stats->expert_loads, stats->expert_count) == stats->assignments &&
           sum_of(stats->rank_assignments, ranks) == stats->assignments &&
           sum_of(stats->pair_copies, ranks * ranks) == stats->copies &&
           sum_of(stats->rank_copies, ranks) == stats->copies && fanout == stats->copies &&
           sum_of(stats->source_tokens, ranks) == work->trace.token_count &&
           sum_of(stats->fanout_counts, ranks) == work->trace.token_count &&
           stats->copies <= stats->assignments && stats->local_copies <= stats->copies;
}

static bool replicas_are_of_their_expert(const cx_ep_work_t *work)
{
    for (int64_t i = 0; i < work->trace.token_count * work->trace.topk; i++) {
        int64_t physical = work->physical.experts[i];

        if (work->workload.redundant_count == 0
                ? physical != work->trace.experts[i]
                : work->eplb.logical_experts[physical] != work->trace.experts[i]) {
            return false;
        }
    }
    return true;
}

static bool what_is_sent_is_what_is_received(const int64_t *values)
{
    cx_ep_workload_t workload;
    cx_ep_work_t     work;
    cx_ep_stats_t    stats;
    cx_arena_t       arena;
    bool             holds;

    if (!build(values, &workload)) {
        return true;
    }
    cx_arena_init(&arena);
    holds = cx_ep_work_build(&workload, &arena, &work) == CX_OK &&
            cx_ep_stats_compute(&work, &arena, &stats) == CX_OK && totals_agree(&work, &stats) &&
            replicas_are_of_their_expert(&work);
    cx_arena_fini(&arena);
    return holds;
}

/* Every rank computes the same, and another seed gives another digest. */
static bool digests_follow_the_description(const int64_t *values)
{
    cx_ep_workload_t workload;
    cx_ep_work_t     work, again, other;
    cx_arena_t       arena;
    bool             holds;

    if (!build(values, &workload)) {
        return true;
    }
    cx_arena_init(&arena);
    holds = cx_ep_work_build(&workload, &arena, &work) == CX_OK &&
            cx_ep_work_build(&workload, &arena, &again) == CX_OK;
    workload.seed ^= 1;
    workload.plan_seed = workload.seed ^ 2;
    holds              = holds && cx_ep_work_build(&workload, &arena, &other) == CX_OK &&
            strcmp(work.digest, again.digest) == 0 && strcmp(work.digest, other.digest) != 0;
    cx_arena_fini(&arena);
    return holds;
}

static void test_what_is_sent_is_what_is_received(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, what_is_sent_is_what_is_received));
}

static void test_digests_follow_the_description(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, digests_follow_the_description));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sent_is_what_is_received),
        cmocka_unit_test(test_digests_follow_the_description),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
