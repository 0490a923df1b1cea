/* SPDX-License-Identifier: Apache-2.0 */
/* From a recipe's name to its bytes and its codec. Not the codecs. */
#include "family/common/codec_recipe.h"

#include "family/common/codec_fp8.h"
#include "family/common/codec_mxfp8.h"
#include "family/common/codec_nvfp4.h"

#include <stddef.h>
#include <string.h>

static const struct {
    int64_t bit_count, scale_bytes, scale_elems;
} recipes[CX_CODEC_COUNT] = {
#define RECIPE(name, slug, bits, scale_bytes, scale_elems) {bits, scale_bytes, scale_elems},
    CX_CODEC_MAP(RECIPE)
#undef RECIPE
};

/* Elements of a row that share a scale; the row itself without scales, too. */
static int64_t block_elems_of(cx_codec_t codec, int64_t elems)
{
    return recipes[codec].scale_elems > 0 ? recipes[codec].scale_elems : elems;
}

int64_t cx_codec_payload_bytes(cx_codec_t codec, int64_t elems)
{
    return elems * recipes[codec].bit_count / 8;
}

int64_t cx_codec_scale_bytes(cx_codec_t codec, int64_t elems)
{
    return elems / block_elems_of(codec, elems) * recipes[codec].scale_bytes;
}

int64_t cx_codec_row_bytes(cx_codec_t codec, int64_t elems)
{
    return cx_codec_payload_bytes(codec, elems) + cx_codec_scale_bytes(codec, elems);
}

bool cx_codec_fits(cx_codec_t codec, int64_t elems)
{
    return elems > 0 && elems % block_elems_of(codec, elems) == 0;
}

cx_status_t cx_codec_check(cx_codec_t codec, int64_t elems)
{
    if (!cx_codec_fits(codec, elems)) {
        return CX_FAIL(CX_INVALID, "%s: %lld elements are no whole number of blocks of %lld",
                       cx_codec_slugs[codec], (long long)elems,
                       (long long)block_elems_of(codec, elems));
    }
    return CX_OK;
}

static cx_fp8_t format_of(cx_codec_t codec)
{
    switch (codec) {
    case CX_CODEC_E4M3FNUZ_BLOCK:
    case CX_CODEC_E4M3FNUZ_TOKEN:
    case CX_CODEC_E4M3FNUZ_DIRECT:
        return CX_FP8_E4M3FNUZ;
    case CX_CODEC_E5M2_BLOCK:
    case CX_CODEC_E5M2_TOKEN:
    case CX_CODEC_E5M2_DIRECT:
        return CX_FP8_E5M2;
    default:
        return CX_FP8_E4M3FN;
    }
}

static cx_fp8_span_t span_of(cx_codec_t codec, int64_t elems)
{
    const int64_t block_elems = block_elems_of(codec, elems);

    return (cx_fp8_span_t){.block_count = elems / block_elems,
                           .block_elems = block_elems,
                           .has_scales  = recipes[codec].scale_bytes > 0};
}

void cx_codec_encode(cx_codec_t codec, const uint16_t *values, const cx_codec_row_t *row)
{
    switch (codec) {
    case CX_CODEC_BF16:
        memcpy(row->payload, values, (size_t)row->elems * sizeof *values);
        break;
    case CX_CODEC_MXFP8:
        cx_mxfp8_encode(values, row->elems / CX_MXFP8_BLOCK_ELEMS, row->payload, row->scales);
        break;
    case CX_CODEC_NVFP4:
        cx_nvfp4_encode(values, row->elems / CX_NVFP4_BLOCK_ELEMS, row->tensor_scale, row->payload,
                        row->scales);
        break;
    default:
        cx_fp8_encode(format_of(codec), span_of(codec, row->elems), values, row->payload,
                      row->scales);
        break;
    }
}

void cx_codec_decode(cx_codec_t codec, const cx_codec_row_t *row, uint16_t *values_out)
{
    switch (codec) {
    case CX_CODEC_BF16:
        memcpy(values_out, row->payload, (size_t)row->elems * sizeof *values_out);
        break;
    case CX_CODEC_MXFP8:
        cx_mxfp8_decode(row->payload, row->scales, row->elems / CX_MXFP8_BLOCK_ELEMS, values_out);
        break;
    case CX_CODEC_NVFP4:
        cx_nvfp4_decode(row->payload, row->scales, row->elems / CX_NVFP4_BLOCK_ELEMS,
                        row->tensor_scale, values_out);
        break;
    default:
        cx_fp8_decode(format_of(codec), span_of(codec, row->elems), row->payload, row->scales,
                      values_out);
        break;
    }
}
