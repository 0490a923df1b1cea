/* SPDX-License-Identifier: Apache-2.0 */
/* The words of pair measurements, the profiles, and the memory of results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/pair_block.h"
#include "measure/regimes.h"
#include "support/refusing_memory.h"

#include <math.h>
#include <string.h>

static void test_components_are_found_by_their_words(void **state)
{
    static const struct {
        const char         *slug;
        cx_rank_reduction_t over_ranks;
    } rows[CX_COMPONENT_COUNT] = {
        [CX_COMPONENT_DISPATCH]       = {"dispatch", CX_RANK_REDUCTION_MAX},
        [CX_COMPONENT_COMBINE]        = {"combine", CX_RANK_REDUCTION_MAX},
        [CX_COMPONENT_STAGE]          = {"stage", CX_RANK_REDUCTION_MAX},
        [CX_COMPONENT_ROUNDTRIP]      = {"roundtrip", CX_RANK_REDUCTION_MAX},
        [CX_COMPONENT_PAIR_PERIOD]    = {"pair-period", CX_RANK_REDUCTION_MEDIAN},
        [CX_COMPONENT_DISPATCH_FLOOR] = {"dispatch-floor", CX_RANK_REDUCTION_MIN},
        [CX_COMPONENT_COMBINE_FLOOR]  = {"combine-floor", CX_RANK_REDUCTION_MIN},
    };

    (void)state;
    for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
        assert_string_equal(cx_component_slug((cx_component_t)i), rows[i].slug);
        assert_int_equal(cx_component_reduction((cx_component_t)i), rows[i].over_ranks);
        assert_int_equal(cx_component_find(rows[i].slug), i);
        assert_int_equal(cx_component_is_pair((cx_component_t)i),
                         i == CX_COMPONENT_ROUNDTRIP || i == CX_COMPONENT_PAIR_PERIOD);
    }
    assert_int_equal(cx_component_find("dispatch-"), CX_COMPONENT_COUNT);
}

/* 2048 samples of a component and 448 of a chain, as the Python CollectiveX takes them. */
static void test_profiles_have_their_numbers(void **state)
{
    const cx_pair_sampling_t *exact = &cx_pair_samplings[CX_PAIR_PROFILE_EXACT];

    (void)state;
    assert_int_equal(exact->iters_per_trial * exact->trial_count, 2048);
    assert_int_equal(exact->iters_per_trial, 8);
    assert_int_equal(exact->warmup_count, 32);
    assert_int_equal(exact->chain_trial_count * (exact->chain_iters - exact->chain_drop_count),
                     448);
    assert_int_equal(exact->chain_iters, 128);
    for (int i = 0; i < CX_PAIR_PROFILE_COUNT; i++) {
        const cx_pair_sampling_t *sampling = &cx_pair_samplings[i];

        assert_true(sampling->chain_iters - sampling->chain_drop_count >= 2);
        assert_true(4 * sampling->chain_iters <= CX_BLOCK_STAMP_COUNT_MAX);
        assert_non_null(cx_pair_profile_slugs[i]);
    }
    assert_string_equal(cx_pair_profile_slugs[CX_PAIR_PROFILE_EXACT], "exact");
    assert_null(cx_pair_profile_slugs[CX_PAIR_PROFILE_COUNT]);
}

/* [regime][component]: samples there is room for, with 3 of 2 and 2 of 10 - 3. */
static void test_results_have_room_for_their_regime(void **state)
{
    static const cx_pair_sampling_t sampling                     = {.iters_per_trial   = 3,
                                                                    .trial_count       = 2,
                                                                    .chain_iters       = 10,
                                                                    .chain_trial_count = 2,
                                                                    .chain_drop_count  = 3};
    static const int64_t            rooms[2][CX_COMPONENT_COUNT] = {{6, 6, 6, 6, 0, 0, 0},
                                                                    {0, 0, 0, 0, 14, 14, 14}};

    (void)state;
    for (int regime = CX_REGIME_ISOLATED; regime <= CX_REGIME_STEADY; regime++) {
        bool             is_steady = regime == CX_REGIME_STEADY;
        cx_pair_result_t result;

        assert_int_equal(cx_pair_result_init(&result, 3, &sampling, (cx_regime_t)regime), CX_OK);
        for (int i = 0; i < CX_COMPONENT_COUNT; i++) {
            assert_int_equal(result.series[i].capacity, rooms[is_steady][i]);
            assert_int_equal(result.series[i].count, 0);
        }
        assert_int_equal(result.spread.capacity, is_steady ? 14 : 6);
        assert_int_equal(result.interpair_gap.capacity, is_steady ? 2 : 0);
        assert_int_equal(result.settle_drift.capacity, is_steady ? 2 : 0);
        assert_true(isnan(result.health.interpair_gap_us_p50));
        assert_true(isnan(result.health.pair_spread_us_p50));
        assert_true(isnan(result.health.settle_drift_us_max));
        /* Writing all of it is what a sanitizer would object to. */
        memset(result.gather, 0,
               3 * (is_steady ? cx_chains_message_bytes(&sampling)
                              : cx_components_message_bytes(&sampling)));
        cx_pair_result_fini(&result);
        assert_null(result.gather);
        cx_pair_result_fini(&result);
    }
    assert_int_equal(cx_components_message_bytes(&sampling),
                     cx_exchange_message_bytes(3 * sizeof(cx_stamp_t)));
    assert_int_equal(cx_chains_message_bytes(&sampling),
                     cx_exchange_message_bytes((2 + 3 * 7) * sizeof(double)));
}

static void test_clearing_forgets_the_numbers_and_keeps_the_memory(void **state)
{
    static const cx_pair_sampling_t sampling = {.chain_iters = 4, .chain_trial_count = 1};
    cx_pair_result_t                result;
    double                         *kept;

    (void)state;
    assert_int_equal(cx_pair_result_init(&result, 1, &sampling, CX_REGIME_STEADY), CX_OK);
    kept                                          = result.series[CX_COMPONENT_PAIR_PERIOD].rank_us;
    result.series[CX_COMPONENT_PAIR_PERIOD].count = 4;
    result.spread.count = result.interpair_gap.count = result.settle_drift.count = 1;
    result.timed_count = result.verified_count = result.wrong_count = 2;
    result.violation_count = result.disturbed_count = 3;
    result.health.pair_spread_us_p50                = 4;
    cx_pair_result_clear(&result);
    assert_ptr_equal(result.series[CX_COMPONENT_PAIR_PERIOD].rank_us, kept);
    assert_int_equal(result.series[CX_COMPONENT_PAIR_PERIOD].count + result.spread.count +
                         result.interpair_gap.count + result.settle_drift.count,
                     0);
    assert_int_equal(result.timed_count + result.verified_count + result.wrong_count +
                         result.violation_count + result.disturbed_count,
                     0);
    assert_true(isnan(result.health.pair_spread_us_p50));
    cx_pair_result_fini(&result);
}

/* Too many samples are refused by the series, too many stamps of a trial by the messages. */
static void test_too_much_is_refused_in_words(void **state)
{
    static const struct {
        cx_pair_sampling_t sampling;
        cx_regime_t        regime;
        const char        *words;
    } rows[] = {
        {{.iters_per_trial = 1, .trial_count = INT64_C(1) << 52}, CX_REGIME_ISOLATED, "samples"},
        {{.chain_iters = INT64_C(1) << 52, .chain_trial_count = 1}, CX_REGIME_STEADY, "samples"},
        {{.iters_per_trial = INT64_C(1) << 52, .trial_count = 0}, CX_REGIME_ISOLATED, "messages"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_pair_result_t result;

        cx_detail_clear();
        assert_int_equal(cx_pair_result_init(&result, 7, &rows[i].sampling, rows[i].regime),
                         CX_RESOURCE);
        assert_non_null(strstr(cx_detail()->text, rows[i].words));
        assert_null(result.series[CX_COMPONENT_DISPATCH].rank_us);
        assert_null(result.series[CX_COMPONENT_PAIR_PERIOD].rank_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_components_are_found_by_their_words),
        cmocka_unit_test(test_profiles_have_their_numbers),
        cmocka_unit_test(test_results_have_room_for_their_regime),
        cmocka_unit_test(test_clearing_forgets_the_numbers_and_keeps_the_memory),
        cmocka_unit_test(test_too_much_is_refused_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
