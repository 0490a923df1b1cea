/* SPDX-License-Identifier: Apache-2.0 */
/* What a setup offers to faults. Not the faults (ep_faults_dispatch.c, ep_faults_combine.c). */
#include "support/ep_faults.h"

#include "family/common/codec_recipe.h"

static uint32_t offers_of_codec(cx_codec_t codec, int64_t hidden_elems)
{
    const int64_t scale_bytes = cx_codec_scale_bytes(codec, hidden_elems);
    const bool    is_micro    = codec == CX_CODEC_MXFP8 || codec == CX_CODEC_NVFP4;
    uint32_t      offers      = codec == CX_CODEC_BF16 ? 0 : EP_NEEDS_CODEC;

    if (scale_bytes > 0) {
        offers |= EP_NEEDS_SCALES | (is_micro ? 0 : EP_NEEDS_FP32_SCALES);
        offers |= scale_bytes > (is_micro ? 1 : 4) ? EP_NEEDS_BLOCKS : 0;
    }
    if (codec == CX_CODEC_E4M3FN_BLOCK || codec == CX_CODEC_E4M3FNUZ_BLOCK ||
        codec == CX_CODEC_E5M2_BLOCK) {
        offers |= EP_NEEDS_BLOCK_128;
    }
    if (codec >= CX_CODEC_E4M3FN_BLOCK && codec <= CX_CODEC_E4M3FNUZ_DIRECT) {
        offers |= EP_NEEDS_E4M3;
    }
    return offers;
}

static uint32_t offers_of_reduction(cx_ep_reduction_t reduction)
{
    switch (reduction) {
    case CX_EP_REDUCTION_DOMAIN_FP32:
        return EP_NEEDS_DOMAINS;
    case CX_EP_REDUCTION_RANK_FP32:
        return EP_NEEDS_RANK_FP32;
    case CX_EP_REDUCTION_TOPK_SLOT_TREE:
        return EP_NEEDS_TREE;
    default:
        return 0;
    }
}

uint32_t ep_fault_offers(const ep_setup_t *setup)
{
    const cx_ep_caps_t *caps = &setup->caps;

    return offers_of_codec(setup->problem.dispatch_codec, setup->problem.hidden_elems) |
           offers_of_reduction(caps->reduction) |
           (caps->layout == CX_EP_LAYOUT_TOKEN_RANK ? EP_NEEDS_TOKEN_RANK : EP_NEEDS_TOKEN_EXPERT) |
           (setup->problem.combine_codec != CX_CODEC_BF16 ? EP_NEEDS_COMBINE : 0) |
           (caps->is_bitwise ? EP_NEEDS_BITWISE : 0) |
           (caps->keeps_receives ? EP_NEEDS_KEPT : EP_NEEDS_SHARED) | EP_NEEDS_TIME;
}
