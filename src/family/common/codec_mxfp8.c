/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of 32 with an exponent. Not single values (codec_minifloat.h). */
#include "family/common/codec_mxfp8.h"

#include "family/common/codec_minifloat.h"

#define NAN_SCALE 255
#define QUIET_NAN 0x7fc00000u
/* 448 = 1.75 * 2^8, and a bf16 mantissa has seven bits: above 96/128 the next power is needed. */
#define MAX_EXPONENT 8
#define MAX_MANTISSA 96

CX_CODEC_INLINE int32_t scale_of(uint16_t amax_bits)
{
    const int32_t exponent = amax_bits >> 7;
    const int32_t scale    = exponent - MAX_EXPONENT + ((amax_bits & 0x7f) > MAX_MANTISSA);

    if (exponent == 0xff) {
        return NAN_SCALE;
    }
    return scale > 0 ? scale : 0;
}

CX_CODEC_LOOP void cx_mxfp8_encode(const uint16_t *values, int64_t block_count, uint8_t *codes_out,
                                   uint8_t *scales_out)
{
    for (int64_t b = 0; b < block_count; b++) {
        const uint16_t *restrict from = values + b * CX_MXFP8_BLOCK_ELEMS;
        uint8_t *restrict to          = codes_out + b * CX_MXFP8_BLOCK_ELEMS;
        const int32_t scale           = scale_of(cx_codec_amax_bits(from, CX_MXFP8_BLOCK_ELEMS));
        const float   factor =
            cx_float_from_bits(scale == NAN_SCALE ? QUIET_NAN : (uint32_t)(254 - scale) << 23);

        for (int i = 0; i < CX_MXFP8_BLOCK_ELEMS; i++) {
            to[i] = cx_minifloat_encode(CX_E4M3FN, cx_bf16_to_float(from[i]) * factor);
        }
        scales_out[b] = (uint8_t)scale;
    }
}

/* 2^(scale-127); 2^-127 is a subnormal float. */
CX_CODEC_INLINE float scale_value(uint8_t scale)
{
    const uint32_t finite = scale == 0 ? 0x00400000u : (uint32_t)scale << 23;

    return cx_float_from_bits(scale == NAN_SCALE ? QUIET_NAN : finite);
}

CX_CODEC_LOOP void cx_mxfp8_decode(const uint8_t *codes, const uint8_t *scales, int64_t block_count,
                                   uint16_t *values_out)
{
    for (int64_t b = 0; b < block_count; b++) {
        const uint8_t *restrict from = codes + b * CX_MXFP8_BLOCK_ELEMS;
        uint16_t *restrict to        = values_out + b * CX_MXFP8_BLOCK_ELEMS;
        const float scale            = scale_value(scales[b]);

        for (int i = 0; i < CX_MXFP8_BLOCK_ELEMS; i++) {
            to[i] = cx_codec_round_bf16(cx_minifloat_decode(CX_E4M3FN, from[i]) * scale);
        }
    }
}
