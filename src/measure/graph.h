/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine that replays graphs pays: operations captured once, replayed together.
 * Not operations that are launched one by one (isolated.h, chain.h). */
#ifndef CX_MEASURE_GRAPH_H
#define CX_MEASURE_GRAPH_H

#include "measure/regimes.h"

/* The operations, over the slots in turn, as the window's graph: captured and not run, by any
 * backend and device that can. The caller frees it. Errors: those of both. */
cx_status_t cx_graph_capture(cx_window_t *window, int64_t operation_count);

/**
 * Capture `operation_count` operations as the graph of the job, which cx_graph_close gives back.
 * One operation runs as it is beforehand, as in an engine, because a library may connect and
 * allocate at first use. The slots are fresh before and after.
 *
 * errors  those of the backend, of the device (what cannot be captured) and of after_block
 */
cx_status_t cx_graph_open(cx_job_t *job, int64_t operation_count);

/* One replay that is no sample, since the first one brings the graph to the device. Like a block's
 * it is verified, and the slots are fresh afterwards. Errors: as cx_graph_open. */
cx_status_t cx_graph_rehearse(cx_job_t *job);

/* Nothing is open: nothing is done. After a `status` by which work may still be on the device, the
 * graph is left to the end of the process. */
void cx_graph_close(cx_job_t *job, cx_status_t status);

/* For each replay: align the ranks, then one window around it. Stamp i is replay i, of which the
 * duration is that of one of its operations. */
cx_status_t cx_measure_graph(const cx_job_t *job, int64_t operation_count, cx_stamp_t *stamps);

#endif
