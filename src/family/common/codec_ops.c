/* SPDX-License-Identifier: Apache-2.0 */
/* The reference codecs behind plain function pointers. */
#include "family/common/codec_ops.h"

#include "family/common/codec_recipe.h"

static void encode(cx_codec_t codec, const uint16_t *values, int64_t elems, float tensor_scale,
                   void *payload, void *scales)
{
    const cx_codec_row_t row = {elems, tensor_scale, payload, scales};

    cx_codec_encode(codec, values, &row);
}

static void decode(cx_codec_t codec, const void *payload, const void *scales, int64_t elems,
                   float tensor_scale, uint16_t *values)
{
    const cx_codec_row_t row = {elems, tensor_scale, (void *)(uintptr_t)payload,
                                (void *)(uintptr_t)scales};

    cx_codec_decode(codec, &row, values);
}

const cx_codec_ops_t cx_codec_ops = {
    .struct_size   = sizeof(cx_codec_ops_t),
    .payload_bytes = cx_codec_payload_bytes,
    .scale_bytes   = cx_codec_scale_bytes,
    .encode        = encode,
    .decode        = decode,
};
