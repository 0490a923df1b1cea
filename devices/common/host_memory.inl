/* SPDX-License-Identifier: Apache-2.0 */
/* Host memory as a device hands it out: plain mappings, and memfd mappings that peers can import.
 * Not a device: the includer has completed cx_device_t with `const cx_core_t *core` and an owned
 * list `mapping_t *mappings`. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define HUGEPAGE_BYTES ((size_t)2 << 20)     /* of x86, and of Arm with pages of 4 KiB */
#define HUGEPAGE_BYTES_MIN ((size_t)4 << 20) /* below this a huge page is mostly padding */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* source: linux/mman-common.h, since Linux 5.14 */
#endif

struct mapping {
    mapping_t *next; /* owned */
    void      *address;
    size_t     bytes;
    int        fd; /* owned; -1 for plain memory */
};

/* The number behind `name` in a file of "name: number" lines; 0 when there is none. */
static int64_t read_named_number(const char *path, const char *name)
{
    char    line[256];
    int64_t number = 0;
    size_t  length = strlen(name);
    FILE   *file   = fopen(path, "re");

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, length) == 0 && line[length] == ':') {
            number = strtoll(line + length + 1, NULL, 10);
            break;
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return number;
}

/* The first line of a file; an empty text when there is none. */
static void read_line(const char *path, char *out, int out_bytes)
{
    FILE *file = fopen(path, "re");

    out[0] = '\0';
    if (file) {
        if (!fgets(out, out_bytes, file)) {
            out[0] = '\0';
        }
        (void)fclose(file);
    }
}

/* A limit file holds a number, or "max"; INT64_MAX when it limits nothing or is not there. */
static int64_t read_limit_bytes(const char *path)
{
    char      line[32];
    long long limit;

    read_line(path, line, sizeof line);
    limit = strtoll(line, NULL, 10);
    return limit > 0 ? limit : INT64_MAX;
}

/* A limit binds everything below it, so the tightest on the way up to the mount is ours. */
static int64_t tightest_limit_bytes(const char *mount, char *group, const char *name)
{
    int64_t tightest_bytes = INT64_MAX;

    for (;;) {
        char    path[640];
        int64_t limit_bytes;

        (void)snprintf(path, sizeof path, "%s%s/%s", mount, group, name);
        limit_bytes    = read_limit_bytes(path);
        tightest_bytes = limit_bytes < tightest_bytes ? limit_bytes : tightest_bytes;
        char *slash    = strrchr(group, '/');
        if (!slash) {
            return tightest_bytes;
        }
        *slash = '\0';
    }
}

/* Lines are "id:controllers:group"; version 2 has no controllers. Source: cgroups(7). */
static int64_t cgroup_limit_bytes(void)
{
    char    line[512];
    int64_t limit_bytes = INT64_MAX;
    FILE   *file        = fopen("/proc/self/cgroup", "re");

    while (file && fgets(line, sizeof line, file)) {
        char   *controllers = strchr(line, ':');
        char   *group       = controllers ? strchr(controllers + 1, ':') : NULL;
        int64_t found_bytes = INT64_MAX;
        if (!group) {
            continue;
        }
        *group++                    = '\0';
        group[strcspn(group, "\n")] = '\0';
        if (controllers[1] == '\0') {
            found_bytes = tightest_limit_bytes("/sys/fs/cgroup", group, "memory.max");
        } else if (strcmp(controllers + 1, "memory") == 0) {
            found_bytes =
                tightest_limit_bytes("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        }
        limit_bytes = found_bytes < limit_bytes ? found_bytes : limit_bytes;
    }
    if (file) {
        (void)fclose(file);
    }
    return limit_bytes;
}

/* What this process may still use: free on the machine, and allowed to it. 0 when unknown. */
static int64_t usable_memory_bytes(void)
{
    int64_t available_bytes = read_named_number("/proc/meminfo", "MemAvailable") * 1024;
    int64_t limit_bytes     = cgroup_limit_bytes();

    return available_bytes < limit_bytes ? available_bytes : limit_bytes;
}

/* Page faults belong before the first window, not into it. A kernel that cannot populate is an old
 * one, for which new (zeroed) memory is touched by hand; a failure of any other kind means that the
 * memory is not there. */
static int populate_new(void *address, size_t bytes)
{
    volatile unsigned char *byte = address;

    if (bytes >= HUGEPAGE_BYTES_MIN) {
        (void)madvise(address, bytes, MADV_HUGEPAGE);
    }
    if (madvise(address, bytes, MADV_POPULATE_WRITE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    for (size_t at = 0; at < bytes; at += 4096) {
        byte[at] = 0;
    }
    return 0;
}

static int open_memfd(size_t bytes)
{
    int fd = memfd_create("collectivex", MFD_CLOEXEC);

    if (fd >= 0 && fallocate(fd, 0, 0, (off_t)bytes) != 0) {
        int cause = errno;
        (void)close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static void drop_mapping(mapping_t *mapping)
{
    if (mapping->address != MAP_FAILED) {
        (void)munmap(mapping->address, mapping->bytes);
    }
    if (mapping->fd >= 0) {
        (void)close(mapping->fd);
    }
    free(mapping);
}

/* Linux since 6.7 starts a mapping at a huge page if its length is a multiple of one. Otherwise how
 * much of it lies in huge pages is chance, and so is how fast it is. */
static size_t mapping_bytes(size_t bytes)
{
    return bytes < HUGEPAGE_BYTES_MIN
               ? bytes
               : (bytes + HUGEPAGE_BYTES - 1) / HUGEPAGE_BYTES * HUGEPAGE_BYTES;
}

static mapping_t *open_mapping(size_t bytes, cx_memory_t memory)
{
    mapping_t *mapping = malloc(sizeof *mapping);
    int        flags   = memory == CX_MEMORY_EXPORTABLE ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;

    if (!mapping) {
        return NULL;
    }
    *mapping = (mapping_t){.address = MAP_FAILED, .bytes = bytes, .fd = -1};
    if (memory == CX_MEMORY_EXPORTABLE) {
        mapping->fd = open_memfd(bytes);
        if (mapping->fd < 0) {
            goto drop;
        }
    }
    mapping->address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, mapping->fd, 0);
    if (mapping->address == MAP_FAILED || populate_new(mapping->address, bytes) != 0) {
        goto drop;
    }
    return mapping;

drop:
    drop_mapping(mapping);
    return NULL;
}

/* The usable memory is asked first: populating past it is answered by the kernel's killer, which
 * leaves no record. */
static cx_status_t memory_alloc(cx_device_t *device, size_t bytes, cx_memory_t memory, void **out)
{
    int64_t    usable_bytes = usable_memory_bytes();
    mapping_t *mapping;

    if (bytes == 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "an allocation of 0 bytes has no use");
    }
    if (usable_bytes > 0 && bytes > (size_t)usable_bytes) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE,
                            "cannot allocate %zu bytes of host memory: %lld bytes are left", bytes,
                            (long long)usable_bytes);
    }
    mapping = open_mapping(mapping_bytes(bytes), memory);
    if (!mapping) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE,
                            "cannot allocate %zu bytes of host memory: %s", bytes, strerror(errno));
    }
    mapping->next    = device->mappings;
    device->mappings = mapping;
    *out             = mapping->address;
    return CX_OK;
}

/* The link that holds the mapping of `memory`; the one that holds NULL when there is none. */
static mapping_t **find_mapping(cx_device_t *device, const void *memory)
{
    mapping_t **link = &device->mappings;

    while (*link && (*link)->address != memory) {
        link = &(*link)->next;
    }
    return link;
}

static void memory_free(cx_device_t *device, void *memory)
{
    mapping_t **link    = find_mapping(device, memory);
    mapping_t  *mapping = *link;

    if (mapping) {
        *link = mapping->next;
        drop_mapping(mapping);
    }
}

static void memory_free_all(cx_device_t *device)
{
    while (device->mappings) {
        memory_free(device, device->mappings->address);
    }
}

static cx_status_t memory_export_fd(cx_device_t *device, void *memory, int *fd_out)
{
    const mapping_t *mapping = *find_mapping(device, memory);
    int              fd;

    if (!mapping || mapping->fd < 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "only the start of exportable memory can be exported");
    }
    fd = fcntl(mapping->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "cannot duplicate a descriptor: %s",
                            strerror(errno));
    }
    *fd_out = fd;
    return CX_OK;
}

/* The length is checked, because touching a mapping past the end of its file kills the process. The
 * peer's pages exist and may be in use, so they are mapped in if the kernel can, but not touched.
 */
static cx_status_t memory_import_fd(cx_device_t *device, int fd, size_t bytes, void **out)
{
    struct stat facts;
    void       *address;

    if (fstat(fd, &facts) != 0) {
        return CX_CORE_FAIL(device->core, CX_INVALID, "cannot import descriptor %d: %s", fd,
                            strerror(errno));
    }
    if (bytes == 0 || bytes > (size_t)facts.st_size) {
        return CX_CORE_FAIL(device->core, CX_INVALID,
                            "cannot import %zu bytes of memory that has %lld", bytes,
                            (long long)facts.st_size);
    }
    address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED) {
        return CX_CORE_FAIL(device->core, CX_RESOURCE, "cannot map %zu bytes of a peer: %s", bytes,
                            strerror(errno));
    }
    (void)madvise(address, bytes, MADV_POPULATE_WRITE);
    *out = address;
    return CX_OK;
}

static void memory_unimport(cx_device_t *device, void *memory, size_t bytes)
{
    (void)device;
    (void)munmap(memory, bytes);
}

static cx_status_t memory_copy(cx_device_t *device, void *to, const void *from, size_t bytes)
{
    (void)device;
    memcpy(to, from, bytes);
    return CX_OK;
}
