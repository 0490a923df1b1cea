/* SPDX-License-Identifier: Apache-2.0 */
/* fp16 and bf16 as bit patterns, to and from float: exact one way, round-to-nearest-even the other.
 * Not arithmetic: that is done in float and rounded here. */
#ifndef CX_FAMILY_COMMON_HALVES_H
#define CX_FAMILY_COMMON_HALVES_H

#include <stdint.h>
#include <string.h>

static inline float cx_float_from_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t cx_float_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float cx_bf16_to_float(uint16_t half)
{
    return cx_float_from_bits((uint32_t)half << 16);
}

/* A NaN keeps its sign and its upper bits and is made quiet. */
static inline uint16_t cx_bf16_from_float(float value)
{
    uint32_t bits = cx_float_bits(value);

    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (uint16_t)(bits >> 16 | 0x0040u);
    }
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* Subnormal halves are normal floats: 2^-24 units each, so that the product is exact. */
static inline float cx_fp16_to_float(uint16_t half)
{
    uint32_t sign      = (uint32_t)(half & 0x8000u) << 16;
    uint32_t magnitude = half & 0x7fffu;

    if (magnitude < 0x0400u) {
        return cx_float_from_bits(sign | cx_float_bits((float)magnitude * 0x1p-24f));
    }
    if (magnitude >= 0x7c00u) {
        return cx_float_from_bits(sign | 0x7f800000u | (magnitude & 0x03ffu) << 13);
    }
    return cx_float_from_bits(sign | (magnitude + (112u << 10)) << 13);
}

/* Too large becomes infinity; a NaN keeps its sign and its upper bits and is made quiet. */
static inline uint16_t cx_fp16_from_float(float value)
{
    uint32_t bits      = cx_float_bits(value);
    uint16_t sign      = (uint16_t)(bits >> 16 & 0x8000u);
    uint32_t magnitude = bits & 0x7fffffffu;

    if (magnitude > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x03ffu));
    }
    if (magnitude >= 0x477ff000u) { /* 65520, halfway between the largest half and the next */
        return (uint16_t)(sign | 0x7c00u);
    }
    if (magnitude < 0x38800000u) {
        /* Below 2^-14: adding 1/2 puts the last bit of a subnormal half at the float's last bit,
         * so the addition rounds to nearest even for us. */
        float shifted = cx_float_from_bits(magnitude) + 0.5f;

        return (uint16_t)(sign | (cx_float_bits(shifted) - 0x3f000000u));
    }
    magnitude += 0x0fffu + (magnitude >> 13 & 1u);
    return (uint16_t)(sign | ((magnitude >> 13) - (112u << 10)));
}

#endif
