/* SPDX-License-Identifier: Apache-2.0 */
/* Rows between activations and the wire. Not the codecs. */
#include "family/ep/row.h"

#include "base/fail.h"
#include "family/common/codec_fp8.h"
#include "family/common/codec_nvfp4.h"
#include "family/common/codec_recipe.h"

cx_status_t cx_ep_row_init(const cx_ep_truth_t *truth, cx_codec_t codec, cx_arena_t *arena,
                           cx_ep_row_t *out)
{
    const int64_t hidden_elems = truth->problem->hidden_elems;
    cx_ep_row_t   row          = {.codec         = codec,
                                  .hidden_elems  = hidden_elems,
                                  .payload_bytes = cx_codec_payload_bytes(codec, hidden_elems),
                                  .scale_bytes   = cx_codec_scale_bytes(codec, hidden_elems),
                                  .tensor_scale  = truth->tensor_scale};

    row.values  = cx_arena_grab(arena, (size_t)hidden_elems * sizeof *row.values);
    row.payload = cx_arena_grab(arena, (size_t)row.payload_bytes);
    row.scales  = row.scale_bytes > 0 ? cx_arena_grab(arena, (size_t)row.scale_bytes) : NULL;
    if (!row.values || !row.payload || (row.scale_bytes > 0 && !row.scales)) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a row of activations");
    }
    *out = row;
    return CX_OK;
}

void cx_ep_row_decode(const cx_ep_row_t *row, const void *payload, void *scales, int64_t elems,
                      uint16_t *values_out)
{
    const cx_codec_row_t coded = {.elems        = elems,
                                  .tensor_scale = row->tensor_scale,
                                  .payload      = (void *)(uintptr_t)payload,
                                  .scales       = scales};

    cx_codec_decode(row->codec, &coded, values_out);
}

static void encode(cx_ep_row_t *row, const uint16_t *values)
{
    const cx_codec_row_t coded = {.elems        = row->hidden_elems,
                                  .tensor_scale = row->tensor_scale,
                                  .payload      = row->payload,
                                  .scales       = row->scales};

    cx_codec_encode(row->codec, values, &coded);
}

void cx_ep_row_fill(cx_ep_row_t *row, const cx_ep_activation_t *activation, int64_t token)
{
    cx_ep_activations(activation, (uint32_t)token, 1, row->values);
    encode(row, row->values);
}

void cx_ep_row_quantise(cx_ep_row_t *row, uint16_t *values)
{
    if (row->codec != CX_CODEC_BF16) {
        encode(row, values);
        cx_ep_row_decode(row, row->payload, row->scales, row->hidden_elems, values);
    }
}

int64_t cx_ep_row_prefix_elems(cx_codec_t codec)
{
    switch (codec) {
    case CX_CODEC_E4M3FN_BLOCK:
    case CX_CODEC_E4M3FNUZ_BLOCK:
    case CX_CODEC_E5M2_BLOCK:
        return CX_FP8_BLOCK_ELEMS;
    default:
        return CX_EP_SOURCE_ID_ELEMS;
    }
}

/* The largest magnitude that rows of a profile can have, where one is known: finding it ends the
 * search. */
static uint16_t ceiling_bits_of(cx_ep_profile_t profile)
{
    switch (profile) {
    case CX_EP_PROFILE_LATTICE:
        return 0x4000; /* 2 */
    case CX_EP_PROFILE_ZEROS:
        return 0x3f80; /* 1: the source id */
    case CX_EP_PROFILE_FP8_SATURATION:
        return 0x4428; /* 672 */
    default:
        return 0x7f80; /* none: infinity */
    }
}

cx_status_t cx_ep_tensor_scale(const cx_ep_truth_t *truth, float *out)
{
    const cx_ep_problem_t *problem       = truth->problem;
    const int64_t          token_count   = truth->work->trace.token_count;
    const uint16_t         ceiling       = ceiling_bits_of(truth->activation.profile);
    const float            ceiling_scale = cx_nvfp4_tensor_scale(&ceiling, 1);
    float                  scale         = 1;
    cx_arena_t             arena;
    cx_ep_row_t            row;
    cx_status_t            status;

    if (problem->dispatch_codec != CX_CODEC_NVFP4 && problem->combine_codec != CX_CODEC_NVFP4) {
        *out = scale;
        return CX_OK;
    }
    cx_arena_init(&arena);
    CX_TRY_OR(fini_arena, cx_ep_row_init(truth, CX_CODEC_BF16, &arena, &row));
    for (int64_t token = 0; token < token_count; token++) {
        float row_scale;

        cx_ep_activations(&truth->activation, (uint32_t)token, 1, row.values);
        row_scale = cx_nvfp4_tensor_scale(row.values, row.hidden_elems);
        /* The scale falls as the largest magnitude grows. */
        scale = token == 0 || row_scale < scale ? row_scale : scale;
        if (scale <= ceiling_scale) {
            break;
        }
    }
    *out = scale;
fini_arena:
    cx_arena_fini(&arena);
    return status;
}
