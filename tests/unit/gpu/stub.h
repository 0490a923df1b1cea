/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the GPU devices share: the stub libraries of this build, and a device on them. */
#ifndef CX_TESTS_GPU_STUB_H
#define CX_TESTS_GPU_STUB_H

#include "gpu/lone_core.h"
#include "support/open_plugin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(60000000000)

/* What differs between the vendors in these tests. */
typedef struct vendor {
    const char *name, *plugin;
    const char *create, *map, *access, *export_fd, *import, *record, *launch, *instantiate;
    const char *ipc_get, *ipc_open;
} vendor_t;

static const vendor_t cuda = {
    .name        = "cuda",
    .plugin      = "../test-gpu/cx-device-cuda.so",
    .create      = "cuMemCreate",
    .map         = "cuMemMap",
    .access      = "cuMemSetAccess",
    .export_fd   = "cuMemExportToShareableHandle",
    .import      = "cuMemImportFromShareableHandle",
    .record      = "cuEventRecord",
    .launch      = "cuLaunchKernel",
    .instantiate = "cuGraphInstantiateWithFlags",
    .ipc_get     = "cuIpcGetMemHandle",
    .ipc_open    = "cuIpcOpenMemHandle_v2",
};

static const vendor_t hip = {
    .name        = "hip",
    .plugin      = "../test-gpu/cx-device-hip.so",
    .create      = "hipMemCreate",
    .map         = "hipMemMap",
    .access      = "hipMemSetAccess",
    .export_fd   = "hipMemExportToShareableHandle",
    .import      = "hipMemImportFromShareableHandle",
    .record      = "hipEventRecord",
    .launch      = "hipModuleLaunchKernel",
    .instantiate = "hipGraphInstantiateWithFlags",
    .ipc_get     = "hipIpcGetMemHandle",
    .ipc_open    = "hipIpcOpenMemHandle",
};

/* The path of a stub library of this build. */
static inline void stub_name(const char *variable, const char *library)
{
    const char *folder = getenv("CX_PLUGIN_PATH");
    char        path[4096];

    (void)snprintf(path, sizeof path, "%s/../test-gpu/%s", folder ? folder : "plugins", library);
    (void)setenv(variable, path, 1);
}

/* Before a plugin is opened: libraries are looked for once in a process. */
static inline void stub_environment(void)
{
    stub_name("CX_CUDA_PATH", "libcuda.so.1");
    stub_name("CX_NVML_PATH", "libnvidia-ml.so.1");
    stub_name("CX_HIP_PATH", "libamdhip64.so");
    stub_name("CX_ROCM_SMI_PATH", "librocm_smi64.so");
    (void)unsetenv("CUDA_VISIBLE_DEVICES");
}

/* The call `name` fails with `code`, "@3" behind it: the third time; NULL: none does. */
static inline void stub_fault(const char *name, const char *code)
{
    char rule[256];

    (void)snprintf(rule, sizeof rule, "%s:%s", name ? name : "", code ? code : "");
    (void)setenv("STUB_GPU_FAIL", name ? rule : "", 1);
}

static inline lone_core_t stub_core(void)
{
    return (lone_core_t){.core        = {.struct_size      = sizeof(cx_core_t),
                                         .rank_count       = 1,
                                         .local_rank_count = 1,
                                         .fail             = lone_fail,
                                         .is_over          = lone_is_over,
                                         .deadline_ns      = lone_deadline_ns},
                         .deadline_ns = lone_now_ns() + BUDGET_NS};
}

/* Whether a call ended as it should, with those words in its detail. */
static inline bool stub_says(cx_status_t got, cx_status_t wanted, const char *words)
{
    bool is_right = got == wanted && strstr(lone_detail, words) != NULL;

    if (!is_right) {
        (void)fprintf(stderr, "got status %d \"%s\", wanted %d \"%s\"\n", (int)got, lone_detail,
                      (int)wanted, words);
    }
    lone_detail[0] = '\0';
    return is_right;
}

#endif
