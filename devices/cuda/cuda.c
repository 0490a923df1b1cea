/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA GPUs through the CUDA driver library: its names, its words, and where it differs.
 * The device itself is devices/gpu. */
#include "collectivex/card.h"
#include "collectivex/core.h"
#include "collectivex/device.h"
#include "collectivex/digest.h"

#define VENDOR_NAME "cuda"
#define VENDOR_SUMMARY "NVIDIA GPUs through the CUDA driver"
#define VENDOR_LIBRARY "CUDA driver library libcuda.so.1"
#define VENDOR_PATH_VARIABLE "CX_CUDA_PATH"
#define VENDOR_SONAMES "libcuda.so.1"
#define VENDOR_INSTALL "the NVIDIA driver, or pass it into this container (--gpus all)"
#define VENDOR_MINIMUM "a driver for CUDA 11.4 (470) or later"
#define VENDOR_COMPILER "nvcc"
#define VENDOR_VISIBLE " (CUDA_VISIBLE_DEVICES limits what it sees)"
#define VENDOR_SHARING                                                           \
    "in containers, run all ranks in one container, or share its IPC namespace " \
    "(--ipc=container:NAME, or --ipc=host)"
#define VENDOR_OPEN_NAME "cuDevicePrimaryCtxRetain"
#define VENDOR_BIND_NAME "cuCtxSetCurrent"
#define VENDOR_COPY_NAME "cuMemcpyAsync"

/* Values of cuda.h. */
#define VENDOR_MULTIPROCESSOR_COUNT 16 /* CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT */
#define VENDOR_CACHE_BYTES 38          /* CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE */
#define VENDOR_CAN_MAP 102             /* ..._VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED */
#define CUDA_CAN_MAP_FOR_NETWORK 110   /* ..._GPU_DIRECT_RDMA_WITH_CUDA_VMM_SUPPORTED */
#define CUDA_CAN_FABRIC 128            /* ..._HANDLE_TYPE_FABRIC_SUPPORTED */
#define CUDA_HANDLE_FABRIC 8           /* CU_MEM_HANDLE_TYPE_FABRIC */
#define CUDA_CAPABILITY_MAJOR 75       /* CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR */
#define CUDA_CAPABILITY_MINOR 76       /* CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR */

#define VENDOR_CALLS(X)                               \
    X(error_string, (int code, const char **out))     \
    X(device_uuid, (unsigned char *uuid, int handle)) \
    X(context_retain, (void **context, int handle))   \
    X(context_release, (int handle))                  \
    X(context_set, (void *context))                   \
    X(copy_async, (void *to, const void *from, size_t bytes, cx_stream_t *stream))

#include "../gpu/api.inl"
#include "../gpu/device_type.inl"

/* Versions are chosen by name: those that a program built with CUDA 11.4 would call. */
static const gpu_names_t vendor_names = {
    .init               = "cuInit",
    .driver_version     = "cuDriverGetVersion",
    .device_count       = "cuDeviceGetCount",
    .device_get         = "cuDeviceGet",
    .device_name        = "cuDeviceGetName",
    .device_attribute   = "cuDeviceGetAttribute",
    .device_bus         = "cuDeviceGetPCIBusId",
    .memory_info        = "cuMemGetInfo_v2",
    .memory_alloc       = "cuMemAlloc_v2",
    .memory_free        = "cuMemFree_v2",
    .host_alloc         = "cuMemHostAlloc",
    .host_free          = "cuMemFreeHost",
    .memset_async       = "cuMemsetD8Async",
    .stream_create      = "cuStreamCreate",
    .stream_destroy     = "cuStreamDestroy_v2",
    .stream_query       = "cuStreamQuery",
    .event_create       = "cuEventCreate",
    .event_destroy      = "cuEventDestroy_v2",
    .event_record       = "cuEventRecord",
    .event_query        = "cuEventQuery",
    .event_elapsed      = "cuEventElapsedTime",
    .module_load        = "cuModuleLoadData",
    .module_unload      = "cuModuleUnload",
    .module_function    = "cuModuleGetFunction",
    .launch             = "cuLaunchKernel",
    .capture_begin      = "cuStreamBeginCapture_v2",
    .capture_end        = "cuStreamEndCapture",
    .graph_destroy      = "cuGraphDestroy",
    .graph_instantiate  = "cuGraphInstantiateWithFlags",
    .graph_launch       = "cuGraphLaunch",
    .graph_exec_destroy = "cuGraphExecDestroy",
    .vmm_granularity    = "cuMemGetAllocationGranularity",
    .vmm_create         = "cuMemCreate",
    .vmm_release        = "cuMemRelease",
    .vmm_reserve        = "cuMemAddressReserve",
    .vmm_free           = "cuMemAddressFree",
    .vmm_map            = "cuMemMap",
    .vmm_unmap          = "cuMemUnmap",
    .vmm_access         = "cuMemSetAccess",
    .vmm_export         = "cuMemExportToShareableHandle",
    .vmm_import         = "cuMemImportFromShareableHandle",
    .event_record_flags = "?cuEventRecordWithFlags",
    .device_memory      = "?cuDeviceTotalMem_v2",
    .ipc_get            = "?cuIpcGetMemHandle",
    .ipc_open           = "?cuIpcOpenMemHandle_v2",
    .ipc_close          = "?cuIpcCloseMemHandle",
    .error_string       = "cuGetErrorString",
    .device_uuid        = "?cuDeviceGetUuid_v2",
    .context_retain     = "cuDevicePrimaryCtxRetain",
    .context_release    = "cuDevicePrimaryCtxRelease_v2",
    .context_set        = "cuCtxSetCurrent",
    .copy_async         = "cuMemcpyAsync",
};

static const char *vendor_error_text(int code)
{
    const char *text = NULL;

    return gpu.error_string && gpu.error_string(code, &text) == 0 && text ? text : "unknown error";
}

static const char *vendor_remedy(int code)
{
    static const struct {
        int         code; /* of cuda.h */
        const char *remedy;
    } rows[] = {
        {2, "use smaller sizes, or end what else is on the device (nvidia-smi shows it)"},
        {34, "this is the linker's stub of the library: let LD_LIBRARY_PATH or CX_CUDA_PATH name "
             "the driver's own"},
        {46, "another process has it to itself (nvidia-smi -q -d COMPUTE shows the mode)"},
        {100, "is the driver loaded, and is the GPU passed into this container?"},
        {101, "CUDA_VISIBLE_DEVICES may name a device that is not there"},
        {200, "build it with the architecture of this GPU"},
        {209, "build it with the architecture of this GPU"},
        {214, "the GPU reports broken memory: see dmesg"},
        {217, "these GPUs cannot reach each other's memory (nvidia-smi topo -p2p r)"},
        {220, "the GPU reports a broken NVLink: see dmesg"},
        {222, "the driver is older than the compiler: update it, or build with an older CUDA"},
        {304, "the operating system refused it: see dmesg, and the rights on /dev/nvidia*"},
        {700, "an address was used that is not mapped; compute-sanitizer finds where"},
        {800, "the driver does not permit it here: in a container, allow shared descriptors"},
        {801, "this GPU, driver or container has no such feature"},
        {802, "the NVSwitch fabric is not up: start nvidia-fabricmanager and wait for it"},
        {803, "libcuda.so.1 and the kernel's driver are of different versions: restart after an "
              "update, or use the host's library in this container"},
        {804, "take the folder of cuda-compat out of LD_LIBRARY_PATH: this GPU cannot use it"},
        {999, "see dmesg; a restart of the driver may help"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].remedy;
        }
    }
    return NULL;
}

static int vendor_context_open(cx_device_t *device)
{
    int code = gpu.context_retain(&device->context, device->handle);

    if (code != 0) {
        device->context = NULL;
        return code;
    }
    return gpu.context_set(device->context);
}

static int vendor_context_bind(const cx_device_t *device)
{
    return gpu.context_set(device->context);
}

static void vendor_context_close(cx_device_t *device)
{
    (void)gpu.context_set(NULL);
    (void)gpu.context_release(device->handle);
}

static int vendor_copy_async(void *to, const void *from, size_t bytes, cx_stream_t *stream)
{
    return gpu.copy_async(to, from, bytes, stream);
}

static int vendor_import(void **handle_out, int fd)
{
    return gpu.vmm_import(handle_out, (void *)(intptr_t)fd, GPU_HANDLE_DESCRIPTOR);
}

static int64_t vendor_far_cache_bytes(const cx_device_t *device)
{
    (void)device;
    return 0;
}

/* Without the flag a network card may not reach mapped memory, and NCCL sends it through buffers of
 * its own. source: cuda.h, CUmemAllocationProp; ncclMemAlloc, src/allocator.cc, NCCL 2.28 */
static bool vendor_maps_for_network(const cx_device_t *device)
{
    return has_attribute(device, CUDA_CAN_MAP_FOR_NETWORK);
}

/* Where NVLink joins hosts, NCCL shares memory by this kind of handle alone.
 * source: ncclCuMemHandleType, src/mnnvl.cc, NCCL 2.28 */
static int vendor_further_handles(const cx_device_t *device)
{
    return has_attribute(device, CUDA_CAN_FABRIC) ? CUDA_HANDLE_FABRIC : 0;
}

/* Kernels read %globaltimer, which counts nanoseconds. */
static double vendor_ticks_per_us(const cx_device_t *device)
{
    (void)device;
    return 1e3;
}

#include "nvml.inl"

/* The first of the driver's files that is there and that this user may not open; "" for none. */
static const char *forbidden_file(char *path, size_t path_bytes)
{
    static const char *const names[] = {"ctl", "-uvm", "0", "1", "2", "3", "4", "5", "6", "7"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, path_bytes, "/dev/nvidia%s", names[i]);
        if (access(path, R_OK | W_OK) != 0 && (errno == EACCES || errno == EPERM)) {
            return path;
        }
    }
    return "";
}

/* Why the driver shows none (`code` of it), or fewer than are wanted (0). */
static const char *vendor_explain_absence(int code)
{
    static char text[240];
    char        path[32];
    const char *visible   = getenv("CUDA_VISIBLE_DEVICES");
    const char *forbidden = forbidden_file(path, sizeof path);
    int         sliced_count, count;

    text[0] = '\0';
    if (forbidden[0]) {
        (void)snprintf(
            text, sizeof text,
            "; this user may not open %s: ask for the rights on it, or pass it into this "
            "container (--gpus)",
            forbidden);
        return text;
    }
    count = nvml_count(&sliced_count);
    if (count > 0 && visible) {
        (void)snprintf(text, sizeof text,
                       "; the driver knows %d GPU%s, and CUDA_VISIBLE_DEVICES is \"%.80s\"", count,
                       count == 1 ? "" : "s", visible);
    } else if (sliced_count > 0 && code == GPU_ERROR_NO_DEVICE) {
        (void)snprintf(text, sizeof text,
                       "; %d of %d GPUs are in MIG mode, and a GPU in MIG mode has no device until "
                       "an instance is made (nvidia-smi mig -cgi)",
                       sliced_count, count);
    } else if (sliced_count > 0 && code == 0) {
        (void)snprintf(text, sizeof text,
                       "; %d of %d GPUs are in MIG mode, and of their slices a process sees one, "
                       "which reaches no other: switch it off (nvidia-smi -mig 0), or run one rank",
                       sliced_count, count);
    }
    return text;
}

#include "card.inl"

#include "../gpu/stream.inl"

#include "../gpu/memory.inl"

#include "../gpu/kernels.inl"

#include "../gpu/device.inl"
