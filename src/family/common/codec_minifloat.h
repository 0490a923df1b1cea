/* SPDX-License-Identifier: Apache-2.0 */
/* Eight-bit floats, one at a time, written so that a compiler turns loops over them into vector
 * code. Not scales and blocks (codec_fp8.h, codec_mxfp8.h, codec_nvfp4.h).
 *
 *   format    bias  largest  infinity  NaN                source
 *   e4m3fn    7     448      none      0x7f 0xff          OCP 8-bit Floating Point 1.0
 *   e4m3fnuz  8     240      none      0x80, and no -0    Noune et al., arXiv:2206.02915
 *   e5m2      15    57344    0x7c 0xfc 0x7d-7f 0xfd-ff    OCP 8-bit Floating Point 1.0
 *
 * Rounding is to nearest even. What is too large, infinity as well, becomes the largest finite
 * value of its sign (the saturating conversion of the vendors' libraries). A NaN stays a NaN.
 */
#ifndef CX_FAMILY_COMMON_CODEC_MINIFLOAT_H
#define CX_FAMILY_COMMON_CODEC_MINIFLOAT_H

#include "family/common/halves.h"

#include <stdbool.h>
#include <stdint.h>

/* For loops over elements: full vectorisation, and with gcc on x86 also for AVX2, chosen at run
 * time. Sanitizers do not get along with the resolver that this needs. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && defined(__x86_64__)
#define CX_CODEC_LOOP __attribute__((target_clones("avx2", "default"), optimize("O3")))
#elif defined(__GNUC__) && !defined(__clang__)
#define CX_CODEC_LOOP __attribute__((optimize("O3")))
#else
#define CX_CODEC_LOOP
#endif

/* Inside such a loop everything must be inlined. */
#define CX_CODEC_INLINE static inline __attribute__((always_inline))

/* The scales are defined with two roundings; a fused multiply-add would have one. gcc has none of
 * them under -std=c17. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

typedef struct cx_minifloat {
    int   mantissa_bit_count, bias;
    float max;
    bool  is_unsigned_zero; /* fnuz: no -0, its code is the one NaN */
    bool  has_infinity;
} cx_minifloat_t;

#define CX_E4M3FN ((cx_minifloat_t){3, 7, 448.0f, false, false})
#define CX_E4M3FNUZ ((cx_minifloat_t){3, 8, 240.0f, true, false})
#define CX_E5M2 ((cx_minifloat_t){2, 15, 57344.0f, false, true})

/* One of two words, without a branch: what is not chosen has been computed as well, which keeps
 * compilers from making control flow of it. */
CX_CODEC_INLINE uint32_t cx_codec_select(bool condition, uint32_t yes, uint32_t no)
{
    const uint32_t mask = 0u - (uint32_t)condition;

    return (yes & mask) | (no & ~mask);
}

/* 2^exponent, for exponents of normal floats. */
CX_CODEC_INLINE float cx_power_of_two(int exponent)
{
    return cx_float_from_bits((uint32_t)(exponent + 127) << 23);
}

CX_CODEC_INLINE uint8_t cx_minifloat_encode(cx_minifloat_t format, float value)
{
    const int      drop       = 23 - format.mantissa_bit_count;
    const uint32_t bits       = cx_float_bits(value);
    const uint32_t given      = bits & 0x7fffffffu;
    const uint32_t max_bits   = cx_float_bits(format.max);
    const uint32_t magnitude  = given < max_bits ? given : max_bits;
    const uint32_t min_normal = (uint32_t)(128 - format.bias) << 23;
    /* The exponent is rebiased after the mantissa has been rounded into it. */
    const uint32_t normal =
        ((magnitude + ((1u << (drop - 1)) - 1) + (magnitude >> drop & 1)) >> drop) -
        ((uint32_t)(127 - format.bias) << format.mantissa_bit_count);
    /* Added to this, a subnormal's last bit is the float's last bit: the addition rounds for us. */
    const float    rounder = cx_power_of_two(24 - format.bias - format.mantissa_bit_count);
    const uint32_t small =
        cx_float_bits(cx_float_from_bits(magnitude) + rounder) - cx_float_bits(rounder);
    const uint32_t code     = cx_codec_select(magnitude < min_normal, small, normal);
    const uint32_t sign     = format.is_unsigned_zero && code == 0 ? 0 : bits >> 24 & 0x80u;
    const uint32_t nan_code = format.is_unsigned_zero ? 0x80u : (bits >> 24 & 0x80u) | 0x7fu;

    return (uint8_t)cx_codec_select(given > 0x7f800000u, nan_code, sign | code);
}

CX_CODEC_INLINE float cx_minifloat_decode(cx_minifloat_t format, uint8_t code)
{
    const uint32_t magnitude = code & 0x7fu;
    const uint32_t sign      = (uint32_t)(code & 0x80u) << 24;
    const uint32_t normal =
        (magnitude + ((uint32_t)(127 - format.bias) << format.mantissa_bit_count))
        << (23 - format.mantissa_bit_count);
    const uint32_t small = cx_float_bits(
        (float)(int32_t)magnitude * cx_power_of_two(1 - format.bias - format.mantissa_bit_count));
    const uint32_t finite =
        cx_codec_select(magnitude >> format.mantissa_bit_count != 0, normal, small);
    const uint32_t special = 0x7f800000u | (magnitude & 3u) << 21;
    const uint32_t nan     = 0x7fc00000u;
    uint32_t       result;

    if (format.has_infinity) {
        result = cx_codec_select(magnitude >= 0x7cu, special, finite);
    } else if (format.is_unsigned_zero) {
        result = cx_codec_select(code == 0x80u, nan, finite);
    } else {
        result = cx_codec_select(magnitude == 0x7fu, nan, finite);
    }
    return cx_float_from_bits(sign | result);
}

/* The largest magnitude of bf16 values, as bf16 bits: above 0x7f80 when there is a NaN. */
CX_CODEC_INLINE uint16_t cx_codec_amax_bits(const uint16_t *values, int64_t elems)
{
    int16_t max = 0;

    for (int64_t i = 0; i < elems; i++) {
        int16_t magnitude = (int16_t)(values[i] & 0x7fff);

        max = magnitude > max ? magnitude : max;
    }
    return (uint16_t)max;
}

/* cx_bf16_from_float without a branch, for loops. */
CX_CODEC_INLINE uint16_t cx_codec_round_bf16(float value)
{
    const uint32_t bits    = cx_float_bits(value);
    const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const uint32_t nan     = bits >> 16 | 0x0040u;

    return (uint16_t)cx_codec_select((bits & 0x7fffffffu) > 0x7f800000u, nan, rounded);
}

#endif
