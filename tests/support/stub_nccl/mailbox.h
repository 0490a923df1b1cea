/* SPDX-License-Identifier: Apache-2.0 */
/* One mailbox per pair of ranks in a memory file that rank 0 made: a message waits there until it
 * is taken, and the next one waits for that. Not a transport worth measuring. */
#ifndef CX_TESTS_STUB_NCCL_MAILBOX_H
#define CX_TESTS_STUB_NCCL_MAILBOX_H

#include "../../../backends/xccl/xccl_api.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STUB_RANKS_MAX 16
#define STUB_MESSAGE_BYTES_MAX ((size_t)1 << 28) /* of address space: pages come with use */
#define STUB_PATIENCE_MS 10000                   /* a test that went wrong */

typedef struct stub_pair {
    atomic_ulong posted_count, taken_count;
    size_t       bytes;
    int          type;
} stub_pair_t;

typedef struct stub_world {
    atomic_int  arrived_count;
    stub_pair_t pairs[STUB_RANKS_MAX][STUB_RANKS_MAX]; /* [from][to] */
} stub_world_t;

struct xccl_comm {
    int           rank, rank_count;
    stub_world_t *world;
    size_t        world_bytes;
    char         *blocks; /* of all ranks, to be reduced */
    size_t        blocks_bytes;
    bool          is_stuck; /* an operation that never ends */
    bool          is_ring;  /* rounds after each step, as NCCL's ring does */
    xccl_result_t async_error;
    const char   *registered;
    size_t        registered_bytes;
};

static char stub_last_error[256];
static int  stub_id_fd = -1; /* of rank 0, until all ranks have opened what it names */

#define STUB_FAIL(result, ...) \
    ((void)snprintf(stub_last_error, sizeof stub_last_error, __VA_ARGS__), (result))

static inline size_t stub_header_bytes(void)
{
    return (sizeof(stub_world_t) + 4095) / 4096 * 4096;
}

/* The id is where rank 0's memory file can be opened: a mapping outlives the file. */
static inline xccl_result_t stub_world_make(xccl_unique_id_t *id)
{
    const int fd = memfd_create("stub_nccl", MFD_CLOEXEC);

    if (fd < 0) {
        return STUB_FAIL(XCCL_SYSTEM_ERROR, "no memory file");
    }
    memset(id, 0, sizeof *id);
    (void)snprintf(id->internal, sizeof id->internal, "/proc/%d/fd/%d", (int)getpid(), fd);
    stub_id_fd = fd;
    return XCCL_SUCCESS;
}

static inline xccl_result_t stub_world_open(xccl_comm_t *comm, const xccl_unique_id_t *id)
{
    const size_t pair_count = (size_t)comm->rank_count * (size_t)comm->rank_count;
    const int    fd         = open(id->internal, O_RDWR | O_CLOEXEC);
    void        *memory     = MAP_FAILED;

    comm->world_bytes = stub_header_bytes() + pair_count * STUB_MESSAGE_BYTES_MAX;
    if (fd >= 0 && ftruncate(fd, (off_t)comm->world_bytes) == 0) {
        memory = mmap(NULL, comm->world_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      fd, 0);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (memory == MAP_FAILED) {
        return STUB_FAIL(XCCL_SYSTEM_ERROR, "cannot map %s", id->internal);
    }
    comm->world        = memory;
    comm->blocks_bytes = (size_t)comm->rank_count * STUB_MESSAGE_BYTES_MAX;
    memory             = mmap(NULL, comm->blocks_bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        (void)munmap(comm->world, comm->world_bytes);
        return STUB_FAIL(XCCL_SYSTEM_ERROR, "no memory");
    }
    comm->blocks = memory;
    return XCCL_SUCCESS;
}

/* Nobody opens the file any more. */
static inline void stub_world_forget(void)
{
    if (stub_id_fd >= 0) {
        (void)close(stub_id_fd);
    }
    stub_id_fd = -1;
}

static inline void stub_world_close(xccl_comm_t *comm)
{
    (void)munmap(comm->blocks, comm->blocks_bytes);
    (void)munmap(comm->world, comm->world_bytes);
}

static inline char *stub_message(const xccl_comm_t *comm, int from, int to)
{
    const size_t index = (size_t)from * (size_t)comm->rank_count + (size_t)to;

    return (char *)comm->world + stub_header_bytes() + index * STUB_MESSAGE_BYTES_MAX;
}

static inline int64_t stub_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Until as many are taken as were posted (`is_posted` false), or one more is posted. */
static inline bool stub_wait(const stub_pair_t *pair, bool is_posted)
{
    const char   *text    = getenv("STUB_NCCL_PATIENCE_MS");
    const int64_t wait_ms = text ? strtol(text, NULL, 10) : STUB_PATIENCE_MS;
    const int64_t end_ns  = stub_now_ns() + wait_ms * 1000000;

    while (stub_now_ns() < end_ns) {
        if ((atomic_load(&pair->posted_count) != atomic_load(&pair->taken_count)) == is_posted) {
            return true;
        }
        (void)sched_yield();
    }
    return false;
}

static inline xccl_result_t stub_post(xccl_comm_t *comm, int to, const void *bytes,
                                      size_t byte_count, int type)
{
    stub_pair_t *pair = &comm->world->pairs[comm->rank][to];

    if (byte_count > STUB_MESSAGE_BYTES_MAX) {
        return STUB_FAIL(XCCL_INTERNAL_ERROR, "the stub has no room for %zu bytes", byte_count);
    }
    if (!stub_wait(pair, false)) {
        return STUB_FAIL(XCCL_SYSTEM_ERROR, "rank %d never took what was sent", to);
    }
    memcpy(stub_message(comm, comm->rank, to), bytes, byte_count);
    pair->bytes = byte_count;
    pair->type  = type;
    (void)atomic_fetch_add(&pair->posted_count, 1);
    return XCCL_SUCCESS;
}

static inline xccl_result_t stub_take(xccl_comm_t *comm, int from, void *bytes, size_t byte_count,
                                      int type)
{
    stub_pair_t *pair = &comm->world->pairs[from][comm->rank];

    if (!stub_wait(pair, true)) {
        return STUB_FAIL(XCCL_SYSTEM_ERROR, "rank %d never sent", from);
    }
    if (pair->bytes != byte_count || pair->type != type) {
        return STUB_FAIL(XCCL_INVALID_USAGE,
                         "rank %d sent %zu bytes of type %d, expected were %zu of type %d", from,
                         pair->bytes, pair->type, byte_count, type);
    }
    memcpy(bytes, stub_message(comm, from, comm->rank), byte_count);
    (void)atomic_fetch_add(&pair->taken_count, 1);
    return XCCL_SUCCESS;
}

#endif
