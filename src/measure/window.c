/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything is timed. This file alone may call a device's mark().
 * source: docs/adr/0001-backends-never-time.md, docs/adr/0007-no-allocation-in-the-window.md */
#include "measure/window.h"

static void open_window(const cx_window_t *window)
{
    if (window->audit.enter) {
        window->audit.enter();
    }
}

static void close_window(const cx_window_t *window)
{
    if (window->audit.leave) {
        window->audit.leave();
    }
}

static inline void mark(const cx_window_t *window, int64_t index)
{
    window->device_ops->mark(window->device, window->stream, window->events, index);
}

static inline void report_progress(const cx_window_t *window)
{
    int64_t done = atomic_load_explicit(&window->board->operation_index, memory_order_relaxed);

    atomic_store_explicit(&window->board->operation_index, done + 1, memory_order_relaxed);
}

static inline cx_status_t enqueue(const cx_window_t *window, cx_phase_t phase, int32_t slot_index)
{
    return window->backend_ops->enqueue(window->session, phase, slot_index, window->stream);
}

/* Operations back to back, on the slots in turn from *slot_index on. */
static inline cx_status_t enqueue_many(const cx_window_t *window, int64_t operation_count,
                                       int32_t *slot_index)
{
    cx_status_t status = CX_OK;

    for (int64_t i = 0; i < operation_count && status == CX_OK; i++) {
        report_progress(window);
        status      = enqueue(window, window->phase, *slot_index);
        *slot_index = *slot_index + 1 == window->slot_count ? 0 : *slot_index + 1;
    }
    return status;
}

/* Calls of the clock are no part of what is timed on the device. */
static int64_t start_enqueuing(const cx_window_t *window)
{
    return window->enqueue_us ? window->device_ops->now_ns(window->device) : 0;
}

static void end_enqueuing(const cx_window_t *window, int64_t started_ns, int64_t operation_count)
{
    if (window->enqueue_us) {
        int64_t spent_ns = window->device_ops->now_ns(window->device) - started_ns;

        *window->enqueue_us = (double)spent_ns / 1e3 / (double)operation_count;
    }
}

static inline int32_t slot_of(const cx_window_t *window, int64_t index)
{
    return window->first_slot + (int32_t)(index % window->slot_count);
}

/* Waits for work that is not ordered on the stream: inside the window, as it is the work's end. */
static inline cx_status_t wait_for_work(const cx_window_t *window, cx_phase_t phase)
{
    if (!CX_HAS(window->backend_ops, wait)) {
        return CX_OK;
    }
    return window->backend_ops->wait(window->session, phase);
}

/* Not timed. */
static cx_status_t align(const cx_window_t *window)
{
    if (!window->barrier) {
        return CX_OK;
    }
    CX_TRY(window->device_ops->spin(window->device, window->stream, CX_WINDOW_ALIGN_SPIN_US));
    return window->device_ops->barrier(window->device, window->stream, window->barrier);
}

cx_status_t cx_window_single(const cx_window_t *window, int64_t index, int64_t deadline_ns)
{
    int32_t     slot_index = (int32_t)(index % window->slot_count);
    cx_status_t status;

    CX_TRY(align(window));
    report_progress(window);
    open_window(window);
    mark(window, 2 * index);
    status = enqueue(window, window->phase, slot_index);
    if (status == CX_OK) {
        status = wait_for_work(window, window->phase);
    }
    mark(window, 2 * index + 1);
    close_window(window);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

cx_status_t cx_window_chain(const cx_window_t *window, int64_t stamp_count, int64_t deadline_ns)
{
    int32_t     slot_index = 0;
    cx_status_t status     = CX_OK;
    int64_t     started_ns;

    CX_TRY(align(window));
    open_window(window);
    started_ns = start_enqueuing(window);
    for (int64_t i = 0; i < stamp_count && status == CX_OK; i++) {
        mark(window, i);
        status = enqueue_many(window, window->stamp_operation_count, &slot_index);
    }
    end_enqueuing(window, started_ns, stamp_count * window->stamp_operation_count);
    if (status == CX_OK) {
        status = wait_for_work(window, window->phase);
    }
    mark(window, stamp_count);
    close_window(window);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

cx_status_t cx_window_loop(const cx_window_t *window, int64_t from_index, int64_t to_index,
                           int64_t deadline_ns)
{
    int32_t     slot_index = slot_of(window, from_index);
    int64_t     started_ns;
    cx_status_t status;

    open_window(window);
    started_ns = start_enqueuing(window);
    mark(window, 0);
    status = enqueue_many(window, to_index - from_index, &slot_index);
    end_enqueuing(window, started_ns, to_index - from_index);
    if (status == CX_OK) {
        status = wait_for_work(window, window->phase);
    }
    mark(window, 1);
    close_window(window);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

cx_status_t cx_window_replay(const cx_window_t *window, int64_t index, int64_t deadline_ns)
{
    cx_status_t status;

    CX_TRY(align(window));
    report_progress(window);
    mark(window, 2 * index);
    status = window->device_ops->graph_launch(window->device, window->graph, window->stream);
    mark(window, 2 * index + 1);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

/* Phases `from` to `to` - 1; each is complete, or ordered on the stream, before the next. */
static inline cx_status_t run(const cx_window_t *window, const cx_phases_t *phases, int32_t from,
                              int32_t to, int32_t slot_index)
{
    cx_status_t status = CX_OK;

    for (int32_t i = from; i < to && status == CX_OK; i++) {
        status = enqueue(window, phases->list[i], slot_index);
        if (status == CX_OK) {
            status = wait_for_work(window, phases->list[i]);
        }
    }
    return status;
}

cx_status_t cx_window_drain(const cx_window_t *window, const cx_phases_t *phases, int64_t index,
                            int64_t deadline_ns)
{
    report_progress(window);
    CX_TRY(run(window, phases, 0, phases->count, slot_of(window, index)));
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

cx_status_t cx_window_phases(const cx_window_t *window, const cx_phases_t *before,
                             const cx_phases_t *timed, int64_t index, int64_t deadline_ns)
{
    int32_t     slot_index = slot_of(window, index);
    cx_status_t status;

    CX_TRY(align(window));
    report_progress(window);
    CX_TRY(run(window, before, 0, before->count, slot_index));
    open_window(window);
    mark(window, 2 * index);
    status = run(window, timed, 0, timed->count, slot_index);
    mark(window, 2 * index + 1);
    close_window(window);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

cx_status_t cx_window_periods(const cx_window_t *window, const cx_phases_t *phases,
                              int64_t pair_count, int64_t deadline_ns)
{
    cx_status_t status = CX_OK;

    CX_TRY(align(window));
    open_window(window);
    for (int64_t i = 0; i < pair_count && status == CX_OK; i++) {
        int32_t slot_index = slot_of(window, i);

        report_progress(window);
        mark(window, 2 * i);
        status = run(window, phases, 0, phases->count, slot_index);
        mark(window, 2 * i + 1);
    }
    close_window(window);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

cx_status_t cx_window_floors(const cx_window_t *window, const cx_phases_t *phases,
                             int64_t pair_count, int64_t deadline_ns)
{
    int32_t     last   = phases->count - 1;
    cx_status_t status = CX_OK;

    CX_TRY(align(window));
    open_window(window);
    for (int64_t i = 0; i < pair_count && status == CX_OK; i++) {
        int32_t slot_index = slot_of(window, i);

        report_progress(window);
        mark(window, 4 * i);
        status = run(window, phases, 0, 1, slot_index);
        mark(window, 4 * i + 1);
        if (status == CX_OK) {
            status = run(window, phases, 1, last, slot_index);
        }
        mark(window, 4 * i + 2);
        if (status == CX_OK) {
            status = run(window, phases, last, last + 1, slot_index);
        }
        mark(window, 4 * i + 3);
    }
    close_window(window);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

int64_t cx_window_violation_count(const cx_window_t *window)
{
    return window->audit.violation_count ? window->audit.violation_count() : 0;
}

void cx_window_empty(const cx_window_t *window, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        mark(window, 2 * i);
        mark(window, 2 * i + 1);
    }
}

cx_status_t cx_window_spin(const cx_window_t *window, double spin_us, int64_t deadline_ns)
{
    cx_status_t status;

    mark(window, 0);
    status = window->device_ops->spin(window->device, window->stream, spin_us);
    mark(window, 1);
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

cx_status_t cx_window_work(const cx_window_t *window, const cx_work_t *work, double lead_us,
                           int64_t deadline_ns)
{
    cx_status_t status = CX_OK;

    CX_TRY(window->device_ops->spin(window->device, window->stream, lead_us));
    if (window->barrier) {
        CX_TRY(window->device_ops->barrier(window->device, window->stream, window->barrier));
    }
    mark(window, 0);
    for (int64_t i = 0; i < work->count && status == CX_OK; i++) {
        status = work->enqueue(window, work->what);
        if (work->is_chain || i + 1 == work->count) {
            mark(window, i + 1);
        }
    }
    CX_TRY(status);
    return window->device_ops->synchronize(window->device, window->stream, deadline_ns);
}

void cx_window_stamp(const cx_window_t *window, int64_t index)
{
    mark(window, index);
}
