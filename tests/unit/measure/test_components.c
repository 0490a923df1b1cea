/* SPDX-License-Identifier: Apache-2.0 */
/* Components of a pair, call by call and sample by sample. Not chains (test_pair_chain.c). */
#include "unit/measure/pair_stage.h"

static cx_pair_sampling_t sampling_of(int64_t iters, int64_t trials, int64_t warmups)
{
    return (cx_pair_sampling_t){
        .iters_per_trial = iters, .trial_count = trials, .warmup_count = warmups};
}

/* One trial of two iterations, warmed by three pairs: what is timed, what is not, and on which slot
 * of {0, 1}. Between two exchanges lies one component: roundtrip, dispatch, combine, stage. */
static void test_what_each_component_times(void **state)
{
#define WARM "d0t0c0sd1t1c1sd0t0c0s"
#define WARM_HOISTED "d0t0c0sd1t1c1sd0c0s"
#define HOIST "d0t0c0sd1t1c1s"
    static const struct {
        bool        is_hoisted, has_stage, is_fresh, is_pair_only;
        const char *log;
    } rows[] = {
        /* A handle serves many combines, and there is nothing to stage. */
        {false, false, false, false,
         WARM "F0b[md0t0c0m]sb[md1t1c1m]sV0x" WARM "b[md0m]sb[md1m]sx" WARM
              "d0t0sb[mc0m]sb[mc0m]sx"},
        /* Every combine wants a dispatch of its own. */
        {false, false, true, false,
         WARM "F0b[md0t0c0m]sb[md1t1c1m]sV0x" WARM "b[md0m]st0c0sb[md1m]st1c1sx" WARM
              "bd0t0[mc0m]sbd1t1[mc1m]sx"},
        /* Staging does work and is part of the pair. */
        {false, true, false, false,
         WARM "F0b[md0t0c0m]sb[md1t1c1m]sV0x" WARM "b[md0m]sb[md1m]sx" WARM
              "d0t0sb[mc0m]sb[mc0m]sx" WARM "bd0[mt0m]sbd1[mt1m]sx"},
        /* Staging does work, once per slot; timing it takes it in every warm pair. */
        {true, true, false, false,
         WARM_HOISTED HOIST "F0b[md0c0m]sb[md1c1m]sV0x" WARM_HOISTED
                            "b[md0m]sb[md1m]sx" WARM_HOISTED "d0t0sb[mc0m]sb[mc0m]sx" WARM
                            "bd0[mt0m]sbd1[mt1m]sx"},
        {true, true, true, false,
         WARM_HOISTED HOIST "F0b[md0c0m]sb[md1c1m]sV0x" WARM_HOISTED
                            "b[md0m]st0c0sb[md1m]st1c1sx" WARM_HOISTED
                            "bd0t0[mc0m]sbd1t1[mc1m]sx" WARM "bd0[mt0m]sc0sbd1[mt1m]sc1sx"},
        /* No meaning in parts. */
        {false, true, true, true, WARM "F0b[md0t0c0m]sb[md1t1c1m]sV0x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_pair_job_t *job = pair_open(CX_REGIME_ISOLATED, sampling_of(2, 1, 3), 1);

        job->is_hoisted       = rows[i].is_hoisted;
        job->has_stage        = rows[i].has_stage;
        job->needs_fresh_pair = rows[i].is_fresh;
        job->is_pair_only     = rows[i].is_pair_only;
        assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_OK);
        assert_string_equal(stage.log, rows[i].log);
        pair_close();
    }
}

static double sample_us(cx_component_t component, int64_t index)
{
    return pairs.results[0].series[component].reduced_us[index];
}

/* Phases of 2, 4 and 8 us; where staging is hoisted the roundtrip is without its 4. */
static void test_samples_are_the_time_of_what_is_timed(void **state)
{
    static const struct {
        bool   is_hoisted, has_stage, is_fresh;
        double us[4]; /* dispatch, combine, stage, roundtrip; 0: not measured */
    } rows[] = {
        {false, false, false, {2, 8, 0, 14}}, {false, true, false, {2, 8, 4, 14}},
        {true, true, false, {2, 8, 4, 10}},   {true, true, true, {2, 8, 4, 10}},
        {false, false, true, {2, 8, 0, 14}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_pair_job_t *job = pair_open(CX_REGIME_ISOLATED, sampling_of(3, 2, 1), 1);

        job->is_hoisted       = rows[i].is_hoisted;
        job->has_stage        = rows[i].has_stage;
        job->needs_fresh_pair = rows[i].is_fresh;
        assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_OK);
        for (int c = 0; c < CX_COMPONENT_COUNT; c++) {
            const cx_series_t *series = &pairs.results[0].series[c];
            bool               is_in  = c <= CX_COMPONENT_ROUNDTRIP && rows[i].us[c] > 0;

            assert_int_equal(series->count, is_in ? 6 : 0);
            assert_int_equal(series->has_skew, is_in);
            for (int64_t k = 0; k < series->count; k++) {
                assert_true(series->reduced_us[k] == rows[i].us[c]);
                assert_true(series->rank_us[k] == rows[i].us[c]);
            }
        }
        assert_int_equal(pairs.results[0].spread.count, 6);
        assert_true(pairs.results[0].health.pair_spread_us_p50 !=
                    pairs.results[0].health.pair_spread_us_p50); /* NAN */
        pair_close();
    }
}

/* Each phase takes 1 us more than the last time: samples come in the order they were taken. */
static void test_samples_are_in_the_order_of_trials(void **state)
{
    cx_pair_job_t *job = pair_open(CX_REGIME_ISOLATED, sampling_of(2, 3, 1), 1);

    (void)state;
    stage.growth_ns   = 1000;
    job->is_pair_only = true;
    assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_OK);
    for (int64_t i = 0; i < 6; i++) {
        int64_t pair_index = i + i / 2 + 1; /* one of three is a warm-up */

        assert_true(sample_us(CX_COMPONENT_ROUNDTRIP, i) == 14 + 3 * (double)pair_index);
    }
    pair_close();
}

/* The ladder and the components rotate with the same index, and turn round in the next cycle; a
 * reusable dispatch goes from slot to slot. Rungs end their warm-up on slot 0 and on 4. */
static void test_rungs_and_components_change_places(void **state)
{
    static const char *const trials[] = {
        "r0d0c0r4d4c4", /* rungs 0 1, components r d c */
        "d4c4r4d0c0r0", /* rungs 1 0, components d c r */
        "c4r4d4c0r0d0", /* rungs reversed: 1 0, components c r d */
        "c0d0r0c4d4r4", /* rungs 0 1, components reversed: c d r */
    };
    char           expected[64] = "";
    cx_pair_job_t *job          = pair_open(CX_REGIME_ISOLATED, sampling_of(1, 4, 1), 1);

    (void)state;
    job->rung_count = 2;
    assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_OK);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s",
                       trials[i]);
    }
    assert_string_equal(pairs.sequence, expected);
    for (int rung = 0; rung < 2; rung++) {
        assert_int_equal(pairs.results[rung].series[CX_COMPONENT_COMBINE].count, 4);
    }
    pair_close();
}

/* Slots of a rung are used in turn, but one dispatch serves all combines of a trial. */
static void test_a_reusable_dispatch_takes_another_slot_in_each_trial(void **state)
{
    static const char *const combines[] = {"d4t4sb[mc4m]sb[mc4m]sx", "d5t5sb[mc5m]sb[mc5m]sx",
                                           "d6t6sb[mc6m]sb[mc6m]sx", "d4t4sb[mc4m]sb[mc4m]sx"};
    cx_pair_job_t           *job        = pair_open(CX_REGIME_ISOLATED, sampling_of(2, 4, 0), 1);
    const char              *from       = stage.log;

    (void)state;
    job->rungs[0] = job->rungs[1];
    assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_OK);
    for (size_t i = 0; i < 4; i++) {
        const char *at = strstr(from, combines[i]);

        assert_non_null(at);
        from = at + 1;
    }
    pair_close();
}

/* Rank r takes r times 16 us longer, starts r us later and sees one wrong output. */
static void slow_rank(int32_t rank, void *message, size_t bytes)
{
    cx_block_header_t *header = message;
    cx_stamp_t        *stamps = (cx_stamp_t *)(void *)(header + 1);
    size_t             count  = (bytes - sizeof *header) / sizeof *stamps;

    for (size_t i = 0; i < count; i++) {
        stamps[i].duration_us += 16 * rank;
        stamps[i].start_ns += 1000 * rank;
        stamps[i].end_ns += 17000 * rank;
    }
    header->report.wrong_count  = header->report.verified_count > 0;
    header->report.is_disturbed = rank == 2 && header->report.verified_count > 0;
    header->violation_count += rank;
}

static void test_the_slowest_rank_is_the_sample(void **state)
{
    cx_pair_job_t          *job    = pair_open(CX_REGIME_ISOLATED, sampling_of(2, 2, 1), 3);
    const cx_pair_result_t *result = &pairs.results[0];

    (void)state;
    stage.other_rank            = slow_rank;
    stage.violations_per_window = 1;
    assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_OK);
    for (int64_t i = 0; i < 4; i++) {
        const cx_series_t *series = &result->series[CX_COMPONENT_ROUNDTRIP];

        assert_true(sample_us(CX_COMPONENT_DISPATCH, i) == 2 + 32);
        assert_true(sample_us(CX_COMPONENT_COMBINE, i) == 8 + 32);
        assert_true(sample_us(CX_COMPONENT_ROUNDTRIP, i) == 14 + 32);
        assert_true(series->rank_us[series->capacity + i] == 14 + 16);
        assert_true(series->arrival_us[2 * series->capacity + i] == 2);
        assert_true(series->exit_us[2 * series->capacity + i] == 34);
        assert_true(result->spread.reduced_us[i] == 32);
    }
    /* 2 trials of 2 roundtrips on 3 ranks; 3 components of them with a violation a window. */
    assert_int_equal(result->timed_count, 12);
    assert_int_equal(result->verified_count, 12);
    assert_int_equal(result->wrong_count, 4);
    assert_int_equal(result->disturbed_count, 2);
    assert_int_equal(result->violation_count, 2 * 3 * (2 + 3 + 4));
    /* Measuring again begins anew. */
    stage.length = pairs.length = 0;
    assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_OK);
    assert_int_equal(result->timed_count, 12);
    assert_int_equal(result->series[CX_COMPONENT_COMBINE].count, 4);
    assert_int_equal(result->spread.count, 4);
    pair_close();
}

/* Whatever fails, the rank goes to the exchange with its words, and then nothing more is done. */
static void test_every_failing_call_ends_in_the_exchange(void **state)
{
    static const struct {
        char        fails;
        int         index;
        bool        is_hoisted, is_fresh;
        const char *log, *words;
    } rows[] = {
        {'c', 0, false, false, "d0t0c0x", "call c failed"},
        {'t', 1, true, false, "d0t0c0sd0t0x", "call t failed"},
        {'F', 0, false, false, "d0t0c0sF0x", "call F failed"},
        {'b', 0, false, false, "d0t0c0sF0bx", "call b failed"},
        {'d', 1, false, false, "d0t0c0sF0b[md0m]x", "call d failed"},
        {'s', 1, false, false, "d0t0c0sF0b[md0t0c0m]sx", "call s failed"},
        {'V', 0, false, false, "d0t0c0sF0b[md0t0c0m]sV0x", "call V failed"},
        {'x', 0, false, false, "d0t0c0sF0b[md0t0c0m]sV0x", "call x failed"},
        {'t', 3, false, true, "d0t0c0sF0b[md0t0c0m]sV0xd0t0c0sb[md0m]st0x", "call t failed"},
        {'t', 4, false, false, "d0t0c0sF0b[md0t0c0m]sV0xd0t0c0sb[md0m]sxd0t0c0sd0t0x",
         "call t failed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_pair_job_t *job = pair_open(CX_REGIME_ISOLATED, sampling_of(1, 2, 1), 1);

        job->is_hoisted       = rows[i].is_hoisted;
        job->needs_fresh_pair = rows[i].is_fresh;
        stage.fails           = rows[i].fails;
        stage.fail_index      = rows[i].index;
        assert_int_equal(cx_measure_components(job, &pairs.sampling, pairs.results), CX_BACKEND);
        assert_string_equal(cx_detail()->text, rows[i].words);
        assert_string_equal(stage.log, rows[i].log);
        pair_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_each_component_times),
        cmocka_unit_test(test_samples_are_the_time_of_what_is_timed),
        cmocka_unit_test(test_samples_are_in_the_order_of_trials),
        cmocka_unit_test(test_rungs_and_components_change_places),
        cmocka_unit_test(test_a_reusable_dispatch_takes_another_slot_in_each_trial),
        cmocka_unit_test(test_the_slowest_rank_is_the_sample),
        cmocka_unit_test(test_every_failing_call_ends_in_the_exchange),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
