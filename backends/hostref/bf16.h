/* SPDX-License-Identifier: Apache-2.0 */
/* bf16 and the bits of a float, one at a time, without a branch: for loops that get vectorised.
 * Not fp16 (half.c). */
#ifndef CX_HOSTREF_BF16_H
#define CX_HOSTREF_BF16_H

#include <stdint.h>
#include <string.h>

#define INFINITE_32 0x7f800000u

static inline float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float widen_bf16(uint16_t in)
{
    return float_of((uint32_t)in << 16);
}

/* Round to nearest even by carrying: adds just under half of the last kept bit, or half of it if
 * that bit is set. A NaN must not carry into infinity: it is made quiet instead. */
static inline uint16_t narrow_bf16(float in)
{
    const uint32_t bits    = bits_of(in);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const uint32_t quiet   = (bits >> 16) | 0x40u;

    return (uint16_t)((bits & 0x7fffffffu) > INFINITE_32 ? quiet : rounded);
}

#endif
