/* SPDX-License-Identifier: Apache-2.0 */
/* Copies by loads and stores: what the multiprocessors of a device can move, near or far.
 * Not the copy engine, and no transport of a benchmark. Included by kernels.cu. */
#define GPU_COPY_LOADS                                                         \
    8 /* of a thread in flight: 128 KiB a block, more than a link's round trip \
       */

/* Quads of 16 bytes, both sides aligned to that. */
__device__ static inline void gpu_copy_quads(uint4 *to, const uint4 *from, uint64_t quad_count,
                                             uint64_t first, uint64_t step)
{
    uint64_t i = first;

    for (; i + (GPU_COPY_LOADS - 1) * step < quad_count; i += GPU_COPY_LOADS * step) {
        uint4 quads[GPU_COPY_LOADS];

#pragma unroll
        for (int k = 0; k < GPU_COPY_LOADS; k++) {
            quads[k] = from[i + k * step];
        }
#pragma unroll
        for (int k = 0; k < GPU_COPY_LOADS; k++) {
            to[i + k * step] = quads[k];
        }
    }
    for (; i < quad_count; i += step) {
        to[i] = from[i];
    }
}

/* Several copies at once, each by block_count blocks. What no quad covers, or all of it where the
 * two sides are not aligned alike, goes byte by byte. */
extern "C" __global__ void __launch_bounds__(GPU_COPY_THREADS)
    cx_gpu_copies(struct gpu_copies_params params)
{
    const struct gpu_copy copy  = params.copies[blockIdx.x / params.block_count];
    uint64_t              first = (uint64_t)(blockIdx.x % params.block_count) * blockDim.x;
    uint64_t              step  = (uint64_t)params.block_count * blockDim.x;
    uint64_t              head  = (16 - (uintptr_t)copy.to % 16) % 16;
    uint64_t              quad_count;

    if ((uintptr_t)copy.to % 16 != (uintptr_t)copy.from % 16 || head > copy.byte_count) {
        head = copy.byte_count;
    }
    quad_count = (copy.byte_count - head) / 16;
    first += threadIdx.x;
    for (uint64_t i = first; i < head; i += step) {
        copy.to[i] = copy.from[i];
    }
    gpu_copy_quads((uint4 *)(copy.to + head), (const uint4 *)(copy.from + head), quad_count, first,
                   step);
    for (uint64_t i = head + 16 * quad_count + first; i < copy.byte_count; i += step) {
        copy.to[i] = copy.from[i];
    }
}
