/* SPDX-License-Identifier: Apache-2.0 */
/* What a process holds, counted before and after many repetitions: what grows with them leaks. */
#include "run/conform_kit.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many repetitions' worth may be chance, however few there were. */
#define CHANCE_COUNT 20

/* What is left over per repetition, at least, when something leaks; below it lies chance: a library
 * that fills a cache, memory of the allocator, files of other programs. */
static const struct {
    const char *what;
    size_t      offset;
    int64_t     leak_of_one;
} measures[] = {
    {"descriptors", offsetof(cx_footprint_t, descriptor_count), 1},
    {"memory mappings", offsetof(cx_footprint_t, mapping_count), 1},
    {"files in /dev/shm", offsetof(cx_footprint_t, shared_file_count), 1},
    {"bytes of heap", offsetof(cx_footprint_t, heap_bytes), 16},
    {"bytes of address space", offsetof(cx_footprint_t, address_bytes), 4096},
    {"bytes of resident memory", offsetof(cx_footprint_t, resident_bytes), 4096},
};

static cx_status_t count_entries(const char *folder, int64_t *out)
{
    DIR *handle = opendir(folder);

    *out = 0;
    if (!handle && errno == ENOENT) {
        return CX_OK;
    }
    if (!handle) {
        return CX_FAIL(CX_RESOURCE, "%s: %s", folder, strerror(errno));
    }
    while (readdir(handle)) {
        ++*out;
    }
    (void)closedir(handle);
    return CX_OK;
}

static cx_status_t count_mappings(int64_t *out)
{
    FILE *file = fopen("/proc/self/maps", "re");
    int   character;

    *out = 0;
    if (!file) {
        return CX_FAIL(CX_RESOURCE, "/proc/self/maps: %s", strerror(errno));
    }
    while ((character = getc(file)) != EOF) {
        *out += character == '\n';
    }
    (void)fclose(file);
    return CX_OK;
}

static cx_status_t read_sizes(cx_footprint_t *out)
{
    FILE     *file     = fopen("/proc/self/statm", "re");
    char      line[96] = "";
    char     *rest;
    long long address_pages, resident_pages;

    if (file) {
        (void)!fgets(line, sizeof line, file);
        (void)fclose(file);
    }
    address_pages  = strtoll(line, &rest, 10);
    resident_pages = strtoll(rest, &rest, 10);
    if (resident_pages <= 0) {
        return CX_FAIL(CX_RESOURCE, "/proc/self/statm cannot be read");
    }
    out->address_bytes  = address_pages * sysconf(_SC_PAGESIZE);
    out->resident_bytes = resident_pages * sysconf(_SC_PAGESIZE);
    return CX_OK;
}

cx_status_t cx_footprint_take(cx_footprint_t *out)
{
    out->heap_bytes = (int64_t)mallinfo2().uordblks;
    CX_TRY(count_entries("/proc/self/fd", &out->descriptor_count));
    CX_TRY(count_entries("/dev/shm", &out->shared_file_count));
    CX_TRY(count_mappings(&out->mapping_count));
    return read_sizes(out);
}

cx_status_t cx_footprint_compare(const cx_footprint_t *before, const cx_footprint_t *after,
                                 int64_t cycle_count)
{
    int64_t leak_count = cycle_count > CHANCE_COUNT ? cycle_count : CHANCE_COUNT;

    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        int64_t was, is;

        memcpy(&was, (const char *)before + measures[i].offset, sizeof was);
        memcpy(&is, (const char *)after + measures[i].offset, sizeof is);
        if (is - was >= leak_count * measures[i].leak_of_one) {
            return CX_FAIL(CX_INVALID, "%lld more %s after %lld repetitions", (long long)(is - was),
                           measures[i].what, (long long)cycle_count);
        }
    }
    return CX_OK;
}
