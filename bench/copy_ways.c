/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to copy between two processes: what each takes when both copy from each other at once.
 * Prints a Markdown table in microseconds, medians. Why hostref copies as it does (docs/speed.md).
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../backends/hostref/copy.h"

#define REGION_BYTES ((size_t)64 << 20)
#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define REPEAT_COUNT_MAX 400
#define REPEAT_COUNT_MIN 30

/* Shared by the two processes. */
typedef struct meeting {
    _Alignas(128) _Atomic int arrived[2][32];
    _Atomic uintptr_t private_memory[2];
    _Atomic int       pid[2];
} meeting_t;

typedef struct side {
    meeting_t     *meeting;
    int            rank, meeting_count;
    unsigned char *shared[2]; /* each process's exportable memory, in small pages */
    unsigned char *own;       /* private memory in huge pages */
} side_t;

static void meet(side_t *side)
{
    side->meeting_count++;
    atomic_store(&side->meeting->arrived[side->rank][0], side->meeting_count);
    while (atomic_load(&side->meeting->arrived[1 - side->rank][0]) < side->meeting_count) {
    }
}

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void way_memcpy(const side_t *side, size_t offset, size_t bytes)
{
    memcpy(side->shared[side->rank] + offset + bytes, side->shared[1 - side->rank] + offset, bytes);
}

static void way_hostref(const side_t *side, size_t offset, size_t bytes)
{
    cx_hostref_copy(side->shared[side->rank] + offset + bytes,
                    side->shared[1 - side->rank] + offset, bytes, false);
}

static void way_streaming(const side_t *side, size_t offset, size_t bytes)
{
    cx_hostref_copy(side->shared[side->rank] + offset + bytes,
                    side->shared[1 - side->rank] + offset, bytes, true);
}

static void way_kernel(const side_t *side, size_t offset, size_t bytes)
{
    const uintptr_t from   = atomic_load(&side->meeting->private_memory[1 - side->rank]) + offset;
    struct iovec    local  = {side->own + offset + bytes, bytes};
    struct iovec    remote = {NULL, bytes};

    memcpy(&remote.iov_base, &from, sizeof from);
    if (process_vm_readv(atomic_load(&side->meeting->pid[1 - side->rank]), &local, 1, &remote, 1,
                         0) != (ssize_t)bytes) {
        (void)fprintf(stderr, "error: process_vm_readv: %s\n", strerror(errno));
        exit(1);
    }
}

static const struct {
    const char *name;
    void (*copy)(const side_t *side, size_t offset, size_t bytes);
} ways[] = {
    {"memcpy", way_memcpy},
    {"hostref", way_hostref},
    {"hostref, streaming", way_streaming},
    {"process_vm_readv", way_kernel},
};

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_us(side_t *side, size_t way, size_t bytes, int slot_count)
{
    const size_t fit   = REGION_BYTES * 4 / bytes;
    const int    count = fit > REPEAT_COUNT_MAX   ? REPEAT_COUNT_MAX
                         : fit < REPEAT_COUNT_MIN ? REPEAT_COUNT_MIN
                                                  : (int)fit;
    double       took_us[REPEAT_COUNT_MAX];

    for (int i = 0; i < count; i++) {
        double start_us;

        meet(side);
        start_us = now_us();
        ways[way].copy(side, (size_t)(i % slot_count) * 2 * bytes, bytes);
        meet(side);
        took_us[i] = now_us() - start_us;
    }
    qsort(took_us, (size_t)count, sizeof *took_us, compare_doubles);
    return took_us[count / 2];
}

static void *map_or_die(size_t bytes, int flags, int fd)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (memory == MAP_FAILED) {
        perror("error: mmap");
        exit(1);
    }
    return memory;
}

/* Each process first touches its own memory. */
static void open_side(side_t *side, const int *fds)
{
    cpu_set_t      processors;
    unsigned char *memory =
        map_or_die(REGION_BYTES + HUGE_PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    CPU_ZERO(&processors);
    CPU_SET((size_t)side->rank, &processors);
    (void)sched_setaffinity(0, sizeof processors, &processors);
    side->own = memory + (HUGE_PAGE_BYTES - (uintptr_t)memory % HUGE_PAGE_BYTES);
    (void)madvise(side->own, REGION_BYTES, MADV_HUGEPAGE);
    memset(side->own, side->rank, REGION_BYTES);
    for (int rank = 0; rank < 2; rank++) {
        side->shared[rank] = map_or_die(REGION_BYTES, MAP_SHARED, fds[rank]);
    }
    memset(side->shared[side->rank], side->rank, REGION_BYTES);
    atomic_store(&side->meeting->private_memory[side->rank], (uintptr_t)side->own);
    atomic_store(&side->meeting->pid[side->rank], (int)getpid());
    meet(side);
}

static void measure(side_t *side, size_t bytes, int slot_count)
{
    double us[sizeof ways / sizeof ways[0]];

    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        us[way] = median_us(side, way, bytes, slot_count);
    }
    if (side->rank == 0) {
        (void)printf("| %zu KiB%s |", bytes >> 10, slot_count == 1 ? ", same buffers" : "");
        for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
            (void)printf(" %.1f |", us[way]);
        }
        (void)printf("\n");
        (void)fflush(stdout);
    }
}

static int run(side_t *side, const int *fds)
{
    open_side(side, fds);
    if (side->rank == 0) {
        (void)printf("| size | memcpy | hostref | hostref, streaming | process_vm_readv |\n"
                     "|---|---|---|---|---|\n");
    }
    for (int is_hot = 0; is_hot < 2; is_hot++) {
        for (size_t bytes = (size_t)128 << 10; bytes <= (size_t)16 << 20; bytes *= 2) {
            measure(side, bytes, is_hot ? 1 : (int)(REGION_BYTES / (2 * bytes)));
        }
    }
    return 0;
}

int main(void)
{
    side_t side = {.meeting = map_or_die(sizeof(meeting_t), MAP_SHARED | MAP_ANONYMOUS, -1)};
    int    fds[2], status = 1;
    pid_t  child;

    for (int i = 0; i < 2; i++) {
        fds[i] = memfd_create("copy_ways", MFD_CLOEXEC);
        if (fds[i] < 0 || ftruncate(fds[i], (off_t)REGION_BYTES) != 0) {
            perror("error: memfd_create");
            return 1;
        }
    }
    child     = fork();
    side.rank = child == 0;
    if (child < 0) {
        perror("error: fork");
        return 1;
    }
    if (run(&side, fds) != 0 || child == 0) {
        return 0;
    }
    return waitpid(child, &status, 0) == child ? status != 0 : 1;
}
