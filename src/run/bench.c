/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank keeps from case to case, and what is measured before the first. */
#include "run/bench.h"

#include "base/log.h"
#include "run/agree.h"

#include <stdlib.h>
#include <string.h>

/* Copies within a device show its memory, not its cache, from twice the cache on. */
#define HALF_BYTES_MIN ((size_t)1 << 20)
#define HALF_BYTES_MAX ((size_t)128 << 20)

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

static size_t half_bytes_of(const cx_device_facts_t *facts)
{
    size_t bytes = 2 * (size_t)(facts->last_cache_bytes > 0 ? facts->last_cache_bytes : 0);

    bytes = bytes < HALF_BYTES_MIN ? HALF_BYTES_MIN : bytes;
    return bytes < HALF_BYTES_MAX ? bytes : HALF_BYTES_MAX;
}

/* With memory of all ranks where their devices have met, and without where none can be had. */
static cx_status_t measure_limits(cx_bench_t *bench, const cx_job_t *job)
{
    cx_rank_context_t *context = bench->context;
    cx_limits_region_t region  = {.half_bytes = half_bytes_of(&context->facts)};
    cx_peer_memory_t   memory;
    cx_status_t        status;

    if (!context->meets_on_device) {
        return cx_limits_measure(job, NULL, &bench->limits);
    }
    status = cx_peer_memory_open(context, cx_limits_region_bytes(region.half_bytes), &memory);
    if (status == CX_PEER || status == CX_TIMEOUT) {
        return status;
    }
    if (status != CX_OK) {
        cx_log(CX_LOG_WARN, "run", "the limits of links are not known: %s", cx_detail()->text);
        cx_detail_clear();
        return cx_limits_measure(job, NULL, &bench->limits);
    }
    region.at = memory.at;
    status    = cx_limits_measure(job, &region, &bench->limits);
    if (status == CX_OK) {
        cx_peer_memory_close(context, &memory);
    }
    return status;
}

/* The host's own work is no accelerator's, and virtual time has no limits. */
static cx_status_t measure_all(cx_bench_t *bench)
{
    cx_job_t job;

    cx_bench_job(bench, &job);
    bench->context->limits = NULL;
    CX_TRY(cx_harness_measure(&job, &bench->harness));
    if (bench->context->facts.is_host_ordered) {
        return CX_OK;
    }
    CX_TRY(measure_limits(bench, &job));
    bench->context->limits = &bench->limits;
    return CX_OK;
}

cx_status_t cx_bench_device(cx_bench_t *bench, const char *name)
{
    cx_status_t status;

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
        status = measure_all(bench);
    }
    if (status != CX_OK) {
        close_device_parts(bench);
    }
    return status;
}
