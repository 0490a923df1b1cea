/* SPDX-License-Identifier: Apache-2.0 */
/* AMD GPUs through the HIP runtime: its names, its words, and where it differs. Compiled and run on
 * a stub, never yet on hardware. The device itself is devices/gpu. */
#include "collectivex/card.h"
#include "collectivex/core.h"
#include "collectivex/device.h"
#include "collectivex/digest.h"

#define VENDOR_NAME "hip"
#define VENDOR_SUMMARY "AMD GPUs through the HIP runtime, unvalidated on hardware"
#define VENDOR_LIBRARY "HIP runtime libamdhip64.so"
#define VENDOR_PATH_VARIABLE "CX_HIP_PATH"
#define VENDOR_SONAMES "libamdhip64.so", "libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5"
#define VENDOR_INSTALL "ROCm's hip runtime (hip-runtime-amd, or libamdhip64 of Debian)"
#define VENDOR_MINIMUM "ROCm 6.0 or later"
#define VENDOR_COMPILER "hipcc"
#define VENDOR_VISIBLE " (HIP_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES limit what it sees)"
/* source: ROCm documentation, "Running RCCL using Docker" */
#define VENDOR_SHARING                                                        \
    "in containers, run all ranks in one container, started with --ipc=host " \
    "--cap-add=SYS_PTRACE --security-opt seccomp=unconfined"
#define VENDOR_OPEN_NAME "hipSetDevice"
#define VENDOR_BIND_NAME "hipSetDevice"
#define VENDOR_COPY_NAME "hipMemcpyAsync"

/* Values of hip_runtime_api.h, ROCm 6 and 7. */
#define VENDOR_MULTIPROCESSOR_COUNT 63 /* hipDeviceAttributeMultiprocessorCount */
#define VENDOR_CACHE_BYTES 19          /* hipDeviceAttributeL2CacheSize */
#define VENDOR_CAN_MAP 89              /* hipDeviceAttributeVirtualMemoryManagementSupported */
#define HIP_WALL_CLOCK_KHZ 10017       /* hipDeviceAttributeWallClockRate */
#define HIP_COPY_DEFAULT 4             /* hipMemcpyDefault: the addresses say what they are */
/* From this version on a descriptor is passed by value, before by its address.
 * source: PyTorch 2.11, CUDASymmetricMemory.cu */
#define HIP_VERSION_BY_VALUE 70100000

#define VENDOR_CALLS(X)                \
    X(runtime_version, (int *version)) \
    X(set_device, (int index))         \
    X(copy_async, (void *to, const void *from, size_t bytes, int kind, cx_stream_t *stream))

#include "../gpu/api.inl"
#include "../gpu/device_type.inl"

static const gpu_names_t vendor_names = {
    .init               = "hipInit",
    .driver_version     = "hipDriverGetVersion",
    .device_count       = "hipGetDeviceCount",
    .device_get         = "hipDeviceGet",
    .device_name        = "hipDeviceGetName",
    .device_attribute   = "hipDeviceGetAttribute",
    .device_bus         = "hipDeviceGetPCIBusId",
    .memory_info        = "hipMemGetInfo",
    .memory_alloc       = "hipMalloc",
    .memory_free        = "hipFree",
    .host_alloc         = "hipHostMalloc",
    .host_free          = "hipHostFree",
    .memset_async       = "hipMemsetD8Async",
    .stream_create      = "hipStreamCreateWithFlags",
    .stream_destroy     = "hipStreamDestroy",
    .stream_query       = "hipStreamQuery",
    .event_create       = "hipEventCreateWithFlags",
    .event_destroy      = "hipEventDestroy",
    .event_record       = "hipEventRecord",
    .event_query        = "hipEventQuery",
    .event_elapsed      = "hipEventElapsedTime",
    .module_load        = "hipModuleLoadData",
    .module_unload      = "hipModuleUnload",
    .module_function    = "hipModuleGetFunction",
    .launch             = "hipModuleLaunchKernel",
    .capture_begin      = "hipStreamBeginCapture",
    .capture_end        = "hipStreamEndCapture",
    .graph_destroy      = "hipGraphDestroy",
    .graph_instantiate  = "hipGraphInstantiateWithFlags",
    .graph_launch       = "hipGraphLaunch",
    .graph_exec_destroy = "hipGraphExecDestroy",
    .vmm_granularity    = "hipMemGetAllocationGranularity",
    .vmm_create         = "hipMemCreate",
    .vmm_release        = "hipMemRelease",
    .vmm_reserve        = "hipMemAddressReserve",
    .vmm_free           = "hipMemAddressFree",
    .vmm_map            = "hipMemMap",
    .vmm_unmap          = "hipMemUnmap",
    .vmm_access         = "hipMemSetAccess",
    .vmm_export         = "hipMemExportToShareableHandle",
    .vmm_import         = "hipMemImportFromShareableHandle",
    .event_record_flags = "?hipEventRecordWithFlags",
    .device_memory      = "?hipDeviceTotalMem",
    .ipc_get            = "?hipIpcGetMemHandle",
    .ipc_open           = "?hipIpcOpenMemHandle",
    .ipc_close          = "?hipIpcCloseMemHandle",
    .runtime_version    = "hipRuntimeGetVersion",
    .set_device         = "hipSetDevice",
    .copy_async         = "hipMemcpyAsync",
};

/* The one call that returns no code, and so is not in the table. */
static const char *vendor_error_text(int code)
{
    void       *symbol = gpu_library ? dlsym(gpu_library, "hipGetErrorString") : NULL;
    const char *text   = NULL;
    const char *(*describe)(int code);

    if (symbol) {
        memcpy(&describe, &symbol, sizeof describe);
        text = describe(code);
    }
    return text ? text : "unknown error";
}

static const char *vendor_remedy(int code)
{
    static const struct {
        int         code; /* of hip_runtime_api.h */
        const char *remedy;
    } rows[] = {
        {2, "use smaller sizes, or end what else is on the device (rocm-smi shows it)"},
        {100, "is the amdgpu driver loaded, and are /dev/kfd and /dev/dri passed into this "
              "container?"},
        {101, "HIP_VISIBLE_DEVICES may name a device that is not there"},
        {200, "build it with the architecture of this GPU"},
        {209, "build it with the architecture of this GPU"},
        {217, "these GPUs cannot reach each other's memory (rocm-smi --showtopo)"},
        {700, "an address was used that is not mapped"},
        {801, "this GPU, driver or container has no such feature"},
        {999, "see dmesg"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].remedy;
        }
    }
    return NULL;
}

static const char *vendor_explain_absence(int code)
{
    (void)code;
    if (access("/dev/kfd", R_OK | W_OK) != 0 && errno == EACCES) {
        return "; this user may not open /dev/kfd: join the groups render and video";
    }
    return "";
}

/* The runtime has a current device for each thread instead of contexts. */
static int vendor_context_open(cx_device_t *device)
{
    int code = gpu.set_device(device->index);

    device->context = code == 0 ? device : NULL;
    return code;
}

static int vendor_context_bind(const cx_device_t *device)
{
    return gpu.set_device(device->index);
}

static void vendor_context_close(cx_device_t *device)
{
    device->context = NULL;
}

static int vendor_copy_async(void *to, const void *from, size_t bytes, cx_stream_t *stream)
{
    return gpu.copy_async(to, from, bytes, HIP_COPY_DEFAULT, stream);
}

static int vendor_import(void **handle_out, int fd)
{
    int   version = 0;
    void *shared;

    (void)gpu.runtime_version(&version);
    shared = version >= HIP_VERSION_BY_VALUE ? (void *)(intptr_t)fd : (void *)&fd;
    return gpu.vmm_import(handle_out, shared, GPU_HANDLE_DESCRIPTOR);
}

#include "kfd.inl"

/* The attribute is of the L2, behind which MI300 has 256 MiB. */
static int64_t vendor_far_cache_bytes(const cx_device_t *device)
{
    return kfd_cache_bytes(KFD_NODES, device->bus);
}

/* The runtime has the flag and does not look at it. */
static bool vendor_maps_for_network(const cx_device_t *device)
{
    (void)device;
    return false;
}

static int vendor_further_handles(const cx_device_t *device)
{
    (void)device;
    return 0;
}

/* Of wall_clock64(); 100 MHz where the runtime does not say, which holds for gfx9. */
static double vendor_ticks_per_us(const cx_device_t *device)
{
    int rate_khz = 0;

    (void)gpu.device_attribute(&rate_khz, HIP_WALL_CLOCK_KHZ, device->handle);
    return rate_khz > 0 ? rate_khz / 1e3 : 100;
}

#include "rocm_smi.inl"

static void vendor_driver_text(const cx_device_t *device, char *out, size_t out_bytes)
{
    int version = 0;

    (void)device;
    (void)gpu.runtime_version(&version);
    (void)snprintf(out, out_bytes, "HIP %d.%d.%d", version / 10000000, version / 100000 % 100,
                   version % 100000);
}

#include "../gpu/stream.inl"

#include "../gpu/memory.inl"

#include "../gpu/kernels.inl"

#include "../gpu/device.inl"
