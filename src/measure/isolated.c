/* SPDX-License-Identifier: Apache-2.0 */
/* Drained, one-at-a-time latency. */
#include "measure/isolated.h"

void cx_isolated_read(const cx_window_t *window,
                      int64_t (*to_common_ns)(void *context, int64_t local_ns), void *context,
                      int64_t count, cx_stamp_t *stamps)
{
    const cx_device_ops_t *device_ops = window->device_ops;
    const cx_events_t     *events     = window->events;

    for (int64_t i = 0; i < count; i++) {
        stamps[i].duration_us = device_ops->elapsed_us(events, 2 * i, 2 * i + 1);
        stamps[i].start_ns    = to_common_ns(context, device_ops->event_ns(events, 2 * i));
        stamps[i].end_ns      = to_common_ns(context, device_ops->event_ns(events, 2 * i + 1));
    }
}

cx_status_t cx_measure_isolated(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps)
{
    int64_t deadline_ns = job->begin_phase(job->context, "isolated");

    for (int64_t i = 0; i < operation_count; i++) {
        CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
        CX_TRY(cx_window_single(&job->window, i, deadline_ns));
    }
    cx_isolated_read(&job->window, job->to_common_ns, job->context, operation_count, stamps);
    return CX_OK;
}
