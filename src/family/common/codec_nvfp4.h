/* SPDX-License-Identifier: Apache-2.0 */
/* bf16 rows as nvfp4: e2m1 codes, two in a byte (the even element in the low half), with an e4m3fn
 * scale per 16 elements and one fp32 scale for the whole tensor.
 * Not the choice of the tensor (the caller says what shares the fp32 scale).
 *
 * With g the tensor's scale, 448 * 6 / amax of the tensor (amax at least 2^-115), in fp32 with one
 * rounding each: scale = e4m3fn(g * (amax of the block / 6)); code = e2m1(x * (g / value(scale))),
 * 0 when the scale is 0; back: bf16((value(code) * value(scale)) * (1 / g)). e2m1 holds 0 0.5 1 1.5
 * 2 3 4 6 and their negatives, to nearest even, too large becomes 6; it has no NaN: a NaN becomes 6
 * (as the PTX conversion has it), and its block's scale is NaN, so that it decodes as NaN.
 */
#ifndef CX_FAMILY_COMMON_CODEC_NVFP4_H
#define CX_FAMILY_COMMON_CODEC_NVFP4_H

#include <stdint.h>

#define CX_NVFP4_BLOCK_ELEMS 16

uint8_t cx_e2m1_from_float(float value);
float   cx_e2m1_to_float(uint8_t code);

/* The tensor's scale g. */
float cx_nvfp4_tensor_scale(const uint16_t *values, int64_t elems);

/* bf16 [block_count * 16] to 8 bytes of codes and one scale per block. */
void cx_nvfp4_encode(const uint16_t *values, int64_t block_count, float tensor_scale,
                     uint8_t *codes_out, uint8_t *scales_out);
/* And back to bf16. */
void cx_nvfp4_decode(const uint8_t *codes, const uint8_t *scales, int64_t block_count,
                     float tensor_scale, uint16_t *values_out);

#endif
