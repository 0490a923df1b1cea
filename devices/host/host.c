/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU as a device: its memory, its one stream (the calling thread) and its monotonic clock.
 * Not the description of the machine, which is src/target's. */
#include "collectivex/core.h"
#include "collectivex/device.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICKS_PER_US 1000 /* a tick is a nanosecond */

typedef struct mapping mapping_t;
struct cx_device {
    const cx_core_t *core;
    mapping_t       *mappings; /* owned */
};

#include "../common/host_memory.inl"

#include "../common/host_device.inl"

static int64_t clock_ticks(const cx_device_t *device)
{
    struct timespec now;

    (void)device;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The stream is this thread, so occupying it is burning it: no yield, which would stretch it. */
static cx_status_t spin(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    int64_t start_ticks = clock_ticks(device);
    int64_t ticks       = spin_ticks(spin_us);

    (void)stream;
    if (ticks < 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "cannot spin for %g us", spin_us);
    }
    while (clock_ticks(device) - start_ticks < ticks) {
    }
    return CX_OK;
}

#include "flag.inl"

/* There is no engine beside the processor, and there are no blocks. */
static cx_status_t copy_enqueue(cx_device_t *device, cx_stream_t *stream, void *to,
                                const void *from, size_t bytes, int32_t block_count)
{
    (void)stream;
    if (block_count > 0) {
        return CX_CORE_FAIL(device->core, CX_UNSUPPORTED,
                            "device host has no blocks to copy with: %d were asked for",
                            block_count);
    }
    memcpy(to, from, bytes);
    return CX_OK;
}

/* The first "model name" line of /proc/cpuinfo; architectures without one leave it empty. */
static void read_cpu_model(char *out, size_t out_bytes)
{
    char  line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");

    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0) {
            colon += 1 + strspn(colon + 1, " \t");
            (void)snprintf(out, out_bytes, "%.*s", (int)strcspn(colon, "\n"), colon);
            break;
        }
    }
    if (file) {
        (void)fclose(file);
    }
}

/* A cache's size file reads "32768K". */
static int64_t read_cache_bytes(const char *path)
{
    char      line[32];
    char     *unit;
    long long count;

    read_line(path, line, sizeof line);
    count = strtoll(line, &unit, 10);
    return *unit == 'M' ? count << 20 : *unit == 'K' ? count << 10 : count;
}

static int64_t largest_cache_bytes(void)
{
    int64_t largest_bytes = 0;
    glob_t  found;

    if (glob("/sys/devices/system/cpu/cpu0/cache/index*/size", 0, NULL, &found) != 0) {
        return 0;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int64_t bytes = read_cache_bytes(found.gl_pathv[i]);
        largest_bytes = bytes > largest_bytes ? bytes : largest_bytes;
    }
    globfree(&found);
    return largest_bytes;
}

static void facts(const cx_device_t *device, cx_device_facts_t *out)
{
    (void)device;
    *out = (cx_device_facts_t){.memory_bytes     = usable_memory_bytes(),
                               .last_cache_bytes = largest_cache_bytes(),
                               .is_host_ordered  = true};
    read_cpu_model(out->model, sizeof out->model);
}

static const cx_device_ops_t host_ops = {
    .abi          = CX_DEVICE_ABI,
    .struct_size  = sizeof(cx_device_ops_t),
    .name         = "host",
    .summary      = "the CPU: memory of this host, timed by its monotonic clock",
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
    .copy_enqueue = copy_enqueue,
    .ping_pong    = ping_pong,
};

const cx_device_ops_t *cx_device_v1(void)
{
    return &host_ops;
}
