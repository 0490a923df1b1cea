/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank keeps from case to case, and the harness's measurement of itself. */
#include "run/bench.h"

#include "run/agree.h"

#include <stdlib.h>
#include <string.h>

void cx_bench_init(cx_bench_t *bench, cx_rank_context_t *context)
{
    memset(bench, 0, sizeof *bench);
    bench->context = context;
    cx_harness_clear(&bench->harness);
}

static void close_device_parts(cx_bench_t *bench)
{
    const cx_core_t *core = &bench->context->core;

    if (bench->events) {
        core->device_ops->events_close(core->device, bench->events);
    }
    cx_device_meeting_close(bench->context, &bench->meeting);
    if (bench->device_name) {
        core->device_ops->stream_close(core->device, bench->stream);
    }
    bench->events      = NULL;
    bench->device_name = NULL;
}

void cx_bench_fini(cx_bench_t *bench)
{
    close_device_parts(bench);
    free(bench->gather);
    bench->gather = NULL;
}

static int64_t begin_phase(void *context, const char *phase)
{
    return cx_rank_context_phase(context, phase);
}

static int64_t to_common_ns(void *context, int64_t local_ns)
{
    return cx_rank_context_common_ns(context, local_ns);
}

void cx_bench_job(cx_bench_t *bench, cx_job_t *job)
{
    const cx_core_t *core = &bench->context->core;

    memset(job, 0, sizeof *job);
    job->window = (cx_window_t){.device_ops = core->device_ops,
                                .device     = core->device,
                                .stream     = bench->stream,
                                .events     = bench->events,
                                .slot_count = 1,
                                .board      = bench->context->own,
                                .audit      = bench->context->audit};
    if (bench->meeting.barrier.rank_count > 0) {
        job->window.barrier = &bench->meeting.barrier;
    }
    job->peers_ops    = core->peers_ops;
    job->peers        = core->peers;
    job->gather       = bench->gather;
    job->begin_phase  = begin_phase;
    job->context      = bench->context;
    job->to_common_ns = to_common_ns;
}

static cx_status_t open_device_parts(cx_bench_t *bench)
{
    const cx_core_t *core = &bench->context->core;

    CX_TRY(core->device_ops->stream_open(core->device, &bench->stream));
    bench->device_name = bench->context->device_name;
    return core->device_ops->events_open(core->device, 2 * CX_BLOCK_STAMP_COUNT_MAX + 1,
                                         &bench->events);
}

static cx_status_t open_gather(cx_bench_t *bench)
{
    size_t bytes =
        (size_t)bench->context->core.rank_count * cx_block_message_bytes(CX_BLOCK_STAMP_COUNT_MAX);

    if (!bench->gather) {
        bench->gather = calloc(1, bytes);
    }
    return bench->gather
               ? CX_OK
               : CX_FAIL(CX_RESOURCE, "out of memory for an exchange of %zu bytes", bytes);
}

static cx_status_t open_all(cx_bench_t *bench, const char *name)
{
    CX_TRY(cx_rank_context_device(bench->context, name));
    CX_TRY(open_gather(bench));
    return open_device_parts(bench);
}

cx_status_t cx_bench_device(cx_bench_t *bench, const char *name)
{
    cx_status_t status;
    cx_job_t    job;

    if (bench->device_name && strcmp(bench->device_name, name) == 0) {
        return CX_OK;
    }
    close_device_parts(bench);
    /* The harness is measured together, so nobody begins where another has no device. */
    status = cx_agree(bench->context, open_all(bench, name));
    if (status == CX_OK) {
        status = cx_device_meeting_open(bench->context, &bench->meeting);
    }
    bench->context->meets_on_device = bench->meeting.barrier.rank_count > 0;
    if (status == CX_OK) {
        cx_bench_job(bench, &job);
        status = cx_harness_measure(&job, &bench->harness);
    }
    if (status != CX_OK) {
        close_device_parts(bench);
    }
    return status;
}
