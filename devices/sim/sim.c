/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose clock is a script: it stands at 0 and only a spin moves it, so every number that
 * follows from it is exact. Its graphs hold spins and marks, which is all it can do later. Not a
 * model of any hardware. */
#include "collectivex/core.h"
#include "collectivex/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A tick is a picosecond: decimal microseconds come back as written, for 106 virtual days. */
#define TICKS_PER_US 1000000

/* So many ticks on, and then a stamp, unless `events` is NULL. */
typedef struct step {
    int64_t      ticks;
    cx_events_t *events;
    int64_t      event_index;
} step_t;

struct cx_graph {
    step_t *steps; /* owned */
    size_t  step_count, step_capacity;
    int64_t ticks;   /* of all steps */
    bool    is_torn; /* a step found no memory */
};

typedef struct mapping mapping_t;
struct cx_device {
    const cx_core_t *core;
    mapping_t       *mappings; /* owned */
    int64_t          now_ticks;
    cx_graph_t      *capture; /* owned; what is being captured, or NULL */
};

#include "../common/host_memory.inl"

#include "../common/host_device.inl"

static int64_t clock_ticks(const cx_device_t *device)
{
    return device->now_ticks;
}

/* ---- graphs --------------------------------------------------------------------------------- */

static void graph_free(cx_device_t *device, cx_graph_t *graph)
{
    (void)device;
    if (graph) {
        free(graph->steps);
        free(graph);
    }
}

static void keep_step(cx_graph_t *graph, step_t step)
{
    if (graph->step_count == graph->step_capacity) {
        size_t  capacity = 2 * graph->step_capacity + 64;
        step_t *steps    = realloc(graph->steps, capacity * sizeof *steps);

        if (!steps) {
            graph->is_torn = true;
            return;
        }
        graph->steps         = steps;
        graph->step_capacity = capacity;
    }
    graph->steps[graph->step_count++] = step;
    graph->ticks += step.ticks;
}

static cx_status_t graph_begin(cx_device_t *device, cx_stream_t *stream)
{
    (void)stream;
    if (device->capture) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "a graph is being captured already");
    }
    device->capture = calloc(1, sizeof *device->capture);
    return device->capture ? CX_OK
                           : CX_CORE_FAIL(device->core, CX_RESOURCE, "no memory for a graph");
}

static cx_status_t graph_end(cx_device_t *device, cx_stream_t *stream, cx_graph_t **out)
{
    cx_graph_t *graph = device->capture;

    (void)stream;
    if (!graph) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "no graph is being captured");
    }
    device->capture = NULL;
    if (out && !graph->is_torn) {
        *out = graph;
        return CX_OK;
    }
    graph_free(device, graph);
    return out ? CX_CORE_FAIL(device->core, CX_RESOURCE, "no memory for a graph") : CX_OK;
}

static cx_status_t graph_launch(cx_device_t *device, cx_graph_t *graph, cx_stream_t *stream)
{
    (void)stream;
    if (graph->ticks > INT64_MAX - device->now_ticks) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "a graph that takes longer than the clock");
    }
    for (size_t i = 0; i < graph->step_count; i++) {
        const step_t *step = &graph->steps[i];

        device->now_ticks += step->ticks;
        if (step->events) {
            step->events->stamp_ticks[step->event_index] = device->now_ticks;
        }
    }
    return CX_OK;
}

/* ---- time ----------------------------------------------------------------------------------- */

static void mark(cx_device_t *device, cx_stream_t *stream, cx_events_t *events, int64_t index)
{
    if (device->capture) {
        keep_step(device->capture, (step_t){0, events, index});
    } else {
        events_mark(device, stream, events, index);
    }
}

static cx_status_t spin(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    int64_t ticks      = spin_ticks(spin_us);
    int64_t from_ticks = device->capture ? device->capture->ticks : device->now_ticks;

    (void)stream;
    if (ticks < 0 || ticks > INT64_MAX - from_ticks) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "cannot spin for %g us", spin_us);
    }
    if (device->capture) {
        keep_step(device->capture, (step_t){ticks, NULL, 0});
    } else {
        device->now_ticks += ticks;
    }
    return CX_OK;
}

static void close_device(cx_device_t *device)
{
    graph_free(device, device->capture);
    device_close(device);
}

/* Declared, not measured, so that a plan on sim is the same on every machine. */
static void facts(const cx_device_t *device, cx_device_facts_t *out)
{
    (void)device;
    *out = (cx_device_facts_t){.model            = "virtual clock",
                               .memory_bytes     = INT64_C(1) << 30,
                               .last_cache_bytes = INT64_C(1) << 20,
                               .is_host_ordered  = true,
                               .is_virtual_time  = true};
}

static const cx_device_ops_t sim_ops = {
    .abi          = CX_DEVICE_ABI,
    .struct_size  = sizeof(cx_device_ops_t),
    .name         = "sim",
    .summary      = "a virtual clock that only scripts move, for exact tests",
    .probe        = device_probe,
    .open         = device_open,
    .close        = close_device,
    .facts        = facts,
    .alloc        = memory_alloc,
    .free         = memory_free,
    .export_fd    = memory_export_fd,
    .import_fd    = memory_import_fd,
    .unimport     = memory_unimport,
    .copy         = memory_copy,
    .stream_open  = stream_open,
    .stream_close = stream_close,
    .synchronize  = stream_synchronize,
    .events_open  = events_open,
    .events_close = events_close,
    .mark         = mark,
    .elapsed_us   = events_elapsed_us,
    .event_ns     = events_stamp_ns,
    .now_ns       = clock_now_ns,
    .spin         = spin,
    .graph_begin  = graph_begin,
    .graph_end    = graph_end,
    .graph_launch = graph_launch,
    .graph_free   = graph_free,
};

const cx_device_ops_t *cx_device_v1(void)
{
    return &sim_ops;
}
