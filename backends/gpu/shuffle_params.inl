/* SPDX-License-Identifier: Apache-2.0 */
/* What the host hands to the kernels of a token shuffle, and how its messages lie. Compiled on both
 * sides. Not the kernels (shuffle.cu), and not how blocks travel: that is the backend's.
 *
 * A block is what one rank has for another: on the way out a header (the number of rows, an int32)
 * and rows of GPU_SHUFFLE_OUT_BYTES, each with its experts and gates behind it; on the way home
 * rows of GPU_SHUFFLE_ROW_BYTES alone, at the places they had on the way out. */

#define GPU_SHUFFLE_PIECE_BYTES 16  /* what a thread moves at once, and rows begin at */
#define GPU_SHUFFLE_HEADER_BYTES 16 /* of a block on the way out */
#define GPU_SHUFFLE_PLAN_THREADS 1024
#define GPU_SHUFFLE_ROW_THREADS 256

#define GPU_SHUFFLE_PIECES(bytes) \
    (((bytes) + GPU_SHUFFLE_PIECE_BYTES - 1) / GPU_SHUFFLE_PIECE_BYTES * GPU_SHUFFLE_PIECE_BYTES)
#define GPU_SHUFFLE_ROW_BYTES(hidden_elems) GPU_SHUFFLE_PIECES((unsigned long long)(hidden_elems)*2)
#define GPU_SHUFFLE_OUT_BYTES(hidden_elems, topk) \
    (GPU_SHUFFLE_ROW_BYTES(hidden_elems) + GPU_SHUFFLE_PIECES((unsigned long long)(topk)*8))

/**
 * One slot of this rank. All memory is the device's.
 *
 * x, experts, gates, combined  of the slot: [token_count][hidden_elems], [token_count][topk]
 * positions      [token_count][rank_count]: where a token lies in the block for a rank; -1: nowhere
 * outbox, inbox  [rank_count] blocks of block_bytes. What a rank has for itself is written to its
 *                inbox at once
 * rows           what was received, densely, those of lower ranks first; row_experts and row_gates
 *                [row][topk] beside it: -1 and 0 for experts of other ranks
 * source_counts  int32 [rank_count]: rows received from each
 * expert_counts  int32 [local_expert_count]: rows received of each expert of this rank
 */
struct gpu_shuffle_params {
    const unsigned short *x;
    const int            *experts;
    const float          *gates;
    unsigned short       *combined;
    int                  *positions;
    unsigned char        *outbox, *inbox, *rows;
    int                  *row_experts;
    float                *row_gates;
    int                  *source_counts, *expert_counts;
    unsigned long long    block_bytes;
    int                   rank, rank_count, topk, local_expert_count, domain_rank_count;
    int                   hidden_elems, token_count;
};
