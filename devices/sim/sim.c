/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose clock is a script: it stands at 0 and only a spin moves it, so every number that
 * follows from it is exact. Not a model of any hardware. */
#include "collectivex/core.h"
#include "collectivex/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A tick is a picosecond: decimal microseconds come back as written, for 106 virtual days. */
#define TICKS_PER_US 1000000

typedef struct mapping mapping_t;
struct cx_device {
    const cx_core_t *core;
    mapping_t       *mappings; /* owned */
    int64_t          now_ticks;
};

#include "../common/host_memory.inl"

#include "../common/host_device.inl"

static int64_t clock_ticks(const cx_device_t *device)
{
    return device->now_ticks;
}

static cx_status_t spin(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    int64_t ticks = spin_ticks(spin_us);

    (void)stream;
    if (ticks < 0 || ticks > INT64_MAX - device->now_ticks) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "cannot spin for %g us", spin_us);
    }
    device->now_ticks += ticks;
    return CX_OK;
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
    .close        = device_close,
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
    .mark         = events_mark,
    .elapsed_us   = events_elapsed_us,
    .event_ns     = events_stamp_ns,
    .now_ns       = clock_now_ns,
    .spin         = spin,
};

const cx_device_ops_t *cx_device_v1(void)
{
    return &sim_ops;
}
