/* SPDX-License-Identifier: Apache-2.0 */
/* All that a plugin gets from CollectiveX: who it is, its device, its peers, and a way to complain.
 * A plugin links to nothing of ours; these are plain pointers. */
#ifndef COLLECTIVEX_CORE_H
#define COLLECTIVEX_CORE_H

#include "collectivex/device.h"
#include "collectivex/ep.h"
#include "collectivex/peers.h"
#include "collectivex/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Levels by volume: error a case is lost · warn a number needs a caveat · info per case · debug per
 * point. */
typedef enum cx_log_level {
    CX_LOG_ERROR,
    CX_LOG_WARN,
    CX_LOG_INFO,
    CX_LOG_DEBUG,
    CX_LOG_LEVEL_COUNT
} cx_log_level_t;

typedef struct cx_core cx_core_t;
struct cx_core {
    uint32_t struct_size; /* the struct only ever grows at its end */
    int32_t  rank, rank_count;
    int32_t  local_rank_count;  /* ranks on this host */
    bool     is_oversubscribed; /* more local ranks than processors: spinning must yield */

    const cx_device_ops_t *device_ops;
    cx_device_t           *device;
    const cx_peers_ops_t  *peers_ops;
    cx_peers_t            *peers;

    /* Stores the detail of a failure (first author wins) and returns `status`. Use CX_CORE_FAIL. */
    cx_status_t (*fail)(cx_status_t status, const char *file, int line, const char *format, ...)
#if defined(__GNUC__)
        __attribute__((format(printf, 4, 5)))
#endif
        ;
    void (*log)(cx_log_level_t level, const char *component, const char *format, ...)
#if defined(__GNUC__)
        __attribute__((format(printf, 3, 4)))
#endif
        ;
    /* For the slow path of a waiting loop: true once the deadline of the running phase has passed
     * or the run was cancelled. Then give up with CX_TIMEOUT. Allowed inside a window. */
    bool (*is_over)(const cx_core_t *core);
    /* The deadline in force, for calls that take one (peers, synchronize). */
    int64_t (*deadline_ns)(const cx_core_t *core);

    const cx_codec_ops_t *codecs; /* for backends that encode and decode rows on the host */
};

/* A failure is born here: records the detail and ends in the constant, for the analyser. */
#define CX_CORE_FAIL(core, status, ...) \
    ((void)(core)->fail((status), __FILE__, __LINE__, __VA_ARGS__), (status))

#ifdef __cplusplus
}
#endif
#endif
