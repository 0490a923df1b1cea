/* SPDX-License-Identifier: Apache-2.0 */
/* Capturing operations in a graph, and replaying it. */
#include "measure/graph.h"

#include "measure/isolated.h"

/* The slots that the operations used are checked and made ready again; what was not timed is no
 * part of a block's report. */
static cx_status_t renew(const cx_job_t *job, int64_t operation_count)
{
    cx_block_report_t report = {0};

    return job->after_block(job->context, operation_count, &report);
}

static cx_status_t enqueue_all(const cx_window_t *window, int64_t operation_count)
{
    for (int64_t i = 0; i < operation_count; i++) {
        CX_TRY(window->backend_ops->enqueue(window->session, window->phase,
                                            (int32_t)(i % window->slot_count), window->stream));
    }
    return CX_OK;
}

cx_status_t cx_graph_capture(cx_window_t *window, int64_t operation_count)
{
    const cx_device_ops_t *device_ops = window->device_ops;
    cx_status_t            status;

    CX_TRY(device_ops->graph_begin(window->device, window->stream));
    status = enqueue_all(window, operation_count);
    if (status != CX_OK) {
        (void)device_ops->graph_end(window->device, window->stream, NULL);
        return status;
    }
    window->stamp_operation_count = operation_count;
    return device_ops->graph_end(window->device, window->stream, &window->graph);
}

cx_status_t cx_graph_open(cx_job_t *job, int64_t operation_count)
{
    const cx_phases_t first       = {1, {job->window.phase}};
    int64_t           deadline_ns = job->begin_phase(job->context, "capture");

    CX_TRY(cx_window_drain(&job->window, &first, 0, deadline_ns));
    CX_TRY(renew(job, 1));
    return cx_graph_capture(&job->window, operation_count);
}

cx_status_t cx_graph_rehearse(cx_job_t *job)
{
    int64_t deadline_ns = job->begin_phase(job->context, "first replay");

    CX_TRY(cx_window_replay(&job->window, 0, deadline_ns));
    return renew(job, job->window.stamp_operation_count);
}

void cx_graph_close(cx_job_t *job, cx_status_t status)
{
    cx_window_t *window = &job->window;

    if (window->graph && status != CX_TIMEOUT && status != CX_PEER) {
        window->device_ops->graph_free(window->device, window->graph);
    }
    window->graph = NULL;
}

cx_status_t cx_measure_graph(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps)
{
    const cx_window_t *window       = &job->window;
    int64_t            deadline_ns  = job->begin_phase(job->context, "graph");
    int64_t            replay_count = operation_count / window->stamp_operation_count;

    for (int64_t i = 0; i < replay_count; i++) {
        CX_TRY(job->peers_ops->barrier(job->peers, deadline_ns));
        CX_TRY(cx_window_replay(window, i, deadline_ns));
    }
    cx_isolated_read(window, job->to_common_ns, job->context, replay_count, stamps);
    for (int64_t i = 0; i < replay_count; i++) {
        stamps[i].duration_us /= (double)window->stamp_operation_count;
    }
    return CX_OK;
}
