/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin contract of a backend: the library that does the work.
 * No clock, no statistic and no result: the core does the timing. */
#ifndef COLLECTIVEX_BACKEND_H
#define COLLECTIVEX_BACKEND_H

#include "collectivex/core.h"
#include "collectivex/option.h"
#include "collectivex/shape.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CX_BACKEND_ABI 1u
#define CX_BIT(value) (UINT64_C(1) << (value))

typedef struct cx_session cx_session_t; /* completed by each plugin: no cast, no void pointer */

/* Where a backend's work runs and what it can be asked; filled by probe. */
typedef struct cx_caps {
    char         library_version[128]; /* as loaded; empty for a backend without a library */
    char         library_path[256];    /* file the library was loaded from; empty likewise */
    uint64_t     families;             /* bits of cx_family_t */
    uint64_t     collectives;          /* bits of cx_collective_t, out of place */
    uint64_t     in_place_collectives; /* bits of cx_collective_t, in place */
    uint64_t     dtypes;               /* bits of cx_dtype_t that can be moved */
    uint64_t     reduce_dtypes;        /* bits of cx_dtype_t that can be reduced */
    uint64_t     redops;               /* bits of cx_redop_t; NONE is implied */
    cx_memory_t  memory;               /* what the core must allocate */
    int32_t      rank_count_min, rank_count_max; /* 0: unbounded */
    int64_t      message_bytes_max;              /* 0: unbounded */
    bool         spans_hosts;                    /* ranks may be on several hosts */
    bool         is_thread_bound;                /* open and enqueue must be on one thread */
    bool         moves_no_data;        /* null and sim: nothing to verify, never comparable */
    const char  *devices;              /* space-separated names of devices it works on */
    cx_ep_caps_t ep[CX_EP_MODE_COUNT]; /* family ep */
    bool         can_capture; /* enqueue may be captured in a device's graph and replayed */
    uint64_t     algorithms;  /* family allreduce: bits of cx_algorithm_t; DEFAULT is implied */
    uint64_t     limits;      /* family limits: bits of cx_limit_t */
} cx_caps_t;

/**
 * The functions of a backend.
 *
 * Order of calls: probe · open · (prepare · enqueue* · release)* · close. Each is called on every
 * rank, so each may use core->peers, but for probe and enqueue.
 *
 * window  enqueue and wait run inside timed windows: they may launch kernels, post work and spin;
 *         they may not allocate, open, log, compile, read a clock or (on a device that is not
 *         host-ordered) synchronise or read back
 * errors  every failure through CX_CORE_FAIL with a sentence; CX_UNSUPPORTED says why and, where
 *         there is one, what to install or change
 * source  docs/adr/0001-backends-never-time.md
 */
typedef struct cx_backend_ops {
    uint32_t    abi;         /* CX_BACKEND_ABI the plugin was built against */
    uint32_t    struct_size; /* sizeof at build time; the struct only ever grows at its end */
    const char *name, *summary;
    const cx_option_t *options; /* rows end with CX_OPTION_END; NULL for none */
    size_t             options_bytes;

    /* What can it do here? No device work, no peers. CX_UNSUPPORTED with reason and remedy if
     * nothing. Fills `caps` on success only. */
    cx_status_t (*probe)(const cx_core_t *core, cx_caps_t *caps);
    /* `options` is the filled struct that `options` rows describe; borrowed, like `shape`. */
    cx_status_t (*open)(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                        cx_session_t **out);
    /* All allocation, registration and compilation of one size. `point` lives until release. */
    cx_status_t (*prepare)(cx_session_t *session, const cx_point_t *point);
    /* The timed call: enqueue the work of slot `slot_index` on `stream`, and return. */
    cx_status_t (*enqueue)(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream);
    /* Optional: completion of work that is not ordered on the stream. */
    cx_status_t (*wait)(cx_session_t *session, cx_phase_t phase);
    void (*release)(cx_session_t *session); /* undoes prepare */
    void (*close)(cx_session_t *session);   /* undoes open */

    /* Family ep: what the last dispatch of that slot delivered here, once the stream is drained.
     * Outside windows, no peers. */
    cx_status_t (*inspect)(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view);
} cx_backend_ops_t;

/* The only symbol a backend plugin exports; file cx-backend-<name>.so. */
CX_EXPORT const cx_backend_ops_t *cx_backend_v1(void);

/* The only way to test for an optional member, or one added after the plugin was built. */
#define CX_HAS(ops, member)                                                              \
    ((ops)->struct_size >= offsetof(cx_backend_ops_t, member) + sizeof((ops)->member) && \
     (ops)->member)

#ifdef __cplusplus
}
#endif
#endif
