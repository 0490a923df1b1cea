/* SPDX-License-Identifier: Apache-2.0 */
/* nvfp4 against its definition, in steps that are each rounded once. */
#include "family/common/codec_nvfp4.h"

#include "family/common/codec_fp8.h"
#include "family/common/halves.h"
#include "unit/family/common/slow_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_all_sixteen_codes(void **state)
{
    static const float values[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

    (void)state;
    for (int code = 0; code < 16; code++) {
        float value = cx_e2m1_to_float((uint8_t)code);

        assert_true(value == (code < 8 ? values[code % 8] : -values[code % 8]));
        assert_int_equal(signbit(value) != 0, code >> 3);
        assert_int_equal(cx_e2m1_from_float(value), code);
    }
}

static void test_all_bf16_values_become_the_nearest_code(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        float value = cx_bf16_to_float((uint16_t)bits);
        int   right = isnan(value) ? 7
                      : isinf(value)
                          ? 7 | (value < 0 ? 8 : 0)
                          : slow_nearest(SLOW_E2M1, fabs((double)value)) | (signbit(value) ? 8 : 0);

        assert_int_equal(cx_e2m1_from_float(value), right);
    }
}

static void test_midpoints_go_to_the_even_code(void **state)
{
    (void)state;
    for (int code = 0; code < 7; code++) {
        float middle = (float)(slow_value(SLOW_E2M1, code) + slow_value(SLOW_E2M1, code + 1)) / 2;

        assert_int_equal(cx_e2m1_from_float(middle), code + code % 2);
        assert_int_equal(cx_e2m1_from_float(nextafterf(middle, 0)), code);
        assert_int_equal(cx_e2m1_from_float(-nextafterf(middle, 9)), 8 | (code + 1));
    }
}

/* One block, a volatile for every rounding. */
static void check_block(const uint16_t *values, float global, const uint8_t *codes, uint8_t scale,
                        const uint16_t *back)
{
    volatile float amax = 0, sixth, wanted, factor, product, restored, inverse;
    float          value;

    for (int i = 0; i < 16; i++) {
        amax =
            fabsf(cx_bf16_to_float(values[i])) > amax ? fabsf(cx_bf16_to_float(values[i])) : amax;
    }
    sixth  = amax / 6.0f;
    wanted = global * sixth;
    assert_int_equal(scale, slow_nearest(SLOW_E4M3FN, (double)wanted));
    value   = cx_fp8_to_float(CX_FP8_E4M3FN, scale);
    factor  = value == 0 ? 0 : global / value;
    inverse = 1.0f / global;
    for (int i = 0; i < 16; i++) {
        int code = codes[i / 2] >> (i % 2 * 4) & 15;

        product = cx_bf16_to_float(values[i]) * factor;
        assert_int_equal(code, slow_nearest(SLOW_E2M1, fabs((double)product)) |
                                   (signbit(product) ? 8 : 0));
        restored = cx_e2m1_to_float((uint8_t)code) * value;
        restored = restored * inverse;
        assert_int_equal(back[i], slow_bf16((double)restored));
    }
}

static void test_blocks_follow_the_recipe(void **state)
{
    static uint16_t values[4096], back[4096];
    static uint8_t  codes[2048], scales[256];

    (void)state;
    for (int round = 0; round < 4; round++) {
        float global;

        for (int i = 0; i < 4096; i++) {
            values[i] = cx_bf16_from_float(ldexpf((float)((i * 7919 + round) % 4001 - 2000),
                                                  i / 16 % (4 * round + 1) - 20 * round));
        }
        memset(values + 32, 0, 32);
        global = cx_nvfp4_tensor_scale(values, 4096);
        cx_nvfp4_encode(values, 256, global, codes, scales);
        cx_nvfp4_decode(codes, scales, 256, global, back);
        for (int b = 0; b < 256; b++) {
            check_block(values + 16 * b, global, codes + 8 * b, scales[b], back + 16 * b);
        }
    }
}

static void test_the_tensor_scale_puts_the_largest_value_at_the_top(void **state)
{
    uint16_t values[32] = {0};

    (void)state;
    values[17] = cx_bf16_from_float(-2.0f);
    assert_true(cx_nvfp4_tensor_scale(values, 32) == 1344.0f);
    values[17] = 0;
    assert_true(isfinite(cx_nvfp4_tensor_scale(values, 32)));
}

static void test_zeros_stay_zeros(void **state)
{
    uint16_t values[16] = {0}, back[16];
    uint8_t  codes[8], scale;
    float    global = cx_nvfp4_tensor_scale(values, 16);

    (void)state;
    cx_nvfp4_encode(values, 1, global, codes, &scale);
    cx_nvfp4_decode(codes, &scale, 1, global, back);
    assert_memory_equal(values, back, sizeof values);
}

static void test_a_nan_spoils_its_block_and_no_other(void **state)
{
    uint16_t values[32], back[32];
    uint8_t  codes[16], scales[2];

    (void)state;
    for (int i = 0; i < 32; i++) {
        values[i] = 0x3f80;
    }
    values[3] = 0x7fc0;
    cx_nvfp4_encode(values, 2, 2688.0f, codes, scales);
    cx_nvfp4_decode(codes, scales, 2, 2688.0f, back);
    assert_true(isnan(cx_bf16_to_float(back[0])) && isnan(cx_bf16_to_float(back[3])));
    assert_memory_equal(values + 16, back + 16, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_sixteen_codes),
        cmocka_unit_test(test_all_bf16_values_become_the_nearest_code),
        cmocka_unit_test(test_midpoints_go_to_the_even_code),
        cmocka_unit_test(test_blocks_follow_the_recipe),
        cmocka_unit_test(test_the_tensor_scale_puts_the_largest_value_at_the_top),
        cmocka_unit_test(test_zeros_stay_zeros),
        cmocka_unit_test(test_a_nan_spoils_its_block_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
