/* SPDX-License-Identifier: Apache-2.0 */
/* A workload is the same for the same description, another for any other, and EPLB mends what it
 * was planned for without having seen it. */
#include "family/ep/workload.h"

#include "family/ep/stats.h"
#include "model/options.h"
#include "unit/family/ep/workloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void digest_of(const cx_ep_workload_t *workload, char *out)
{
    cx_ep_work_t work;
    cx_arena_t   arena;

    cx_arena_init(&arena);
    assert_int_equal(cx_ep_work_build(workload, &arena, &work), CX_OK);
    memcpy(out, work.digest, CX_HASH_HEX_BYTES);
    cx_arena_fini(&arena);
}

static void test_golden_digest(void **state)
{
    const cx_ep_workload_t workload = ep_v3(8, 8);
    char                   digest[CX_HASH_HEX_BYTES];

    (void)state;
    digest_of(&workload, digest);
    /* Changes only together with CX_EP_WORKLOAD_VERSION or a new option. */
    assert_string_equal(digest, "925d51bdb52e63c92bb624d51123ffab");
}

/* Another value of each option that is part of the identity. */
static void test_every_key_option_changes_the_digest(void **state)
{
    static const struct {
        const char *option, *value;
    } others[]                  = {{"hidden", "4096"},
                                   {"topk", "4"},
                                   {"experts", "128"},
                                   {"ep", "16"},
                                   {"tokens", "9"},
                                   {"routing", "balanced"},
                                   {"zipf-exponent", "2"},
                                   {"hot-expert", "1"},
                                   {"seed", "1"},
                                   {"step", "1"},
                                   {"uneven", "linear"},
                                   {"activations", "zeros"},
                                   {"rank-placement", "striped"},
                                   {"node-ranks", "4"},
                                   {"domain-ranks", "4"},
                                   {"eplb", "8"},
                                   {"eplb-seed", "3"}};
    const cx_ep_workload_t base = ep_v3(8, 8);
    char                   right[CX_HASH_HEX_BYTES], other[CX_HASH_HEX_BYTES];
    size_t                 key_count = 0;
    cx_arena_t             arena;

    (void)state;
    cx_arena_init(&arena);
    digest_of(&base, right);
    for (const cx_option_t *row = cx_ep_workload_options; row->name; row++) {
        key_count += row->role == CX_OPTION_KEY;
    }
    assert_int_equal(key_count, sizeof others / sizeof others[0]);
    for (size_t i = 0; i < key_count; i++) {
        cx_ep_workload_t   workload = base;
        const cx_option_t *row      = cx_options_find(cx_ep_workload_options, others[i].option);

        assert_int_equal(cx_option_set(row, &workload, others[i].value, "here", &arena), CX_OK);
        digest_of(&workload, other);
        assert_string_not_equal(right, other);
    }
    cx_arena_fini(&arena);
}

static void test_uneven_tokens(void **state)
{
    cx_ep_workload_t workload = ep_v3(4, 100);

    (void)state;
    workload.uneven = CX_EP_UNEVEN_LINEAR;
    /* 50 83.3 116.7 150, as whole tokens that sum to 400 */
    assert_int_equal(cx_ep_first_token(&workload, 1), 50);
    assert_int_equal(cx_ep_first_token(&workload, 2), 133);
    assert_int_equal(cx_ep_first_token(&workload, 3), 250);
    assert_int_equal(cx_ep_first_token(&workload, 4), 400);
    workload.uneven = CX_EP_UNEVEN_EMPTY_RANK;
    assert_int_equal(cx_ep_first_token(&workload, 1), 0);
    assert_int_equal(cx_ep_first_token(&workload, 4), 300);
    workload.uneven = CX_EP_UNEVEN_NONE;
    assert_int_equal(cx_ep_first_token(&workload, 3), 300);
    workload.rank_count = 1;
    workload.uneven     = CX_EP_UNEVEN_LINEAR;
    assert_int_equal(cx_ep_first_token(&workload, 1), 100);
}

static void test_one_rank_that_is_empty_leaves_no_token(void **state)
{
    cx_ep_workload_t workload = ep_v3(1, 8);
    cx_ep_work_t     work;
    cx_ep_stats_t    stats;
    cx_arena_t       arena;

    (void)state;
    workload.uneven = CX_EP_UNEVEN_EMPTY_RANK;
    cx_arena_init(&arena);
    assert_int_equal(cx_ep_work_build(&workload, &arena, &work), CX_OK);
    assert_int_equal(work.trace.token_count, 0);
    assert_int_equal(cx_ep_stats_compute(&work, &arena, &stats), CX_OK);
    assert_int_equal(stats.copies, 0);
    assert_true(stats.rank_imbalance_ratio == 1);
    cx_arena_fini(&arena);
}

static void test_eplb_mends_zipf_from_another_trace(void **state)
{
    static const double exponents[] = {0.5, 1, 2};

    (void)state;
    for (int i = 0; i < 3; i++) {
        cx_ep_workload_t workload = ep_v3(8, 256);
        cx_ep_work_t     work;
        cx_ep_stats_t    stats;
        cx_arena_t       arena;

        workload.routing         = CX_EP_ROUTING_ZIPF;
        workload.zipf_exponent   = exponents[i];
        workload.redundant_count = 32;
        cx_arena_init(&arena);
        assert_int_equal(cx_ep_work_build(&workload, &arena, &work), CX_OK);
        assert_int_equal(cx_ep_stats_compute(&work, &arena, &stats), CX_OK);
        assert_int_equal(stats.expert_count, 288);
        assert_true(stats.logical_imbalance_ratio > 2.4);
        assert_true(work.eplb.planned_imbalance_ratio < 1.3);
        assert_true(stats.rank_imbalance_ratio < 1.35);
        for (int64_t k = 0; k < work.trace.token_count * 8; k++) {
            assert_int_equal(work.eplb.logical_experts[work.physical.experts[k]],
                             work.trace.experts[k]);
        }
        cx_arena_fini(&arena);
    }
}

static void test_without_eplb_physical_experts_are_the_logical_ones(void **state)
{
    const cx_ep_workload_t workload = ep_v3(8, 8);
    cx_ep_work_t           work;
    cx_arena_t             arena;

    (void)state;
    cx_arena_init(&arena);
    assert_int_equal(cx_ep_work_build(&workload, &arena, &work), CX_OK);
    assert_ptr_equal(work.physical.experts, work.trace.experts);
    assert_int_equal(work.physical.expert_count, 256);
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_digest),
        cmocka_unit_test(test_every_key_option_changes_the_digest),
        cmocka_unit_test(test_uneven_tokens),
        cmocka_unit_test(test_one_rank_that_is_empty_leaves_no_token),
        cmocka_unit_test(test_eplb_mends_zipf_from_another_trace),
        cmocka_unit_test(test_without_eplb_physical_experts_are_the_logical_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
