/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions of fp16 and bf16: exact upward, to nearest even downward, for every value there is.
 * Not the loops around them, which test_direct.c and test_eager.c run. */
#include "../../../backends/hostref/half.c"

/* half.c needs half_f16c.c, which names its macros alike. */
#undef LOOPS
#undef PAIR
#include "../../../backends/hostref/half_f16c.c"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct format {
    float (*widen)(uint16_t in);
    uint16_t (*narrow)(float in);
    int      fraction_bits, bias;
    uint16_t infinity;
} format_t;

static const format_t formats[] = {
    {widen_fp16, narrow_fp16, 10, 15, 0x7c00},
    {widen_bf16, narrow_bf16, 7, 127, 0x7f80},
};

#define FORMAT_COUNT (sizeof formats / sizeof *formats)

/* IEEE 754-2019, 3.4: the value of an encoding, from its fields. */
static double value_of(const format_t *format, uint16_t in)
{
    const int    exponent = (in & 0x7fff) >> format->fraction_bits;
    const int    fraction = in & ((1 << format->fraction_bits) - 1);
    const int    hidden   = exponent ? 1 << format->fraction_bits : 0;
    const double size =
        ldexp(hidden + fraction, (exponent ? exponent : 1) - format->bias - format->fraction_bits);

    return in & SIGN_16 ? -size : size;
}

static void test_half_widens_every_number_exactly(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        const format_t *format = &formats[i];

        for (uint32_t in = 0; in < format->infinity; in++) {
            const uint16_t negative = (uint16_t)(in | SIGN_16);

            assert_true(format->widen((uint16_t)in) == (float)value_of(format, (uint16_t)in));
            assert_true(format->widen(negative) == (float)value_of(format, negative));
            assert_int_equal(format->narrow(format->widen((uint16_t)in)), in);
            assert_int_equal(format->narrow(format->widen(negative)), negative);
        }
    }
}

/* Between every two neighbours: the middle goes to the even one, anything beside it to the nearer.
 * The last neighbour is infinity, which stands where the next number would. */
static void test_half_rounds_to_nearest_even(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        const format_t *format = &formats[i];

        for (uint32_t in = 0; in < format->infinity; in++) {
            const uint16_t low = (uint16_t)in, high = (uint16_t)(in + 1);
            const float    middle = (float)((value_of(format, low) + value_of(format, high)) / 2);

            assert_int_equal(format->narrow(middle), low % 2 ? high : low);
            assert_int_equal(format->narrow(nextafterf(middle, 0.0f)), low);
            assert_int_equal(format->narrow(nextafterf(middle, INFINITY)), high);
            assert_int_equal(format->narrow(-middle), (low % 2 ? high : low) | SIGN_16);
        }
    }
}

static void test_half_keeps_infinity_and_nan(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        const format_t *format = &formats[i];

        assert_int_equal(format->narrow(INFINITY), format->infinity);
        assert_int_equal(format->narrow(-INFINITY), format->infinity | SIGN_16);
        assert_true(isinf(format->widen(format->infinity)));
        assert_true(isnan(format->widen((uint16_t)(format->infinity + 1))));
        assert_true(isnan(format->widen(format->narrow(NAN))));
        /* All of this NaN lies in bits that are cut off. */
        assert_true(isnan(format->widen(format->narrow(float_of(INFINITE_32 + 1)))));
        assert_true(isnan(format->widen(format->narrow(float_of(0xffffffffu)))));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_widens_every_number_exactly),
        cmocka_unit_test(test_half_rounds_to_nearest_even),
        cmocka_unit_test(test_half_keeps_infinity_and_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
