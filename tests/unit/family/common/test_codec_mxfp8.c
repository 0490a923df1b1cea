/* SPDX-License-Identifier: Apache-2.0 */
/* mxfp8 against its definition: the smallest power of two that fits, and the nearest codes. */
#include "family/common/codec_mxfp8.h"

#include "family/common/halves.h"
#include "unit/family/common/slow_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The scale byte for a finite magnitude, by trying all. */
static int expect_scale(double amax)
{
    int scale = 0;

    while (amax > ldexp(448, scale - 127)) {
        scale++;
    }
    return scale;
}

static void test_the_scale_is_the_smallest_that_fits_for_every_amax(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x7f80; bits++) {
        uint16_t values[32] = {0};
        uint8_t  codes[32], scale;

        values[bits % 32] = (uint16_t)(bits | bits << 15); /* both signs */
        cx_mxfp8_encode(values, 1, codes, &scale);
        assert_int_equal(scale, expect_scale((double)cx_bf16_to_float((uint16_t)bits)));
    }
}

static void test_codes_and_values_of_all_finite_bf16_values(void **state)
{
    static uint16_t values[65536], back[65536];
    static uint8_t  codes[65536], scales[2048];
    int64_t         count = 0;

    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        uint16_t bits = (uint16_t)(i * 40503u);

        if ((bits & 0x7f80) != 0x7f80) {
            values[count++] = bits;
        }
    }
    count -= count % 32;
    cx_mxfp8_encode(values, count / 32, codes, scales);
    cx_mxfp8_decode(codes, scales, count / 32, back);
    for (int64_t i = 0; i < count; i++) {
        double value = (double)cx_bf16_to_float(values[i]);
        int    code  = slow_nearest(SLOW_E4M3FN, ldexp(fabs(value), 127 - scales[i / 32]));
        double right = ldexp(slow_value(SLOW_E4M3FN, code), scales[i / 32] - 127);

        assert_int_equal(codes[i], code | (signbit(value) ? 0x80 : 0));
        assert_int_equal(back[i], slow_bf16(signbit(value) ? -right : right));
    }
}

static void test_every_scale_byte_has_its_power_of_two(void **state)
{
    (void)state;
    for (int scale = 0; scale < 256; scale++) {
        uint8_t  codes[32], byte = (uint8_t)scale;
        uint16_t back[32];

        memset(codes, 0x38, sizeof codes); /* 1.0 */
        cx_mxfp8_decode(codes, &byte, 1, back);
        if (scale == 255) {
            assert_true(isnan(cx_bf16_to_float(back[31])));
        } else {
            assert_true((double)cx_bf16_to_float(back[31]) == ldexp(1, scale - 127));
        }
    }
}

static void test_a_nan_or_infinity_spoils_its_block_and_no_other(void **state)
{
    static const uint16_t bad[] = {0x7fc0, 0xff80, 0x7f80};

    (void)state;
    for (int i = 0; i < 3; i++) {
        uint16_t values[64], back[64];
        uint8_t  codes[64], scales[2];

        for (int k = 0; k < 64; k++) {
            values[k] = 0x3f80;
        }
        values[5] = bad[i];
        cx_mxfp8_encode(values, 2, codes, scales);
        cx_mxfp8_decode(codes, scales, 2, back);
        assert_int_equal(scales[0], 255);
        assert_true(isnan(cx_bf16_to_float(back[0])));
        assert_memory_equal(values + 32, back + 32, 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_scale_is_the_smallest_that_fits_for_every_amax),
        cmocka_unit_test(test_codes_and_values_of_all_finite_bf16_values),
        cmocka_unit_test(test_every_scale_byte_has_its_power_of_two),
        cmocka_unit_test(test_a_nan_or_infinity_spoils_its_block_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
