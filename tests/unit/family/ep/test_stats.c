/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, bytes and load of the published rows, and what counting by hand gives. */
#include "family/ep/stats.h"

#include "family/ep/placement.h"
#include "unit/family/ep/workloads.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void build(const cx_ep_workload_t *workload, cx_arena_t *arena, cx_ep_work_t *work,
                  cx_ep_stats_t *stats)
{
    assert_int_equal(cx_ep_work_build(workload, arena, work), CX_OK);
    assert_int_equal(cx_ep_stats_compute(work, arena, stats), CX_OK);
}

static void test_golden_copies(void **state)
{
    static const struct {
        bool    is_v4;
        int64_t rank_count, tokens, copies;
    } rows[] = {
        {false, 8, 1, 45},       {false, 8, 8, 336},     {false, 8, 64, 2701},
        {false, 8, 128, 5400},   {false, 8, 512, 21640}, {false, 16, 1, 105},
        {false, 16, 8, 831},     {false, 16, 64, 6627},  {false, 16, 128, 13275},
        {false, 16, 512, 53423}, {true, 8, 1, 35},       {true, 8, 128, 4487},
        {true, 16, 1, 82},       {true, 16, 128, 10573},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cx_ep_workload_t workload = rows[i].is_v4 ? ep_v4(rows[i].rank_count, rows[i].tokens)
                                                        : ep_v3(rows[i].rank_count, rows[i].tokens);
        cx_ep_work_t           work;
        cx_ep_stats_t          stats;
        cx_arena_t             arena;

        cx_arena_init(&arena);
        build(&workload, &arena, &work, &stats);
        assert_int_equal(stats.copies, rows[i].copies);
        assert_int_equal(stats.copies, stats.rank_copy.sum_count);
        cx_arena_fini(&arena);
    }
}

static void test_golden_bytes(void **state)
{
    const cx_ep_workload_t three = ep_v3(8, 128), four = ep_v4(16, 1);
    cx_ep_work_t           work;
    cx_ep_stats_t          stats;
    cx_arena_t             arena;

    (void)state;
    cx_arena_init(&arena);
    build(&three, &arena, &work, &stats);
    assert_int_equal(cx_ep_payload_bytes(&stats, CX_CODEC_BF16, 7168).copy_bytes, 77414400);
    assert_int_equal(cx_ep_payload_bytes(&stats, CX_CODEC_E4M3FN_BLOCK, 7168).copy_bytes, 39916800);
    assert_int_equal(cx_ep_payload_bytes(&stats, CX_CODEC_BF16, 7168).assignment_bytes,
                     8192 * 14336);
    assert_int_equal(cx_ep_payload_bytes(&stats, CX_CODEC_BF16, 7168).remote_bytes,
                     (5400 - stats.local_copies) * 14336);
    build(&four, &arena, &work, &stats);
    assert_int_equal(2 * cx_ep_payload_bytes(&stats, CX_CODEC_BF16, 7168).copy_bytes, 2351104);
    cx_arena_fini(&arena);
}

static void test_golden_mean_fanout(void **state)
{
    static const struct {
        bool    is_v4;
        int64_t rank_count;
        double  fanout;
    } rows[] = {{false, 8, 5.2947}, {false, 16, 6.5233}, {true, 8, 4.4298}, {true, 16, 5.1656}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const cx_ep_workload_t workload =
            rows[i].is_v4 ? ep_v4(rows[i].rank_count, 512) : ep_v3(rows[i].rank_count, 512);
        cx_ep_work_t  work;
        cx_ep_stats_t stats;
        cx_arena_t    arena;

        cx_arena_init(&arena);
        build(&workload, &arena, &work, &stats);
        assert_true(fabs(stats.fanout.mean_count - rows[i].fanout) < 0.03);
        cx_arena_fini(&arena);
    }
}

/* Four tokens, two each on two ranks of two experts. */
static void test_counted_by_hand(void **state)
{
    int64_t       experts[]   = {0, 1, /**/ 0, 2, /**/ 3, 2, /**/ 1, 0};
    int64_t       firsts[]    = {0, 2, 4};
    int32_t       positions[] = {1, 0};
    cx_ep_work_t  work        = {.workload = ep_v3(2, 2)};
    cx_ep_stats_t stats;
    cx_arena_t    arena;

    (void)state;
    work.workload.node_rank_count = 1;
    work.trace                    = (cx_ep_trace_t){4, 2, 4, experts, NULL};
    work.physical                 = work.trace;
    work.first_tokens             = firsts;
    work.position_ranks           = positions;
    cx_arena_init(&arena);
    assert_int_equal(cx_ep_stats_compute(&work, &arena, &stats), CX_OK);
    assert_int_equal(stats.copies, 5);
    assert_int_equal(stats.assignments, 8);
    assert_memory_equal(stats.fanout_counts, ((int64_t[]){3, 1}), 16);
    assert_memory_equal(stats.expert_loads, ((int64_t[]){3, 2, 2, 1}), 32);
    assert_memory_equal(stats.rank_assignments, ((int64_t[]){5, 3}), 16);
    assert_memory_equal(stats.pair_copies, ((int64_t[]){2, 1, 1, 1}), 32);
    assert_memory_equal(stats.rank_copies, ((int64_t[]){3, 2}), 16);
    assert_int_equal(stats.local_copies, 3);
    assert_true(stats.local_rank_ratio == 0.6 && stats.same_node_ratio == 0.6);
    assert_true(stats.cross_node_ratio == 0.4 && stats.same_domain_ratio == 1);
    assert_true(stats.rank_imbalance_ratio == 1.25 && stats.hotspot_ratio == 1.5);
    assert_true(fabs(stats.rank_assignment.cv_ratio - 0.25) < 1e-15);
    assert_int_equal(stats.fanout.min_count, 1);
    assert_int_equal(stats.fanout.max_count, 2);
    cx_arena_fini(&arena);
}

static void test_empty_experts_ranks_and_sources(void **state)
{
    cx_ep_workload_t workload = ep_v3(8, 64);
    cx_ep_work_t     work;
    cx_ep_stats_t    stats;
    cx_arena_t       arena;

    (void)state;
    workload.routing = CX_EP_ROUTING_ALTERNATING_GROUPS;
    workload.uneven  = CX_EP_UNEVEN_EMPTY_RANK;
    cx_arena_init(&arena);
    build(&workload, &arena, &work, &stats);
    assert_int_equal(stats.empty_expert_count, 128);
    assert_int_equal(stats.empty_rank_count, 4);
    assert_int_equal(stats.empty_source_count, 1);
    assert_int_equal(stats.source_token.min_count, 0);
    assert_int_equal(stats.pair_copies[0], 0);
    cx_arena_fini(&arena);
}

static void test_placement_moves_copies_across_domains(void **state)
{
    double crossing[CX_EP_PLACEMENT_COUNT];

    (void)state;
    for (int placement = 0; placement < CX_EP_PLACEMENT_COUNT; placement++) {
        cx_ep_workload_t workload = ep_v3(16, 16);
        cx_ep_work_t     work;
        cx_ep_stats_t    stats;
        cx_arena_t       arena;

        /* Token t goes to rank t/2 mod 16 alone. */
        workload.routing   = CX_EP_ROUTING_BALANCED_RANK_LOCAL;
        workload.tokens    = 4; /* so rank r sends to ranks 2r and 2r+1 */
        workload.placement = placement;
        cx_arena_init(&arena);
        build(&workload, &arena, &work, &stats);
        crossing[placement] = stats.cross_domain_ratio;
        assert_int_equal(stats.copies, 64);
        cx_arena_fini(&arena);
    }
    assert_true(crossing[CX_EP_PLACEMENT_ADVERSARIAL] > crossing[CX_EP_PLACEMENT_PACKED]);
    assert_true(crossing[CX_EP_PLACEMENT_ADVERSARIAL] >= crossing[CX_EP_PLACEMENT_STRIPED]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_copies),
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_golden_mean_fanout),
        cmocka_unit_test(test_counted_by_hand),
        cmocka_unit_test(test_empty_experts_ranks_and_sources),
        cmocka_unit_test(test_placement_moves_copies_across_domains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
