/* SPDX-License-Identifier: Apache-2.0 */
/* Tests truncation and settling on series with planted transients, drifts, steps and spikes.
 * Not the effective count it leans on (test_autocorr.c). */
#include "stats/warmup.h"

#include "series.h"

static double series[20000];

static void test_steady_noise_settles_and_loses_little(void **state)
{
    (void)state;
    gsl_rng *generator     = new_generator();
    int64_t  settled_count = 0, discarded_count = 0;

    for (int64_t trial = 0; trial < 300; trial++) {
        fill_gaussian(generator, 100.0, 10.0, series, 500);
        const cx_warmup_t warmup = cx_warmup_detect(series, 500, 0);

        settled_count += warmup.is_settled;
        discarded_count += warmup.discard_count;
    }
    assert_true(settled_count >= 297);
    assert_true(discarded_count < INT64_C(300) * 25);
    gsl_rng_free(generator);
}

static void test_planted_transient_is_cut(void **state)
{
    (void)state;
    gsl_rng *generator = new_generator();

    fill_gaussian(generator, 100.0, 2.0, series, 1000);
    for (int64_t i = 0; i < 1000; i++) {
        series[i] += 200.0 * exp(-(double)i / 30.0);
    }
    const cx_warmup_t warmup = cx_warmup_detect(series, 1000, 0);

    assert_true(warmup.is_settled);
    assert_in_range(warmup.discard_count, 90, 250); /* 10 left of 200 at 90, 0.05 at 250 */
    gsl_rng_free(generator);
}

static void test_planted_step_is_cut_to_its_batch(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 400; i++) {
        series[i] = i < 42 ? 3.0 : 1.0 + 0.001 * (double)(i % 7);
    }
    const cx_warmup_t warmup = cx_warmup_detect(series, 400, 0);

    assert_true(warmup.is_settled);
    assert_in_range(warmup.discard_count, 40, 50);
}

static void test_floor_is_always_discarded(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 400; i++) {
        series[i] = 5.0;
    }
    for (int64_t floor_count = 0; floor_count < 400; floor_count += 13) {
        const cx_warmup_t warmup = cx_warmup_detect(series, 400, floor_count);

        assert_int_equal(warmup.discard_count, floor_count);
        assert_true(warmup.is_settled);
    }
}

static void test_floor_that_leaves_nothing_has_not_settled(void **state)
{
    (void)state;
    fill_count_up(series, 10);
    for (int64_t count = 0; count <= 10; count++) {
        const cx_warmup_t warmup = cx_warmup_detect(series, count, 10);

        assert_int_equal(warmup.discard_count, count);
        assert_false(warmup.is_settled);
    }
}

static void test_ramp_never_settles(void **state)
{
    (void)state;
    static const int64_t counts[]  = {50, 100, 1000, 20000};
    static const double  rises[]   = {0.5, 1.0, -0.5}; /* over the whole series */
    static const double  noises[]  = {0.0, 1.0, 5.0};
    gsl_rng             *generator = new_generator();

    for (int64_t c = 0; c < LENGTH(counts); c++) {
        for (int64_t k = 0; k < LENGTH(rises) * LENGTH(noises); k++) {
            const double slope = 100.0 * rises[k % 3] / (double)counts[c];

            fill_gaussian(generator, 100.0, noises[k / 3], series, counts[c]);
            for (int64_t i = 0; i < counts[c]; i++) {
                series[i] += slope * (double)i;
            }
            assert_false(cx_warmup_detect(series, counts[c], 0).is_settled);
        }
    }
    gsl_rng_free(generator);
}

static void test_late_step_does_not_settle_and_costs_only_the_floor(void **state)
{
    (void)state;
    gsl_rng *generator = new_generator();

    fill_gaussian(generator, 100.0, 3.0, series, 1000);
    for (int64_t i = 800; i < 1000; i++) {
        series[i] += 30.0;
    }
    const cx_warmup_t warmup = cx_warmup_detect(series, 1000, 20);

    assert_false(warmup.is_settled);
    assert_int_equal(warmup.discard_count, 20);
    gsl_rng_free(generator);
}

/* noise hides the drift from MSER, the halves show it */
static void test_drift_below_the_noise_does_not_settle(void **state)
{
    (void)state;
    gsl_rng *generator = new_generator();

    fill_gaussian(generator, 100.0, 60.0, series, 8000);
    for (int64_t i = 0; i < 8000; i++) {
        series[i] += 40.0 * (double)i / 8000.0;
    }
    assert_false(cx_warmup_detect(series, 8000, 0).is_settled);
    gsl_rng_free(generator);
}

/* the optimum lies behind the shift, in the second half, where it may not be taken */
static void test_shift_within_tolerance_settles_and_keeps_half(void **state)
{
    (void)state;
    gsl_rng *generator = new_generator();

    fill_gaussian(generator, 100.0, 1.0, series, 1000);
    for (int64_t i = 600; i < 1000; i++) {
        series[i] += 3.0;
    }
    const cx_warmup_t warmup = cx_warmup_detect(series, 1000, 0);

    assert_true(warmup.is_settled);
    assert_true(warmup.discard_count <= 500);
    gsl_rng_free(generator);
}

/* MSER over batch means would cut right behind each spike of the first half */
static void test_spike_is_neither_warmup_nor_drift(void **state)
{
    (void)state;
    static const int64_t spikes[]  = {50, 100, 300, 450, 700, 950};
    gsl_rng             *generator = new_generator();
    int64_t              cut_count = 0;

    for (int64_t trial = 0; trial < 600; trial++) {
        const int64_t spike = spikes[trial % LENGTH(spikes)];

        fill_gaussian(generator, 100.0, 2.0, series, 1000);
        series[spike]            = 5000.0;
        const cx_warmup_t warmup = cx_warmup_detect(series, 1000, 0);

        assert_true(warmup.is_settled);
        cut_count += warmup.discard_count > spike;
    }
    assert_true(cut_count <= 12);
    gsl_rng_free(generator);
}

/* two alternating buffers: thinned halves must not see one of them each */
static void test_rotation_of_buffers_settles(void **state)
{
    (void)state;
    static const int64_t counts[] = {64, 1023, 16384, 16386, 19998};

    for (int64_t c = 0; c < LENGTH(counts); c++) {
        for (int64_t i = 0; i < counts[c]; i++) {
            series[i] = i % 2 == 0 ? 10.0 : 12.0;
        }
        assert_true(cx_warmup_detect(series, counts[c], 0).is_settled);
    }
}

static void test_too_few_samples_refute_nothing(void **state)
{
    (void)state;
    fill_count_up(series, 23);
    for (int64_t count = 1; count <= 23; count++) {
        const cx_warmup_t warmup = cx_warmup_detect(series, count, 0);

        assert_true(warmup.is_settled);
        assert_int_equal(warmup.discard_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady_noise_settles_and_loses_little),
        cmocka_unit_test(test_planted_transient_is_cut),
        cmocka_unit_test(test_planted_step_is_cut_to_its_batch),
        cmocka_unit_test(test_floor_is_always_discarded),
        cmocka_unit_test(test_floor_that_leaves_nothing_has_not_settled),
        cmocka_unit_test(test_ramp_never_settles),
        cmocka_unit_test(test_late_step_does_not_settle_and_costs_only_the_floor),
        cmocka_unit_test(test_drift_below_the_noise_does_not_settle),
        cmocka_unit_test(test_shift_within_tolerance_settles_and_keeps_half),
        cmocka_unit_test(test_spike_is_neither_warmup_nor_drift),
        cmocka_unit_test(test_rotation_of_buffers_settles),
        cmocka_unit_test(test_too_few_samples_refute_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
