/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a token's rows in a declared order and precision. Not the rows. */
#include "family/ep/reduce.h"

#include "base/fail.h"
#include "family/common/codec_bf16.h"
#include "family/common/codec_minifloat.h"
#include "family/ep/workload.h"

#include <string.h>

#define TILE_ELEMS 256

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

cx_status_t cx_ep_reducer_init(cx_ep_reducer_t *in_out, cx_arena_t *arena)
{
    const size_t elems = (size_t)in_out->elems;

    in_out->sum        = cx_arena_grab(arena, elems * sizeof *in_out->sum);
    in_out->domain_sum = cx_arena_grab(arena, elems * sizeof *in_out->domain_sum);
    in_out->domain_row = cx_arena_grab(arena, elems * sizeof *in_out->domain_row);
    if (!in_out->sum || !in_out->domain_sum || !in_out->domain_row) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a reduction");
    }
    return CX_OK;
}

CX_CODEC_LOOP static void add_row(const uint16_t *restrict row, int64_t elems, float *restrict sum)
{
    for (int64_t c = 0; c < elems; c++) {
        sum[c] += cx_bf16_to_float(row[c]);
    }
}

CX_CODEC_LOOP static void add_gated_row(const uint16_t *restrict row, float gate, int64_t elems,
                                        float *restrict sum)
{
    for (int64_t c = 0; c < elems; c++) {
        sum[c] += cx_bf16_to_float(row[c]) * gate;
    }
}

/* left + right, rounded; `out` may be one of them. */
CX_CODEC_LOOP static void add_rounded(const uint16_t *left, const uint16_t *right, int64_t elems,
                                      uint16_t *out)
{
    for (int64_t c = 0; c < elems; c++) {
        out[c] = cx_codec_round_bf16(cx_bf16_to_float(left[c]) + cx_bf16_to_float(right[c]));
    }
}

static void clear(const cx_ep_reducer_t *reducer, float *sum)
{
    memset(sum, 0, (size_t)reducer->elems * sizeof *sum);
}

/* Indexes of messages by ascending rank. */
static void order_by_rank(const cx_ep_messages_t *messages, int64_t *order_out)
{
    for (int64_t i = 0; i < messages->count; i++) {
        int64_t at = i;

        while (at > 0 && messages->ranks[order_out[at - 1]] > messages->ranks[i]) {
            order_out[at] = order_out[at - 1];
            at--;
        }
        order_out[at] = i;
    }
}

static void reduce_domains(const cx_ep_reducer_t *reducer, const cx_ep_messages_t *messages,
                           uint16_t *row_out)
{
    int64_t order[CX_EP_TOPK_MAX];

    order_by_rank(messages, order);
    clear(reducer, reducer->sum);
    for (int64_t i = 0; i < messages->count;) {
        const int64_t domain = messages->ranks[order[i]] / reducer->domain_rank_count;

        clear(reducer, reducer->domain_sum);
        for (; i < messages->count &&
               messages->ranks[order[i]] / reducer->domain_rank_count == domain;
             i++) {
            add_row(messages->rows[order[i]], reducer->elems, reducer->domain_sum);
        }
        cx_bf16_round(reducer->domain_sum, reducer->elems, reducer->domain_row);
        add_row(reducer->domain_row, reducer->elems, reducer->sum);
    }
    cx_bf16_round(reducer->sum, reducer->elems, row_out);
}

static void reduce_fp32(const cx_ep_reducer_t *reducer, const cx_ep_messages_t *messages,
                        uint16_t *row_out)
{
    clear(reducer, reducer->sum);
    for (int64_t i = 0; i < messages->count; i++) {
        if (reducer->reduction == CX_EP_REDUCTION_SLOT_FP32) {
            add_gated_row(messages->rows[i], messages->gates[i], reducer->elems, reducer->sum);
        } else {
            add_row(messages->rows[i], reducer->elems, reducer->sum);
        }
    }
    cx_bf16_round(reducer->sum, reducer->elems, row_out);
}

/* Some columns at a time, so that the leaves stay in a cache whatever a row's length is. */
static void reduce_tree(const cx_ep_reducer_t *reducer, const cx_ep_messages_t *messages,
                        uint16_t *row_out)
{
    uint16_t leaves[CX_EP_TOPK_MAX][TILE_ELEMS];

    for (int64_t c = 0; c < reducer->elems; c += TILE_ELEMS) {
        const int64_t left  = reducer->elems - c;
        const int64_t elems = left < TILE_ELEMS ? left : TILE_ELEMS;
        const size_t  bytes = (size_t)elems * sizeof leaves[0][0];

        memset(leaves, 0, (size_t)messages->slot_count * sizeof leaves[0]);
        for (int64_t i = 0; i < messages->count; i++) {
            memcpy(leaves[messages->slots[i]], messages->rows[i] + c, bytes);
        }
        for (int64_t count = messages->slot_count; count > 1; count = (count + 1) / 2) {
            for (int64_t i = 0; i < count / 2; i++) {
                add_rounded(leaves[2 * i], leaves[2 * i + 1], elems, leaves[i]);
            }
            if (count % 2) {
                memmove(leaves[count / 2], leaves[count - 1], bytes);
            }
        }
        memcpy(row_out + c, leaves[0], bytes);
    }
}

void cx_ep_reduce(const cx_ep_reducer_t *reducer, const cx_ep_messages_t *messages,
                  uint16_t *row_out)
{
    switch (reducer->reduction) {
    case CX_EP_REDUCTION_DOMAIN_FP32:
        reduce_domains(reducer, messages, row_out);
        break;
    case CX_EP_REDUCTION_TOPK_SLOT_TREE:
        reduce_tree(reducer, messages, row_out);
        break;
    default:
        reduce_fp32(reducer, messages, row_out);
        break;
    }
}
