/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over blocks, once per format. Not single values (codec_minifloat.h). */
#include "family/common/codec_fp8.h"

#include "family/common/codec_minifloat.h"

#define AMAX_MIN 1e-4f

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* The comparison lets a NaN through. */
CX_CODEC_INLINE float block_amax(const uint16_t *values, int64_t elems)
{
    const float amax = cx_bf16_to_float(cx_codec_amax_bits(values, elems));

    return amax < AMAX_MIN ? AMAX_MIN : amax;
}

CX_CODEC_INLINE void encode_block(cx_minifloat_t format, const uint16_t *values, int64_t elems,
                                  float factor, uint8_t *codes)
{
    for (int64_t i = 0; i < elems; i++) {
        codes[i] = cx_minifloat_encode(format, cx_bf16_to_float(values[i]) * factor);
    }
}

CX_CODEC_INLINE void encode_blocks(cx_minifloat_t format, cx_fp8_span_t span,
                                   const uint16_t *restrict values, uint8_t *restrict codes,
                                   float *restrict scales)
{
    for (int64_t b = 0; b < span.block_count; b++) {
        float factor = 1;

        if (span.has_scales) {
            float amax = block_amax(values, span.block_elems);

            factor    = format.max / amax;
            scales[b] = amax / format.max;
        }
        encode_block(format, values, span.block_elems, factor, codes);
        values += span.block_elems;
        codes += span.block_elems;
    }
}

CX_CODEC_INLINE void decode_blocks(cx_minifloat_t format, cx_fp8_span_t span,
                                   const uint8_t *restrict codes, const float *restrict scales,
                                   uint16_t *restrict values)
{
    for (int64_t b = 0; b < span.block_count; b++) {
        const float scale = span.has_scales ? scales[b] : 1;

        for (int64_t i = 0; i < span.block_elems; i++) {
            values[i] = cx_codec_round_bf16(cx_minifloat_decode(format, codes[i]) * scale);
        }
        values += span.block_elems;
        codes += span.block_elems;
    }
}

/* The format is a constant in each of these, and so is what follows from it. */
#define FORMAT_LOOPS(name, format)                                                      \
    CX_CODEC_LOOP static void encode_##name(cx_fp8_span_t span, const uint16_t *values, \
                                            uint8_t *codes, float *scales)              \
    {                                                                                   \
        encode_blocks(format, span, values, codes, scales);                             \
    }                                                                                   \
    CX_CODEC_LOOP static void decode_##name(cx_fp8_span_t span, const uint8_t *codes,   \
                                            const float *scales, uint16_t *values)      \
    {                                                                                   \
        decode_blocks(format, span, codes, scales, values);                             \
    }

FORMAT_LOOPS(e4m3fn, CX_E4M3FN)
FORMAT_LOOPS(e4m3fnuz, CX_E4M3FNUZ)
FORMAT_LOOPS(e5m2, CX_E5M2)

static cx_minifloat_t layout_of(cx_fp8_t format)
{
    switch (format) {
    case CX_FP8_E4M3FNUZ:
        return CX_E4M3FNUZ;
    case CX_FP8_E5M2:
        return CX_E5M2;
    default:
        return CX_E4M3FN;
    }
}

float cx_fp8_max(cx_fp8_t format)
{
    return layout_of(format).max;
}

uint8_t cx_fp8_from_float(cx_fp8_t format, float value)
{
    return cx_minifloat_encode(layout_of(format), value);
}

float cx_fp8_to_float(cx_fp8_t format, uint8_t code)
{
    return cx_minifloat_decode(layout_of(format), code);
}

void cx_fp8_encode(cx_fp8_t format, cx_fp8_span_t span, const uint16_t *values, uint8_t *codes_out,
                   float *scales_out)
{
    switch (format) {
    case CX_FP8_E4M3FNUZ:
        encode_e4m3fnuz(span, values, codes_out, scales_out);
        break;
    case CX_FP8_E5M2:
        encode_e5m2(span, values, codes_out, scales_out);
        break;
    default:
        encode_e4m3fn(span, values, codes_out, scales_out);
        break;
    }
}

void cx_fp8_decode(cx_fp8_t format, cx_fp8_span_t span, const uint8_t *codes, const float *scales,
                   uint16_t *values_out)
{
    switch (format) {
    case CX_FP8_E4M3FNUZ:
        decode_e4m3fnuz(span, codes, scales, values_out);
        break;
    case CX_FP8_E5M2:
        decode_e5m2(span, codes, scales, values_out);
        break;
    default:
        decode_e4m3fn(span, codes, scales, values_out);
        break;
    }
}
