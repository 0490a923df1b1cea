/* SPDX-License-Identifier: Apache-2.0 */
/* bf16 rows as eight-bit floats with or without scales, bit for bit as the libraries' own codecs.
 * Not the microscaling formats (codec_mxfp8.h, codec_nvfp4.h).
 *
 * Per block: amax = max |x| in fp32, at least 1e-4; code = fp8(x * (max / amax)); scale = amax /
 * max; back: bf16(value(code) * scale). Every operation is rounded once to fp32, in this order: no
 * fused multiply-add, no reciprocal of a constant. A NaN makes its whole block NaN, and so does
 * infinity. block   128 elements share a scale token   a row shares a scale direct  no scale: code
 * = fp8(x), too large becomes the largest
 */
#ifndef CX_FAMILY_COMMON_CODEC_FP8_H
#define CX_FAMILY_COMMON_CODEC_FP8_H

#include <stdbool.h>
#include <stdint.h>

#define CX_FP8_BLOCK_ELEMS 128

typedef enum cx_fp8 { CX_FP8_E4M3FN, CX_FP8_E4M3FNUZ, CX_FP8_E5M2, CX_FP8_COUNT } cx_fp8_t;

float   cx_fp8_max(cx_fp8_t format);
uint8_t cx_fp8_from_float(cx_fp8_t format, float value);
float   cx_fp8_to_float(cx_fp8_t format, uint8_t code);

/* Blocks of one scale each, one after the other. */
typedef struct cx_fp8_span {
    int64_t block_count, block_elems;
    bool    has_scales; /* false: direct; scales are neither read nor written */
} cx_fp8_span_t;

/* bf16 [block_count][block_elems] to as many codes and float [block_count] scales. */
void cx_fp8_encode(cx_fp8_t format, cx_fp8_span_t span, const uint16_t *values, uint8_t *codes_out,
                   float *scales_out);
/* And back to bf16. */
void cx_fp8_decode(cx_fp8_t format, cx_fp8_span_t span, const uint8_t *codes, const float *scales,
                   uint16_t *values_out);

#endif
