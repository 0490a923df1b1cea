/* SPDX-License-Identifier: Apache-2.0 */
/* A rank of nccl or rccl on the stub library: which one to load, its options, what it logs.
 * Not a test. A process loads one library, so each scenario is a process of its own. */
#ifndef CX_TESTS_NCCL_KIT_H
#define CX_TESTS_NCCL_KIT_H

#include "support/open_plugin.h"
#include "unit/hostref/exercise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define KIT_BUDGET_NS INT64_C(60000000000)
#define KIT_SHORT_NS INT64_C(300000000)
#define KIT_NEWEST "nccl-22809"

enum { KIT_NONE, KIT_USER_BUFFER, KIT_SYMMETRIC };
enum { KIT_AUTO, KIT_YES, KIT_NO };
enum { KIT_FIXED, KIT_ROUTED };

/* As backends/xccl/xccl.inl has them. */
typedef struct kit_options {
    int32_t registration, native;
    int64_t min_ctas, max_ctas;
    int32_t ep_messages;
} kit_options_t;

static const cx_backend_ops_t *kit_ops;     /* the plugin's */
static cx_backend_ops_t        kit_wrapped; /* the same, but opens with kit_options */
static kit_options_t           kit_options;
static cx_device_ops_t         kit_device_ops;
static cx_caps_t               kit_caps;
static int                     kit_log_count;
static char                    kit_log_text[256];

__attribute__((format(printf, 3, 4))) static inline void
kit_log(cx_log_level_t level, const char *component, const char *format, ...)
{
    va_list arguments;

    (void)level;
    (void)component;
    kit_log_count++;
    va_start(arguments, format);
    (void)vsnprintf(kit_log_text, sizeof kit_log_text, format, arguments);
    va_end(arguments);
}

static inline cx_status_t kit_open(const cx_core_t *core, const cx_shape_t *shape,
                                   const void *options, cx_session_t **out)
{
    (void)options;
    return kit_ops->open(core, shape, &kit_options, out);
}

/* The folder of a stub, or a path below it. */
static inline const char *kit_library(const char *name)
{
    static char path[4096];
    const char *folder = getenv("CX_PLUGIN_PATH");

    (void)snprintf(path, sizeof path, "%s/../test-libraries/%s", folder ? folder : "plugins", name);
    return path;
}

/* The core of a rank whose device is called `device_name`, on the library of that folder. */
static inline void kit_dress(fake_core_t *fake, const char *variable, const char *library)
{
    kit_device_ops        = fake_device_ops;
    kit_device_ops.name   = "cuda";
    fake->core.device_ops = &kit_device_ops;
    fake->core.log        = kit_log;
    kit_log_count         = 0;
    (void)setenv(variable, kit_library(library), 1);
}

/* Probes too; nonzero and words on stderr when that fails. */
static inline int kit_begin(fake_core_t *fake, const char *library)
{
    kit_dress(fake, "CX_NCCL_PATH", library);
    if (kit_ops->probe(&fake->core, &kit_caps) != CX_OK) {
        (void)fprintf(stderr, "rank %d: %s\n", fake->core.rank, fake_detail_text);
        return 1;
    }
    return 0;
}

static inline bool kit_load(const char *file)
{
    kit_ops = plugin_open_backend(file);
    if (kit_ops) {
        kit_wrapped      = *kit_ops;
        kit_wrapped.open = kit_open;
    }
    return kit_ops != NULL;
}

/* One rank's sentence about a check that failed; for forked ranks, where cmocka cannot speak. */
static inline int kit_check(bool is_right, const char *what, const char *file, int line)
{
    if (!is_right) {
        (void)fprintf(stderr, "%s:%d: not so: %s (last detail: %s; last log: %s)\n", file, line,
                      what, fake_detail_text, kit_log_text);
    }
    return is_right ? 0 : 1;
}

#define KIT_CHECK(condition) kit_check((condition), #condition, __FILE__, __LINE__)
/* The call fails with that status and its detail contains the words. */
#define KIT_FAILS(status, words, call) \
    (fake_detail_text[0] = '\0',       \
     KIT_CHECK((call) == (status)) + KIT_CHECK(strstr(fake_detail_text, (words)) != NULL))

/* A session of that operation, fp32 and sum; NULL when it cannot be opened. */
static inline cx_session_t *kit_session(fake_core_t *fake, cx_collective_t op)
{
    const cx_shape_t shape   = {.op    = op,
                                .dtype = CX_DTYPE_FP32,
                                .redop =
                                  op == CX_COLLECTIVE_ALL_REDUCE ? CX_REDOP_SUM : CX_REDOP_NONE};
    cx_session_t    *session = NULL;

    (void)kit_open(&fake->core, &shape, NULL, &session);
    return session;
}

/* A point of two floats in a page of the fake device. */
static inline cx_status_t kit_point(fake_core_t *fake, cx_slot_t *slot, cx_point_t *point)
{
    cx_status_t status;
    float      *values;

    *point = (cx_point_t){.elems        = 1,
                          .slot_count   = 1,
                          .slots        = slot,
                          .region_bytes = 4096,
                          .memory       = CX_MEMORY_EXPORTABLE};
    status = fake_alloc(&fake->device, point->region_bytes, CX_MEMORY_EXPORTABLE, &point->region);
    values = point->region;
    *slot  = (cx_slot_t){.send = values, .recv = values + 1};
    return status;
}

#endif
