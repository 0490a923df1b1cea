/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of a device: spin, poison, digest, flush, barrier. Written once; what compilers call
 * differently is in names.inl of the vendor's folder. No kernel of a benchmark. */
#ifdef __HIP__
#include "../hip/names.inl"
#else
#include "../cuda/names.inl"
#endif
#define CX_BOTH_SIDES __host__ __device__
#include "collectivex/digest.h"
#include "params.inl"

/* Streams through memory in steps that are alike in all kernels. */
__device__ static inline uint64_t gpu_first_index(void)
{
    return (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ static inline uint64_t gpu_index_step(void)
{
    return (uint64_t)gridDim.x * blockDim.x;
}

extern "C" __global__ void cx_gpu_spin(uint64_t ticks)
{
    uint64_t start = gpu_ticks();

    while (gpu_ticks() - start < ticks) {
    }
}

/* A thread writes two words at a time where memory is aligned for that. */
extern "C" __global__ void cx_gpu_poison(unsigned char *memory, uint64_t byte_count, uint64_t seed)
{
    uint64_t pair_count = (uintptr_t)memory % 16 == 0 ? byte_count / 16 : 0;

    for (uint64_t i = gpu_first_index(); i < pair_count; i += gpu_index_step()) {
        ulonglong2 pair;

        pair.x                    = cx_poison_word(seed, 2 * i);
        pair.y                    = cx_poison_word(seed, 2 * i + 1);
        ((ulonglong2 *)memory)[i] = pair;
    }
    for (uint64_t i = pair_count * 16 + gpu_first_index(); i < byte_count; i += gpu_index_step()) {
        memory[i] = (unsigned char)(cx_poison_word(seed, i / 8) >> 8 * (i % 8));
    }
}

__device__ static inline uint64_t gpu_word_at(const unsigned char *memory, uint64_t byte_count,
                                              uint64_t first)
{
    uint64_t word = 0;

    for (uint64_t i = 0; i < 8 && first + i < byte_count; i++) {
        word |= (uint64_t)memory[first + i] << 8 * i;
    }
    return word;
}

/* Adds the blocks' shares to *sum, which the host has zeroed and finishes. */
extern "C" __global__ void cx_gpu_digest(const unsigned char *memory, uint64_t byte_count,
                                         unsigned long long *sum)
{
    __shared__ unsigned long long block_sum;
    uint64_t                      own_sum = 0;
    uint64_t fast_count = (uintptr_t)memory % 16 == 0 ? byte_count / CX_DIGEST_BLOCK_BYTES : 0;
    uint64_t all_count  = (byte_count + CX_DIGEST_BLOCK_BYTES - 1) / CX_DIGEST_BLOCK_BYTES;

    if (threadIdx.x == 0) {
        block_sum = 0;
    }
    __syncthreads();
#pragma unroll 8
    for (uint64_t i = gpu_first_index(); i < fast_count; i += gpu_index_step()) {
        ulonglong2 pair = ((const ulonglong2 *)memory)[i];

        own_sum += cx_digest_block(pair.x, pair.y, i);
    }
    for (uint64_t i = fast_count + gpu_first_index(); i < all_count; i += gpu_index_step()) {
        uint64_t first = i * CX_DIGEST_BLOCK_BYTES;

        own_sum += cx_digest_block(gpu_word_at(memory, byte_count, first),
                                   gpu_word_at(memory, byte_count, first + 8), i);
    }
    atomicAdd(&block_sum, (unsigned long long)own_sum);
    __syncthreads();
    if (threadIdx.x == 0) {
        atomicAdd(sum, block_sum);
    }
}

/* Reading leaves the cache full of clean lines, which nobody has to wait for later. The store never
 * happens (the memory is zeroed); it keeps the loads. */
extern "C" __global__ void cx_gpu_flush(ulonglong2 *memory, uint64_t pair_count)
{
    unsigned long long seen = 0;

#pragma unroll 8
    for (uint64_t i = gpu_first_index(); i < pair_count; i += gpu_index_step()) {
        seen |= memory[i].x | memory[i].y;
    }
    if (seen != 0) {
        memory[0].x = seen;
    }
}

/* One block; thread t tells rank t and waits for it. */
extern "C" __global__ void cx_gpu_barrier(struct gpu_barrier_params params)
{
    __shared__ unsigned long long meeting;
    unsigned long long           *own    = params.flags[params.rank];
    int                           peer   = (int)threadIdx.x;
    uint64_t                      start  = gpu_ticks();
    bool                          is_met = false;

    if (threadIdx.x == 0) {
        meeting = ++own[params.rank_count * GPU_FLAG_WORDS];
        __threadfence_system();
    }
    __syncthreads();
    if (peer >= params.rank_count) {
        return;
    }
    gpu_store_release(params.flags[peer] + params.rank * GPU_FLAG_WORDS, meeting);
    while (!is_met && gpu_ticks() - start < params.timeout_ticks) {
        is_met = gpu_load_acquire(own + peer * GPU_FLAG_WORDS) >= meeting;
    }
    if (!is_met) {
        *params.missing_rank = (unsigned long long)peer + 1;
        __threadfence_system();
    }
}

#include "content.cu.inl"
#include "copy.cu.inl"
#include "flag.cu.inl"
