/* SPDX-License-Identifier: Apache-2.0 */
/* Extents, and the plan of a region: [guard | send | guard] [guard | recv | guard] per slot. */
#include "family/collective/layout.h"

#include "base/prng.h"
#include "family/collective/recipe.h"
#include "family/common/guard.h"
#include "model/case.h"

#include <inttypes.h>
#include <stdio.h>

static cx_collective_extent_t extent_v(const int64_t *counts, int32_t rank, int32_t rank_count)
{
    cx_collective_extent_t extent = {0, 0};

    for (int32_t peer_rank = 0; peer_rank < rank_count; peer_rank++) {
        extent.send_elems += counts[(int64_t)rank * rank_count + peer_rank];
        extent.recv_elems += counts[(int64_t)peer_rank * rank_count + rank];
    }
    return extent;
}

cx_collective_extent_t cx_collective_extent(const cx_shape_t *shape, int64_t elems,
                                            const int64_t *counts, int32_t rank, int32_t rank_count)
{
    const bool             is_root = rank == shape->root_rank;
    const int64_t          all     = rank_count * elems;
    cx_collective_extent_t extent  = {0, 0};

    switch (shape->op) {
    case CX_COLLECTIVE_ALL_REDUCE:
    case CX_COLLECTIVE_SEND_RECV:
        return (cx_collective_extent_t){elems, elems};
    case CX_COLLECTIVE_ALL_GATHER:
        return (cx_collective_extent_t){elems, all};
    case CX_COLLECTIVE_REDUCE_SCATTER:
        return (cx_collective_extent_t){all, elems};
    case CX_COLLECTIVE_ALL_TO_ALL:
        return (cx_collective_extent_t){all, all};
    case CX_COLLECTIVE_ALL_TO_ALL_V:
        return extent_v(counts, rank, rank_count);
    case CX_COLLECTIVE_BROADCAST:
        return (cx_collective_extent_t){is_root ? elems : 0, is_root ? 0 : elems};
    case CX_COLLECTIVE_REDUCE:
        return (cx_collective_extent_t){elems, is_root ? elems : 0};
    case CX_COLLECTIVE_GATHER:
        return (cx_collective_extent_t){elems, is_root ? all : 0};
    case CX_COLLECTIVE_SCATTER:
        return (cx_collective_extent_t){is_root ? all : 0, elems};
    default:
        return extent;
    }
}

static bool has_blocks(cx_collective_t op)
{
    return op == CX_COLLECTIVE_ALL_GATHER || op == CX_COLLECTIVE_REDUCE_SCATTER ||
           op == CX_COLLECTIVE_ALL_TO_ALL || op == CX_COLLECTIVE_ALL_TO_ALL_V ||
           op == CX_COLLECTIVE_GATHER || op == CX_COLLECTIVE_SCATTER;
}

bool cx_collective_size(const cx_shape_t *shape, int32_t rank_count, int64_t wanted_bytes,
                        int64_t *elems, int64_t *message_bytes)
{
    int64_t unit_bytes = (int64_t)cx_dtype_bytes(shape->dtype);

    if (shape->op == CX_COLLECTIVE_BARRIER) {
        *elems         = 0;
        *message_bytes = 0;
        return true;
    }
    if (has_blocks(shape->op)) {
        unit_bytes *= rank_count;
    }
    if (wanted_bytes < unit_bytes) {
        return false;
    }
    *elems         = wanted_bytes / unit_bytes;
    *message_bytes = *elems * unit_bytes;
    return true;
}

static cx_status_t check_redop(const cx_shape_t *shape, int32_t rank_count)
{
    const char *op = cx_collective_slugs[shape->op];
    cx_recipe_t recipe;

    if (!cx_collective_reduces(shape->op)) {
        return shape->redop == CX_REDOP_NONE
                   ? CX_OK
                   : CX_FAIL(CX_INVALID, "%s does no arithmetic: redop %s has no meaning for it",
                             op, cx_redop_slugs[shape->redop]);
    }
    if (shape->redop == CX_REDOP_NONE) {
        return CX_FAIL(CX_INVALID, "%s needs a redop: sum, prod, min, max or avg", op);
    }
    if (!cx_recipe_make(shape->dtype, shape->redop, rank_count, &recipe)) {
        return CX_FAIL(CX_INVALID,
                       "avg in %s over %d ranks cannot be verified: no inputs are exact in so few "
                       "bits; use a wider dtype or another number of ranks",
                       cx_dtype_slugs[shape->dtype], rank_count);
    }
    return CX_OK;
}

cx_status_t cx_collective_check_shape(const cx_shape_t *shape, int32_t rank_count)
{
    const char *op = cx_collective_slugs[shape->op];

    if (rank_count < 1) {
        return CX_FAIL(CX_INVALID, "%s needs at least one rank, not %d", op, rank_count);
    }
    if (!cx_collective_is_rooted(shape->op) && shape->root_rank != -1) {
        return CX_FAIL(CX_INVALID, "%s has no root: root %d has no meaning for it", op,
                       shape->root_rank);
    }
    if (cx_collective_is_rooted(shape->op) &&
        (shape->root_rank < 0 || shape->root_rank >= rank_count)) {
        return CX_FAIL(CX_INVALID, "%s: root %d is not one of the ranks 0 to %d", op,
                       shape->root_rank, rank_count - 1);
    }
    if (shape->is_in_place &&
        (shape->op == CX_COLLECTIVE_SEND_RECV || shape->op == CX_COLLECTIVE_ALL_TO_ALL_V ||
         shape->op == CX_COLLECTIVE_BARRIER)) {
        return CX_FAIL(CX_INVALID, "in place has no meaning for %s: use out of place", op);
    }
    return check_redop(shape, rank_count);
}

cx_collective_place_t cx_collective_place(const cx_collective_data_t *data)
{
    const cx_collective_t        op = data->shape->op;
    const cx_collective_extent_t extent =
        cx_collective_extent(data->shape, data->elems, data->counts, data->rank, data->rank_count);
    cx_collective_place_t place = {.send_elems = extent.send_elems,
                                   .recv_elems = extent.recv_elems};

    if (!data->shape->is_in_place) {
        return place;
    }
    place.buffer_elems = has_blocks(op) ? data->rank_count * data->elems : data->elems;
    if (op == CX_COLLECTIVE_ALL_GATHER || op == CX_COLLECTIVE_GATHER) {
        place.send_first = data->rank * data->elems;
    } else if (op == CX_COLLECTIVE_REDUCE_SCATTER || op == CX_COLLECTIVE_SCATTER) {
        place.recv_first = data->rank * data->elems;
    }
    return place;
}

/* The largest area of any rank, in elements. */
static cx_collective_extent_t find_largest(const cx_collective_data_t *data)
{
    cx_collective_extent_t largest = {0, 0};

    if (data->shape->is_in_place) {
        largest.send_elems = cx_collective_place(data).buffer_elems;
        return largest;
    }
    for (int32_t rank = 0; rank < data->rank_count; rank++) {
        cx_collective_extent_t extent =
            cx_collective_extent(data->shape, data->elems, data->counts, rank, data->rank_count);

        if (extent.send_elems > largest.send_elems) {
            largest.send_elems = extent.send_elems;
        }
        if (extent.recv_elems > largest.recv_elems) {
            largest.recv_elems = extent.recv_elems;
        }
    }
    return largest;
}

static size_t round_up(size_t bytes)
{
    return (bytes + CX_LAYOUT_ALIGN_BYTES - 1) / CX_LAYOUT_ALIGN_BYTES * CX_LAYOUT_ALIGN_BYTES;
}

/* What an area takes with its guards. */
static size_t guarded_bytes(size_t area_bytes)
{
    return area_bytes ? CX_GUARD_BYTES + round_up(area_bytes + CX_GUARD_BYTES) : 0;
}

/* No region of this size can be addressed twice over, so sums below it cannot overflow. */
#define AREA_BYTES_MAX (SIZE_MAX / 16)

cx_status_t cx_collective_layout(const cx_collective_data_t *data, int32_t slot_count,
                                 size_t stride_bytes_min, cx_collective_layout_t *out)
{
    const cx_collective_extent_t largest    = find_largest(data);
    const size_t                 elem_bytes = cx_dtype_bytes(data->shape->dtype);
    cx_collective_layout_t       layout     = {.slot_count = slot_count};

    if ((uint64_t)largest.send_elems > AREA_BYTES_MAX / elem_bytes ||
        (uint64_t)largest.recv_elems > AREA_BYTES_MAX / elem_bytes ||
        stride_bytes_min > AREA_BYTES_MAX) {
        return CX_FAIL(CX_RESOURCE, "%" PRId64 " elements per block do not fit into an address",
                       data->elems);
    }
    layout.send_bytes = (size_t)largest.send_elems * elem_bytes;
    layout.recv_bytes = (size_t)largest.recv_elems * elem_bytes;
    if (layout.send_bytes || layout.recv_bytes) {
        layout.send_offset  = CX_GUARD_BYTES;
        layout.recv_offset  = data->shape->is_in_place
                                  ? layout.send_offset
                                  : guarded_bytes(layout.send_bytes) + CX_GUARD_BYTES;
        layout.stride_bytes = guarded_bytes(layout.send_bytes) + guarded_bytes(layout.recv_bytes);
        if (layout.stride_bytes < stride_bytes_min) {
            layout.stride_bytes = round_up(stride_bytes_min);
        }
    }
    if (__builtin_mul_overflow(layout.stride_bytes, (size_t)slot_count, &layout.region_bytes)) {
        return CX_FAIL(CX_RESOURCE, "%d slots of %zu bytes do not fit into an address", slot_count,
                       layout.stride_bytes);
    }
    *out = layout;
    return CX_OK;
}

void cx_collective_slots(const cx_collective_layout_t *layout, const cx_collective_data_t *data,
                         void *region, cx_slot_t *slots_out)
{
    const cx_collective_place_t place      = cx_collective_place(data);
    const size_t                elem_bytes = cx_dtype_bytes(data->shape->dtype);

    for (int32_t slot_index = 0; slot_index < layout->slot_count; slot_index++) {
        const size_t slot_offset = (size_t)slot_index * layout->stride_bytes;
        cx_slot_t    slot        = {.send_offset = slot_offset + layout->send_offset,
                                    .recv_offset = slot_offset + layout->recv_offset};

        if (place.send_elems) {
            slot.send = (char *)region + slot.send_offset + (size_t)place.send_first * elem_bytes;
        }
        if (place.recv_elems) {
            slot.recv = (char *)region + slot.recv_offset + (size_t)place.recv_first * elem_bytes;
        }
        slots_out[slot_index] = slot;
    }
}

uint64_t cx_collective_guard_seed(uint64_t seed, size_t area_offset)
{
    return cx_prng_at(seed, (uint64_t)area_offset);
}

void cx_collective_guard_write(const cx_collective_layout_t *layout, uint64_t seed,
                               int32_t slot_index, void *region)
{
    const size_t slot_offset = (size_t)slot_index * layout->stride_bytes;
    const size_t send        = slot_offset + layout->send_offset;
    const size_t recv        = slot_offset + layout->recv_offset;

    if (layout->send_bytes) {
        cx_guard_write((char *)region + send, layout->send_bytes,
                       cx_collective_guard_seed(seed, send));
    }
    if (layout->recv_bytes) {
        cx_guard_write((char *)region + recv, layout->recv_bytes,
                       cx_collective_guard_seed(seed, recv));
    }
}

void cx_collective_guard_check(const cx_collective_layout_t *layout, uint64_t seed,
                               int32_t slot_index, const void *region, cx_verdict_t *out)
{
    const size_t slot_offset = (size_t)slot_index * layout->stride_bytes;
    const size_t send        = slot_offset + layout->send_offset;
    const size_t recv        = slot_offset + layout->recv_offset;
    char         name[64];

    cx_verdict_init(out);
    if (layout->send_bytes) {
        snprintf(name, sizeof name, "%s of slot %d", layout->recv_bytes ? "send buffer" : "buffer",
                 slot_index);
        cx_guard_check((const char *)region + send, layout->send_bytes,
                       cx_collective_guard_seed(seed, send), name, out);
    }
    if (layout->recv_bytes && out->is_right) {
        snprintf(name, sizeof name, "receive buffer of slot %d", slot_index);
        cx_guard_check((const char *)region + recv, layout->recv_bytes,
                       cx_collective_guard_seed(seed, recv), name, out);
    }
}
