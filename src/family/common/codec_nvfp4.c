/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of 16 four-bit floats. Not eight-bit ones (codec_fp8.c). */
#include "family/common/codec_nvfp4.h"

#include "family/common/codec_minifloat.h"

#define E2M1_MAX 6.0f
#define TENSOR_MAX 2688.0f /* 448 * 6 */
#define AMAX_MIN 0x1p-115f

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* How many midpoints between neighbours the magnitude is past, compared as bits, which sort like
 * magnitudes. A midpoint itself goes to the even neighbour; a NaN is past all of them. */
CX_CODEC_INLINE uint8_t encode_e2m1(float value)
{
    const uint32_t bits = cx_float_bits(value), magnitude = bits & 0x7fffffffu;
    const uint32_t code = (uint32_t)(magnitude > cx_float_bits(0.25f)) +
                          (uint32_t)(magnitude >= cx_float_bits(0.75f)) +
                          (uint32_t)(magnitude > cx_float_bits(1.25f)) +
                          (uint32_t)(magnitude >= cx_float_bits(1.75f)) +
                          (uint32_t)(magnitude > cx_float_bits(2.5f)) +
                          (uint32_t)(magnitude >= cx_float_bits(3.5f)) +
                          (uint32_t)(magnitude > cx_float_bits(5.0f));

    return (uint8_t)(code | cx_codec_select(magnitude > 0x7f800000u, 0, bits >> 28 & 8u));
}

/* A minifloat of one mantissa bit and bias 1; below 2 its codes count halves. */
CX_CODEC_INLINE float decode_e2m1(uint32_t code)
{
    const uint32_t magnitude = code & 7u;
    const uint32_t normal    = (magnitude + (126u << 1)) << 22;
    const uint32_t small     = cx_float_bits((float)(int32_t)magnitude * 0.5f);

    return cx_float_from_bits((code & 8u) << 28 | cx_codec_select(magnitude >= 2, normal, small));
}

uint8_t cx_e2m1_from_float(float value)
{
    return encode_e2m1(value);
}

float cx_e2m1_to_float(uint8_t code)
{
    return decode_e2m1(code);
}

CX_CODEC_LOOP float cx_nvfp4_tensor_scale(const uint16_t *values, int64_t elems)
{
    const float amax = cx_bf16_to_float(cx_codec_amax_bits(values, elems));

    return TENSOR_MAX / (amax < AMAX_MIN ? AMAX_MIN : amax);
}

CX_CODEC_LOOP void cx_nvfp4_encode(const uint16_t *values, int64_t block_count, float tensor_scale,
                                   uint8_t *codes_out, uint8_t *scales_out)
{
    for (int64_t b = 0; b < block_count; b++) {
        const uint16_t *restrict from = values + b * CX_NVFP4_BLOCK_ELEMS;
        uint8_t *restrict to          = codes_out + b * CX_NVFP4_BLOCK_ELEMS / 2;
        const float   amax   = cx_bf16_to_float(cx_codec_amax_bits(from, CX_NVFP4_BLOCK_ELEMS));
        const uint8_t scale  = cx_minifloat_encode(CX_E4M3FN, tensor_scale * (amax / E2M1_MAX));
        const float   value  = cx_minifloat_decode(CX_E4M3FN, scale);
        const float   factor = value == 0 ? 0 : tensor_scale / value;
        uint8_t       single[CX_NVFP4_BLOCK_ELEMS];

        for (int i = 0; i < CX_NVFP4_BLOCK_ELEMS; i++) {
            single[i] = encode_e2m1(cx_bf16_to_float(from[i]) * factor);
        }
        for (int64_t i = 0; i < CX_NVFP4_BLOCK_ELEMS / 2; i++) {
            to[i] = (uint8_t)(single[2 * i] | single[2 * i + 1] << 4);
        }
        scales_out[b] = scale;
    }
}

CX_CODEC_LOOP void cx_nvfp4_decode(const uint8_t *codes, const uint8_t *scales, int64_t block_count,
                                   float tensor_scale, uint16_t *values_out)
{
    const float inverse = 1.0f / tensor_scale;

    for (int64_t b = 0; b < block_count; b++) {
        const uint8_t *restrict from = codes + b * CX_NVFP4_BLOCK_ELEMS / 2;
        uint16_t *restrict to        = values_out + b * CX_NVFP4_BLOCK_ELEMS;
        const float scale            = cx_minifloat_decode(CX_E4M3FN, scales[b]);

        for (int64_t i = 0; i < CX_NVFP4_BLOCK_ELEMS / 2; i++) {
            to[2 * i]     = cx_codec_round_bf16(decode_e2m1(from[i]) * scale * inverse);
            to[2 * i + 1] = cx_codec_round_bf16(decode_e2m1(from[i] >> 4) * scale * inverse);
        }
    }
}
