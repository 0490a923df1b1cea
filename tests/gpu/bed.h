/* SPDX-License-Identifier: Apache-2.0 */
/* A device that is open, and a line of words for each thing that is looked at on it. Header-only,
 * for the checks of this folder. */
#ifndef CX_TESTS_GPU_BED_H
#define CX_TESTS_GPU_BED_H

#include "gpu/lone_core.h"

#define BUDGET_NS INT64_C(60000000000)
#define MIB ((size_t)1 << 20)

/* One open device and what most checks use of it. */
typedef struct bed {
    const cx_device_ops_t *ops;
    cx_device_t           *device;
    cx_stream_t           *stream;
    cx_events_t           *events;
    int                    wrong_count;
} bed_t;

__attribute__((format(printf, 3, 4))) static inline void say(bed_t *bed, int is_right,
                                                             const char *format, ...)
{
    va_list arguments;

    (void)printf(is_right ? "ok     " : "WRONG  ");
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)printf(!is_right && lone_detail[0] ? " [%s]\n" : "\n", lone_detail);
    (void)fflush(stdout);
    lone_detail[0] = '\0';
    bed->wrong_count += !is_right;
}

static inline double since_us(int64_t start_ns)
{
    return (double)(lone_now_ns() - start_ns) / 1e3;
}

static inline cx_status_t drain(bed_t *bed)
{
    return bed->ops->synchronize(bed->device, bed->stream, lone_now_ns() + BUDGET_NS);
}

static inline int open_bed(bed_t *bed, const cx_core_t *core, const cx_device_ops_t *ops,
                           int32_t index)
{
    memset(bed, 0, sizeof *bed);
    bed->ops = ops;
    if (ops->open(core, index, &bed->device) != CX_OK ||
        ops->stream_open(bed->device, &bed->stream) != CX_OK ||
        ops->events_open(bed->device, 2048, &bed->events) != CX_OK) {
        say(bed, 0, "open device %d", index);
        return -1;
    }
    return 0;
}

static inline void close_bed(bed_t *bed)
{
    bed->ops->events_close(bed->device, bed->events);
    bed->ops->stream_close(bed->device, bed->stream);
    bed->ops->close(bed->device);
}

#endif
