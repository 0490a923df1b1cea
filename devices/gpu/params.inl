/* SPDX-License-Identifier: Apache-2.0 */
/* What the host hands to a kernel that takes more than numbers. Compiled on both sides. */
#include "collectivex/content.h"

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

#define GPU_COPIES_MAX 32
#define GPU_COPY_THREADS 1024
#define GPU_COPY_BLOCKS_MAX 65536 /* of one copy */

struct gpu_copy {
    unsigned char       *to;
    const unsigned char *from;
    unsigned long long   byte_count;
};

struct gpu_copies_params {
    struct gpu_copy copies[GPU_COPIES_MAX];
    unsigned        block_count; /* of each copy; the grid has as many copies of that */
};

/* Flag memory is the flag, which the other side writes, and behind it the rounds of past calls. */
#define GPU_FLAG_PAST_WORD 8

struct gpu_ping_pong_params {
    unsigned long long          *own, *peer;
    volatile unsigned long long *is_lost; /* host memory */
    unsigned long long           round_count, timeout_ticks;
    int                          begins;
};

#define GPU_SPANS_MAX 32 /* of a launch, whose parameters may have 4 KiB */
#define GPU_CONTENT_THREADS 256

struct gpu_spans_params {
    cx_span_t spans[GPU_SPANS_MAX];
};

/* What verify finds in a span. Zeros: nothing. */
struct gpu_finding {
    unsigned long long wrong_count, nearness; /* bytes; ~ the place of the first */
};
