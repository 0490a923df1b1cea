/* SPDX-License-Identifier: Apache-2.0 */
/* A vendor's library on host memory, for tests only: libcuda.so.1, or libamdhip64.so with STUB_HIP.
 * Work is done when it is enqueued, but streams end, and events happen, when the time that it would
 * take has passed on this host's clock; so nothing here needs a thread. Not a model of a GPU.
 *
 * STUB_GPU_COUNT=2          devices
 * STUB_GPU_MEMORY=1073741824 bytes of each
 * STUB_GPU_FAIL=cuMemCreate:2,cuMemMap:1@3   calls that fail, and with which code (the 3rd alone)
 * STUB_GPU_ASYNC=700        with what the first kernel fails, and everything after it
 * STUB_GPU_HANG=1           kernels never end
 * STUB_GPU_VERSION=13000    of the library */
#include "kernels.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef STUB_HIP
#define NAME(cuda, hip) hip
#define NS_PER_TICK 10
#define VERSION 60342131
#else
#define NAME(cuda, hip) cuda
#define NS_PER_TICK 1
#define VERSION 13000
#endif
#define STRING(text) #text
#define STRING_OF(text) STRING(text)
/* A call of the library; the fault that was asked for comes before its body. */
#define API(cuda, hip, parameters)                                         \
    __attribute__((visibility("default"))) int NAME(cuda, hip) parameters; \
    int                                        NAME(cuda, hip) parameters
#define ENTER(cuda, hip)                                         \
    do {                                                         \
        int fault_ = injected_fault(STRING_OF(NAME(cuda, hip))); \
        if (fault_ != 0) {                                       \
            return fault_;                                       \
        }                                                        \
    } while (0)

enum {
    ERROR_VALUE     = 1,
    ERROR_MEMORY    = 2,
    ERROR_DEVICE    = 101,
    ERROR_IMAGE     = 200,
    ERROR_CONTEXT   = 201,
    ERROR_HANDLE    = 400,
    ERROR_NOT_FOUND = 500,
    ERROR_NOT_READY = 600,
    ERROR_CAPTURE   = 901,
};
#define GRANULE_BYTES ((size_t)2 << 20)
#define PAGE_BYTES ((size_t)4096)
#define MISALIGNED_BYTES ((size_t)256) /* as much as a real library promises */
#define FAULT_COUNT_MAX 8

typedef struct node {
    struct node         *next;
    const stub_kernel_t *kernel; /* NULL: memset, copy or event */
    int64_t              spin_ns;
    void                *to;
    const void          *from; /* NULL: memset */
    struct event        *event;
    size_t               bytes;
    int                  value;
    _Alignas(16) unsigned char params[STUB_PARAM_COUNT_MAX][1152];
} node_t;

typedef struct graph {
    node_t *first, *last;
} graph_t;

typedef struct stream {
    int64_t  ready_ns;
    graph_t *capture; /* NULL: none */
} stream_t;

typedef struct event {
    int64_t stamp_ns; /* 0: not recorded */
} event_t;

typedef struct handle {
    int    fd;
    size_t bytes;
} handle_t;

typedef struct block {
    struct block *next;
    void         *address;
    size_t        bytes;
} block_t;

static block_t           *blocks;
static size_t             used_bytes;
static int                sticky_code;
static _Thread_local bool is_bound;

static long long setting(const char *name, long long otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoll(text, NULL, 10) : otherwise;
}

static int injected_fault(const char *name)
{
    static int  seen[FAULT_COUNT_MAX];
    const char *rule   = getenv("STUB_GPU_FAIL");
    size_t      length = strlen(name);

    for (int i = 0; rule && *rule && i < FAULT_COUNT_MAX; i++) {
        if (strncmp(rule, name, length) == 0 && rule[length] == ':') {
            char *end;
            int   code = (int)strtol(rule + length + 1, &end, 10);
            long  nth  = *end == '@' ? strtol(end + 1, NULL, 10) : 0;
            if (++seen[i] == nth || nth == 0) {
                return code;
            }
        }
        rule = strchr(rule, ',');
        rule = rule ? rule + 1 : NULL;
    }
    return 0;
}

/* ---- devices and contexts ---- */

API(cuInit, hipInit, (unsigned flags))
{
    ENTER(cuInit, hipInit);
    return flags == 0 ? 0 : ERROR_VALUE;
}

API(cuDriverGetVersion, hipDriverGetVersion, (int *version))
{
    *version = (int)setting("STUB_GPU_VERSION", VERSION);
    return 0;
}

API(cuDeviceGetCount, hipGetDeviceCount, (int *count))
{
    ENTER(cuDeviceGetCount, hipGetDeviceCount);
    *count = (int)setting("STUB_GPU_COUNT", 2);
    return 0;
}

API(cuDeviceGet, hipDeviceGet, (int *handle, int index))
{
    ENTER(cuDeviceGet, hipDeviceGet);
    *handle = index;
    return index >= 0 && index < setting("STUB_GPU_COUNT", 2) ? 0 : ERROR_DEVICE;
}

API(cuDeviceGetName, hipDeviceGetName, (char *name, int name_bytes, int handle))
{
    (void)snprintf(name, (size_t)name_bytes, "Stub GPU %d", handle);
    return 0;
}

API(cuDeviceGetPCIBusId, hipDeviceGetPCIBusId, (char *bus, int bus_bytes, int handle))
{
    (void)snprintf(bus, (size_t)bus_bytes, "0000:%02x:00.0", handle + 1);
    return 0;
}

API(cuDeviceGetAttribute, hipDeviceGetAttribute, (int *value, int attribute, int handle))
{
    (void)handle;
    switch (attribute) {
    case NAME(16, 63):
        *value = 4;
        return 0;
    case NAME(38, 19):
        *value = 1 << 20;
        return 0;
    case NAME(-1, 10017):
        *value = 1000000 / NS_PER_TICK;
        return 0;
    default:
        return ERROR_VALUE;
    }
}

#ifdef STUB_HIP
API(unused, hipSetDevice, (int index))
{
    ENTER(unused, hipSetDevice);
    is_bound = index >= 0 && index < setting("STUB_GPU_COUNT", 2);
    return is_bound ? 0 : ERROR_DEVICE;
}

API(unused, hipRuntimeGetVersion, (int *version))
{
    return hipDriverGetVersion(version);
}

__attribute__((visibility("default"))) const char *hipGetErrorString(int code);
const char                                        *hipGetErrorString(int code)
#else
static int context;

API(cuDevicePrimaryCtxRetain, unused, (void **out, int handle))
{
    ENTER(cuDevicePrimaryCtxRetain, unused);
    (void)handle;
    *out = &context;
    return 0;
}

API(cuDevicePrimaryCtxRelease_v2, unused, (int handle))
{
    (void)handle;
    return 0;
}

API(cuCtxSetCurrent, unused, (void *wanted))
{
    ENTER(cuCtxSetCurrent, unused);
    is_bound = wanted == &context;
    return 0;
}

static const char *error_string(int code)
#endif
{
    static const struct {
        int         code;
        const char *text;
    } rows[] = {{ERROR_VALUE, "invalid argument"},
                {ERROR_MEMORY, "out of memory"},
                {100, "no device is detected"},
                {ERROR_CONTEXT, "invalid device context"},
                {ERROR_HANDLE, "invalid resource handle"},
                {ERROR_NOT_READY, "device not ready"},
                {700, "an illegal memory access was encountered"},
                {801, "operation not supported"},
                {803, "system has unsupported display driver / cuda driver combination"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].text;
        }
    }
    return "an error of the stub";
}

#ifndef STUB_HIP
API(cuGetErrorString, unused, (int code, const char **out))
{
    *out = error_string(code);
    return 0;
}
#endif

/* ---- memory ---- */

static int take_bytes(size_t bytes)
{
    if (used_bytes + bytes > (size_t)setting("STUB_GPU_MEMORY", 1 << 30)) {
        return ERROR_MEMORY;
    }
    used_bytes += bytes;
    return 0;
}

API(cuMemGetInfo_v2, hipMemGetInfo, (size_t * free_bytes, size_t *total_bytes))
{
    ENTER(cuMemGetInfo_v2, hipMemGetInfo);
    *total_bytes = (size_t)setting("STUB_GPU_MEMORY", 1 << 30);
    *free_bytes  = *total_bytes - used_bytes;
    return is_bound ? 0 : ERROR_CONTEXT;
}

/* Not zeroed and not page-aligned, like the real thing. */
API(cuMemAlloc_v2, hipMalloc, (void **out, size_t bytes))
{
    block_t *block;
    size_t   mapped_bytes = bytes + MISALIGNED_BYTES;
    int      code;

    ENTER(cuMemAlloc_v2, hipMalloc);
    code = !is_bound ? ERROR_CONTEXT : bytes > SIZE_MAX / 2 ? ERROR_MEMORY : take_bytes(bytes);
    if (code != 0) {
        return code;
    }
    block        = calloc(1, sizeof *block);
    block->bytes = bytes;
    block->address =
        mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(block->address, 0xa5, mapped_bytes);
    block->next = blocks;
    blocks      = block;
    *out        = (char *)block->address + MISALIGNED_BYTES;
    return 0;
}

API(cuMemFree_v2, hipFree, (void *memory))
{
    block_t **link = &blocks;
    block_t  *block;

    ENTER(cuMemFree_v2, hipFree);
    while (*link && (char *)(*link)->address + MISALIGNED_BYTES != (char *)memory) {
        link = &(*link)->next;
    }
    block = *link;
    if (!block) {
        return ERROR_VALUE;
    }
    *link = block->next;
    used_bytes -= block->bytes;
    (void)munmap(block->address, block->bytes + MISALIGNED_BYTES);
    free(block);
    return 0;
}

API(cuMemHostAlloc, hipHostMalloc, (void **out, size_t bytes, unsigned flags))
{
    ENTER(cuMemHostAlloc, hipHostMalloc);
    *out = flags == 3 ? aligned_alloc(PAGE_BYTES, bytes) : NULL;
    return *out ? 0 : ERROR_VALUE;
}

API(cuMemFreeHost, hipHostFree, (void *memory))
{
    free(memory);
    return 0;
}

/* ---- memory that other processes map: kind, handle kinds, location; 32 bytes ---- */

API(cuMemGetAllocationGranularity, hipMemGetAllocationGranularity,
    (size_t * bytes, const int *kind, int option))
{
    ENTER(cuMemGetAllocationGranularity, hipMemGetAllocationGranularity);
    *bytes = GRANULE_BYTES;
    return option == 0 && kind[0] == 1 && kind[1] == 1 && kind[2] == 1 ? 0 : ERROR_VALUE;
}

API(cuMemCreate, hipMemCreate,
    (handle_t * *out, size_t bytes, const int *kind, unsigned long long flags))
{
    handle_t *handle;
    void     *bytes_at;
    int       code = bytes % GRANULE_BYTES != 0 || flags != 0 || kind[1] != 1 ? ERROR_VALUE : 0;

    ENTER(cuMemCreate, hipMemCreate);
    code = code != 0 ? code : take_bytes(bytes);
    if (code != 0) {
        return code;
    }
    handle        = calloc(1, sizeof *handle);
    handle->bytes = bytes;
    handle->fd    = memfd_create("stub", 0);
    code          = handle->fd < 0 || ftruncate(handle->fd, (off_t)bytes) != 0 ? ERROR_MEMORY : 0;
    bytes_at      = mmap(NULL, bytes, PROT_WRITE, MAP_SHARED, handle->fd, 0);
    memset(bytes_at, 0xa5, bytes);
    (void)munmap(bytes_at, bytes);
    *out = handle;
    return code;
}

API(cuMemRelease, hipMemRelease, (handle_t * handle))
{
    used_bytes -= handle->bytes;
    (void)close(handle->fd);
    free(handle);
    return 0;
}

API(cuMemAddressReserve, hipMemAddressReserve,
    (void **out, size_t bytes, size_t alignment, void *hint, unsigned long long flags))
{
    ENTER(cuMemAddressReserve, hipMemAddressReserve);
    (void)alignment;
    *out = mmap(hint, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return flags == 0 && *out != MAP_FAILED ? 0 : ERROR_MEMORY;
}

API(cuMemAddressFree, hipMemAddressFree, (void *memory, size_t bytes))
{
    return munmap(memory, bytes) == 0 ? 0 : ERROR_VALUE;
}

API(cuMemMap, hipMemMap,
    (void *memory, size_t bytes, size_t offset, handle_t *handle, unsigned long long flags))
{
    void *mapped;

    ENTER(cuMemMap, hipMemMap);
    if (bytes % GRANULE_BYTES != 0 || bytes > handle->bytes || offset != 0 || flags != 0) {
        return ERROR_VALUE;
    }
    mapped = mmap(memory, bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, handle->fd, 0);
    return mapped == memory ? 0 : ERROR_VALUE;
}

API(cuMemUnmap, hipMemUnmap, (void *memory, size_t bytes))
{
    void *mapped = mmap(memory, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    return bytes % GRANULE_BYTES == 0 && mapped == memory ? 0 : ERROR_VALUE;
}

API(cuMemSetAccess, hipMemSetAccess,
    (void *memory, size_t bytes, const int *access, size_t access_count))
{
    ENTER(cuMemSetAccess, hipMemSetAccess);
    if (access[0] != 1 || access[2] != 3 || access_count != 1) {
        return ERROR_VALUE;
    }
    return mprotect(memory, bytes, PROT_READ | PROT_WRITE) == 0 ? 0 : ERROR_VALUE;
}

API(cuMemExportToShareableHandle, hipMemExportToShareableHandle,
    (int *out, const handle_t *handle, int kind, unsigned long long flags))
{
    ENTER(cuMemExportToShareableHandle, hipMemExportToShareableHandle);
    *out = dup(handle->fd);
    return kind == 1 && flags == 0 && *out >= 0 ? 0 : ERROR_VALUE;
}

API(cuMemImportFromShareableHandle, hipMemImportFromShareableHandle,
    (handle_t * *out, void *shared, int kind))
{
    bool        is_by_value = NAME(true, setting("STUB_GPU_VERSION", VERSION) >= 70100000);
    int         fd          = is_by_value ? (int)(intptr_t)shared : *(int *)shared;
    struct stat facts;
    handle_t   *handle;

    ENTER(cuMemImportFromShareableHandle, hipMemImportFromShareableHandle);
    if (kind != 1 || fstat(fd, &facts) != 0) {
        return ERROR_VALUE;
    }
    handle        = calloc(1, sizeof *handle);
    handle->fd    = dup(fd);
    handle->bytes = (size_t)facts.st_size;
    used_bytes += handle->bytes;
    *out = handle;
    return 0;
}

/* ---- streams, events, work ---- */

API(cuStreamCreate, hipStreamCreateWithFlags, (stream_t * *out, unsigned flags))
{
    ENTER(cuStreamCreate, hipStreamCreateWithFlags);
    *out = calloc(1, sizeof **out);
    return *out && flags == 1 && is_bound ? 0 : ERROR_VALUE;
}

API(cuStreamDestroy_v2, hipStreamDestroy, (stream_t * stream))
{
    free(stream);
    return 0;
}

API(cuStreamQuery, hipStreamQuery, (const stream_t *stream))
{
    ENTER(cuStreamQuery, hipStreamQuery);
    return sticky_code != 0 ? sticky_code : stub_now_ns() < stream->ready_ns ? ERROR_NOT_READY : 0;
}

API(cuEventCreate, hipEventCreateWithFlags, (event_t * *out, unsigned flags))
{
    ENTER(cuEventCreate, hipEventCreateWithFlags);
    *out = calloc(1, sizeof **out);
    return *out && flags == 0 && is_bound ? 0 : ERROR_VALUE;
}

API(cuEventDestroy_v2, hipEventDestroy, (event_t * event))
{
    free(event);
    return 0;
}

API(cuEventQuery, hipEventQuery, (const event_t *event))
{
    ENTER(cuEventQuery, hipEventQuery);
    return sticky_code != 0 ? sticky_code : stub_now_ns() < event->stamp_ns ? ERROR_NOT_READY : 0;
}

API(cuEventElapsedTime, hipEventElapsedTime,
    (float *elapsed_ms, const event_t *from, const event_t *to))
{
    int64_t now_ns = stub_now_ns();

    ENTER(cuEventElapsedTime, hipEventElapsedTime);
    if (sticky_code != 0 || from->stamp_ns == 0 || to->stamp_ns == 0) {
        return sticky_code != 0 ? sticky_code : ERROR_HANDLE;
    }
    *elapsed_ms = (float)((double)(to->stamp_ns - from->stamp_ns) / 1e6);
    return now_ns < from->stamp_ns || now_ns < to->stamp_ns ? ERROR_NOT_READY : 0;
}

static void occupy(stream_t *stream, int64_t duration_ns)
{
    int64_t now_ns = stub_now_ns();

    stream->ready_ns = stream->ready_ns > now_ns ? stream->ready_ns : now_ns;
    stream->ready_ns =
        duration_ns > INT64_MAX - stream->ready_ns ? INT64_MAX : stream->ready_ns + duration_ns;
}

static void run_node(stream_t *stream, node_t *node)
{
    void *params[STUB_PARAM_COUNT_MAX] = {node->params[0], node->params[1], node->params[2]};

    if (node->event) {
        occupy(stream, 0);
        node->event->stamp_ns = stream->ready_ns;
    } else if (node->kernel) {
        if (node->kernel->run) {
            node->kernel->run(params);
        }
        occupy(stream, setting("STUB_GPU_HANG", 0) ? INT64_MAX : node->spin_ns);
        sticky_code = (int)setting("STUB_GPU_ASYNC", 0);
    } else if (node->from) {
        memcpy(node->to, node->from, node->bytes);
    } else {
        memset(node->to, node->value, node->bytes);
    }
}

/* Runs a copy of the node now, or keeps it for the graph that is being captured. */
static int enqueue(stream_t *stream, const node_t *node)
{
    node_t *kept = malloc(sizeof *kept);

    if (!kept || sticky_code != 0) {
        free(kept);
        return sticky_code != 0 ? sticky_code : ERROR_MEMORY;
    }
    *kept      = *node;
    kept->next = NULL;
    if (!stream->capture) {
        run_node(stream, kept);
        free(kept);
    } else if (stream->capture->last) {
        stream->capture->last->next = kept;
        stream->capture->last       = kept;
    } else {
        stream->capture->first = stream->capture->last = kept;
    }
    return 0;
}

API(cuMemsetD8Async, hipMemsetD8Async,
    (void *memory, unsigned char value, size_t bytes, stream_t *stream))
{
    node_t node = {.to = memory, .value = value, .bytes = bytes};

    ENTER(cuMemsetD8Async, hipMemsetD8Async);
    return enqueue(stream, &node);
}

#ifdef STUB_HIP
API(unused, hipMemcpyAsync, (void *to, const void *from, size_t bytes, int kind, stream_t *stream))
{
    node_t node = {.to = to, .from = from, .bytes = bytes};

    ENTER(unused, hipMemcpyAsync);
    return kind == 4 ? enqueue(stream, &node) : ERROR_VALUE;
}
#else
API(cuMemcpyAsync, unused, (void *to, const void *from, size_t bytes, stream_t *stream))
{
    node_t node = {.to = to, .from = from, .bytes = bytes};

    ENTER(cuMemcpyAsync, unused);
    return enqueue(stream, &node);
}
#endif

API(cuEventRecord, hipEventRecord, (event_t * event, stream_t *stream))
{
    node_t node = {.event = event};

    ENTER(cuEventRecord, hipEventRecord);
    return stream->capture ? ERROR_CAPTURE : enqueue(stream, &node);
}

API(cuEventRecordWithFlags, hipEventRecordWithFlags,
    (event_t * event, stream_t *stream, unsigned flags))
{
    node_t node = {.event = event};

    ENTER(cuEventRecordWithFlags, hipEventRecordWithFlags);
    return flags == 1 && stream->capture ? enqueue(stream, &node) : ERROR_VALUE;
}

/* ---- kernels and graphs ---- */

API(cuModuleLoadData, hipModuleLoadData, (const void **out, const unsigned char *image))
{
    static const unsigned char fatbin[] = {0x50, 0xed, 0x55, 0xba};

    ENTER(cuModuleLoadData, hipModuleLoadData);
    *out = image;
    return memcmp(image, fatbin, 4) == 0 || memcmp(image, "STUB", 4) == 0 ? 0 : ERROR_IMAGE;
}

API(cuModuleUnload, hipModuleUnload, (const void *module))
{
    return module ? 0 : ERROR_VALUE;
}

API(cuModuleGetFunction, hipModuleGetFunction,
    (const stub_kernel_t **out, const void *module, const char *name))
{
    ENTER(cuModuleGetFunction, hipModuleGetFunction);
    *out = stub_kernel_find(name);
    return module && *out ? 0 : ERROR_NOT_FOUND;
}

API(cuLaunchKernel, hipModuleLaunchKernel,
    (const stub_kernel_t *kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z,
     unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes, stream_t *stream,
     void **params, void **extra))
{
    node_t node = {.kernel = kernel};

    ENTER(cuLaunchKernel, hipModuleLaunchKernel);
    if (grid_x * grid_y * grid_z == 0 || block_x * block_y * block_z == 0 || block_x > 1024 ||
        shared_bytes != 0 || extra || !is_bound) {
        return ERROR_VALUE;
    }
    for (int i = 0; i < STUB_PARAM_COUNT_MAX && kernel->param_bytes[i] > 0; i++) {
        memcpy(node.params[i], params[i], kernel->param_bytes[i]);
    }
    if (strcmp(kernel->name, "cx_gpu_spin") == 0) {
        uint64_t ticks;

        memcpy(&ticks, node.params[0], sizeof ticks);
        node.spin_ns = ticks > INT64_MAX / NS_PER_TICK ? INT64_MAX : (int64_t)ticks * NS_PER_TICK;
    }
    return enqueue(stream, &node);
}

API(cuStreamBeginCapture_v2, hipStreamBeginCapture, (stream_t * stream, int mode))
{
    ENTER(cuStreamBeginCapture_v2, hipStreamBeginCapture);
    if (stream->capture || mode != 1) {
        return ERROR_VALUE;
    }
    stream->capture = calloc(1, sizeof *stream->capture);
    return 0;
}

API(cuStreamEndCapture, hipStreamEndCapture, (stream_t * stream, graph_t **out))
{
    ENTER(cuStreamEndCapture, hipStreamEndCapture);
    if (!stream->capture) {
        return ERROR_VALUE;
    }
    *out            = stream->capture;
    stream->capture = NULL;
    return 0;
}

API(cuGraphDestroy, hipGraphDestroy, (graph_t * graph))
{
    while (graph->first) {
        node_t *node = graph->first;

        graph->first = node->next;
        free(node);
    }
    free(graph);
    return 0;
}

/* An executable graph is a copy, so that the other can be destroyed. */
API(cuGraphInstantiateWithFlags, hipGraphInstantiateWithFlags,
    (graph_t * *out, const graph_t *graph, unsigned long long flags))
{
    stream_t copier = {0};

    ENTER(cuGraphInstantiateWithFlags, hipGraphInstantiateWithFlags);
    copier.capture = calloc(1, sizeof *copier.capture);
    for (const node_t *node = graph->first; node; node = node->next) {
        (void)enqueue(&copier, node);
    }
    *out = copier.capture;
    return flags == 0 ? 0 : ERROR_VALUE;
}

API(cuGraphLaunch, hipGraphLaunch, (graph_t * exec, stream_t *stream))
{
    ENTER(cuGraphLaunch, hipGraphLaunch);
    for (node_t *node = exec->first; node && sticky_code == 0; node = node->next) {
        run_node(stream, node);
    }
    return sticky_code;
}

API(cuGraphExecDestroy, hipGraphExecDestroy, (graph_t * exec))
{
    return NAME(cuGraphDestroy, hipGraphDestroy)(exec);
}
