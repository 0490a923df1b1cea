/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels need and hipcc calls in its own way. Not called by the host. */
#include <hip/hip_runtime.h>

/* Of the constant clock; the host asks for its rate. */
__device__ static inline unsigned long long gpu_ticks(void)
{
    return (unsigned long long)wall_clock64();
}

__device__ static inline void gpu_store_release(unsigned long long *flag, unsigned long long value)
{
    __hip_atomic_store(flag, value, __ATOMIC_RELEASE, __HIP_MEMORY_SCOPE_SYSTEM);
}

__device__ static inline unsigned long long gpu_load_acquire(const unsigned long long *flag)
{
    return __hip_atomic_load(flag, __ATOMIC_ACQUIRE, __HIP_MEMORY_SCOPE_SYSTEM);
}
