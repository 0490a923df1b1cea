/* SPDX-License-Identifier: Apache-2.0 */
/* A core for tests of plugins: forked ranks, memory of a host, peers through an inherited mapping.
 * Not the real device or peers: no time stamps, one host, at most FAKE_RANKS_MAX ranks. */
#ifndef CX_TESTS_FAKE_CORE_H
#define CX_TESTS_FAKE_CORE_H

#include "collectivex/collectivex.h"

#include "family/common/codec_ops.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAKE_RANKS_MAX 32
#define FAKE_GATHER_MAX 4096
#define FAKE_EXPORTS_MAX 16

/* What all ranks of one run see; mapped before they are forked. */
typedef struct fake_world {
    atomic_int    arrived_count;
    atomic_int    descriptors[FAKE_RANKS_MAX];
    atomic_int    pids[FAKE_RANKS_MAX];
    unsigned char gathered[FAKE_RANKS_MAX][FAKE_GATHER_MAX];
} fake_world_t;

struct cx_peers {
    fake_world_t *world;
    int32_t       rank, rank_count, meeting_count;
    int32_t       host_of_rank[FAKE_RANKS_MAX]; /* zeros, unless a test says otherwise */
};

struct cx_device {
    int64_t last_cache_bytes;
    int32_t export_count;
    struct fake_export {
        void  *memory;
        size_t bytes;
        int    fd;
    } exports[FAKE_EXPORTS_MAX];
};

/* One rank's end of it. `core` comes first, so that a core is turned back into it. */
typedef struct fake_core {
    cx_core_t   core;
    cx_device_t device;
    cx_peers_t  peers;
    int64_t     deadline_ns;
} fake_core_t;

/* The last failure of this process. */
static char        fake_detail_text[512];
static cx_status_t fake_detail_status;

static inline int64_t fake_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

__attribute__((format(printf, 4, 5))) static inline cx_status_t
fake_fail(cx_status_t status, const char *file, int line, const char *format, ...)
{
    va_list arguments;

    (void)file;
    (void)line;
    va_start(arguments, format);
    (void)vsnprintf(fake_detail_text, sizeof fake_detail_text, format, arguments);
    va_end(arguments);
    fake_detail_status = status;
    return status;
}

static inline bool fake_is_over(const cx_core_t *core)
{
    return fake_now_ns() > ((const fake_core_t *)core)->deadline_ns;
}

static inline int64_t fake_deadline_ns(const cx_core_t *core)
{
    return ((const fake_core_t *)core)->deadline_ns;
}

static inline cx_status_t fake_barrier(cx_peers_t *peers, int64_t deadline_ns)
{
    const int wanted_count = ++peers->meeting_count * peers->rank_count;

    (void)atomic_fetch_add(&peers->world->arrived_count, 1);
    while (atomic_load(&peers->world->arrived_count) < wanted_count) {
        if (fake_now_ns() > deadline_ns) {
            return fake_fail(CX_TIMEOUT, __FILE__, __LINE__, "a rank never came to the barrier");
        }
        (void)sched_yield();
    }
    return CX_OK;
}

static inline cx_status_t fake_allgather(cx_peers_t *peers, const void *mine, void *all,
                                         size_t bytes_each, int64_t deadline_ns)
{
    cx_status_t status;

    memcpy(peers->world->gathered[peers->rank], mine, bytes_each);
    status = fake_barrier(peers, deadline_ns);
    for (int32_t rank = 0; rank < peers->rank_count && status == CX_OK; rank++) {
        memcpy((unsigned char *)all + (size_t)rank * bytes_each, peers->world->gathered[rank],
               bytes_each);
    }
    return status == CX_OK ? fake_barrier(peers, deadline_ns) : status;
}

static inline int32_t fake_rank(const cx_peers_t *peers)
{
    return peers->rank;
}

static inline int32_t fake_rank_count(const cx_peers_t *peers)
{
    return peers->rank_count;
}

static inline int32_t fake_host_index(const cx_peers_t *peers, int32_t rank)
{
    return peers->host_of_rank[rank];
}

/* Opens the peers' descriptors by their names under /proc: ranks are children of one process. */
static inline cx_status_t fake_exchange_fd(cx_peers_t *peers, int fd, int *fds, int64_t deadline_ns)
{
    cx_status_t status;
    char        path[64];

    atomic_store(&peers->world->descriptors[peers->rank], fd);
    atomic_store(&peers->world->pids[peers->rank], (int)getpid());
    status = fake_barrier(peers, deadline_ns);
    for (int32_t rank = 0; rank < peers->rank_count && status == CX_OK; rank++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", atomic_load(&peers->world->pids[rank]),
                       atomic_load(&peers->world->descriptors[rank]));
        fds[rank] = open(path, O_RDWR | O_CLOEXEC);
        if (fds[rank] < 0) {
            status = fake_fail(CX_RESOURCE, __FILE__, __LINE__, "cannot open %s", path);
        }
    }
    return status == CX_OK ? fake_barrier(peers, deadline_ns) : status;
}

static inline void fake_facts(const cx_device_t *device, cx_device_facts_t *out)
{
    *out = (cx_device_facts_t){
        .model = "fake", .last_cache_bytes = device->last_cache_bytes, .is_host_ordered = true};
}

static inline cx_status_t fake_alloc(cx_device_t *device, size_t bytes, cx_memory_t memory,
                                     void **out)
{
    struct fake_export *entry = &device->exports[device->export_count];

    (void)memory;
    if (device->export_count == FAKE_EXPORTS_MAX) {
        return fake_fail(CX_RESOURCE, __FILE__, __LINE__, "more allocations than a test may have");
    }
    entry->bytes = bytes;
    entry->fd    = memfd_create("fake", MFD_CLOEXEC);
    if (entry->fd < 0 || ftruncate(entry->fd, (off_t)bytes) != 0) {
        return fake_fail(CX_RESOURCE, __FILE__, __LINE__, "no memory of %zu bytes", bytes);
    }
    entry->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, entry->fd, 0);
    if (entry->memory == MAP_FAILED) {
        return fake_fail(CX_RESOURCE, __FILE__, __LINE__, "no mapping of %zu bytes", bytes);
    }
    device->export_count++;
    *out = entry->memory;
    return CX_OK;
}

static inline void fake_free(cx_device_t *device, void *memory)
{
    for (int32_t i = 0; i < device->export_count; i++) {
        if (device->exports[i].memory == memory) {
            (void)munmap(memory, device->exports[i].bytes);
            (void)close(device->exports[i].fd);
            device->exports[i] = device->exports[--device->export_count];
            return;
        }
    }
}

static inline cx_status_t fake_export_fd(cx_device_t *device, void *memory, int *fd_out)
{
    for (int32_t i = 0; i < device->export_count; i++) {
        if (device->exports[i].memory == memory) {
            *fd_out = dup(device->exports[i].fd);
            return CX_OK;
        }
    }
    return fake_fail(CX_INVALID, __FILE__, __LINE__, "memory that was not allocated here");
}

static inline cx_status_t fake_import_fd(cx_device_t *device, int fd, size_t bytes, void **out)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    (void)device;
    if (memory == MAP_FAILED) {
        return fake_fail(CX_RESOURCE, __FILE__, __LINE__, "no mapping of %zu bytes", bytes);
    }
    *out = memory;
    return CX_OK;
}

static inline void fake_unimport(cx_device_t *device, void *memory, size_t bytes)
{
    (void)device;
    (void)munmap(memory, bytes);
}

static const cx_peers_ops_t fake_peers_ops = {
    .name        = "fake",
    .rank        = fake_rank,
    .rank_count  = fake_rank_count,
    .host_index  = fake_host_index,
    .barrier     = fake_barrier,
    .allgather   = fake_allgather,
    .exchange_fd = fake_exchange_fd,
};

static const cx_device_ops_t fake_device_ops = {
    .abi         = CX_DEVICE_ABI,
    .struct_size = sizeof fake_device_ops,
    .name        = "host",
    .facts       = fake_facts,
    .alloc       = fake_alloc,
    .free        = fake_free,
    .export_fd   = fake_export_fd,
    .import_fd   = fake_import_fd,
    .unimport    = fake_unimport,
};

/* `budget_ns` from now is the deadline of everything this rank does. */
static inline void fake_core_init(fake_core_t *fake, fake_world_t *world, int32_t rank,
                                  int32_t rank_count, int64_t budget_ns)
{
    memset(fake, 0, sizeof *fake);
    fake->peers.world      = world;
    fake->peers.rank       = rank;
    fake->peers.rank_count = rank_count;
    fake->deadline_ns      = fake_now_ns() + budget_ns;
    fake->core             = (cx_core_t){
                    .struct_size       = sizeof fake->core,
                    .rank              = rank,
                    .rank_count        = rank_count,
                    .local_rank_count  = rank_count,
                    .is_oversubscribed = rank_count > sysconf(_SC_NPROCESSORS_ONLN),
                    .device_ops        = &fake_device_ops,
                    .device            = &fake->device,
                    .peers_ops         = &fake_peers_ops,
                    .peers             = &fake->peers,
                    .fail              = fake_fail,
                    .is_over           = fake_is_over,
                    .deadline_ns       = fake_deadline_ns,
                    .codecs            = &cx_codec_ops,
    };
}

/* One rank's part of a test; what it returns is counted as failures. */
typedef int (*fake_rank_fn)(fake_core_t *fake, void *argument);

/* Runs `body` in rank_count forked processes; returns how many of them failed. */
static inline int fake_ranks_run(int32_t rank_count, int64_t budget_ns, fake_rank_fn body,
                                 void *argument)
{
    fake_world_t *world =
        mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int   failed_count = 0;
    pid_t children[FAKE_RANKS_MAX];

    if (world == MAP_FAILED) {
        return rank_count;
    }
    for (int32_t rank = 0; rank < rank_count; rank++) {
        children[rank] = fork();
        if (children[rank] == 0) {
            fake_core_t fake;

            fake_core_init(&fake, world, rank, rank_count, budget_ns);
            _exit(body(&fake, argument) ? 1 : 0);
        }
    }
    for (int32_t rank = 0; rank < rank_count; rank++) {
        int exit_status = 1;

        if (waitpid(children[rank], &exit_status, 0) != children[rank] || exit_status != 0) {
            failed_count++;
        }
    }
    (void)munmap(world, sizeof *world);
    return failed_count;
}

#endif
