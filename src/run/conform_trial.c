/* SPDX-License-Identifier: Apache-2.0 */
/* Trials: one session, one prepared size, runs of it and their verification, each step agreed on by
 * all ranks. */
#include "run/conform_kit.h"

#include "measure/graph.h"
#include "run/agree.h"

#include <stdio.h>
#include <string.h>

#define REASON_BYTES 128
#define SLOT_COUNT 8

void cx_trial_init(cx_trial_t *trial, cx_conform_t *conform, const cx_case_t *one)
{
    memset(trial, 0, sizeof *trial);
    trial->conform    = conform;
    trial->one        = *one;
    trial->slot_count = SLOT_COUNT;
}

/* Ranks that are out of step have nothing to agree on. */
static cx_status_t agree(cx_conform_t *conform, cx_status_t mine)
{
    return cx_conform_is_out_of_step(mine) ? mine : cx_agree(conform->context, mine);
}

cx_status_t cx_trial_open(cx_trial_t *trial)
{
    cx_shape_t shape = cx_case_shape(&trial->one);

    return agree(trial->conform, cx_conform_open(trial->conform, &shape, &trial->session));
}

/* Bytes of a message whose blocks have that many elements: some operations send one to each. */
static int64_t message_bytes(const cx_trial_t *trial, int64_t elems)
{
    int32_t    rank_count = trial->conform->context->core.rank_count;
    cx_shape_t shape      = cx_case_shape(&trial->one);
    int64_t    bytes      = elems * (int64_t)cx_dtype_bytes(shape.dtype);
    int64_t    fitting_elems, fitting_bytes;

    if (cx_collective_size(&shape, rank_count, bytes, &fitting_elems, &fitting_bytes) &&
        fitting_elems == elems) {
        return bytes;
    }
    return bytes * rank_count;
}

/* A workload that rotates through `rotate_bytes`. */
static cx_status_t plan_workload(cx_trial_t *trial, int64_t elems, int64_t rotate_bytes)
{
    char reason[REASON_BYTES];

    trial->one.buffers      = CX_BUFFERS_ROTATED;
    trial->one.rotate_bytes = rotate_bytes;
    CX_TRY(cx_workload_plan(&trial->conform->context->core, &trial->one,
                            message_bytes(trial, elems), &trial->workload, reason, sizeof reason));
    return reason[0] ? CX_FAIL(CX_INTERNAL, "%s", reason) : CX_OK;
}

/* How many bytes a slot takes is known once one is laid out. */
static cx_status_t plan_slots(cx_trial_t *trial, int64_t elems)
{
    cx_collective_layout_t single;

    CX_TRY(plan_workload(trial, elems, 1));
    CX_TRY(cx_collective_layout(&trial->workload.data, 1, 0, &single));
    cx_workload_release(&trial->workload);
    return plan_workload(trial, elems, (int64_t)single.region_bytes * trial->slot_count);
}

static cx_status_t plan_locally(cx_trial_t *trial, int64_t elems)
{
    const cx_core_t *core = &trial->conform->context->core;

    CX_TRY(plan_slots(trial, elems));
    CX_TRY(cx_region_open(core, trial->workload.layout.region_bytes, trial->conform->caps.memory,
                          &trial->region));
    return cx_workload_fill(&trial->workload, &trial->region);
}

cx_status_t cx_trial_plan(cx_trial_t *trial, int64_t elems)
{
    (void)cx_rank_context_phase(trial->conform->context, "fill");
    return agree(trial->conform, plan_locally(trial, elems));
}

cx_status_t cx_trial_prepare(cx_trial_t *trial)
{
    cx_conform_t *conform = trial->conform;
    cx_status_t   status;

    (void)cx_rank_context_phase(conform->context, "prepare");
    status             = conform->ops->prepare(trial->session, &trial->workload.point);
    trial->is_prepared = status == CX_OK;
    return agree(conform, status);
}

static cx_window_t window_of(cx_trial_t *trial)
{
    cx_conform_t *conform = trial->conform;
    cx_job_t      job;

    cx_bench_job(&conform->bench, &job);
    job.window.backend_ops = conform->ops;
    job.window.session     = trial->session;
    job.window.phase       = CX_PHASE_OPERATION;
    job.window.slot_count  = trial->workload.point.slot_count;
    job.window.graph       = trial->graph;
    return job.window;
}

cx_status_t cx_trial_run(cx_trial_t *trial, int64_t operation_count)
{
    const cx_window_t window      = window_of(trial);
    int64_t           deadline_ns = cx_rank_context_phase(trial->conform->context, "operation");

    return agree(trial->conform, cx_window_loop(&window, 0, operation_count, deadline_ns));
}

static cx_status_t capture_locally(cx_trial_t *trial, int64_t operation_count)
{
    cx_window_t window = window_of(trial);

    CX_TRY(cx_graph_capture(&window, operation_count));
    trial->graph = window.graph;
    return cx_workload_fill(&trial->workload, &trial->region);
}

cx_status_t cx_trial_capture(cx_trial_t *trial, int64_t operation_count)
{
    (void)cx_rank_context_phase(trial->conform->context, "capture");
    return agree(trial->conform, capture_locally(trial, operation_count));
}

cx_status_t cx_trial_replay(cx_trial_t *trial)
{
    const cx_window_t window      = window_of(trial);
    int64_t           deadline_ns = cx_rank_context_phase(trial->conform->context, "replay");

    return agree(trial->conform, cx_window_replay(&window, 0, deadline_ns));
}

static cx_status_t verify_locally(cx_trial_t *trial, int64_t operation_count)
{
    cx_block_report_t report = {0};

    CX_TRY(cx_workload_verify(&trial->workload, operation_count, &report));
    if (report.wrong_count > 0) {
        return CX_FAIL(CX_INCORRECT, "%lld elements in a block: %s",
                       (long long)trial->workload.point.elems, trial->workload.wrong.text);
    }
    return CX_OK;
}

cx_status_t cx_trial_verify(cx_trial_t *trial, int64_t operation_count)
{
    if (trial->conform->caps.moves_no_data) {
        return CX_OK;
    }
    (void)cx_rank_context_phase(trial->conform->context, "verify");
    return agree(trial->conform, verify_locally(trial, operation_count));
}

void cx_trial_release(cx_trial_t *trial)
{
    const cx_core_t *core = &trial->conform->context->core;

    if (trial->graph) {
        core->device_ops->graph_free(core->device, trial->graph);
        trial->graph = NULL;
    }
    if (trial->is_prepared) {
        trial->conform->ops->release(trial->session);
        trial->is_prepared = false;
    }
    cx_region_close(&trial->region);
    cx_workload_release(&trial->workload);
}

void cx_trial_close(cx_trial_t *trial)
{
    cx_trial_release(trial);
    if (trial->session) {
        trial->conform->ops->close(trial->session);
        trial->session = NULL;
    }
}

cx_status_t cx_trial_end(cx_trial_t *trial, cx_status_t status)
{
    if (!cx_conform_is_out_of_step(status)) {
        cx_trial_close(trial);
    }
    return status;
}
