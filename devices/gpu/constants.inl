/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers and structs of the vendors' libraries that both have alike. Not their calls. */

/* Values both vendors give alike. source: cuda.h of CUDA 13.0, hip_runtime_api.h of ROCm 7;
 * tests/unit/gpu/test_constants.c compares the first where it is installed. */
enum {
    GPU_ERROR_MEMORY        = 2,   /* CUDA_ERROR_OUT_OF_MEMORY, hipErrorOutOfMemory */
    GPU_ERROR_NO_DEVICE     = 100, /* CUDA_ERROR_NO_DEVICE, hipErrorNoDevice */
    GPU_ERROR_NO_PEER       = 217, /* CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, likewise of hip */
    GPU_ERROR_NOT_READY     = 600, /* CUDA_ERROR_NOT_READY, hipErrorNotReady */
    GPU_ERROR_NOT_PERMITTED = 800, /* CUDA_ERROR_NOT_PERMITTED; hip has no such code */
    GPU_ERROR_NOT_SUPPORTED = 801, /* CUDA_ERROR_NOT_SUPPORTED, hipErrorNotSupported */

    GPU_STREAM_NON_BLOCKING  = 1, /* CU_STREAM_NON_BLOCKING */
    GPU_EVENT_DEFAULT        = 0, /* CU_EVENT_DEFAULT: with timing, without sleeping */
    GPU_EVENT_EXTERNAL       = 1, /* CU_EVENT_RECORD_EXTERNAL */
    GPU_CAPTURE_THREAD_LOCAL = 1, /* CU_STREAM_CAPTURE_MODE_THREAD_LOCAL */
    GPU_HOST_MEMORY_MAPPED   = 3, /* CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP */

    GPU_ALLOCATION_PINNED   = 1, /* CU_MEM_ALLOCATION_TYPE_PINNED */
    GPU_HANDLE_DESCRIPTOR   = 1, /* CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR */
    GPU_LOCATION_DEVICE     = 1, /* CU_MEM_LOCATION_TYPE_DEVICE */
    GPU_GRANULARITY_MINIMUM = 0, /* CU_MEM_ALLOC_GRANULARITY_MINIMUM */
    GPU_ACCESS_READ_WRITE   = 3, /* CU_MEM_ACCESS_FLAGS_PROT_READWRITE */
    GPU_IPC_PEER_ACCESS     = 1, /* CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS */
    GPU_FLAG_NETWORK        = 1, /* which of an allocation's flags is gpuDirectRDMACapable */
};

typedef struct gpu_location {
    int kind, index;
} gpu_location_t; /* CUmemLocation */

typedef struct gpu_allocation_kind {
    int            kind, handle_kinds;
    gpu_location_t location;
    void          *unused_on_linux;
    unsigned char  flags[8];
} gpu_allocation_kind_t; /* CUmemAllocationProp */

typedef struct gpu_ipc_handle {
    unsigned char bytes[64];
} gpu_ipc_handle_t; /* CUipcMemHandle, hipIpcMemHandle_t */

typedef struct gpu_access {
    gpu_location_t location;
    int            flags;
} gpu_access_t; /* CUmemAccessDesc */
