/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels need and nvcc calls in its own way. Not called by the host. */

/* Nanoseconds; the counter moves in steps of 32 of them on data-centre GPUs, of 1 us on some. */
__device__ static inline unsigned long long gpu_ticks(void)
{
    unsigned long long ticks;

    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ticks));
    return ticks;
}

__device__ static inline void gpu_store_release(unsigned long long *flag, unsigned long long value)
{
    asm volatile("st.release.sys.global.u64 [%0], %1;" ::"l"(flag), "l"(value) : "memory");
}

__device__ static inline unsigned long long gpu_load_acquire(const unsigned long long *flag)
{
    unsigned long long value;

    asm volatile("ld.acquire.sys.global.u64 %0, [%1];" : "=l"(value) : "l"(flag) : "memory");
    return value;
}
