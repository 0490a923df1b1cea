/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of routing and gates: a shorter trace is the beginning of a longer one, slices concatenate,
 * experts of a token are distinct and there, gates sum to one. */
#include "family/ep/routing.h"
#include "family/ep/weights.h"
#include "support/prop.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUTING, TOPK, SHARE, RANKS, EXPONENT, SEED, STEP, TOKENS, CUT };

#define TOKEN_COUNT_MAX 64
#define TOPK_COUNT_MAX 16

static const prop_range_t gen[] = {
    {"routing", 0, CX_EP_ROUTING_TRACE - 1},
    {"topk", 1, TOPK_COUNT_MAX},
    {"experts_per_rank", 1, 64},
    {"ranks", 1, 32},
    {"zipf_exponent_hundredths", 0, 6400},
    {"seed", 0, INT64_MAX},
    {"step", 0, INT64_MAX},
    {"tokens", 1, TOKEN_COUNT_MAX},
    {"cut", 0, TOKEN_COUNT_MAX},
    PROP_END,
};

/* The workload that the values stand for; false when there is none. */
static bool build(const int64_t *values, cx_ep_workload_t *out)
{
    *out = (cx_ep_workload_t){.hidden_elems      = 64,
                              .topk              = values[TOPK],
                              .expert_count      = values[SHARE] * values[RANKS],
                              .rank_count        = values[RANKS],
                              .tokens            = values[TOKENS],
                              .routing           = (int32_t)values[ROUTING],
                              .zipf_exponent     = (double)values[EXPONENT] / 100,
                              .seed              = values[SEED],
                              .step              = values[STEP],
                              .node_rank_count   = 8,
                              .domain_rank_count = 8,
                              .trace_path        = ""};
    if (cx_ep_workload_check(out) != CX_OK) {
        cx_detail_clear();
        return false;
    }
    return true;
}

static bool is_distinct_and_there(const int64_t *experts, const cx_ep_workload_t *workload)
{
    for (int64_t i = 0; i < workload->topk; i++) {
        if (experts[i] < 0 || experts[i] >= workload->expert_count) {
            return false;
        }
        for (int64_t j = 0; j < i; j++) {
            if (experts[i] == experts[j]) {
                return false;
            }
        }
    }
    return true;
}

static bool sums_to_one(const float *weights, int64_t topk)
{
    double sum = 0;

    for (int64_t i = 0; i < topk; i++) {
        if (!(weights[i] > 0 && weights[i] <= 1)) {
            return false;
        }
        sum += (double)weights[i];
    }
    return fabs(sum - 1) < 1e-6;
}

static bool slices_concatenate_and_rows_are_sound(const int64_t *values)
{
    static int64_t whole[TOKEN_COUNT_MAX * TOPK_COUNT_MAX], parts[TOKEN_COUNT_MAX * TOPK_COUNT_MAX];
    static float gates[TOKEN_COUNT_MAX * TOPK_COUNT_MAX], slices[TOKEN_COUNT_MAX * TOPK_COUNT_MAX];
    cx_ep_workload_t workload;
    cx_ep_router_t   router, other;
    cx_arena_t       arena;
    int64_t          count = values[TOKENS], cut = values[CUT] < count ? values[CUT] : count;
    bool             holds;

    if (!build(values, &workload)) {
        return true;
    }
    cx_arena_init(&arena);
    holds = cx_ep_router_init(&workload, NULL, &arena, &router) == CX_OK;
    workload.tokens += 17; /* the size of a workload is not part of a token's routing */
    holds = holds && cx_ep_router_init(&workload, NULL, &arena, &other) == CX_OK;
    if (holds) {
        cx_ep_route(&router, 0, count, whole);
        cx_ep_weights(&router, 0, count, gates);
        /* The second part first: there is no state that could tell. */
        cx_ep_route(&other, cut, count - cut, parts + cut * workload.topk);
        cx_ep_route(&other, 0, cut, parts);
        cx_ep_weights(&other, cut, count - cut, slices + cut * workload.topk);
        cx_ep_weights(&other, 0, cut, slices);
        holds = memcmp(whole, parts, (size_t)(count * workload.topk) * sizeof *whole) == 0 &&
                memcmp(gates, slices, (size_t)(count * workload.topk) * sizeof *gates) == 0;
    }
    for (int64_t token = 0; holds && token < count; token++) {
        holds = is_distinct_and_there(whole + token * workload.topk, &workload) &&
                sums_to_one(gates + token * workload.topk, workload.topk);
    }
    cx_arena_fini(&arena);
    return holds;
}

static void test_slices_concatenate_and_rows_are_sound(void **state)
{
    (void)state;
    assert_true(prop_holds(gen, slices_concatenate_and_rows_are_sound));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_concatenate_and_rows_are_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
