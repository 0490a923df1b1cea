/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over bf16. Not other formats. */
#include "family/common/codec_bf16.h"

#include "family/common/codec_minifloat.h"

CX_CODEC_LOOP void cx_bf16_widen(const uint16_t *values, int64_t elems, float *out)
{
    for (int64_t i = 0; i < elems; i++) {
        out[i] = cx_bf16_to_float(values[i]);
    }
}

CX_CODEC_LOOP void cx_bf16_round(const float *values, int64_t elems, uint16_t *out)
{
    for (int64_t i = 0; i < elems; i++) {
        out[i] = cx_codec_round_bf16(values[i]);
    }
}
