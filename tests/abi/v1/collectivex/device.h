/* SPDX-License-Identifier: Apache-2.0 */
/* What CollectiveX needs from a kind of device: memory, order and time.
 * No vendor header, and no knowledge of any benchmark. */
#ifndef COLLECTIVEX_DEVICE_H
#define COLLECTIVEX_DEVICE_H

#include "collectivex/status.h"
#include "collectivex/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CX_DEVICE_ABI 1u

struct cx_core;
typedef struct cx_device cx_device_t; /* completed by each device plugin */
typedef struct cx_stream
    cx_stream_t; /* likewise; host and sim have one stream, which may be NULL */
typedef struct cx_events cx_events_t; /* likewise; an array of time stamps */

/* What a device says about itself. Texts are empty when unknown. */
typedef struct cx_device_facts {
    char    model[128];
    char    driver[64];
    int64_t memory_bytes;     /* usable by this process; 0 unknown */
    int64_t last_cache_bytes; /* what buffers must exceed to be read from memory; 0 unknown */
    bool    is_host_ordered;  /* enqueue runs the work before it returns (host, sim) */
    bool    is_virtual_time;  /* stamps come from a script, not from a clock (sim) */
} cx_device_facts_t;

typedef struct cx_device_ops {
    uint32_t    abi;         /* CX_DEVICE_ABI the plugin was built against */
    uint32_t    struct_size; /* sizeof at build time; the struct only ever grows at its end */
    const char *name, *summary;

    /* How many there are; zero with CX_UNSUPPORTED and a reason when there can be none. */
    cx_status_t (*probe)(const struct cx_core *core, int32_t *device_count);
    cx_status_t (*open)(const struct cx_core *core, int32_t device_index, cx_device_t **out);
    void (*close)(cx_device_t *device);
    void (*facts)(const cx_device_t *device, cx_device_facts_t *out);

    /* Memory is zeroed, aligned to a page, and accessible by the host only if is_host_ordered. */
    cx_status_t (*alloc)(cx_device_t *device, size_t bytes, cx_memory_t memory, void **out);
    void (*free)(cx_device_t *device, void *memory);
    /* A descriptor of exportable memory, owned by the caller; import maps a peer's. */
    cx_status_t (*export_fd)(cx_device_t *device, void *memory, int *fd_out);
    cx_status_t (*import_fd)(cx_device_t *device, int fd, size_t bytes, void **out);
    void (*unimport)(cx_device_t *device, void *memory, size_t bytes);
    /* Either side may be device or host memory; returns when the bytes have arrived. */
    cx_status_t (*copy)(cx_device_t *device, void *to, const void *from, size_t bytes);

    cx_status_t (*stream_open)(cx_device_t *device, cx_stream_t **out);
    void (*stream_close)(cx_device_t *device, cx_stream_t *stream);
    cx_status_t (*synchronize)(cx_device_t *device, cx_stream_t *stream, int64_t deadline_ns);

    /* Time stamps. mark() is called by src/measure/window.c alone. */
    cx_status_t (*events_open)(cx_device_t *device, int64_t event_count, cx_events_t **out);
    void (*events_close)(cx_device_t *device, cx_events_t *events);
    void (*mark)(cx_device_t *device, cx_stream_t *stream, cx_events_t *events, int64_t index);
    double (*elapsed_us)(const cx_events_t *events, int64_t from_index, int64_t to_index);
    /* The stamp on this host's CLOCK_MONOTONIC (virtual time: on the device's own clock). */
    int64_t (*event_ns)(const cx_events_t *events, int64_t index);

    /* The device's idea of now, for budgets and deadlines; virtual on sim. */
    int64_t (*now_ns)(const cx_device_t *device);
    /* Occupies the stream for that long: the calibrated spin. Virtual on sim. */
    cx_status_t (*spin)(cx_device_t *device, cx_stream_t *stream, double spin_us);
} cx_device_ops_t;

/* The only symbol a device plugin exports; file cx-device-<name>.so. */
CX_EXPORT const cx_device_ops_t *cx_device_v1(void);

#ifdef __cplusplus
}
#endif
#endif
