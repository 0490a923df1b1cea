/* SPDX-License-Identifier: Apache-2.0 */
/* One rank's job on the real sim or host device with the real null backend: exact times by script.
 * Not a log of calls (stage.h). */
#ifndef TESTS_UNIT_MEASURE_CELL_H
#define TESTS_UNIT_MEASURE_CELL_H

#include "base/deadline.h"
#include "base/log.h"
#include "measure/harness.h"
#include "measure/point.h"
#include "model/options.h"
#include "peers/meet.h"
#include "plugin/plugin.h"

#include <stdlib.h>
#include <string.h>

#define CELL_DEADLINE_NS (60 * CX_NS_PER_S)

/**
 * disturbed_count  so many blocks from the first on are disturbed
 * wrong_in_block   that block (from 0) has a wrong output; -1: none
 * before_status, after_status  what the hooks of block 0 return
 */
typedef struct cell {
    cx_core_t       core;
    cx_board_rank_t board;
    cx_arena_t      arena;
    cx_point_t      point;
    cx_series_t     series;
    cx_job_t        job;
    int64_t         block_index, disturbed_count, wrong_in_block, common_shift_ns;
    cx_status_t     before_status, after_status;
    const char     *words;
} cell_t;

static inline bool cell_is_over(const cx_core_t *core)
{
    (void)core;
    return false;
}

static inline int64_t cell_deadline_ns(const cx_core_t *core)
{
    (void)core;
    return cx_now_ns() + CELL_DEADLINE_NS;
}

static inline cx_status_t cell_before(void *context, int64_t operation_count)
{
    const cell_t *cell = context;

    (void)operation_count;
    return cell->before_status == CX_OK ? CX_OK : CX_FAIL(cell->before_status, "%s", cell->words);
}

static inline cx_status_t cell_after(void *context, int64_t operation_count,
                                     cx_block_report_t *report)
{
    cell_t *cell = context;

    report->verified_count = operation_count;
    report->wrong_count    = cell->block_index == cell->wrong_in_block;
    report->is_disturbed   = cell->block_index < cell->disturbed_count;
    cell->block_index++;
    return cell->after_status == CX_OK ? CX_OK : CX_FAIL(cell->after_status, "%s", cell->words);
}

static inline int64_t cell_phase(void *context, const char *phase)
{
    (void)context;
    (void)phase;
    return cx_now_ns() + CELL_DEADLINE_NS;
}

static inline int64_t cell_common_ns(void *context, int64_t local_ns)
{
    return local_ns + ((const cell_t *)context)->common_shift_ns;
}

static inline cx_status_t cell_open_backend(cell_t *cell, const char *script)
{
    const cx_backend_ops_t *ops;
    cx_shape_t              shape = {.op = CX_COLLECTIVE_BARRIER, .root_rank = -1};
    void                   *options;

    CX_TRY(cx_backend_load("null", "test", &ops));
    options = cx_arena_grab(&cell->arena, ops->options_bytes);
    CX_TRY(cx_options_defaults(ops->options, options, &cell->arena));
    CX_TRY(cx_option_set(ops->options, options, script, "test", &cell->arena));
    cell->job.window.backend_ops = ops;
    CX_TRY(ops->open(&cell->core, &shape, options, &cell->job.window.session));
    cell->point = (cx_point_t){.slot_count = 1};
    return ops->prepare(cell->job.window.session, &cell->point);
}

static inline cx_status_t cell_open_device(cell_t *cell, const char *device)
{
    cx_window_t *window = &cell->job.window;

    CX_TRY(cx_device_load(device, "test", &cell->core.device_ops));
    CX_TRY(cell->core.device_ops->open(&cell->core, 0, &cell->core.device));
    window->device_ops = cell->core.device_ops;
    window->device     = cell->core.device;
    return window->device_ops->events_open(window->device, 2 * CX_BLOCK_STAMP_COUNT_MAX + 1,
                                           &window->events);
}

/* A job with `script` on `device`, at most `capacity` samples; peers are the caller's. */
static inline cx_status_t cell_open(cell_t *cell, const cx_peers_ops_t *peers_ops,
                                    cx_peers_t *peers, const char *device, const char *script,
                                    int64_t capacity)
{
    int32_t rank_count = peers_ops->rank_count(peers);

    memset(cell, 0, sizeof *cell);
    cx_detail_clear();
    cx_arena_init(&cell->arena);
    cell->wrong_in_block = -1;
    cell->core           = (cx_core_t){.struct_size      = sizeof cell->core,
                                       .rank             = peers_ops->rank(peers),
                                       .rank_count       = rank_count,
                                       .local_rank_count = rank_count,
                                       .peers_ops        = peers_ops,
                                       .peers            = peers,
                                       .fail             = cx_fail_plugin,
                                       .log              = cx_log,
                                       .is_over          = cell_is_over,
                                       .deadline_ns      = cell_deadline_ns};
    cell->job            = (cx_job_t){
                   .window       = {.slot_count = 1, .board = &cell->board},
                   .peers_ops    = peers_ops,
                   .peers        = peers,
                   .before_block = cell_before,
                   .after_block  = cell_after,
                   .begin_phase  = cell_phase,
                   .to_common_ns = cell_common_ns,
                   .context      = cell,
                   .gather = calloc((size_t)rank_count, cx_block_message_bytes(CX_BLOCK_STAMP_COUNT_MAX)),
                   .operation_count_max = CX_BLOCK_STAMP_COUNT_MAX,
    };
    CX_TRY(cell_open_device(cell, device));
    CX_TRY(cell_open_backend(cell, script));
    return cx_series_init(&cell->series, rank_count, capacity);
}

static inline void cell_close(cell_t *cell)
{
    cx_window_t *window = &cell->job.window;

    if (window->session) {
        window->backend_ops->release(window->session);
        window->backend_ops->close(window->session);
    }
    if (window->events) {
        window->device_ops->events_close(window->device, window->events);
    }
    if (window->device) {
        window->device_ops->close(window->device);
    }
    cx_series_fini(&cell->series);
    cx_arena_fini(&cell->arena);
    free(cell->job.gather);
}

/* One process alone. Errors are those of cell_open and of the peers. */
static inline cx_status_t cell_open_alone(cell_t *cell, const char *device, const char *script,
                                          int64_t capacity)
{
    cx_meeting_t          meeting = {.rank_count = 1, .local_rank_count = 1};
    const cx_peers_ops_t *peers_ops;
    cx_peers_t           *peers;

    CX_TRY(cx_peers_open(&meeting, cx_now_ns() + CELL_DEADLINE_NS, &peers_ops, &peers));
    return cell_open(cell, peers_ops, peers, device, script, capacity);
}

static inline void cell_close_alone(cell_t *cell)
{
    cell_close(cell);
    cx_peers_close(cell->core.peers_ops, cell->core.peers);
}

/* Samples until there are `capacity` of them: neither budget nor target ends it. */
static inline cx_sampling_t cell_sampling(cx_regime_t regime, int64_t capacity)
{
    return (cx_sampling_t){.regime      = regime,
                           .budget_us   = 1e12,
                           .samples_min = 1,
                           .samples_max = capacity,
                           .loop_iters  = 3,
                           .stamp_ops   = regime == CX_REGIME_GRAPH ? 4 : 1};
}

#endif
