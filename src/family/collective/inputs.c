/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of send buffers, and of receive buffers when all went well. No comparison. */
#include "family/collective/inputs.h"

#include "base/prng.h"
#include "family/collective/layout.h"
#include "family/collective/recipe.h"
#include "family/common/guard.h"
#include "family/common/pattern.h"
#include "model/case.h"

/* Names for the streams that hang off one seed. */
#define POISON_STREAM UINT64_C(0x706f69736f6e)

static uint64_t slot_key(const cx_collective_data_t *data, int32_t slot_index)
{
    return cx_prng_at(cx_prng_at(data->seed, data->epoch), (uint64_t)slot_index);
}

uint64_t cx_collective_poison_seed(const cx_collective_data_t *data, int32_t slot_index)
{
    uint64_t rank_seed = cx_prng_at(data->seed ^ POISON_STREAM, (uint64_t)data->rank);

    return cx_prng_at(rank_seed, (uint64_t)slot_index);
}

bool cx_collective_needs_refill(const cx_shape_t *shape)
{
    return shape->is_in_place &&
           (cx_collective_reduces(shape->op) || shape->op == CX_COLLECTIVE_ALL_TO_ALL);
}

cx_content_t cx_collective_content(const cx_collective_data_t  *data,
                                   const cx_collective_piece_t *piece)
{
    const size_t elem_bytes = cx_dtype_bytes(data->shape->dtype);
    cx_content_t content    = {.key        = slot_key(data, piece->slot_index),
                               .first_byte = (uint64_t)piece->first * elem_bytes,
                               .rank       = piece->source_rank};

    if (cx_collective_reduces(data->shape->op)) {
        cx_recipe_make(data->shape->dtype, data->shape->redop, data->rank_count, &content.recipe);
    } else {
        content.key = cx_prng_at(content.key, (uint64_t)piece->source_rank);
    }
    return content;
}

void cx_collective_piece(const cx_collective_data_t *data, const cx_collective_piece_t *piece,
                         void *out)
{
    const cx_content_t content = cx_collective_content(data, piece);
    const size_t       bytes   = (size_t)piece->elem_count * cx_dtype_bytes(data->shape->dtype);
    cx_recipe_range_t  range   = {piece->first, piece->elem_count, piece->skip_rank};

    if (content.recipe.kind == CX_RECIPE_NONE) {
        cx_pattern_bytes(content.key, 0, content.first_byte, bytes, out);
    } else if (piece->source_rank == CX_ALL_RANKS) {
        cx_recipe_reduce(&content.recipe, content.key, &range, out);
    } else {
        cx_recipe_values(&content.recipe, content.key, piece->source_rank, piece->first,
                         piece->elem_count, out);
    }
}

void cx_collective_fill(const cx_collective_data_t *data, int32_t slot_index, void *buffer)
{
    const size_t          elem_bytes = cx_dtype_bytes(data->shape->dtype);
    cx_collective_place_t place      = cx_collective_place(data);
    unsigned char        *send       = buffer;
    cx_collective_piece_t own        = {
               .slot_index  = slot_index,
               .source_rank = data->rank,
               .skip_rank   = CX_NO_RANK,
               .elem_count  = place.send_elems,
    };

    if (data->shape->is_in_place) {
        cx_poison(buffer, (size_t)place.buffer_elems * elem_bytes,
                  cx_collective_poison_seed(data, slot_index));
        send += (size_t)place.send_first * elem_bytes;
    }
    cx_collective_piece(data, &own, send);
}

void cx_collective_poison(const cx_collective_data_t *data, int32_t slot_index, void *recv)
{
    if (!data->shape->is_in_place) {
        cx_poison(recv,
                  (size_t)cx_collective_place(data).recv_elems * cx_dtype_bytes(data->shape->dtype),
                  cx_collective_poison_seed(data, slot_index));
    }
}

int64_t cx_collective_block_start(const cx_collective_data_t *data, int32_t from_rank,
                                  int32_t to_rank)
{
    int64_t start = 0;

    switch (data->shape->op) {
    case CX_COLLECTIVE_ALL_TO_ALL:
    case CX_COLLECTIVE_REDUCE_SCATTER:
    case CX_COLLECTIVE_SCATTER:
        return to_rank * data->elems;
    case CX_COLLECTIVE_ALL_TO_ALL_V:
        for (int32_t rank = 0; rank < to_rank; rank++) {
            start += data->counts[(int64_t)from_rank * data->rank_count + rank];
        }
        return start;
    default:
        return 0;
    }
}

static cx_collective_block_t find_block_v(const cx_collective_data_t *data, int64_t recv_index)
{
    cx_collective_block_t block = {0, 0, data->counts[data->rank]};

    while (recv_index >= block.first + block.elem_count) {
        block.source_rank++;
        block.first += block.elem_count;
        block.elem_count = data->counts[(int64_t)block.source_rank * data->rank_count + data->rank];
    }
    return block;
}

cx_collective_block_t cx_collective_block(const cx_collective_data_t *data, int64_t recv_index)
{
    cx_collective_block_t block = {CX_ALL_RANKS, 0, data->elems};

    switch (data->shape->op) {
    case CX_COLLECTIVE_ALL_GATHER:
    case CX_COLLECTIVE_GATHER:
    case CX_COLLECTIVE_ALL_TO_ALL:
        block.source_rank = (int32_t)(recv_index / data->elems);
        block.first       = block.source_rank * data->elems;
        return block;
    case CX_COLLECTIVE_ALL_TO_ALL_V:
        return find_block_v(data, recv_index);
    case CX_COLLECTIVE_BROADCAST:
    case CX_COLLECTIVE_SCATTER:
        block.source_rank = data->shape->root_rank;
        return block;
    case CX_COLLECTIVE_SEND_RECV:
        block.source_rank = (data->rank + data->rank_count - 1) % data->rank_count;
        return block;
    default:
        return block;
    }
}

cx_collective_piece_t cx_collective_expected_piece(const cx_collective_data_t *data,
                                                   int32_t slot_index, int64_t first,
                                                   int64_t elem_count_max)
{
    cx_collective_block_t block  = cx_collective_block(data, first);
    int64_t               offset = first - block.first;
    cx_collective_piece_t piece  = {
         .slot_index  = slot_index,
         .source_rank = block.source_rank,
         .skip_rank   = CX_NO_RANK,
         .first       = offset + cx_collective_block_start(data, block.source_rank, data->rank),
         .elem_count  = block.elem_count - offset,
    };

    if (piece.elem_count > elem_count_max) {
        piece.elem_count = elem_count_max;
    }
    return piece;
}

void cx_collective_expect(const cx_collective_data_t *data, int32_t slot_index, int64_t first,
                          int64_t elem_count, void *out)
{
    const size_t   elem_bytes = cx_dtype_bytes(data->shape->dtype);
    unsigned char *to         = out;

    while (elem_count > 0) {
        cx_collective_piece_t piece =
            cx_collective_expected_piece(data, slot_index, first, elem_count);

        cx_collective_piece(data, &piece, to);
        to += (size_t)piece.elem_count * elem_bytes;
        first += piece.elem_count;
        elem_count -= piece.elem_count;
    }
}
