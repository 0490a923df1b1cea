/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of routing is what its name says and what its published definition gives. */
#include "family/ep/routing.h"

#include "support/sha256.h"
#include "unit/family/ep/workloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN_TOKENS 4096

static int64_t experts[GOLDEN_TOKENS * 8];

static void test_golden_digest_of_4096_tokens(void **state)
{
    const cx_ep_workload_t workload = ep_v3(8, 512);
    cx_arena_t             arena;
    char                   hex[65];

    (void)state;
    cx_arena_init(&arena);
    assert_string_equal(sha256_hex("abc", 3, hex), "ba7816bf8f01cfea414140de5dae2223"
                                                   "b00361a396177a9cb410ff61f20015ad");
    ep_route(&workload, &arena, 0, GOLDEN_TOKENS, experts);
    assert_string_equal(sha256_hex(experts, sizeof experts, hex),
                        "076f8ff53709feb50beda7073f398c74efa120e32bb4370d2a9cfa7a23e5ef08");
    cx_arena_fini(&arena);
}

static void test_every_kind_names_distinct_experts_in_range(void **state)
{
    (void)state;
    for (int32_t routing = 0; routing < CX_EP_ROUTING_TRACE; routing++) {
        cx_ep_workload_t workload = ep_v3(16, 32);
        cx_arena_t       arena;

        workload.routing = routing;
        workload.topk    = 33; /* more than ranks: no kind may repeat itself then */
        workload.step    = 3;
        cx_arena_init(&arena);
        ep_route(&workload, &arena, 0, 64, experts);
        for (int64_t i = 0; i < 64 * workload.topk; i++) {
            assert_in_range(experts[i], 0, 255);
            for (int64_t j = i - i % workload.topk; j < i; j++) {
                assert_int_not_equal(experts[i], experts[j]);
            }
        }
        cx_arena_fini(&arena);
    }
}

static void test_a_recorded_trace_is_replayed_as_it_is(void **state)
{
    int64_t             rows[]   = {5, 1, 7, 0, 2, 3};
    const cx_ep_trace_t recorded = {
        .token_count = 3, .topk = 2, .expert_count = 8, .experts = rows};
    cx_ep_workload_t workload = ep_v3(1, 3);
    cx_ep_router_t   router;
    cx_arena_t       arena;
    int64_t          out[4];

    (void)state;
    workload.topk         = 2;
    workload.expert_count = 8;
    workload.routing      = CX_EP_ROUTING_TRACE;
    cx_arena_init(&arena);
    assert_int_equal(cx_ep_router_init(&workload, &recorded, &arena, &router), CX_OK);
    cx_ep_route(&router, 1, 2, out);
    assert_memory_equal(out, rows + 2, sizeof out);
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_digest_of_4096_tokens),
        cmocka_unit_test(test_every_kind_names_distinct_experts_in_range),
        cmocka_unit_test(test_a_recorded_trace_is_replayed_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
