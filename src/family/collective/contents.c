/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of slots, span by span. Not the numbers behind them (inputs.c), nor where areas lie
 * (layout.c). */
#include "family/collective/contents.h"

#include "family/collective/inputs.h"
#include "family/common/guard.h"
#include "model/case.h"

static void add(cx_span_list_t *list, const cx_content_t *content, const void *memory,
                size_t byte_count)
{
    if (byte_count > 0) {
        list->spans[list->span_count++] = (cx_span_t){
            .content = *content, .memory = (void *)(uintptr_t)memory, .byte_count = byte_count};
    }
}

/* Bytes [first, end) of a buffer that is poisoned. */
static void add_poison(const cx_collective_data_t *data, int32_t slot_index, void *buffer,
                       size_t first, size_t end, cx_span_list_t *list)
{
    cx_content_t content = {.key        = cx_collective_poison_seed(data, slot_index),
                            .set_mask   = CX_POISON_MASK,
                            .first_byte = first};

    add(list, &content, (char *)buffer + first, end - first);
}

static void add_piece(const cx_collective_data_t *data, const cx_collective_piece_t *piece,
                      const void *memory, cx_span_list_t *list)
{
    cx_content_t content = cx_collective_content(data, piece);

    add(list, &content, memory, (size_t)piece->elem_count * cx_dtype_bytes(data->shape->dtype));
}

static void add_own(const cx_collective_data_t *data, int32_t slot_index, const void *send,
                    cx_span_list_t *list)
{
    cx_collective_piece_t own = {.slot_index  = slot_index,
                                 .source_rank = data->rank,
                                 .skip_rank   = CX_NO_RANK,
                                 .elem_count  = cx_collective_place(data).send_elems};

    add_piece(data, &own, send, list);
}

void cx_collective_add_inputs(const cx_collective_data_t *data, int32_t slot_index, void *buffer,
                              cx_span_list_t *list)
{
    const size_t                elem_bytes = cx_dtype_bytes(data->shape->dtype);
    const cx_collective_place_t place      = cx_collective_place(data);
    const size_t                first      = (size_t)place.send_first * elem_bytes;
    const size_t                end        = first + (size_t)place.send_elems * elem_bytes;

    add_own(data, slot_index, (char *)buffer + first, list);
    if (data->shape->is_in_place) {
        add_poison(data, slot_index, buffer, 0, first, list);
        add_poison(data, slot_index, buffer, end, (size_t)place.buffer_elems * elem_bytes, list);
    }
}

void cx_collective_add_poison(const cx_collective_data_t *data, int32_t slot_index, void *recv,
                              cx_span_list_t *list)
{
    if (!data->shape->is_in_place) {
        add_poison(data, slot_index, recv, 0,
                   (size_t)cx_collective_place(data).recv_elems *
                       cx_dtype_bytes(data->shape->dtype),
                   list);
    }
}

void cx_collective_add_outputs(const cx_collective_data_t *data, int32_t slot_index, void *recv,
                               const void *send, cx_span_list_t *list)
{
    const size_t  elem_bytes = cx_dtype_bytes(data->shape->dtype);
    const int64_t recv_elems = recv ? cx_collective_place(data).recv_elems : 0;
    int64_t       first      = 0;

    while (first < recv_elems) {
        cx_collective_piece_t piece =
            cx_collective_expected_piece(data, slot_index, first, recv_elems - first);

        add_piece(data, &piece, (char *)recv + (size_t)first * elem_bytes, list);
        first += piece.elem_count;
    }
    if (send && !cx_collective_needs_refill(data->shape)) {
        add_own(data, slot_index, send, list);
    }
}

static void add_guards(uint64_t seed, void *area, size_t area_bytes, cx_span_list_t *list)
{
    cx_content_t before = {.key = seed};
    cx_content_t after  = {.key = seed, .first_byte = CX_GUARD_BYTES};

    add(list, &before, (char *)area - CX_GUARD_BYTES, CX_GUARD_BYTES);
    add(list, &after, (char *)area + area_bytes, CX_GUARD_BYTES);
}

void cx_collective_add_guards(const cx_collective_layout_t *layout, uint64_t seed,
                              int32_t slot_index, void *region, cx_span_list_t *list)
{
    const size_t slot_offset = (size_t)slot_index * layout->stride_bytes;
    const size_t send        = slot_offset + layout->send_offset;
    const size_t recv        = slot_offset + layout->recv_offset;

    if (layout->send_bytes > 0) {
        add_guards(cx_collective_guard_seed(seed, send), (char *)region + send, layout->send_bytes,
                   list);
    }
    if (layout->recv_bytes > 0) {
        add_guards(cx_collective_guard_seed(seed, recv), (char *)region + recv, layout->recv_bytes,
                   list);
    }
}
