/* SPDX-License-Identifier: Apache-2.0 */
/* Eight-bit floats against a search through all codes, and blocks against the recipe's words. */
#include "family/common/codec_fp8.h"

#include "family/common/halves.h"
#include "unit/family/common/slow_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    cx_fp8_t      format;
    slow_format_t slow;
    float         max;
} formats[] = {{CX_FP8_E4M3FN, {4, 3, 7, 0x7e}, 448},
               {CX_FP8_E4M3FNUZ, {4, 3, 8, 0x7f}, 240},
               {CX_FP8_E5M2, {5, 2, 15, 0x7b}, 57344}};

/* What a finite value must become. */
static uint8_t expect_code(int f, double value)
{
    int code = slow_nearest(formats[f].slow, fabs(value));
    int sign = signbit(value) && !(formats[f].format == CX_FP8_E4M3FNUZ && code == 0) ? 0x80 : 0;

    return (uint8_t)(sign | code);
}

static void test_all_codes_have_the_value_of_their_definition(void **state)
{
    (void)state;
    for (int f = 0; f < 3; f++) {
        assert_true(cx_fp8_max(formats[f].format) == formats[f].max);
        assert_true(slow_value(formats[f].slow, formats[f].slow.last_finite) ==
                    (double)formats[f].max);
        for (int code = 0; code < 256; code++) {
            float  value     = cx_fp8_to_float(formats[f].format, (uint8_t)code);
            double magnitude = slow_value(formats[f].slow, code & 0x7f);

            if (formats[f].format == CX_FP8_E4M3FNUZ && code == 0x80) {
                assert_true(isnan(value));
            } else if ((code & 0x7f) <= formats[f].slow.last_finite) {
                assert_true(value == (float)(code & 0x80 ? -magnitude : magnitude));
                assert_int_equal(signbit(value) != 0, code >> 7);
            } else if (formats[f].format == CX_FP8_E5M2 && (code & 0x7f) == 0x7c) {
                assert_true(isinf(value) && (signbit(value) != 0) == (code >> 7));
            } else {
                assert_true(isnan(value));
            }
        }
    }
}

static void test_all_65536_bf16_values_become_the_nearest_code(void **state)
{
    (void)state;
    for (int f = 0; f < 3; f++) {
        for (uint32_t bits = 0; bits < 65536; bits++) {
            float   value = cx_bf16_to_float((uint16_t)bits);
            uint8_t code  = cx_fp8_from_float(formats[f].format, value);

            if (isnan(value)) {
                assert_true(isnan(cx_fp8_to_float(formats[f].format, code)));
            } else if (isinf(value)) {
                assert_int_equal(code, formats[f].slow.last_finite | (value < 0 ? 0x80 : 0));
            } else {
                assert_int_equal(code, expect_code(f, (double)value));
            }
        }
    }
}

static void test_midpoints_go_to_the_even_code_and_their_neighbours_do_not(void **state)
{
    (void)state;
    for (int f = 0; f < 3; f++) {
        for (int code = 0; code < formats[f].slow.last_finite; code++) {
            float middle = (float)((slow_value(formats[f].slow, code) +
                                    slow_value(formats[f].slow, code + 1)) /
                                   2);

            assert_int_equal(cx_fp8_from_float(formats[f].format, middle), code + code % 2);
            assert_int_equal(cx_fp8_from_float(formats[f].format, nextafterf(middle, 0)), code);
            assert_int_equal(cx_fp8_from_float(formats[f].format, nextafterf(middle, INFINITY)),
                             code + 1);
        }
    }
}

static void test_random_floats_become_the_nearest_code(void **state)
{
    uint32_t bits = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        float value;

        bits  = bits * 1664525u + 1013904223u;
        value = cx_float_from_bits(bits);
        if (isfinite(value)) {
            int f = i % 3;

            assert_int_equal(cx_fp8_from_float(formats[f].format, value),
                             expect_code(f, (double)value));
        }
    }
}

/* One block, as the recipe's sentence has it, a volatile for every rounding to float. */
static void expect_block(int f, const uint16_t *values, int64_t elems, uint8_t *codes,
                         uint16_t *back, float *scale)
{
    volatile float amax = 0, factor, product, restored;

    for (int64_t i = 0; i < elems; i++) {
        amax =
            fabsf(cx_bf16_to_float(values[i])) > amax ? fabsf(cx_bf16_to_float(values[i])) : amax;
    }
    amax   = amax < 1e-4f ? 1e-4f : amax;
    factor = formats[f].max / amax;
    *scale = amax / formats[f].max;
    for (int64_t i = 0; i < elems; i++) {
        product  = cx_bf16_to_float(values[i]) * factor;
        codes[i] = expect_code(f, (double)product);
        restored = cx_fp8_to_float(formats[f].format, codes[i]) * *scale;
        back[i]  = slow_bf16((double)restored);
    }
}

static void check_blocks(int f, const uint16_t *values, int64_t block_count, int64_t block_elems)
{
    const cx_fp8_span_t span  = {block_count, block_elems, true};
    const size_t        elems = (size_t)(block_count * block_elems);
    uint8_t            *codes = malloc(elems), *right_codes = malloc(elems);
    uint16_t           *back = malloc(2 * elems), *right_back = malloc(2 * elems);
    float              *scales = malloc((size_t)block_count * sizeof *scales);

    cx_fp8_encode(formats[f].format, span, values, codes, scales);
    cx_fp8_decode(formats[f].format, span, codes, scales, back);
    for (int64_t b = 0; b < block_count; b++) {
        float scale;

        expect_block(f, values + b * block_elems, block_elems, right_codes + b * block_elems,
                     right_back + b * block_elems, &scale);
        assert_memory_equal(&scales[b], &scale, sizeof scale);
    }
    assert_memory_equal(codes, right_codes, elems);
    assert_memory_equal(back, right_back, 2 * elems);
    free(codes);
    free(right_codes);
    free(back);
    free(right_back);
    free(scales);
}

static void test_blocks_of_all_finite_bf16_values(void **state)
{
    static uint16_t values[65536];
    int64_t         count = 0;

    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t bits = (uint16_t)(i * 40503u); /* a permutation: every block mixes magnitudes */

        if ((bits & 0x7f80) != 0x7f80 && (bits & 0x7fff) < 0x7e00) {
            values[count++] = bits;
        }
    }
    for (int f = 0; f < 3; f++) {
        check_blocks(f, values, count / 128, 128);
        check_blocks(f, values, count / 7168, 7168); /* per token */
        check_blocks(f, values, 40, 33);             /* no multiple of any vector */
    }
}

static void test_blocks_of_ordinary_values(void **state)
{
    static uint16_t values[128 * 257];

    (void)state;
    for (int i = 0; i < 128 * 257; i++) {
        values[i] = cx_bf16_from_float((float)(i * 7919 % 4001 - 2000) / (float)(1 + i % 97));
    }
    for (int f = 0; f < 3; f++) {
        check_blocks(f, values, 257, 128);
    }
}

static void test_zeros_keep_the_smallest_scale(void **state)
{
    uint16_t values[128] = {0}, back[128];
    uint8_t  codes[128];
    float    scale;

    (void)state;
    values[1] = 0x8000;
    cx_fp8_encode(CX_FP8_E4M3FN, (cx_fp8_span_t){1, 128, true}, values, codes, &scale);
    assert_true(scale == 1e-4f / 448.0f);
    assert_int_equal(codes[0], 0);
    assert_int_equal(codes[1], 0x80);
    cx_fp8_decode(CX_FP8_E4M3FN, (cx_fp8_span_t){1, 128, true}, codes, &scale, back);
    assert_memory_equal(values, back, sizeof values);
}

static void test_a_nan_or_infinity_spoils_its_block_and_no_other(void **state)
{
    static const uint16_t bad[] = {0x7fc0, 0xffc0, 0x7f80, 0xff80, 0x7f81};

    (void)state;
    for (int i = 0; i < 5; i++) {
        uint16_t values[256], back[256];
        uint8_t  codes[256];
        float    scales[2];

        for (int k = 0; k < 256; k++) {
            values[k] = 0x3f80;
        }
        values[77] = bad[i];
        cx_fp8_encode(CX_FP8_E4M3FN, (cx_fp8_span_t){2, 128, true}, values, codes, scales);
        cx_fp8_decode(CX_FP8_E4M3FN, (cx_fp8_span_t){2, 128, true}, codes, scales, back);
        assert_true(isnan(cx_bf16_to_float(back[77])));
        assert_true(isnan(cx_bf16_to_float(back[0])));
        assert_memory_equal(values + 128, back + 128, 256);
    }
}

static void test_direct_casts_without_a_scale(void **state)
{
    static uint16_t values[65536], back[65536];
    static uint8_t  codes[65536];

    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        values[i] = (uint16_t)i;
    }
    for (int f = 0; f < 3; f++) {
        const cx_fp8_span_t span = {1, 65536, false};

        cx_fp8_encode(formats[f].format, span, values, codes, NULL);
        cx_fp8_decode(formats[f].format, span, codes, NULL, back);
        for (uint32_t i = 0; i < 65536; i++) {
            float value = cx_fp8_to_float(formats[f].format, codes[i]);

            assert_int_equal(codes[i],
                             cx_fp8_from_float(formats[f].format, cx_bf16_to_float((uint16_t)i)));
            assert_true(isnan(value) || back[i] == cx_bf16_from_float(value));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_codes_have_the_value_of_their_definition),
        cmocka_unit_test(test_all_65536_bf16_values_become_the_nearest_code),
        cmocka_unit_test(test_midpoints_go_to_the_even_code_and_their_neighbours_do_not),
        cmocka_unit_test(test_random_floats_become_the_nearest_code),
        cmocka_unit_test(test_blocks_of_all_finite_bf16_values),
        cmocka_unit_test(test_blocks_of_ordinary_values),
        cmocka_unit_test(test_zeros_keep_the_smallest_scale),
        cmocka_unit_test(test_a_nan_or_infinity_spoils_its_block_and_no_other),
        cmocka_unit_test(test_direct_casts_without_a_scale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
