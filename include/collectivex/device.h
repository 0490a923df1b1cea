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
struct cx_card; /* collectivex/card.h */
struct cx_link; /* likewise */
struct cx_span; /* collectivex/content.h */
struct cx_difference;
typedef struct cx_device cx_device_t; /* completed by each device plugin */
/* Likewise. On host and sim there is one stream, which may be NULL. On cuda and hip a cx_stream_t *
 * is the vendor's stream handle itself, so that a library can be given it by a cast. */
typedef struct cx_stream cx_stream_t;
typedef struct cx_events cx_events_t; /* likewise; an array of time stamps */
typedef struct cx_graph  cx_graph_t;  /* likewise; work that was captured and can be replayed */

/* What a device says about itself. Texts are empty when unknown. */
typedef struct cx_device_facts {
    char    model[128];
    char    driver[64];
    int64_t memory_bytes;      /* usable by this process; 0 unknown */
    int64_t last_cache_bytes;  /* what buffers must exceed to be read from memory; 0 unknown */
    bool    is_host_ordered;   /* enqueue runs the work before it returns (host, sim) */
    bool    is_virtual_time;   /* stamps come from a script, not from a clock (sim) */
    double  stamp_bound_us;    /* how far event_ns may be off the host's clock; 0 if it is that */
    double  stamp_interval_us; /* stamps closer than this hold up what runs between; 0: none does */
} cx_device_facts_t;

/* How the device is doing now. A number that cannot be read is NAN. */
typedef struct cx_device_telemetry {
    double  core_clock_mhz, memory_clock_mhz, power_w, temperature_c;
    int64_t ecc_error_count;      /* uncorrected since the driver was loaded; -1 unknown */
    bool    is_throttle_known;    /* false: `throttle_reasons` says nothing */
    char    throttle_reasons[96]; /* what holds the clock down, comma-separated; empty: nothing */
} cx_device_telemetry_t;

/* Where the ranks of one host meet on their devices. `flags[r]` is the flag memory of rank r:
 * zeroed, exportable, CX_DEVICE_BARRIER_BYTES(rank_count) long, mapped on this device. */
#define CX_DEVICE_BARRIER_RANKS_MAX 128
#define CX_DEVICE_BARRIER_BYTES(rank_count) (((size_t)(rank_count) + 1) * 128)
typedef struct cx_device_barrier {
    void *const *flags; /* borrowed during the call */
    int32_t      rank, rank_count;
    double       timeout_us; /* then the device gives up, and synchronize says who was missing */
} cx_device_barrier_t;

/* Round trips of a flag: flag memory (128 bytes, zeroed once, exportable) of both sides. */
typedef struct cx_device_ping_pong {
    void   *own_flag, *peer_flag;
    bool    begins; /* on one side alone */
    int64_t round_count;
    double  timeout_us; /* as of a barrier */
} cx_device_ping_pong_t;

/* One of several copies, between memory of this device and memory that is mapped on it. */
#define CX_DEVICE_COPIES_MAX 32
typedef struct cx_device_copy {
    void       *to;
    const void *from;
    size_t      bytes;
} cx_device_copy_t;

typedef struct cx_device_ops {
    uint32_t    abi;         /* CX_DEVICE_ABI the plugin was built against */
    uint32_t    struct_size; /* sizeof at build time; the struct only ever grows at its end */
    const char *name, *summary;

    /* How many there are; zero with CX_UNSUPPORTED and a reason when there can be none. */
    cx_status_t (*probe)(const struct cx_core *core, int32_t *device_count);
    cx_status_t (*open)(const struct cx_core *core, int32_t device_index, cx_device_t **out);
    void (*close)(cx_device_t *device);
    void (*facts)(const cx_device_t *device, cx_device_facts_t *out);

    /* Memory is zeroed, aligned to a page, and accessible by the host only if is_host_ordered.
     * What synchronize gave up on may still use memory, which is then not given back. */
    cx_status_t (*alloc)(cx_device_t *device, size_t bytes, cx_memory_t memory, void **out);
    void (*free)(cx_device_t *device, void *memory);
    /* A descriptor of exportable memory, owned by the caller; import maps a peer's. */
    cx_status_t (*export_fd)(cx_device_t *device, void *memory, int *fd_out);
    cx_status_t (*import_fd)(cx_device_t *device, int fd, size_t bytes, void **out);
    void (*unimport)(cx_device_t *device, void *memory, size_t bytes);
    /* Either side may be device or host memory; returns when the bytes have arrived. Is ordered
     * with no stream: synchronise first. */
    cx_status_t (*copy)(cx_device_t *device, void *to, const void *from, size_t bytes);

    cx_status_t (*stream_open)(cx_device_t *device, cx_stream_t **out);
    void (*stream_close)(cx_device_t *device, cx_stream_t *stream);
    /* CX_TIMEOUT after the deadline; CX_DEVICE for work that failed since, marks included. */
    cx_status_t (*synchronize)(cx_device_t *device, cx_stream_t *stream, int64_t deadline_ns);

    /* Time stamps. mark() is called by src/measure/window.c alone. */
    cx_status_t (*events_open)(cx_device_t *device, int64_t event_count, cx_events_t **out);
    void (*events_close)(cx_device_t *device, cx_events_t *events);
    void (*mark)(cx_device_t *device, cx_stream_t *stream, cx_events_t *events, int64_t index);
    /* Waits for both stamps; NAN when there is none. */
    double (*elapsed_us)(const cx_events_t *events, int64_t from_index, int64_t to_index);
    /* The stamp on this host's CLOCK_MONOTONIC (virtual time: on the device's own clock); negative
     * when there is none. A device with a clock of its own is off by up to stamp_bound_us. */
    int64_t (*event_ns)(const cx_events_t *events, int64_t index);

    /* The device's idea of now, for budgets and deadlines; virtual on sim. */
    int64_t (*now_ns)(const cx_device_t *device);
    /* Occupies the stream for that long: the calibrated spin. Virtual on sim. */
    cx_status_t (*spin)(cx_device_t *device, cx_stream_t *stream, double spin_us);

    /* All that follows is optional: ask CX_DEVICE_HAS. */

    /* What is enqueued between begin and end is captured and not run; a mark in between stamps in
     * each launch. Always end what was begun: `out` NULL throws it away. */
    cx_status_t (*graph_begin)(cx_device_t *device, cx_stream_t *stream);
    cx_status_t (*graph_end)(cx_device_t *device, cx_stream_t *stream, cx_graph_t **out);
    cx_status_t (*graph_launch)(cx_device_t *device, cx_graph_t *graph, cx_stream_t *stream);
    void (*graph_free)(cx_device_t *device, cx_graph_t *graph);

    /* Enqueues writing the bytes of cx_poison_word (collectivex/digest.h) from `memory` on. */
    cx_status_t (*poison)(cx_device_t *device, cx_stream_t *stream, void *memory, size_t bytes,
                          uint64_t seed);
    /* cx_digest (collectivex/digest.h) of the memory as the stream leaves it; waits for it. */
    cx_status_t (*digest)(cx_device_t *device, cx_stream_t *stream, const void *memory,
                          size_t bytes, uint64_t *out);
    /* Enqueues reading other memory until nothing older is in the last cache. The first call
     * allocates. */
    cx_status_t (*flush)(cx_device_t *device, cx_stream_t *stream);
    /* Enqueues waiting until every rank has come. Every rank calls it equally often. */
    cx_status_t (*barrier)(cx_device_t *device, cx_stream_t *stream,
                           const cx_device_barrier_t *barrier);
    /* Takes up to milliseconds, so it belongs between blocks. */
    cx_status_t (*telemetry)(cx_device_t *device, cx_device_telemetry_t *out);

    /* Both take any number of spans of memory with their contents (collectivex/content.h), borrowed
     * during the call, and many cost little more than one; with none of them they only say whether
     * they can: CX_UNSUPPORTED and why. fill enqueues writing spans, which must not overlap; verify
     * says how each of them, as the stream leaves it, differs from its content, and waits for it.
     */
    cx_status_t (*fill)(cx_device_t *device, cx_stream_t *stream, const struct cx_span *spans,
                        int64_t span_count);
    cx_status_t (*verify)(cx_device_t *device, cx_stream_t *stream, const struct cx_span *spans,
                          int64_t span_count, struct cx_difference *out);
    /* Enqueues a copy between memory of this device and memory that is mapped on it: by the copy
     * engine, or, where block_count > 0, by a kernel of that many blocks of 1024 threads (whose
     * loads or stores go over the link, by which side is the peer's). */
    cx_status_t (*copy_enqueue)(cx_device_t *device, cx_stream_t *stream, void *to,
                                const void *from, size_t bytes, int32_t block_count);
    /* Enqueues round trips of a flag between two devices. Both call it; exactly one begins. */
    cx_status_t (*ping_pong)(cx_device_t *device, cx_stream_t *stream,
                             const cx_device_ping_pong_t *ping_pong);
    /* What a card is, and how two are linked, without opening either. For `probe`. */
    cx_status_t (*card)(const struct cx_core *core, int32_t device_index, struct cx_card *out);
    cx_status_t (*link)(const struct cx_core *core, int32_t from_index, int32_t to_index,
                        struct cx_link *out);
    /* Enqueues copies that run at once, by a kernel of block_count blocks of 1024 threads for each;
     * 0: of as many as the device has multiprocessors, shared out between the copies. With none of
     * them it only says whether it can. */
    cx_status_t (*copy_together)(cx_device_t *device, cx_stream_t *stream,
                                 const cx_device_copy_t *copies, int32_t copy_count,
                                 int32_t block_count);
} cx_device_ops_t;

/* The only way to test for an optional member, or one added after the plugin was built. */
#define CX_DEVICE_HAS(ops, member)                                                      \
    ((ops)->struct_size >= offsetof(cx_device_ops_t, member) + sizeof((ops)->member) && \
     (ops)->member)

/* The only symbol a device plugin exports; file cx-device-<name>.so. */
CX_EXPORT const cx_device_ops_t *cx_device_v1(void);

#ifdef __cplusplus
}
#endif
#endif
