/* SPDX-License-Identifier: Apache-2.0 */
/* Uniform routing is the published generator's; hotspot and alternating groups are built on it. */
#include "family/ep/routing.h"

#include "unit/family/ep/workloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_golden_rows_of_both_published_shapes(void **state)
{
    static const int64_t   v3[]  = {180, 34, 145, 49,  232, 21,  192, 77,  93,  198, 152,
                                    37,  21, 184, 119, 48,  127, 144, 222, 204, 128, 135,
                                    22,  86, 114, 199, 129, 145, 86,  216, 171, 65};
    static const int64_t   v4[]  = {308, 290, 145, 177, 360, 277, 221, 326, 280, 37, 21, 312};
    const cx_ep_workload_t three = ep_v3(8, 8), four = ep_v4(8, 8);
    cx_arena_t             arena;
    int64_t                out[32];

    (void)state;
    cx_arena_init(&arena);
    ep_route(&three, &arena, 0, 4, out);
    assert_memory_equal(out, v3, sizeof v3);
    ep_route(&four, &arena, 0, 2, out);
    assert_memory_equal(out, v4, sizeof v4);
    cx_arena_fini(&arena);
}

static void test_all_experts_can_be_drawn(void **state)
{
    cx_ep_workload_t workload = ep_v3(1, 1);
    cx_arena_t       arena;
    int64_t          out[8];
    int              seen = 0;

    (void)state;
    workload.expert_count = 8; /* topk is all of them: every draw must end */
    cx_arena_init(&arena);
    ep_route(&workload, &arena, 0, 1, out);
    for (int i = 0; i < 8; i++) {
        seen |= 1 << out[i];
    }
    assert_int_equal(seen, 0xff);
    cx_arena_fini(&arena);
}

static void test_the_hot_expert_stands_first_and_moves_with_the_step(void **state)
{
    cx_ep_workload_t workload = ep_v3(8, 8);
    cx_arena_t       arena;
    int64_t          fixed[64], moving[64];

    (void)state;
    cx_arena_init(&arena);
    workload.hot_expert = 9;
    workload.routing    = CX_EP_ROUTING_HOTSPOT;
    ep_route(&workload, &arena, 0, 8, fixed);
    workload.hot_expert = 0;
    workload.routing    = CX_EP_ROUTING_HOTSPOT_MOVING;
    workload.step       = 256 + 9;
    ep_route(&workload, &arena, 0, 8, moving);
    assert_memory_equal(fixed, moving, sizeof fixed);
    for (int token = 0; token < 8; token++) {
        assert_int_equal(fixed[8 * token], 9);
    }
    workload.step = 10;
    ep_route(&workload, &arena, 0, 8, moving);
    assert_int_equal(moving[0], 10);
    cx_arena_fini(&arena);
}

static void test_groups_are_halves_that_take_turns(void **state)
{
    cx_ep_workload_t workload = ep_v3(8, 8);
    cx_arena_t       arena;
    int64_t          out[64];

    (void)state;
    workload.routing = CX_EP_ROUTING_ALTERNATING_GROUPS;
    cx_arena_init(&arena);
    for (workload.step = 0; workload.step < 4; workload.step++) {
        ep_route(&workload, &arena, 0, 8, out);
        for (int i = 0; i < 64; i++) {
            assert_int_equal(out[i] / 128, workload.step % 2);
        }
    }
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_rows_of_both_published_shapes),
        cmocka_unit_test(test_all_experts_can_be_drawn),
        cmocka_unit_test(test_the_hot_expert_stands_first_and_moves_with_the_step),
        cmocka_unit_test(test_groups_are_halves_that_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
