/* SPDX-License-Identifier: Apache-2.0 */
/* Balanced routings load every expert alike, one with the widest fan-out, one with the narrowest.
 */
#include "family/ep/routing.h"

#include "unit/family/ep/workloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void count_loads(const int64_t *experts, int64_t count, int64_t *loads)
{
    memset(loads, 0, 256 * sizeof *loads);
    for (int64_t i = 0; i < count; i++) {
        loads[experts[i]]++;
    }
}

static void test_every_expert_has_the_same_load(void **state)
{
    static const int32_t kinds[] = {CX_EP_ROUTING_BALANCED, CX_EP_ROUTING_BALANCED_RANK_LOCAL};
    static int64_t       experts[256 * 12], loads[256];

    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int64_t topk = 1; topk <= 12; topk++) {
            cx_ep_workload_t workload = ep_v3(8, 32);
            cx_arena_t       arena;

            workload.routing = kinds[i];
            workload.topk    = topk;
            cx_arena_init(&arena);
            ep_route(&workload, &arena, 0, 256, experts);
            count_loads(experts, 256 * topk, loads);
            for (int e = 0; e < 256; e++) {
                assert_int_equal(loads[e], topk);
            }
            cx_arena_fini(&arena);
        }
    }
}

static void test_rows_follow_the_formulas(void **state)
{
    cx_ep_workload_t workload = ep_v3(8, 32);
    cx_arena_t       arena;
    int64_t          out[8];

    (void)state;
    cx_arena_init(&arena);
    workload.routing = CX_EP_ROUTING_BALANCED;
    ep_route(&workload, &arena, 40, 1, out);
    for (int j = 0; j < 8; j++) {
        assert_int_equal(out[j], (40 + j * 32) % 256); /* one expert on each rank */
    }
    workload.routing = CX_EP_ROUTING_BALANCED_RANK_LOCAL;
    ep_route(&workload, &arena, 40, 1, out);
    for (int j = 0; j < 8; j++) {
        assert_int_equal(out[j], (40 * 8 + j) % 256);
        assert_int_equal(out[j] / 32, out[0] / 32); /* all on one rank */
    }
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_expert_has_the_same_load),
        cmocka_unit_test(test_rows_follow_the_formulas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
