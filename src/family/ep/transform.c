/* SPDX-License-Identifier: Apache-2.0 */
/* Affine functions of rows. Not what is done with the results. */
#include "family/ep/transform.h"

#include "family/common/codec_minifloat.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

void cx_ep_affine_add(cx_ep_affine_t *in_out, int64_t expert, float factor)
{
    in_out->scale += (double)factor * (double)((17 * expert + 5) % 31 + 1) / 32;
    in_out->shift += (double)factor * (double)((29 * expert + 7) % 37 - 18) / 64;
    in_out->slope += (double)factor * (double)((43 * expert + 11) % 41 - 20) / 128;
}

void cx_ep_affine_pattern(int64_t elems, float *pattern_out)
{
    for (int64_t c = 0; c < elems; c++) {
        pattern_out[c] = (float)(13 * c % 17 - 8) / 8;
    }
}

CX_CODEC_LOOP void cx_ep_affine_apply(const cx_ep_affine_t *affine, const float *pattern,
                                      const uint16_t *row, int64_t elems, uint16_t *row_out)
{
    const float scale = (float)affine->scale, shift = (float)affine->shift;
    const float slope = (float)affine->slope;

    for (int64_t c = 0; c < elems; c++) {
        row_out[c] =
            cx_codec_round_bf16(cx_bf16_to_float(row[c]) * scale + shift + slope * pattern[c]);
    }
}
