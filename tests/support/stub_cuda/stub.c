/* SPDX-License-Identifier: Apache-2.0 */
/* A vendor's library on host memory, for tests only: libcuda.so.1, or libamdhip64.so with STUB_HIP.
 * Work is done when it is enqueued, but streams end, and events happen, when the time that it would
 * take has passed on this host's clock; so nothing here needs a thread. Not a model of a GPU.
 *
 * STUB_GPU_COUNT=2          devices
 * STUB_GPU_MEMORY=1073741824 bytes of each
 * STUB_GPU_MODELS=A,B       names of the first ones
 * STUB_GPU_SLICES=1         devices are slices of cards: their ids are not the cards'
 * STUB_GPU_SLEEP=100        seconds until the driver answers at all
 * STUB_GPU_FAIL=cuMemCreate:2,cuMemMap:1@3   calls that fail, and with which code (the 3rd alone)
 * STUB_GPU_ASYNC=700        with what the first kernel fails, and everything after it
 * STUB_GPU_KERNEL_NS=0      what each kernel takes beside the time it spins
 * STUB_GPU_HANG=1           kernels never end (2: nothing that is on a stream does)
 * STUB_GPU_MAPS=1           memory can be mapped (0: HIP calls that out of memory)
 * STUB_GPU_NETWORK=1        memory that is mapped wants the flag for network cards
 * STUB_GPU_FABRIC=0         memory that is mapped wants a handle for other hosts, too (1), or is
 *                           refused with one although the device can (2)
 * STUB_GPU_VERSION=13000    of the library */
#include "stub.h"
#include "kernels.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRANULE_BYTES ((size_t)2 << 20)
#define PAGE_BYTES ((size_t)4096)
#define NETWORK_BYTE 25                /* of an allocation's kind: for a network card, too */
#define MISALIGNED_BYTES ((size_t)256) /* as much as a real library promises */
#define FAULT_COUNT_MAX 8
#define REACH_NS_MAX INT64_C(1000000) /* a stream that hangs is never there */

typedef struct node {
    struct node         *next;
    const stub_kernel_t *kernel; /* NULL: memset, copy, event or call */
    void (*call)(void *data);
    void         *data;
    int64_t       spin_ns;
    void         *to;
    const void   *from; /* NULL: memset */
    struct event *event;
    size_t        bytes;
    int           value;
    _Alignas(16) unsigned char params[STUB_PARAM_COUNT_MAX][STUB_PARAM_BYTES_MAX];
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
    int           fd;        /* the memory's, of this process */
    bool          is_opened; /* another process's */
} block_t;

/* What a handle of 64 bytes holds. */
typedef struct ticket {
    int    pid, fd;
    size_t bytes;
    char   rest[48];
} ticket_t;

static block_t           *blocks;
static size_t             used_bytes;
static int                sticky_code;
static _Thread_local bool is_bound;

int stub_injected_fault(const char *name)
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

/* ---- contexts ---- */

#ifdef STUB_HIP
API(unused, hipSetDevice, (int index))
{
    ENTER(unused, hipSetDevice);
    is_bound = index >= 0 && index < setting("STUB_GPU_COUNT", 2);
    return is_bound ? 0 : ERROR_DEVICE;
}
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

/* Takes over the descriptor. */
static void *new_block(int fd, size_t bytes, bool is_opened)
{
    size_t   mapped_bytes = bytes + MISALIGNED_BYTES;
    block_t *block        = calloc(1, sizeof *block);
    void    *address =
        fd < 0 ? MAP_FAILED : mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (address == MAP_FAILED) {
        free(block);
        return NULL;
    }
    *block = (block_t){
        .next = blocks, .address = address, .bytes = bytes, .fd = fd, .is_opened = is_opened};
    blocks = block;
    return (char *)address + MISALIGNED_BYTES;
}

static block_t **find_block(const void *memory)
{
    block_t **link = &blocks;

    while (*link && (char *)(*link)->address + MISALIGNED_BYTES != (const char *)memory) {
        link = &(*link)->next;
    }
    return link;
}

static int drop_block(void *memory)
{
    block_t **link  = find_block(memory);
    block_t  *block = *link;

    if (!block) {
        return ERROR_VALUE;
    }
    *link = block->next;
    used_bytes -= block->is_opened ? 0 : block->bytes;
    (void)munmap(block->address, block->bytes + MISALIGNED_BYTES);
    (void)close(block->fd);
    free(block);
    return 0;
}

/* Not zeroed and not page-aligned, like the real thing. */
API(cuMemAlloc_v2, hipMalloc, (void **out, size_t bytes))
{
    int fd, code;

    ENTER(cuMemAlloc_v2, hipMalloc);
    code = !is_bound ? ERROR_CONTEXT : bytes > SIZE_MAX / 2 ? ERROR_MEMORY : take_bytes(bytes);
    if (code != 0) {
        return code;
    }
    fd = memfd_create("stub", MFD_CLOEXEC);
    *out =
        ftruncate(fd, (off_t)(bytes + MISALIGNED_BYTES)) == 0 ? new_block(fd, bytes, false) : NULL;
    if (*out) {
        memset(*out, 0xa5, bytes);
    }
    return *out ? 0 : ERROR_MEMORY;
}

API(cuMemFree_v2, hipFree, (void *memory))
{
    ENTER(cuMemFree_v2, hipFree);
    return drop_block(memory);
}

API(cuIpcGetMemHandle, hipIpcGetMemHandle, (ticket_t * out, void *memory))
{
    const block_t *block = *find_block(memory);

    ENTER(cuIpcGetMemHandle, hipIpcGetMemHandle);
    if (!block) {
        return ERROR_VALUE;
    }
    *out = (ticket_t){.pid = getpid(), .fd = block->fd, .bytes = block->bytes};
    return 0;
}

/* A real library refuses handles of its own process; here that is the way to test in one. */
API(cuIpcOpenMemHandle_v2, hipIpcOpenMemHandle, (void **out, ticket_t ticket, unsigned flags))
{
    char path[64];

    ENTER(cuIpcOpenMemHandle_v2, hipIpcOpenMemHandle);
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", ticket.pid, ticket.fd);
    *out = flags == 1 ? new_block(open(path, O_RDWR | O_CLOEXEC), ticket.bytes, true) : NULL;
    return *out ? 0 : ERROR_VALUE;
}

API(cuIpcCloseMemHandle, hipIpcCloseMemHandle, (void *memory))
{
    ENTER(cuIpcCloseMemHandle, hipIpcCloseMemHandle);
    return drop_block(memory);
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

static bool has_handles(int kinds)
{
    return kinds == 1 || (kinds == 9 && setting("STUB_GPU_FABRIC", 0) != 0);
}

API(cuMemGetAllocationGranularity, hipMemGetAllocationGranularity,
    (size_t * bytes, const int *kind, int option))
{
    ENTER(cuMemGetAllocationGranularity, hipMemGetAllocationGranularity);
    *bytes = GRANULE_BYTES;
    return option == 0 && kind[0] == 1 && has_handles(kind[1]) && kind[2] == 1 ? 0 : ERROR_VALUE;
}

API(cuMemCreate, hipMemCreate,
    (handle_t * *out, size_t bytes, const int *kind, unsigned long long flags))
{
    handle_t *handle;
    void     *bytes_at;
    int code = bytes % GRANULE_BYTES != 0 || flags != 0 || !has_handles(kind[1]) ? ERROR_VALUE : 0;

    ENTER(cuMemCreate, hipMemCreate);
    if (!setting("STUB_GPU_MAPS", 1)) {
        return NAME(ERROR_NOT_SUPPORTED, ERROR_MEMORY);
    }
    if (setting("STUB_GPU_FABRIC", 0) == (kind[1] == 1 ? 1 : 2)) {
        return ERROR_NOT_PERMITTED;
    }
    if (((const unsigned char *)kind)[NETWORK_BYTE] != NAME(setting("STUB_GPU_NETWORK", 1), 0)) {
        return ERROR_VALUE;
    }
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

static int answer_of(int64_t ready_ns)
{
    bool is_ready = stub_now_ns() >= ready_ns && setting("STUB_GPU_HANG", 0) != 2;

    return sticky_code != 0 ? sticky_code : is_ready ? 0 : ERROR_NOT_READY;
}

/* HIP waits for the stream to end. */
API(cuStreamDestroy_v2, hipStreamDestroy, (stream_t * stream))
{
    while (NAME(false, answer_of(stream->ready_ns) == ERROR_NOT_READY)) {
        (void)poll(NULL, 0, 1);
    }
    free(stream);
    return 0;
}

API(cuStreamQuery, hipStreamQuery, (const stream_t *stream))
{
    ENTER(cuStreamQuery, hipStreamQuery);
    return answer_of(stream->ready_ns);
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
    return answer_of(event->stamp_ns);
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

/* Who meets others comes when its stream does, or stamps would say that it left before they came.
 */
static void reach(const stream_t *stream, const stub_kernel_t *kernel)
{
    int64_t now_ns = stub_now_ns(), from_ns = now_ns;

    while (strcmp(kernel->name, "cx_gpu_barrier") == 0 && now_ns < stream->ready_ns &&
           now_ns - from_ns < REACH_NS_MAX) {
        now_ns = stub_now_ns();
    }
}

static void run_node(stream_t *stream, node_t *node)
{
    void *params[STUB_PARAM_COUNT_MAX] = {node->params[0], node->params[1], node->params[2]};

    if (node->event) {
        occupy(stream, 0);
        node->event->stamp_ns = stream->ready_ns;
    } else if (node->call) {
        node->call(node->data);
    } else if (node->kernel) {
        if (node->kernel->run) {
            reach(stream, node->kernel);
            node->kernel->run(params);
        }
        occupy(stream, setting("STUB_GPU_HANG", 0)
                           ? INT64_MAX
                           : node->spin_ns + setting("STUB_GPU_KERNEL_NS", 0));
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
    node_t *kept;

    if (sticky_code == 0 && !stream->capture) {
        node_t now = *node;

        run_node(stream, &now);
        return 0;
    }
    kept = sticky_code == 0 ? malloc(sizeof *kept) : NULL;
    if (!kept) {
        return sticky_code != 0 ? sticky_code : ERROR_MEMORY;
    }
    *kept      = *node;
    kept->next = NULL;
    if (stream->capture->last) {
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

#ifndef STUB_OLD
API(cuEventRecordWithFlags, hipEventRecordWithFlags,
    (event_t * event, stream_t *stream, unsigned flags))
{
    node_t node = {.event = event};

    ENTER(cuEventRecordWithFlags, hipEventRecordWithFlags);
    return flags == 1 && stream->capture ? enqueue(stream, &node) : ERROR_VALUE;
}
#endif

/* ---- kernels and graphs ---- */

API(cuModuleLoadData, hipModuleLoadData, (const void **out, const unsigned char *image))
{
    static const char compiled[] = NAME("\x50\xed\x55\xba", "__CLANG_OFFLOAD_BUNDLE__");
    size_t            bytes      = sizeof compiled - 1;

    ENTER(cuModuleLoadData, hipModuleLoadData);
    *out = image;
    return memcmp(image, compiled, bytes) == 0 || memcmp(image, "STUB", 4) == 0 ? 0 : ERROR_IMAGE;
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

API(cuStreamIsCapturing, hipStreamIsCapturing, (const stream_t *stream, int *status))
{
    ENTER(cuStreamIsCapturing, hipStreamIsCapturing);
    *status = stream->capture != NULL;
    return 0;
}

API(cuLaunchHostFunc, hipLaunchHostFunc, (stream_t * stream, void (*call)(void *), void *data))
{
    node_t node = {.call = call, .data = data};

    ENTER(cuLaunchHostFunc, hipLaunchHostFunc);
    return enqueue(stream, &node);
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
