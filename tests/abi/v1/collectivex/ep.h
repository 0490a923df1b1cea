/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend is asked to do in family `ep`: expert-parallel dispatch and combine.
 * Not how the workload comes about, and not how it is timed or checked. */
#ifndef COLLECTIVEX_EP_H
#define COLLECTIVEX_EP_H

#include "collectivex/status.h"
#include "collectivex/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The precisions a row of activations can travel in; a name implies its payload.
 * name, slug, bits of an element, bytes of a scale, elements that share one (0: none, -1: the row)
 */
#define CX_CODEC_MAP(X)                               \
    X(BF16, "bf16", 16, 0, 0)                         \
    X(E4M3FN_BLOCK, "e4m3fn-block128", 8, 4, 128)     \
    X(E4M3FN_TOKEN, "e4m3fn-token", 8, 4, -1)         \
    X(E4M3FN_DIRECT, "e4m3fn-direct", 8, 0, 0)        \
    X(E4M3FNUZ_BLOCK, "e4m3fnuz-block128", 8, 4, 128) \
    X(E4M3FNUZ_TOKEN, "e4m3fnuz-token", 8, 4, -1)     \
    X(E4M3FNUZ_DIRECT, "e4m3fnuz-direct", 8, 0, 0)    \
    X(E5M2_BLOCK, "e5m2-block128", 8, 4, 128)         \
    X(E5M2_TOKEN, "e5m2-token", 8, 4, -1)             \
    X(E5M2_DIRECT, "e5m2-direct", 8, 0, 0)            \
    X(MXFP8, "mxfp8", 8, 1, 32)                       \
    X(NVFP4, "nvfp4", 4, 1, 16)

typedef enum cx_codec {
#define CX_CODEC_ENUM(name, slug, bits, scale_bytes, scale_elems) CX_CODEC_##name,
    CX_CODEC_MAP(CX_CODEC_ENUM)
#undef CX_CODEC_ENUM
        CX_CODEC_COUNT
} cx_codec_t;

/**
 * The reference codecs, for backends that run on the host: bit for bit what the oracle expects.
 *
 * payload_bytes, scale_bytes  of a row of `elems` elements
 * encode, decode              bf16 [elems] to payload and scales, and back. tensor_scale: nvfp4
 *                             alone, the fp32 scale that all rows of a tensor share
 */
typedef struct cx_codec_ops {
    uint32_t struct_size; /* the struct only ever grows at its end */
    int64_t (*payload_bytes)(cx_codec_t codec, int64_t elems);
    int64_t (*scale_bytes)(cx_codec_t codec, int64_t elems);
    void (*encode)(cx_codec_t codec, const uint16_t *values, int64_t elems, float tensor_scale,
                   void *payload, void *scales);
    void (*decode)(cx_codec_t codec, const void *payload, const void *scales, int64_t elems,
                   float tensor_scale, uint16_t *values);
} cx_codec_ops_t;

/* name, slug, what it is for */
#define CX_EP_MODE_MAP(X)                                             \
    X(NORMAL, "normal", "throughput: prefill and large decode steps") \
    X(LOW_LATENCY, "low-latency", "decode: few tokens, fixed buffers")

typedef enum cx_ep_mode {
#define CX_EP_MODE_ENUM(name, slug, text) CX_EP_MODE_##name,
    CX_EP_MODE_MAP(CX_EP_MODE_ENUM)
#undef CX_EP_MODE_ENUM
        CX_EP_MODE_COUNT
} cx_ep_mode_t;

/* name, slug, what a received row is */
#define CX_EP_LAYOUT_MAP(X)                                                        \
    X(TOKEN_RANK, "token-rank", "one row per token that has experts on this rank") \
    X(TOKEN_EXPERT, "token-expert", "one row per token and expert, by local expert")

typedef enum cx_ep_layout {
#define CX_EP_LAYOUT_ENUM(name, slug, text) CX_EP_LAYOUT_##name,
    CX_EP_LAYOUT_MAP(CX_EP_LAYOUT_ENUM)
#undef CX_EP_LAYOUT_ENUM
        CX_EP_LAYOUT_COUNT
} cx_ep_layout_t;

/* name, slug, where gates enter */
#define CX_EP_WEIGHTING_MAP(X)                                                          \
    X(RANK_SUM, "unweighted-rank-sum", "the staged rows carry them: combine only adds") \
    X(KERNEL_SUM, "weighted-kernel-sum", "combine multiplies each expert's row by its gate")

typedef enum cx_ep_weighting {
#define CX_EP_WEIGHTING_ENUM(name, slug, text) CX_EP_WEIGHTING_##name,
    CX_EP_WEIGHTING_MAP(CX_EP_WEIGHTING_ENUM)
#undef CX_EP_WEIGHTING_ENUM
        CX_EP_WEIGHTING_COUNT
} cx_ep_weighting_t;

/**
 * In which order and precision combine adds a token's rows. Each row goes through the combine codec
 * and is decoded to fp32, also one that stays on its own rank; a sum starts at +0; the result is
 * rounded once to bf16.
 *
 * domain-fp32     token-rank: ranks ascending, fp32 within each scale-up domain, each domain's sum
 *                 rounded to bf16, fp32 over domains ascending
 * rank-fp32       token-rank: fp32, in the order in which ranks first occur in the token's slots
 * slot-fp32       token-expert: fp32 sum of gate * row in slot order, each product rounded to fp32
 * topk-slot-tree  token-rank: slot k holds its rank's row unless an earlier slot claimed the rank,
 *                 else 0; neighbours are added pairwise, rounded to bf16 at each level; an odd one
 *                 is carried
 */
#define CX_EP_REDUCTION_MAP(X)    \
    X(DOMAIN_FP32, "domain-fp32") \
    X(RANK_FP32, "rank-fp32")     \
    X(SLOT_FP32, "slot-fp32")     \
    X(TOPK_SLOT_TREE, "topk-slot-tree")

typedef enum cx_ep_reduction {
#define CX_EP_REDUCTION_ENUM(name, slug) CX_EP_REDUCTION_##name,
    CX_EP_REDUCTION_MAP(CX_EP_REDUCTION_ENUM)
#undef CX_EP_REDUCTION_ENUM
        CX_EP_REDUCTION_COUNT
} cx_ep_reduction_t;

/* What a backend says of one mode; part of cx_caps_t. */
typedef struct cx_ep_caps {
    bool              is_supported;
    uint64_t          dispatch_codecs, combine_codecs; /* bits of cx_codec_t */
    cx_ep_layout_t    layout;
    cx_ep_weighting_t weighting;
    cx_ep_reduction_t reduction;
    bool    is_bitwise;       /* reduces exactly as declared: outputs are compared bit for bit */
    bool    needs_fresh_pair; /* a combine needs a dispatch of its own; else one serves many */
    bool    is_pair_only;     /* has no meaning in parts: isolated components are null */
    bool    keeps_receives; /* every slot has its own receive memory; else the last one's is left */
    int64_t token_count_max; /* tokens of a rank; 0: unbounded */
    uint64_t stage_codecs;   /* bits of cx_codec_t for which phase STAGE does work */
} cx_ep_caps_t;

/* The logical work of an EP case, the same on every rank; part of cx_shape_t. */
typedef struct cx_ep_problem {
    cx_ep_mode_t mode;
    cx_codec_t   dispatch_codec, combine_codec;
    int64_t      hidden_elems, topk;
    int64_t      expert_count;      /* physical; rank r owns [r, r+1) * expert_count / rank_count */
    int64_t      token_count_max;   /* of a rank, over all slots */
    int64_t      domain_rank_count; /* ranks r div this are in one scale-up domain */
} cx_ep_problem_t;

/**
 * One input set with its output, on this rank. Device memory, borrowed, inside the point's region.
 * A slot's T = token_counts[rank] may be 0, and may differ between slots: all sizes of a ladder are
 * prepared together, each with at least two slots.
 *
 * Token counts and experts are filled on every rank before prepare and stay as they are until
 * release; x and gates may change between pairs, when all ranks have ended the last.
 *
 * token_counts  host memory, [rank_count]
 * x             bf16 [T][hidden_elems]
 * experts       int32 [T][topk], physical experts, distinct within a token
 * gates         float [T][topk]
 * combined      bf16 [T][hidden_elems]; written by phase COMBINE
 * tensor_scale  codec nvfp4: the fp32 scale of x, the same on all ranks
 * ..._offset    where each lies in the region, in bytes, the same on *every* rank (areas are sized
 *               for the rank with the most tokens)
 */
typedef struct cx_ep_slot {
    const int64_t  *token_counts;
    const uint16_t *x;
    const int32_t  *experts;
    const float    *gates;
    uint16_t       *combined;
    float           tensor_scale;
    size_t          x_offset, experts_offset, gates_offset, combined_offset;
} cx_ep_slot_t;

/**
 * What the last dispatch of a slot delivered on this rank, filled by the backend's inspect. Device
 * memory of the backend, valid until that slot (unless keeps_receives: any slot) is dispatched
 * again. The core may overwrite it, outside windows, after asking and before the next dispatch
 * (staged: before the next combine): inspect returns once no peer reads it any more.
 *
 * Row i of token-rank is any of the received tokens. Row i of token-expert with local expert e lies
 * at e*expert_row_capacity + k, k below expert_row_counts[e].
 *
 * payload, scales  row i at payload + i*payload_stride_bytes, scales + i*scale_stride_bytes, in the
 *                  dispatch codec; scales NULL where the codec has none
 * staged           bf16 rows at staged + i*staged_stride_bytes: what combine reads and the experts
 *                  (here: the core) write. May be the payload itself where STAGE does no work
 * row_experts      token-rank: int32 [row][topk], *global physical* experts of this rank, -1 for
 *                  the others; in any order. NULL for token-expert
 * row_gates        token-rank: float [row][topk], beside row_experts, 0 for others. NULL likewise
 * expert_row_counts  int32 [expert_count / rank_count]: rows each local expert got (both layouts)
 * wire_bytes       payload and scales that this rank's dispatch moved to *other* ranks or from
 * them, as the backend really moved them (padding included)
 */
typedef struct cx_ep_view {
    uint32_t       struct_size;
    int64_t        row_count;           /* token-rank: rows; token-expert: rows of all experts */
    int64_t        expert_row_capacity; /* token-expert */
    void          *payload, *scales, *staged;
    size_t         payload_stride_bytes, scale_stride_bytes, staged_stride_bytes;
    const int32_t *row_experts;
    const float   *row_gates;
    const int32_t *expert_row_counts;
    int64_t        wire_bytes;
} cx_ep_view_t;

#ifdef __cplusplus
}
#endif
#endif
