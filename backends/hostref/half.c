/* SPDX-License-Identifier: Apache-2.0 */
/* Reduction loops of fp16 and bf16: widened to fp32, combined, rounded once to nearest even.
 * Not a number format library: plain bit arithmetic that compilers vectorise. */
#include "reduce.h"

#include "bf16.h"
#include "loops.h"

#define SIGN_16 0x8000u

/* The exponent is moved by a multiplication with 2^(127-15), which also makes subnormals right. */
static inline float widen_fp16(uint16_t in)
{
    const uint32_t magnitude = ((uint32_t)in & 0x7fffu) << 13;
    const uint32_t scaled    = bits_of(float_of(magnitude) * 0x1p112f);
    const uint32_t special   = magnitude >= (0x7c00u << 13) ? INFINITE_32 : 0u;

    return float_of(scaled | special | (((uint32_t)in & SIGN_16) << 16));
}

/* Three cases, each computed for every lane: normal results round by carrying, as above; subnormal
 * ones by an addition whose last bit is worth 2^-24, fp16's smallest; too large ones are special.
 */
static inline uint16_t narrow_fp16(float in)
{
    const uint32_t bits      = bits_of(in);
    const uint32_t magnitude = bits & 0x7fffffffu;
    const uint32_t normal    = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    const uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - (126u << 23);
    const uint32_t special   = magnitude > INFINITE_32 ? 0x7e00u : 0x7c00u;
    const uint32_t finite    = magnitude < (113u << 23) ? subnormal : normal;

    return (uint16_t)((magnitude >= (143u << 23) ? special : finite) | ((bits >> 16) & SIGN_16));
}

#define PAIR(slug, op, expression)                                                          \
    CX_HOSTREF_CLONES static void op##_pair_##slug(void *out, const void *a, const void *b, \
                                                   size_t elem_count)                       \
    {                                                                                       \
        uint16_t       *to     = out;                                                       \
        const uint16_t *from_a = a, *from_b = b;                                            \
        CX_HOSTREF_INDEPENDENT                                                              \
        for (size_t i = 0; i < elem_count; i++) {                                           \
            const float x = widen_##slug(from_a[i]), y = widen_##slug(from_b[i]);           \
            to[i] = narrow_##slug(expression);                                              \
        }                                                                                   \
    }

#define COMBINE(slug, op, expression)                                                  \
    CX_HOSTREF_CLONES static void op##_##slug(void *out, const void *a, const void *b, \
                                              size_t elem_count)                       \
    {                                                                                  \
        float          *to     = out;                                                  \
        const float    *from_a = a;                                                    \
        const uint16_t *from_b = b;                                                    \
        CX_HOSTREF_INDEPENDENT                                                         \
        for (size_t i = 0; i < elem_count; i++) {                                      \
            const float x = from_a[i], y = widen_##slug(from_b[i]);                    \
            to[i] = expression;                                                        \
        }                                                                              \
    }

#define CONVERT(name, to_type, from_type, convert)                                  \
    CX_HOSTREF_CLONES static void name(void *out, const void *a, size_t elem_count) \
    {                                                                               \
        to_type         *to   = out;                                                \
        const from_type *from = a;                                                  \
        CX_HOSTREF_INDEPENDENT                                                      \
        for (size_t i = 0; i < elem_count; i++) {                                   \
            to[i] = convert(from[i]);                                               \
        }                                                                           \
    }

#define LOOPS(slug)                                          \
    PAIR(slug, sum, x + y)                                   \
    PAIR(slug, prod, x *y)                                   \
    PAIR(slug, min, x < y ? x : y)                           \
    PAIR(slug, max, x > y ? x : y)                           \
    PAIR(slug, avg, (x + y) / 2.0f)                          \
    COMBINE(slug, sum, x + y)                                \
    COMBINE(slug, prod, x *y)                                \
    COMBINE(slug, min, x < y ? x : y)                        \
    COMBINE(slug, max, x > y ? x : y)                        \
    CONVERT(widen_all_##slug, float, uint16_t, widen_##slug) \
    CONVERT(narrow_all_##slug, uint16_t, float, narrow_##slug)

LOOPS(fp16)
LOOPS(bf16)

#define PAIR_ROW(slug)                                                        \
    {                                                                         \
        [CX_REDOP_SUM] = sum_pair_##slug, [CX_REDOP_PROD] = prod_pair_##slug, \
        [CX_REDOP_MIN] = min_pair_##slug, [CX_REDOP_MAX] = max_pair_##slug,   \
        [CX_REDOP_AVG] = avg_pair_##slug,                                     \
    }
#define COMBINE_ROW(slug)                                                                        \
    {                                                                                            \
        [CX_REDOP_SUM] = sum_##slug, [CX_REDOP_PROD] = prod_##slug, [CX_REDOP_MIN] = min_##slug, \
        [CX_REDOP_MAX] = max_##slug, [CX_REDOP_AVG] = sum_##slug,                                \
    }

void cx_hostref_half_init(cx_hostref_reducer_t *reducer, cx_dtype_t dtype, cx_redop_t redop)
{
    static const cx_hostref_combine_fn pairs[2][CX_REDOP_COUNT] = {PAIR_ROW(fp16), PAIR_ROW(bf16)};
    static const cx_hostref_combine_fn combines[2][CX_REDOP_COUNT] = {COMBINE_ROW(fp16),
                                                                      COMBINE_ROW(bf16)};
    const int                          is_bf16                     = dtype == CX_DTYPE_BF16;

    if (!is_bf16 && cx_hostref_half_init_f16c(reducer, redop)) {
        return;
    }
    reducer->pair    = pairs[is_bf16][redop];
    reducer->combine = combines[is_bf16][redop];
    reducer->widen   = is_bf16 ? widen_all_bf16 : widen_all_fp16;
    reducer->narrow  = is_bf16 ? narrow_all_bf16 : narrow_all_fp16;
}
