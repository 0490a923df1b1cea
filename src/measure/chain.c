/* SPDX-License-Identifier: Apache-2.0 */
/* Back-to-back operations. */
#include "measure/chain.h"

#define HEAD_COUNT 2

int64_t cx_chain_head_count(int64_t stamp_count)
{
    return stamp_count >= INT64_C(4) * HEAD_COUNT ? HEAD_COUNT : stamp_count > 1;
}

static void read_stamp(const cx_job_t *job, int64_t from_index, int64_t to_index, cx_stamp_t *stamp)
{
    const cx_device_ops_t *device_ops = job->window.device_ops;
    const cx_events_t     *events     = job->window.events;

    stamp->duration_us = device_ops->elapsed_us(events, from_index, to_index);
    stamp->start_ns    = job->to_common_ns(job->context, device_ops->event_ns(events, from_index));
    stamp->end_ns      = job->to_common_ns(job->context, device_ops->event_ns(events, to_index));
}

cx_status_t cx_measure_chain(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps)
{
    int64_t deadline_ns = job->begin_phase(job->context, "steady");
    int64_t stamp_count = operation_count / job->window.stamp_operation_count;

    CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
    CX_TRY(cx_window_chain(&job->window, stamp_count, deadline_ns));
    for (int64_t i = 0; i < stamp_count; i++) {
        read_stamp(job, i, i + 1, &stamps[i]);
        stamps[i].duration_us /= (double)job->window.stamp_operation_count;
    }
    return CX_OK;
}

cx_status_t cx_measure_loop(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps)
{
    const cx_phases_t head        = {1, {job->window.phase}};
    int64_t           deadline_ns = job->begin_phase(job->context, "loop_mean");

    CX_TRY(cx_window_drain(&job->window, &head, 0, deadline_ns));
    CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
    CX_TRY(cx_window_loop(&job->window, CX_LOOP_HEAD_COUNT, operation_count, deadline_ns));
    read_stamp(job, 0, 1, &stamps[0]);
    stamps[0].duration_us /= (double)(operation_count - CX_LOOP_HEAD_COUNT);
    return CX_OK;
}
