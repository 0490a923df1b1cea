/* SPDX-License-Identifier: Apache-2.0 */
/* The vendor's library behind one table of functions: its calls, finding it, and its errors.
 * Not a device, and no header of a vendor: what the calls take is declared here, once for both. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "constants.inl"

/* Handles that nobody looks into are void pointers here; memory of the device is one, too, which is
 * how CUdeviceptr, an integer of the same width, is passed on every machine that has CUDA. */
typedef unsigned long long gpu_flags_t;

/* Calls that both vendors have with the same parameters: member, parameters. */
#define GPU_CALLS(X)                                                                             \
    X(init, (unsigned flags))                                                                    \
    X(driver_version, (int *version))                                                            \
    X(device_count, (int *count))                                                                \
    X(device_get, (int *handle, int index))                                                      \
    X(device_name, (char *name, int name_bytes, int handle))                                     \
    X(device_attribute, (int *value, int attribute, int handle))                                 \
    X(device_bus, (char *bus, int bus_bytes, int handle))                                        \
    X(memory_info, (size_t * free_bytes, size_t * total_bytes))                                  \
    X(memory_alloc, (void **out, size_t bytes))                                                  \
    X(memory_free, (void *memory))                                                               \
    X(host_alloc, (void **out, size_t bytes, unsigned flags))                                    \
    X(host_free, (void *memory))                                                                 \
    X(memset_async, (void *memory, unsigned char value, size_t bytes, cx_stream_t *stream))      \
    X(stream_create, (cx_stream_t * *out, unsigned flags))                                       \
    X(stream_destroy, (cx_stream_t * stream))                                                    \
    X(stream_query, (cx_stream_t * stream))                                                      \
    X(event_create, (void **out, unsigned flags))                                                \
    X(event_destroy, (void *event))                                                              \
    X(event_record, (void *event, cx_stream_t *stream))                                          \
    X(event_query, (void *event))                                                                \
    X(event_elapsed, (float *elapsed_ms, void *from, void *to))                                  \
    X(module_load, (void **out, const void *image))                                              \
    X(module_unload, (void *module))                                                             \
    X(module_function, (void **out, void *module, const char *name))                             \
    X(launch, (void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,                \
               unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,      \
               cx_stream_t *stream, void **params, void **extra))                                \
    X(capture_begin, (cx_stream_t * stream, int mode))                                           \
    X(capture_end, (cx_stream_t * stream, void **graph))                                         \
    X(graph_destroy, (void *graph))                                                              \
    X(graph_instantiate, (cx_graph_t * *out, void *graph, gpu_flags_t flags))                    \
    X(graph_launch, (cx_graph_t * graph, cx_stream_t * stream))                                  \
    X(graph_exec_destroy, (cx_graph_t * graph))                                                  \
    X(vmm_granularity, (size_t * bytes, const gpu_allocation_kind_t *kind, int option))          \
    X(vmm_create,                                                                                \
      (void **out, size_t bytes, const gpu_allocation_kind_t *kind, gpu_flags_t flags))          \
    X(vmm_release, (void *handle))                                                               \
    X(vmm_reserve, (void **out, size_t bytes, size_t alignment, void *hint, gpu_flags_t flags))  \
    X(vmm_free, (void *memory, size_t bytes))                                                    \
    X(vmm_map, (void *memory, size_t bytes, size_t offset, void *handle, gpu_flags_t flags))     \
    X(vmm_unmap, (void *memory, size_t bytes))                                                   \
    X(vmm_access, (void *memory, size_t bytes, const gpu_access_t *access, size_t access_count)) \
    X(vmm_export, (void *out, void *handle, int kind, gpu_flags_t flags))                        \
    X(vmm_import, (void **out, void *shared, int kind))                                          \
    /* absent from older libraries */                                                            \
    X(device_memory, (size_t * bytes, int handle))                                               \
    X(ipc_get, (gpu_ipc_handle_t * out, void *memory))                                           \
    X(ipc_open, (void **out, gpu_ipc_handle_t handle, unsigned flags))                           \
    X(ipc_close, (void *memory))                                                                 \
    X(event_record_flags, (void *event, cx_stream_t *stream, unsigned flags))                    \
    VENDOR_CALLS(X)

typedef struct gpu_api {
#define GPU_MEMBER(name, parameters) int(*name) parameters;
    GPU_CALLS(GPU_MEMBER)
#undef GPU_MEMBER
} gpu_api_t;

typedef struct gpu_names {
#define GPU_NAME(name, parameters) const char *name;
    GPU_CALLS(GPU_NAME)
#undef GPU_NAME
} gpu_names_t;

/* The vendor's half: what the includer of this body defines. */
static const gpu_names_t vendor_names;                     /* how the library calls them */
static const char       *vendor_error_text(int code);      /* the vendor's words for a code */
static const char       *vendor_remedy(int code);          /* what to do about it; NULL unknown */
static const char       *vendor_explain_absence(int code); /* why there are no devices */

static const char *const vendor_sonames[] = {VENDOR_SONAMES, NULL}; /* tried in order */

/* One library for the process: vendors do not survive being unloaded. */
static gpu_api_t gpu;
static void     *gpu_library;

static int64_t clock_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Opens $`variable`, and nothing else if that is set; otherwise the first soname that is there.
 * NULL with the loader's words in `reason`. */
static void *find_library(const char *variable, const char *const *sonames, char *reason,
                          size_t reason_bytes)
{
    const char *chosen  = getenv(variable);
    void       *library = NULL;

    reason[0] = '\0';
    if (chosen && *chosen) {
        library = dlopen(chosen, RTLD_NOW | RTLD_LOCAL);
        (void)snprintf(reason, reason_bytes, "$%s: %s", variable, library ? "" : dlerror());
        return library;
    }
    for (size_t i = 0; sonames[i] && !library; i++) {
        library = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL);
        if (!library && i == 0) {
            (void)snprintf(reason, reason_bytes, "%s", dlerror());
        }
    }
    return library;
}

/* A name that begins with a question mark may be missing. */
static cx_status_t resolve_calls(const cx_core_t *core, void *library)
{
    static const struct {
        const char *const *name;
        size_t             offset;
    } rows[] = {
#define GPU_ROW(name, parameters) {&vendor_names.name, offsetof(gpu_api_t, name)},
        GPU_CALLS(GPU_ROW)
#undef GPU_ROW
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name        = *rows[i].name;
        bool        is_optional = name[0] == '?';
        void       *symbol      = dlsym(library, name + is_optional);

        if (!symbol && !is_optional) {
            return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                                "the " VENDOR_LIBRARY " found here has no %s, so it is too old: "
                                "install " VENDOR_MINIMUM,
                                name);
        }
        memcpy((char *)&gpu + rows[i].offset, &symbol, sizeof symbol);
    }
    return CX_OK;
}

static cx_status_t load_library(const cx_core_t *core)
{
    char  reason[320];
    void *library;

    if (gpu_library) {
        return CX_OK;
    }
    library = find_library(VENDOR_PATH_VARIABLE, vendor_sonames, reason, sizeof reason);
    if (!library) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "no " VENDOR_LIBRARY " (%s): install " VENDOR_INSTALL
                            ", or set " VENDOR_PATH_VARIABLE " to the file",
                            reason);
    }
    if (resolve_calls(core, library) != CX_OK) {
        (void)dlclose(library);
        return CX_UNSUPPORTED;
    }
    gpu_library = library;
    return CX_OK;
}

static cx_status_t status_of(int code)
{
    switch (code) {
    case GPU_ERROR_MEMORY:
        return CX_RESOURCE;
    case GPU_ERROR_NO_PEER:
    case GPU_ERROR_NOT_PERMITTED:
    case GPU_ERROR_NOT_SUPPORTED:
        return CX_UNSUPPORTED;
    default:
        return CX_DEVICE;
    }
}

/* `attempt` finishes the sentence "cannot ...". */
static cx_status_t fail_call(const cx_core_t *core, int code, const char *call, const char *attempt)
{
    const char *remedy = vendor_remedy(code);
    cx_status_t status = status_of(code);

    (void)CX_CORE_FAIL(core, status, "cannot %s: %s: %s (error %d)%s%s", attempt,
                       call + (call[0] == '?'), vendor_error_text(code), code, remedy ? "; " : "",
                       remedy ? remedy : "");
    return status;
}

/* Calls the vendor, and returns from the function around it where that fails. */
#define GPU_TRY(core, attempt, member, ...)                                  \
    do {                                                                     \
        int code_ = gpu.member(__VA_ARGS__);                                 \
        if (code_ != 0) {                                                    \
            return fail_call((core), code_, vendor_names.member, (attempt)); \
        }                                                                    \
    } while (0)
