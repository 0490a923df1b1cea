/* SPDX-License-Identifier: Apache-2.0 */
/* bf16 rows as mxfp8: e4m3fn codes with a power of two (e8m0) per 32 elements.
 * Not scales of other kinds (codec_fp8.h).
 *
 * The scale is the smallest power of two under which the block's largest magnitude fits 448, so
 * nothing saturates (rounding the exponent up is what cuBLAS and FlashInfer do; the OCP MX 1.0 text
 * rounds down and saturates). Scale byte s means 2^(s-127), 255 NaN; s is at least 0. Code =
 * e4m3fn(x * 2^(127-s)); back: bf16(value(code) * 2^(s-127)). A NaN or infinity makes s 255 and its
 * whole block NaN. A block of zeros has s = 0.
 */
#ifndef CX_FAMILY_COMMON_CODEC_MXFP8_H
#define CX_FAMILY_COMMON_CODEC_MXFP8_H

#include <stdint.h>

#define CX_MXFP8_BLOCK_ELEMS 32

/* bf16 [block_count * 32] to as many codes and uint8 [block_count] scales. */
void cx_mxfp8_encode(const uint16_t *values, int64_t block_count, uint8_t *codes_out,
                     uint8_t *scales_out);
/* And back to bf16. */
void cx_mxfp8_decode(const uint8_t *codes, const uint8_t *scales, int64_t block_count,
                     uint16_t *values_out);

#endif
