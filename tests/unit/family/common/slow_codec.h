/* SPDX-License-Identifier: Apache-2.0 */
/* Small floats by their definition and by search: slow, and written without a look at the fast
 * ones. Not for use outside tests. */
#ifndef CX_TESTS_SLOW_CODEC_H
#define CX_TESTS_SLOW_CODEC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A format of 1 + exponent_bits + mantissa_bits bits; codes above last_finite are no numbers. */
typedef struct slow_format {
    int exponent_bits, mantissa_bits, bias, last_finite;
} slow_format_t;

#define SLOW_E4M3FN ((slow_format_t){4, 3, 7, 0x7e})
#define SLOW_E4M3FNUZ ((slow_format_t){4, 3, 8, 0x7f})
#define SLOW_E5M2 ((slow_format_t){5, 2, 15, 0x7b})
#define SLOW_E2M1 ((slow_format_t){2, 1, 1, 0x7})

/* The magnitude of a code without its sign. */
static inline double slow_value(slow_format_t format, int code)
{
    int    exponent = code >> format.mantissa_bits;
    double fraction =
        (code & ((1 << format.mantissa_bits) - 1)) / (double)(1 << format.mantissa_bits);

    return exponent == 0 ? ldexp(fraction, 1 - format.bias)
                         : ldexp(1 + fraction, exponent - format.bias);
}

/* The nearest code to a magnitude, the even one of two; what is too large becomes the last. */
static inline int slow_nearest(slow_format_t format, double magnitude)
{
    int best = 0;

    if (magnitude >= slow_value(format, format.last_finite)) {
        return format.last_finite; /* far beyond it all differences are the same number */
    }
    for (int code = 1; code <= format.last_finite; code++) {
        double to_best = fabs(magnitude - slow_value(format, best));
        double to_code = fabs(magnitude - slow_value(format, code));

        if (to_code < to_best || (to_code == to_best && code % 2 == 0)) {
            best = code;
        }
    }
    return best;
}

/* bf16 nearest to a double, ties to even; only for finite results. */
static inline uint16_t slow_bf16(double value)
{
    float    rounded;
    uint32_t bits;
    int      exponent;

    (void)frexp(value, &exponent);
    exponent = exponent - 8 < -133 ? -133 : exponent - 8; /* of the last of 8 bits */
    rounded  = (float)ldexp(rint(ldexp(value, -exponent)), exponent);
    memcpy(&bits, &rounded, sizeof bits);
    return (uint16_t)(bits >> 16);
}

#endif
