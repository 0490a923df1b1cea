/* SPDX-License-Identifier: Apache-2.0 */
/* fp16 and bf16 against their definition for every bit pattern, and against the compiler's own. */
#include "family/common/halves.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The value that IEEE 754 gives the pattern, by its definition. */
static double define_half(uint32_t bits, int exponent_bits, int mantissa_bits)
{
    int    bias     = (1 << (exponent_bits - 1)) - 1;
    int    exponent = (int)(bits >> mantissa_bits & ((1u << exponent_bits) - 1));
    double mantissa = (double)(bits & ((1u << mantissa_bits) - 1));
    double sign     = bits >> 15 & 1 ? -1.0 : 1.0;

    if (exponent == (1 << exponent_bits) - 1) {
        return mantissa > 0.0 ? (double)NAN : sign * (double)INFINITY;
    }
    if (exponent == 0) {
        return sign * ldexp(mantissa, 1 - bias - mantissa_bits);
    }
    return sign * ldexp(mantissa + (double)(1u << mantissa_bits), exponent - bias - mantissa_bits);
}

static void check_round_trip(uint32_t bits, double defined, float value, uint16_t back)
{
    if (isnan(defined)) {
        assert_true(isnan(value));
        assert_int_equal(back & 0x8000u, bits & 0x8000u);
        return;
    }
    assert_true((double)value == defined);
    assert_int_equal(back, bits);
}

static void test_every_half_is_its_definition_and_survives_the_way_back(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        float fp16 = cx_fp16_to_float((uint16_t)bits);
        float bf16 = cx_bf16_to_float((uint16_t)bits);

        check_round_trip(bits, define_half(bits, 5, 10), fp16, cx_fp16_from_float(fp16));
        check_round_trip(bits, define_half(bits, 8, 7), bf16, cx_bf16_from_float(bf16));
    }
}

/* Between neighbours: below the middle goes down, above goes up, the middle to the even one. */
static void check_rounding(uint16_t low, float low_value, float high_value,
                           uint16_t (*round)(float))
{
    float    middle = low_value / 2.0f + high_value / 2.0f;
    uint16_t even   = (uint16_t)(low % 2 ? low + 1 : low);

    assert_int_equal(round(middle), even);
    assert_int_equal(round(nextafterf(middle, 0.0f)), low);
    assert_int_equal(round(nextafterf(middle, INFINITY)), low + 1);
    assert_int_equal(round(-middle), even | 0x8000);
}

static void test_rounding_is_to_nearest_even_between_all_neighbours(void **state)
{
    (void)state;
    for (uint16_t low = 0; low < 0x7bff; low++) {
        check_rounding(low, cx_fp16_to_float(low), cx_fp16_to_float((uint16_t)(low + 1)),
                       cx_fp16_from_float);
    }
    for (uint16_t low = 1; low < 0x7f7f; low++) {
        check_rounding(low, cx_bf16_to_float(low), cx_bf16_to_float((uint16_t)(low + 1)),
                       cx_bf16_from_float);
    }
}

static void test_what_is_too_large_becomes_infinity(void **state)
{
    (void)state;
    assert_int_equal(cx_fp16_from_float(65504.0f), 0x7bff);
    assert_int_equal(cx_fp16_from_float(65519.99f), 0x7bff);
    assert_int_equal(cx_fp16_from_float(65520.0f), 0x7c00);
    assert_int_equal(cx_fp16_from_float(-1e30f), 0xfc00);
    assert_int_equal(cx_fp16_from_float(INFINITY), 0x7c00);
    assert_int_equal(cx_bf16_from_float(3.4e38f), 0x7f80);
    assert_int_equal(cx_bf16_from_float(-INFINITY), 0xff80);
    assert_true(cx_bf16_from_float(cx_float_from_bits(0x7f800001u)) > 0x7f80);
    assert_true(cx_fp16_from_float(cx_float_from_bits(0x7f800001u)) > 0x7c00);
}

static void test_fp16_agrees_with_the_compiler(void **state)
{
    (void)state;
#if defined(__FLT16_MAX__)
    __extension__ typedef _Float16 half_t;

    for (uint32_t i = 0; i < 1u << 20; i++) {
        float    value = cx_float_from_bits(i * 4099u);
        half_t   half  = (half_t)value;
        uint16_t bits;

        memcpy(&bits, &half, sizeof bits);
        if (!isnan(value)) {
            assert_int_equal(cx_fp16_from_float(value), bits);
        }
    }
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half_is_its_definition_and_survives_the_way_back),
        cmocka_unit_test(test_rounding_is_to_nearest_even_between_all_neighbours),
        cmocka_unit_test(test_what_is_too_large_becomes_infinity),
        cmocka_unit_test(test_fp16_agrees_with_the_compiler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
