/* SPDX-License-Identifier: Apache-2.0 */
/* What every rank sends, and the one right answer, as pure functions of a few numbers.
 * Not the comparison (oracle.h). Sums and products are exact in any order: see recipe.h. */
#ifndef CX_FAMILY_COLLECTIVE_INPUTS_H
#define CX_FAMILY_COLLECTIVE_INPUTS_H

#include "collectivex/content.h"
#include "family/collective/data.h"

#include <stdbool.h>

/**
 * Write the rank's inputs of a slot. `buffer` is host memory and stands for what lies at
 * region + slot.send_offset: out of place the send buffer (send_elems), in place the one buffer,
 * all of it: the own inputs at their place, poison elsewhere. The shape has passed
 * cx_collective_check_shape.
 */
void cx_collective_fill(const cx_collective_data_t *data, int32_t slot_index, void *buffer);

/* Poison the receive buffer of a slot (out of place; in place fill has done it). The bytes do not
 * depend on the epoch: a buffer may be poisoned once or before every filling. */
void cx_collective_poison(const cx_collective_data_t *data, int32_t slot_index, void *recv);

/* The seed of that poison; its bytes count from where `buffer` or `recv` starts. */
uint64_t cx_collective_poison_seed(const cx_collective_data_t *data, int32_t slot_index);

/* Whether running the operation uses its input up, so that running it again without another fill
 * would compute something else: reductions and all_to_all in place. */
bool cx_collective_needs_refill(const cx_shape_t *shape);

/* A stretch of what `source_rank` sends, or with source_rank CX_ALL_RANKS of the reduction of what
 * all ranks but `skip_rank` send. */
#define CX_ALL_RANKS CX_CONTENT_ALL_RANKS
#define CX_NO_RANK (-1)
typedef struct cx_collective_piece {
    int32_t slot_index, source_rank, skip_rank;
    int64_t first, elem_count; /* in elements of the send buffers */
} cx_collective_piece_t;

/* Write a piece into `out`, which holds its elem_count elements. */
void cx_collective_piece(const cx_collective_data_t *data, const cx_collective_piece_t *piece,
                         void *out);

/* The same, for whoever computes it elsewhere; skip_rank is CX_NO_RANK. */
cx_content_t cx_collective_content(const cx_collective_data_t  *data,
                                   const cx_collective_piece_t *piece);

/* Where the block for `to_rank` starts in what `from_rank` sends; 0 where all get the same. */
int64_t cx_collective_block_start(const cx_collective_data_t *data, int32_t from_rank,
                                  int32_t to_rank);

/* The block in which a received element lies: who it comes from, where it starts in the receive
 * buffer and how long it is. */
typedef struct cx_collective_block {
    int32_t source_rank; /* or CX_ALL_RANKS */
    int64_t first, elem_count;
} cx_collective_block_t;

cx_collective_block_t cx_collective_block(const cx_collective_data_t *data, int64_t recv_index);

/* The piece that belongs into the receive buffer from element `first` on, as far as its block goes;
 * at most `elem_count_max`. */
cx_collective_piece_t cx_collective_expected_piece(const cx_collective_data_t *data,
                                                   int32_t slot_index, int64_t first,
                                                   int64_t elem_count_max);

/* The right contents of the receive buffer, elements [first, first + elem_count). */
void cx_collective_expect(const cx_collective_data_t *data, int32_t slot_index, int64_t first,
                          int64_t elem_count, void *out);

#endif
