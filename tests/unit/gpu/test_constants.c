/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers the devices declare for themselves, beside the vendor's header where it is installed.
 * Not the calls: a wrong name is found when the library is loaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../../devices/gpu/constants.inl"

#if __has_include("/usr/local/cuda/include/cuda.h")
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "/usr/local/cuda/include/cuda.h"
#pragma GCC diagnostic pop

static void test_numbers_are_those_of_the_header(void **state)
{
    static const struct {
        long long ours, theirs;
    } rows[] = {
        {GPU_ERROR_MEMORY, CUDA_ERROR_OUT_OF_MEMORY},
        {GPU_ERROR_NO_DEVICE, CUDA_ERROR_NO_DEVICE},
        {GPU_ERROR_NOT_READY, CUDA_ERROR_NOT_READY},
        {GPU_ERROR_NOT_SUPPORTED, CUDA_ERROR_NOT_SUPPORTED},
        {GPU_STREAM_NON_BLOCKING, CU_STREAM_NON_BLOCKING},
        {GPU_EVENT_DEFAULT, CU_EVENT_DEFAULT},
        {GPU_EVENT_EXTERNAL, CU_EVENT_RECORD_EXTERNAL},
        {GPU_CAPTURE_THREAD_LOCAL, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL},
        {GPU_HOST_MEMORY_MAPPED, CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP},
        {GPU_ALLOCATION_PINNED, CU_MEM_ALLOCATION_TYPE_PINNED},
        {GPU_HANDLE_DESCRIPTOR, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR},
        {GPU_LOCATION_DEVICE, CU_MEM_LOCATION_TYPE_DEVICE},
        {GPU_GRANULARITY_MINIMUM, CU_MEM_ALLOC_GRANULARITY_MINIMUM},
        {GPU_ACCESS_READ_WRITE, CU_MEM_ACCESS_FLAGS_PROT_READWRITE},
        {GPU_ERROR_NO_PEER, CUDA_ERROR_PEER_ACCESS_UNSUPPORTED},
        {GPU_ERROR_NOT_PERMITTED, CUDA_ERROR_NOT_PERMITTED},
        {GPU_IPC_PEER_ACCESS, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS},
        {sizeof(gpu_ipc_handle_t), sizeof(CUipcMemHandle)},
        {sizeof(((CUuuid *)0)->bytes), 16},
        {75, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR},
        {76, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR},
        {16, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT},
        {38, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE},
        {sizeof(gpu_location_t), sizeof(CUmemLocation)},
        {sizeof(gpu_allocation_kind_t), sizeof(CUmemAllocationProp)},
        {offsetof(gpu_allocation_kind_t, handle_kinds),
         offsetof(CUmemAllocationProp, requestedHandleTypes)},
        {offsetof(gpu_allocation_kind_t, location), offsetof(CUmemAllocationProp, location)},
        {offsetof(gpu_allocation_kind_t, flags), offsetof(CUmemAllocationProp, allocFlags)},
        {offsetof(gpu_allocation_kind_t, flags) + GPU_FLAG_NETWORK,
         offsetof(CUmemAllocationProp, allocFlags.gpuDirectRDMACapable)},
        {128, CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_FABRIC_SUPPORTED},
        {8, CU_MEM_HANDLE_TYPE_FABRIC},
        {102, CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED},
        {110, CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WITH_CUDA_VMM_SUPPORTED},
        {sizeof(gpu_access_t), sizeof(CUmemAccessDesc)},
        {offsetof(gpu_access_t, flags), offsetof(CUmemAccessDesc, flags)},
        {sizeof(void *), sizeof(CUdeviceptr)},
        {sizeof(void *), sizeof(CUmemGenericAllocationHandle)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rows[i].ours, rows[i].theirs);
    }
}
#else
static void test_numbers_are_those_of_the_header(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_those_of_the_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
