/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that show how a sum was accumulated, and the bounds it is held against. No exchange. */
#include "family/collective/accumulation.h"

#include "base/prng.h"
#include "family/collective/element.h"
#include "family/collective/recipe.h"
#include "model/case.h"

#include <math.h>
#include <string.h>

/* Magnitudes lie in [2^-4, 2^4): the exact sum of fp32 inputs of 2^20 ranks fits a double. */
#define EXPONENT_MIN (-4)
#define EXPONENT_COUNT 8

#define STRIP_ELEMS 1024 /* of the tile, whose bounds are computed once for all its repeats */

const char *cx_accumulation_slug(cx_accumulation_t accumulation)
{
    static const char *const slugs[CX_ACCUMULATION_COUNT] = {
#define SLUG(name, slug) slug,
        CX_ACCUMULATION_MAP(SLUG)
#undef SLUG
    };

    return slugs[accumulation];
}

/* Bits of the significand behind the point. */
static int fraction_bits(cx_dtype_t dtype)
{
    switch (dtype) {
    case CX_DTYPE_BF16:
        return 7;
    case CX_DTYPE_FP16:
        return 10;
    case CX_DTYPE_FP32:
        return 23;
    default:
        return 52;
    }
}

/* The smallest exponent of a normal number: below, the distance of numbers no longer shrinks. */
static int exponent_min(cx_dtype_t dtype)
{
    return dtype == CX_DTYPE_FP16 ? -14 : dtype == CX_DTYPE_FP64 ? -1022 : -126;
}

static uint64_t random_at(uint64_t seed, int32_t rank, int64_t index)
{
    return cx_prng_at(seed ^ cx_mix64((uint64_t)rank + 1), (uint64_t)index);
}

/* A float that the dtype has exactly. */
static double value_at(cx_dtype_t dtype, uint64_t random)
{
    const int      bits     = fraction_bits(dtype);
    const int      exponent = EXPONENT_MIN + (int)(random >> 60) % EXPONENT_COUNT;
    const uint64_t fraction = random & ((UINT64_C(1) << bits) - 1);
    const double   value    = ldexp(1.0 + ldexp((double)fraction, -bits), exponent);

    return (random >> 59 & 1) != 0 ? -value : value;
}

void cx_accumulation_fill(cx_dtype_t dtype, uint64_t seed, int32_t rank, int64_t elem_count,
                          void *out)
{
    const size_t  elem_bytes = cx_dtype_bytes(dtype), bytes = (size_t)elem_count * elem_bytes;
    const int64_t made_count =
        elem_count < CX_ACCUMULATION_TILE_ELEMS ? elem_count : CX_ACCUMULATION_TILE_ELEMS;
    const size_t   tile_bytes = (size_t)made_count * elem_bytes;
    unsigned char *to         = out;

    for (int64_t i = 0; i < made_count; i++) {
        const uint64_t random = random_at(seed, rank, i);
        const uint64_t bits =
            cx_dtype_is_float(dtype) ? cx_element_round(dtype, value_at(dtype, random)) : random;

        memcpy(to + (size_t)i * elem_bytes, &bits, elem_bytes); /* little-endian hosts */
    }
    for (size_t done = tile_bytes; done < bytes; done += tile_bytes) {
        memcpy(to + done, out, bytes - done < tile_bytes ? bytes - done : tile_bytes);
    }
}

/* ---- what an output proves ------------------------------------------------------------------ */

/* Of STRIP_ELEMS elements of the tile: the exact sum, and how far off it each proof allows. */
typedef struct strip {
    int64_t  first, count;
    uint64_t wrapped[STRIP_ELEMS]; /* integers */
    double   sum[STRIP_ELEMS], once[STRIP_ELEMS], fp32[STRIP_ELEMS], dtype[STRIP_ELEMS];
} strip_t;

static double half_ulp(cx_dtype_t dtype, double value)
{
    int exponent = value == 0 ? exponent_min(dtype) : ilogb(value);

    exponent = exponent < exponent_min(dtype) ? exponent_min(dtype) : exponent;
    return ldexp(0.5, exponent - fraction_bits(dtype));
}

/* Higham's gamma of rank_count - 1 additions. */
static double growth_ratio(int32_t rank_count, double unit_roundoff)
{
    const double total = (rank_count - 1) * unit_roundoff;

    return total < 1 ? total / (1 - total) : INFINITY;
}

static void plan_floats(cx_dtype_t dtype, uint64_t seed, int32_t rank_count, strip_t *strip)
{
    const double by_fp32  = growth_ratio(rank_count, 0x1p-24);
    const double by_dtype = growth_ratio(rank_count, ldexp(0.5, -fraction_bits(dtype)));

    for (int64_t i = 0; i < strip->count; i++) {
        double sum = 0, magnitude = 0;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            const double value = value_at(dtype, random_at(seed, rank, strip->first + i));

            sum += value;
            magnitude += fabs(value);
        }
        strip->sum[i]   = sum;
        strip->once[i]  = dtype == CX_DTYPE_FP64 ? 0 : half_ulp(dtype, sum);
        strip->fp32[i]  = by_fp32 * magnitude + half_ulp(dtype, fabs(sum) + by_fp32 * magnitude);
        strip->dtype[i] = by_dtype * magnitude;
    }
}

static void plan_integers(uint64_t seed, int32_t rank_count, strip_t *strip)
{
    for (int64_t i = 0; i < strip->count; i++) {
        strip->wrapped[i] = 0;
        for (int32_t rank = 0; rank < rank_count; rank++) {
            strip->wrapped[i] += random_at(seed, rank, strip->first + i);
        }
    }
}

/* A NaN is within no bound. */
static cx_accumulation_t judge_float(const strip_t *strip, int64_t i, int32_t rank_count, double y)
{
    const double error = fabs(y - strip->sum[i]);

    if (rank_count <= 2) {
        return error <= strip->once[i] ? CX_ACCUMULATION_EXACT : CX_ACCUMULATION_UNKNOWN;
    }
    if (error <= strip->fp32[i]) {
        return CX_ACCUMULATION_FP32;
    }
    return error <= strip->dtype[i] ? CX_ACCUMULATION_DTYPE : CX_ACCUMULATION_UNKNOWN;
}

/* The least that one stretch of the output, laid against the strip, proves. */
static cx_accumulation_t judge_stretch(cx_dtype_t dtype, int32_t rank_count, const strip_t *strip,
                                       const unsigned char *output, int64_t count)
{
    const size_t      elem_bytes = cx_dtype_bytes(dtype);
    cx_accumulation_t least      = CX_ACCUMULATION_EXACT;

    for (int64_t i = 0; i < count && least != CX_ACCUMULATION_UNKNOWN; i++) {
        const uint64_t    bits = cx_element_bits(dtype, output + (size_t)i * elem_bytes);
        cx_accumulation_t one;

        if (cx_dtype_is_float(dtype)) {
            one = judge_float(strip, i, rank_count, cx_element_value(dtype, bits));
        } else {
            one = cx_element_wrap(dtype, bits) == cx_element_wrap(dtype, strip->wrapped[i])
                      ? CX_ACCUMULATION_EXACT
                      : CX_ACCUMULATION_UNKNOWN;
        }
        least = one > least ? one : least;
    }
    return least;
}

cx_accumulation_t cx_accumulation_judge(cx_dtype_t dtype, uint64_t seed, int32_t rank_count,
                                        int64_t elem_count, const void *output)
{
    const size_t      elem_bytes = cx_dtype_bytes(dtype);
    cx_accumulation_t least      = CX_ACCUMULATION_EXACT;
    strip_t           strip      = {.first = 0};

    if (elem_count < CX_ACCUMULATION_ELEMS_MIN || (dtype == CX_DTYPE_FP64 && rank_count > 2)) {
        return CX_ACCUMULATION_UNKNOWN;
    }
    for (; strip.first < CX_ACCUMULATION_TILE_ELEMS && strip.first < elem_count;
         strip.first += STRIP_ELEMS) {
        const int64_t left = CX_ACCUMULATION_TILE_ELEMS - strip.first;

        strip.count = left < STRIP_ELEMS ? left : STRIP_ELEMS;
        if (cx_dtype_is_float(dtype)) {
            plan_floats(dtype, seed, rank_count, &strip);
        } else {
            plan_integers(seed, rank_count, &strip);
        }
        for (int64_t at = strip.first; at < elem_count; at += CX_ACCUMULATION_TILE_ELEMS) {
            const int64_t count = elem_count - at < strip.count ? elem_count - at : strip.count;
            const cx_accumulation_t one =
                judge_stretch(dtype, rank_count, &strip,
                              (const unsigned char *)output + (size_t)at * elem_bytes, count);

            least = one > least ? one : least;
        }
    }
    return least;
}
