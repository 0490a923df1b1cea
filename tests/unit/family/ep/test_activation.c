/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are the published lattice, profiles are what they are called, and every row names its
 * source. */
#include "family/ep/activation.h"

#include "family/common/halves.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HIDDEN 7168

static uint16_t rows[64 * HIDDEN];

static void test_golden_columns(void **state)
{
    static const struct {
        uint32_t id;
        float    values[8];
    } golden[] = {
        {0,
         {-1.71875f, -1.453125f, -1.1875f, -0.921875f, -0.65625f, -0.390625f, -0.125f, 0.140625f}},
        {5, {0.484375f, 0.75f, 1.015625f, 1.28125f, 1.546875f, 1.8125f, -1.9375f, -1.671875f}},
    };
    const cx_ep_activation_t activation = {CX_EP_PROFILE_LATTICE, 67, HIDDEN};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cx_ep_activations(&activation, golden[i].id, 1, rows);
        for (int c = 0; c < 8; c++) {
            assert_true(cx_bf16_to_float(rows[32 + c]) == golden[i].values[c]);
        }
    }
}

static void test_lattice_is_the_formula_everywhere(void **state)
{
    static const uint64_t seeds[] = {0, 67, UINT64_MAX};
    static const uint32_t ids[]   = {0, 1, 256, 257, 131071, UINT32_MAX};

    (void)state;
    for (int s = 0; s < 3; s++) {
        for (int i = 0; i < 6; i++) {
            const cx_ep_activation_t activation = {CX_EP_PROFILE_LATTICE, seeds[s], 1000};

            cx_ep_activations(&activation, ids[i], 1, rows);
            for (uint64_t c = 32; c < 1000; c++) {
                uint64_t sum = (uint64_t)ids[i] * 131 + c * 17 + seeds[s] % 257 * 19;

                assert_true(cx_bf16_to_float(rows[c]) ==
                            ((float)(int)(sum % 257) - 128.0f) / 64.0f);
            }
        }
    }
}

static void test_every_profile_spells_the_source_id(void **state)
{
    static const uint32_t ids[] = {0, 1, 7, 0x12345678, UINT32_MAX};

    (void)state;
    for (int profile = 0; profile < CX_EP_PROFILE_COUNT; profile++) {
        for (int i = 0; i < 5; i++) {
            const cx_ep_activation_t activation = {(cx_ep_profile_t)profile, 67, 32};
            uint32_t                 id         = ~ids[i];

            cx_ep_activations(&activation, ids[i], 1, rows);
            assert_true(cx_ep_source_id(rows, &id));
            assert_int_equal(id, ids[i]);
        }
    }
}

static void test_what_cannot_be_a_source_id_is_refused(void **state)
{
    static const float       wrong[]    = {0.0f, -0.0f, 0.2421875f, INFINITY, -INFINITY, NAN};
    const cx_ep_activation_t activation = {CX_EP_PROFILE_LATTICE, 67, 32};
    uint32_t                 id;

    (void)state;
    for (int i = 0; i < 6; i++) {
        for (int bit = 0; bit < 32; bit += 31) {
            cx_ep_activations(&activation, 3, 1, rows);
            rows[bit] = cx_bf16_from_float(wrong[i]);
            assert_false(cx_ep_source_id(rows, &id));
        }
    }
    cx_ep_activations(&activation, 3, 1, rows);
    rows[0] = cx_bf16_from_float(0.25f);
    assert_true(cx_ep_source_id(rows, &id));
}

/* Mean, standard deviation and largest magnitude behind the prefix. */
static void describe(cx_ep_profile_t profile, double *mean, double *deviation, double *amax)
{
    const cx_ep_activation_t activation = {profile, 67, HIDDEN};
    double                   sum = 0, squares = 0, count = 64.0 * (HIDDEN - 32);

    *amax = 0;
    cx_ep_activations(&activation, 1000, 64, rows);
    for (int row = 0; row < 64; row++) {
        for (int c = 32; c < HIDDEN; c++) {
            double value = (double)cx_bf16_to_float(rows[row * HIDDEN + c]);

            sum += value;
            squares += value * value;
            *amax = fabs(value) > *amax ? fabs(value) : *amax;
        }
    }
    *mean      = sum / count;
    *deviation = sqrt(squares / count - *mean * *mean);
}

static void test_profiles_have_the_spread_they_are_named_for(void **state)
{
    /* wide: sqrt(0.99 + 0.01 * 250^2) */
    static const struct {
        cx_ep_profile_t profile;
        double          deviation, amax_min, amax_max;
    } expected[] = {
        {CX_EP_PROFILE_NORMAL, 1, 3, 4.9},
        {CX_EP_PROFILE_ZEROS, 0, 0, 0},
        {CX_EP_PROFILE_SMALL_AMPLITUDE, 0.01, 0.03, 0.049},
        {CX_EP_PROFILE_WIDE_DYNAMIC_RANGE, 25.02, 500, 1225},
        {CX_EP_PROFILE_FP8_SATURATION, 672, 672, 672},
    };

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        double mean, deviation, amax;

        describe(expected[i].profile, &mean, &deviation, &amax);
        assert_true(fabs(mean) <= 0.01 * expected[i].deviation);
        assert_true(fabs(deviation - expected[i].deviation) <= 0.05 * expected[i].deviation);
        assert_true(amax >= expected[i].amax_min && amax <= expected[i].amax_max);
    }
}

static void test_rows_do_not_depend_on_where_the_slice_starts(void **state)
{
    static uint16_t one[8 * 300];

    (void)state;
    for (int profile = 0; profile < CX_EP_PROFILE_COUNT; profile++) {
        const cx_ep_activation_t activation = {(cx_ep_profile_t)profile, 3, 300};

        cx_ep_activations(&activation, 100, 8, rows);
        for (uint32_t row = 0; row < 8; row++) {
            cx_ep_activations(&activation, 100 + row, 1, one + row * 300);
        }
        assert_memory_equal(rows, one, sizeof one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_columns),
        cmocka_unit_test(test_lattice_is_the_formula_everywhere),
        cmocka_unit_test(test_every_profile_spells_the_source_id),
        cmocka_unit_test(test_what_cannot_be_a_source_id_is_refused),
        cmocka_unit_test(test_profiles_have_the_spread_they_are_named_for),
        cmocka_unit_test(test_rows_do_not_depend_on_where_the_slice_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
