/* SPDX-License-Identifier: Apache-2.0 */
/* The timed window: the only place of the program that stamps time around work.
 * Not how often it is opened (isolated.c, chain.c, graph.c), not what the stamps mean (series.h).
 */
#ifndef CX_MEASURE_WINDOW_H
#define CX_MEASURE_WINDOW_H

#include "base/fail.h"
#include "collectivex/backend.h"

#include "model/board.h"

/* Counts what must not happen inside a window; all NULL when not auditing. */
typedef struct cx_audit {
    void (*enter)(void);
    void (*leave)(void);
    int64_t (*violation_count)(void);
} cx_audit_t;

/* Pieces of work in order, on one slot: each depends on the one before. */
typedef struct cx_phases {
    int32_t    count;
    cx_phase_t list[CX_PHASE_COUNT];
} cx_phases_t;

/**
 * events       room for what the windows opened on it stamp
 * phase        what single, chain and loop enqueue; they use the slots 0 .. slot_count - 1 in turn
 * first_slot   of the windows that take cx_phases_t: pair `index` is on slot
 *              first_slot + index % slot_count
 * barrier      where ranks meet on the device right before a window, behind a spin that lasts until
 *              every host has enqueued what follows; NULL where they meet on the host alone
 * stamp_operation_count  operations between two stamps of cx_window_chain, and those captured in
 *              `graph`; one or more
 * enqueue_us   where chain and loop leave what the host needed to enqueue an operation; NULL:
 * nowhere graph        what cx_window_replay replays (graph.h); NULL: none
 */
typedef struct cx_window {
    const cx_device_ops_t     *device_ops;
    cx_device_t               *device;
    cx_stream_t               *stream;
    cx_events_t               *events;
    const cx_backend_ops_t    *backend_ops;
    cx_session_t              *session;
    cx_phase_t                 phase;
    int32_t                    first_slot, slot_count;
    cx_board_rank_t           *board;
    cx_audit_t                 audit;
    const cx_device_barrier_t *barrier;
    int64_t                    stamp_operation_count;
    double                    *enqueue_us;
    cx_graph_t                *graph;
} cx_window_t;

/* Hosts leave their own barrier some microseconds apart and need some more to enqueue. */
#define CX_WINDOW_ALIGN_SPIN_US 50

/**
 * One operation between two stamps (2*index and 2*index + 1), then wait for it.
 *
 * window  inside: enqueue (and wait, for work not ordered on the stream), nothing else
 * errors  what the backend returned
 */
cx_status_t cx_window_single(const cx_window_t *window, int64_t index, int64_t deadline_ns);

/**
 * `stamp_count` times stamp_operation_count operations back to back: a stamp before each so many
 * and one at the end, no host synchronisation between them. Slots are used in turn from slot 0.
 */
cx_status_t cx_window_chain(const cx_window_t *window, int64_t stamp_count, int64_t deadline_ns);

/* The operations `from_index` to `to_index` - 1 with only a first and a last stamp (0 and 1), and
 * ranks that met on their hosts alone: as nccl-tests, whose loop holds the launch of its first
 * operation. */
cx_status_t cx_window_loop(const cx_window_t *window, int64_t from_index, int64_t to_index,
                           int64_t deadline_ns);

/* One replay of the graph between two stamps (2*index and 2*index + 1), then wait for it. Is not
 * audited: the backend's part was the capture. */
cx_status_t cx_window_replay(const cx_window_t *window, int64_t index, int64_t deadline_ns);

/* ---- work of several phases --------------------------------------------------------------------
 * A phase that a backend does not order on the stream is waited for before the next one. */

/* Untimed and not audited: the phases on the slot of pair `index`, then wait for the device. */
cx_status_t cx_window_drain(const cx_window_t *window, const cx_phases_t *phases, int64_t index,
                            int64_t deadline_ns);

/**
 * The phases `timed` of pair `index` between stamps 2*index and 2*index + 1, then wait for them.
 * The phases `before`, perhaps none, are enqueued ahead of the first stamp without waiting for
 * them on the host: the order of the stream keeps their work out of the window, and a host that
 * waited would let the device run dry and put its own launch into the window.
 */
cx_status_t cx_window_phases(const cx_window_t *window, const cx_phases_t *before,
                             const cx_phases_t *timed, int64_t index, int64_t deadline_ns);

/* `pair_count` times the phases back to back, pair i between stamps 2*i and 2*i + 1, and nothing
 * else between its phases; no host synchronisation until the end. */
cx_status_t cx_window_periods(const cx_window_t *window, const cx_phases_t *phases,
                              int64_t pair_count, int64_t deadline_ns);

/* The same with four stamps from 4*i on: around the first and around the last of the phases, of
 * which there are two or more. */
cx_status_t cx_window_floors(const cx_window_t *window, const cx_phases_t *phases,
                             int64_t pair_count, int64_t deadline_ns);

/* Two stamps around nothing, `count` times: what a window itself costs. */
void cx_window_empty(const cx_window_t *window, int64_t count);

/* One spin of the device between stamps 0 and 1. */
cx_status_t cx_window_spin(const cx_window_t *window, double spin_us, int64_t deadline_ns);

/* Work of the device itself and of no backend (limits.h): `count` pieces back to back, perhaps
 * none. A chain has a stamp between any two pieces. */
typedef struct cx_work {
    cx_status_t (*enqueue)(const cx_window_t *window, void *what);
    void   *what;
    int64_t count;
    bool    is_chain;
} cx_work_t;

/* The work from stamp 0 to stamp `count`, in a chain piece i from stamp i to i + 1; then wait for
 * it. Ahead of it, not timed, the device spins for `lead_us`, so that it never waits for the host,
 * and the ranks meet on their devices where they can. */
cx_status_t cx_window_work(const cx_window_t *window, const cx_work_t *work, double lead_us,
                           int64_t deadline_ns);

/* What the audit has counted so far; 0 when not auditing. */
int64_t cx_window_violation_count(const cx_window_t *window);

/* A single stamp at `index`, to see when ranks leave an alignment. */
void cx_window_stamp(const cx_window_t *window, int64_t index);

#endif
