/* SPDX-License-Identifier: Apache-2.0 */
/* The board: one page per rank, shared with its supervisor, that says how far the rank has come.
 * Written by the rank with plain atomic stores (allowed inside a window), read by the supervisor.
 */
#ifndef CX_MODEL_BOARD_H
#define CX_MODEL_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

#define CX_BOARD_PHASE_BYTES 32
#define CX_BOARD_DETAIL_BYTES 480

/**
 * deadline_ns      when the running phase must be over (CLOCK_MONOTONIC); 0: no phase runs
 * operation_index  operations enqueued of the running point, warm-up included
 * phase            literal texts of at most CX_BOARD_PHASE_BYTES - 1 bytes
 */
typedef struct cx_board_rank {
    _Alignas(128) _Atomic int64_t operation_index;
    _Alignas(128) _Atomic int64_t deadline_ns;
    _Atomic int64_t case_index;
    _Atomic int64_t requested_bytes;
    _Atomic int64_t beat_ns; /* last sign of life */
    char            phase[CX_BOARD_PHASE_BYTES];
    _Atomic int32_t status; /* cx_status_t with which the rank gave up */
    char            detail[CX_BOARD_DETAIL_BYTES];
} cx_board_rank_t;

typedef struct cx_board {
    _Alignas(128) _Atomic int32_t is_cancelled; /* leave every waiting loop now */
    _Atomic int32_t is_stopping;                /* begin no further point */
    cx_board_rank_t ranks[];                    /* by local rank */
} cx_board_t;

#endif
