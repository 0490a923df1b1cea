/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of pairs, call by call and sample by sample. Not single components (test_components.c),
 * and not the formulas of health (test_health.c). */
#include "unit/measure/pair_stage.h"

#include <math.h>

static cx_pair_sampling_t sampling_of(int64_t iters, int64_t trials, int64_t drop)
{
    return (cx_pair_sampling_t){.chain_iters       = iters,
                                .chain_trial_count = trials,
                                .chain_drop_count  = drop,
                                .warmup_count      = 1};
}

/* Warm-up, hoist, floors with four stamps a pair, then periods with two, which alone are checked.
 */
static void test_a_trial_is_a_floors_chain_and_a_period_chain(void **state)
{
    static const struct {
        bool        is_hoisted;
        const char *log;
    } rows[] = {
        {false, "d0t0c0sb[md0mt0mc0mmd1mt1mc1mmd0mt0mc0m]sF0b[md0t0c0mmd1t1c1mmd0t0c0m]sV0x"},
        {true, "d0t0c0sd0t0c0sd1t1c1sb[md0mmc0mmd1mmc1mmd0mmc0m]s"
               "F0b[md0c0mmd1c1mmd0c0m]sV0x"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cx_pair_job_t *job = pair_open(CX_REGIME_STEADY, sampling_of(3, 1, 1), 1);

        job->is_hoisted = rows[i].is_hoisted;
        assert_int_equal(cx_measure_chains(job, &pairs.sampling, pairs.results), CX_OK);
        assert_string_equal(stage.log, rows[i].log);
        pair_close();
    }
}

/* Phases take 1 us more each time; the head is gone, and trials follow each other. */
static void test_samples_are_the_kept_pairs(void **state)
{
    cx_pair_job_t          *job    = pair_open(CX_REGIME_STEADY, sampling_of(6, 2, 2), 1);
    const cx_pair_result_t *result = &pairs.results[0];

    (void)state;
    stage.growth_ns = 1000;
    assert_int_equal(cx_measure_chains(job, &pairs.sampling, pairs.results), CX_OK);
    for (int64_t i = 0; i < 8; i++) {
        double floors_before  = 1 + 13 * (double)(i / 4) + 2 + (double)(i % 4);
        double periods_before = floors_before + 6;

        assert_true(result->series[CX_COMPONENT_DISPATCH_FLOOR].reduced_us[i] == 2 + floors_before);
        assert_true(result->series[CX_COMPONENT_COMBINE_FLOOR].reduced_us[i] == 8 + floors_before);
        assert_true(result->series[CX_COMPONENT_PAIR_PERIOD].reduced_us[i] ==
                    14 + 3 * periods_before);
    }
    for (int c = 0; c < CX_COMPONENT_COUNT; c++) {
        assert_int_equal(result->series[c].count, c >= CX_COMPONENT_PAIR_PERIOD ? 8 : 0);
        assert_false(result->series[c].has_skew);
    }
    assert_int_equal(result->timed_count, 12);
    assert_int_equal(result->verified_count, 12);
    pair_close();
}

/* A mark that takes 0.5 us is in each pair once and between two starts twice; pairs grow by 3 us,
 * so the later half of four lies two pairs above the earlier. */
static void test_health_is_taken_from_the_period_chain(void **state)
{
    cx_pair_job_t          *job    = pair_open(CX_REGIME_STEADY, sampling_of(6, 3, 2), 1);
    const cx_pair_result_t *result = &pairs.results[0];

    (void)state;
    stage.mark_ns = 500;
    assert_int_equal(cx_measure_chains(job, &pairs.sampling, pairs.results), CX_OK);
    assert_true(result->series[CX_COMPONENT_PAIR_PERIOD].reduced_us[0] == 14.5);
    assert_true(result->series[CX_COMPONENT_DISPATCH_FLOOR].reduced_us[0] == 2.5);
    assert_int_equal(result->interpair_gap.count, 3);
    assert_true(result->health.interpair_gap_us_p50 == 0.5);
    assert_true(result->health.settle_drift_us_max == 0);
    assert_true(result->health.pair_spread_us_p50 == 0);
    pair_close();
    job             = pair_open(CX_REGIME_STEADY, sampling_of(6, 1, 2), 1);
    stage.growth_ns = 1000;
    assert_int_equal(cx_measure_chains(job, &pairs.sampling, pairs.results), CX_OK);
    assert_true(result->health.settle_drift_us_max == 6);
    pair_close();
}

/* ---- among ranks ----------------------------------------------------------------------------- */

/* Two scalars, then four values of each of pair, dispatch and combine. Rank 1 is slower by 5, rank
 * 2 by 2, rank 3 faster by 1; their gaps and drifts differ, too. */
static void other_rank(int32_t rank, void *message, size_t bytes)
{
    static const double away_us[]  = {0, 5, 2, -1};
    static const double gap_us[]   = {0, 7, 3, 9};
    static const double drift_us[] = {0, 2, -6, 4};
    cx_block_header_t  *header     = message;
    double             *numbers    = (double *)(void *)(header + 1);

    assert_int_equal(bytes, cx_exchange_message_bytes(14 * sizeof(double)));
    for (int i = 2; i < 14; i++) {
        numbers[i] += away_us[rank];
    }
    numbers[0]                 = gap_us[rank];
    numbers[1]                 = drift_us[rank];
    header->report.wrong_count = rank == 3;
    header->violation_count    = rank;
}

static void test_ranks_are_reduced_as_each_number_wants(void **state)
{
    cx_pair_job_t          *job    = pair_open(CX_REGIME_STEADY, sampling_of(5, 2, 1), 4);
    const cx_pair_result_t *result = &pairs.results[0];

    (void)state;
    stage.other_rank   = other_rank;
    pairs.is_disturbed = true;
    assert_int_equal(cx_measure_chains(job, &pairs.sampling, pairs.results), CX_OK);
    for (int64_t i = 0; i < 8; i++) {
        const cx_series_t *series = &result->series[CX_COMPONENT_PAIR_PERIOD];

        /* of 14, 19, 16, 13 the lower of the middle two */
        assert_true(series->reduced_us[i] == 14);
        assert_true(series->rank_us[series->capacity + i] == 19);
        assert_true(result->series[CX_COMPONENT_DISPATCH_FLOOR].reduced_us[i] == 1);
        assert_true(result->series[CX_COMPONENT_COMBINE_FLOOR].reduced_us[i] == 7);
        assert_true(result->spread.reduced_us[i] == 6);
    }
    for (int64_t trial = 0; trial < 2; trial++) {
        assert_true(result->interpair_gap.reduced_us[trial] == 3); /* of 0, 7, 3, 9 */
        assert_true(result->settle_drift.reduced_us[trial] == -6);
        assert_true(result->interpair_gap.rank_us[3 * 2 + trial] == 9);
    }
    assert_true(result->health.interpair_gap_us_p50 == 3);
    assert_true(result->health.pair_spread_us_p50 == 6);
    assert_true(result->health.settle_drift_us_max == -6);
    assert_int_equal(result->timed_count, 2 * 5 * 4);
    assert_int_equal(result->verified_count, 2 * 5 * 4);
    assert_int_equal(result->wrong_count, 2);
    assert_int_equal(result->violation_count, 2 * (1 + 2 + 3));
    assert_int_equal(result->disturbed_count, 2);
    pair_close();
}

/* ---- the ladder, and failures ---------------------------------------------------------------- */

static void test_rungs_change_places(void **state)
{
    cx_pair_job_t *job = pair_open(CX_REGIME_STEADY, sampling_of(2, 4, 0), 1);

    (void)state;
    job->rung_count = 2;
    assert_int_equal(cx_measure_chains(job, &pairs.sampling, pairs.results), CX_OK);
    /* floors after the warm-up's slot, periods after the chain's second */
    assert_string_equal(pairs.sequence, "f0p1f4p5"
                                        "f4p5f0p1"
                                        "f4p5f0p1"
                                        "f0p1f4p5");
    assert_int_equal(pairs.results[1].series[CX_COMPONENT_PAIR_PERIOD].count, 8);
    pair_close();
}

static void test_every_failing_call_ends_in_the_exchange(void **state)
{
    static const struct {
        char        fails;
        int         index;
        const char *log, *words;
    } rows[] = {
        {'t', 0, "d0t0x", "call t failed"},
        {'c', 1, "d0t0c0sd0t0c0x", "call c failed"},
        {'b', 0, "d0t0c0sd0t0c0sd1t1c1sbx", "call b failed"},
        {'d', 3, "d0t0c0sd0t0c0sd1t1c1sb[md0mmm]x", "call d failed"},
        {'F', 0, "d0t0c0sd0t0c0sd1t1c1sb[md0mmc0mmd1mmc1m]sF0x", "call F failed"},
        {'b', 1, "d0t0c0sd0t0c0sd1t1c1sb[md0mmc0mmd1mmc1m]sF0bx", "call b failed"},
        {'c', 5, "d0t0c0sd0t0c0sd1t1c1sb[md0mmc0mmd1mmc1m]sF0b[md0c0m]x", "call c failed"},
        {'V', 0, "d0t0c0sd0t0c0sd1t1c1sb[md0mmc0mmd1mmc1m]sF0b[md0c0mmd1c1m]sV0x", "call V failed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_pair_job_t *job = pair_open(CX_REGIME_STEADY, sampling_of(2, 2, 0), 1);

        job->is_hoisted  = true;
        stage.fails      = rows[i].fails;
        stage.fail_index = rows[i].index;
        assert_int_equal(cx_measure_chains(job, &pairs.sampling, pairs.results), CX_BACKEND);
        assert_string_equal(cx_detail()->text, rows[i].words);
        assert_string_equal(stage.log, rows[i].log);
        assert_int_equal(pairs.results[0].series[CX_COMPONENT_PAIR_PERIOD].count, 0);
        assert_true(isnan(pairs.results[0].health.interpair_gap_us_p50));
        pair_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trial_is_a_floors_chain_and_a_period_chain),
        cmocka_unit_test(test_samples_are_the_kept_pairs),
        cmocka_unit_test(test_health_is_taken_from_the_period_chain),
        cmocka_unit_test(test_ranks_are_reduced_as_each_number_wants),
        cmocka_unit_test(test_rungs_change_places),
        cmocka_unit_test(test_every_failing_call_ends_in_the_exchange),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
