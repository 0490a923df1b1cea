/* SPDX-License-Identifier: Apache-2.0 */
/* How many elements a rank sends and receives, and where its buffers lie in its region.
 * Not what is in them (inputs.h). */
#ifndef CX_FAMILY_COLLECTIVE_LAYOUT_H
#define CX_FAMILY_COLLECTIVE_LAYOUT_H

#include "base/fail.h"
#include "family/collective/data.h"
#include "family/common/verdict.h"

#include <stdbool.h>
#include <stddef.h>

/* Elements this rank sends and receives, own blocks included; 0 where it does not take part. */
typedef struct cx_collective_extent {
    int64_t send_elems, recv_elems;
} cx_collective_extent_t;

/**
 * The extents of cx_shape_t's table. What is not obvious there: the root of a broadcast receives
 * nothing (as in MPI_Bcast, its data is where it is), the root of a reduce, gather or scatter is
 * also one of those who send and receive, and a rank that only sends (reduce, gather) has
 * recv_elems 0, one that only receives (broadcast, scatter) has send_elems 0.
 * counts   all_to_all_v only, else NULL: [rank_count][rank_count], row = sender
 */
cx_collective_extent_t cx_collective_extent(const cx_shape_t *shape, int64_t elems,
                                            const int64_t *counts, int32_t rank,
                                            int32_t rank_count);

/**
 * The rung `wanted_bytes` of a ladder as block elements, rounded down; `message_bytes` is what the
 * row is then known by: the largest of what any rank sends or receives (nccl-tests' convention).
 * For all_to_all_v it is the bound N*elems that traffic.h fills; cx_collective_message_bytes()
 * (bytes.h) says what the counts really come to. A barrier has elems 0 and message_bytes 0.
 * False, with nothing written, when not even one element per block fits.
 */
bool cx_collective_size(const cx_shape_t *shape, int32_t rank_count, int64_t wanted_bytes,
                        int64_t *elems, int64_t *message_bytes);

/**
 * Whether the request means something on that many ranks.
 * errors  CX_INVALID with a sentence: redop missing or superfluous, root out of range, missing or
 *         superfluous, in place where that has no meaning, avg with no exact inputs in that type
 */
cx_status_t cx_collective_check_shape(const cx_shape_t *shape, int32_t rank_count);

/**
 * Where everything lies in a region, in bytes; the same on every rank.
 *
 * A slot holds a send area and a receive area, in place one area (counted as send). Every area
 * starts at a multiple of CX_LAYOUT_ALIGN_BYTES, is as large as the rank that needs most, and has
 * a guard zone of CX_GUARD_BYTES directly before and after it. An area of 0 bytes does not exist.
 */
#define CX_LAYOUT_ALIGN_BYTES 128u

typedef struct cx_collective_layout {
    int32_t slot_count;
    size_t  send_bytes, recv_bytes;   /* of one slot's area */
    size_t  send_offset, recv_offset; /* of slot 0; in place recv_offset == send_offset */
    size_t  stride_bytes;             /* from a slot to the next */
    size_t  region_bytes;             /* 0 for a barrier */
} cx_collective_layout_t;

/* Where a rank's data lie in its buffers, in elements: in place from the start of the one buffer of
 * buffer_elems, else from the start of each (send_first and recv_first are 0). */
typedef struct cx_collective_place {
    int64_t send_elems, recv_elems, buffer_elems, send_first, recv_first;
} cx_collective_place_t;

cx_collective_place_t cx_collective_place(const cx_collective_data_t *data);

/**
 * Lay out `slot_count` (>= 1) slots. Reads shape, elems, counts and rank_count of `data`.
 * stride_bytes_min   spreads the slots at least that far apart; 0 packs them
 * errors  CX_RESOURCE the region would not fit into an address
 */
cx_status_t cx_collective_layout(const cx_collective_data_t *data, int32_t slot_count,
                                 size_t stride_bytes_min, cx_collective_layout_t *out);

/* Fill slot_count slots as cx_slot_t says, for data->rank. `region` may be device memory: only its
 * address is used. */
void cx_collective_slots(const cx_collective_layout_t *layout, const cx_collective_data_t *data,
                         void *region, cx_slot_t *slots_out);

/* The seed of the guards of the area at that offset of the region. */
uint64_t cx_collective_guard_seed(uint64_t seed, size_t area_offset);

/* Write, or check, the guards of all areas of one slot. `region` is host memory. The sentence of a
 * verdict names the area, the side and the byte. */
void cx_collective_guard_write(const cx_collective_layout_t *layout, uint64_t seed,
                               int32_t slot_index, void *region);
void cx_collective_guard_check(const cx_collective_layout_t *layout, uint64_t seed,
                               int32_t slot_index, const void *region, cx_verdict_t *out);

#endif
