/* SPDX-License-Identifier: Apache-2.0 */
/* What the host hands to a kernel that takes more than numbers. Compiled on both sides. */

#define GPU_BARRIER_RANKS_MAX 128
#define GPU_FLAG_WORDS \
    16 /* a flag has 128 bytes to itself; source: the largest cache line, gfx90a */

/* A rank's flag memory: a flag for each rank to write its meeting number into, then the number of
 * meetings of the rank itself. So a graph can replay the kernel with the same parameters. */
struct gpu_barrier_params {
    unsigned long long          *flags[GPU_BARRIER_RANKS_MAX];
    volatile unsigned long long *missing_rank; /* host memory: a rank plus 1 */
    unsigned long long           timeout_ticks;
    int                          rank, rank_count;
};
