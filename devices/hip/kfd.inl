/* SPDX-License-Identifier: Apache-2.0 */
/* The caches of a device as the kernel's driver (KFD) lists them in files, because the runtime
 * tells of no cache behind the L2. Not the runtime: where there are no such files nothing is known.
 * source: Linux, drivers/gpu/drm/amd/amdkfd/kfd_topology.c */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define KFD_NODES "/sys/class/kfd/kfd/topology/nodes"

/* The number behind `name` in a file of lines "name number"; -1 where there is none to be read: the
 * files of a device that this process may not use are there, and cannot be read. */
static int64_t kfd_number(const char *path, const char *name)
{
    const size_t length = strlen(name);
    FILE        *file   = fopen(path, "re");
    int64_t      number = -1;
    char         line[128];

    while (file && number < 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            number = strtoll(line + length, NULL, 10);
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return number;
}

/* Whether the node is the device at a PCI address "0000:0a:00.0". The low 16 bits of a location are
 * bus, device and function, above lies which part of a card it is; a host is at 0. */
static bool kfd_is_at(const char *node, const char *address)
{
    char    path[320], place[32];
    int64_t domain, location;

    (void)snprintf(path, sizeof path, "%s/properties", node);
    domain   = kfd_number(path, "domain");
    location = kfd_number(path, "location_id");
    if (domain < 0 || location <= 0) {
        return false;
    }
    (void)snprintf(place, sizeof place, "%04x:%02x:%02x.%x", (unsigned)domain,
                   (unsigned)(location >> 8 & 0xff), (unsigned)(location >> 3 & 0x1f),
                   (unsigned)(location & 7));
    return strcasecmp(place, address) == 0;
}

/* Bytes of the largest cache in the list of a node. */
static int64_t kfd_largest_cache(const char *node)
{
    int64_t largest_kib = 0;

    for (int i = 0;; i++) {
        char    path[320];
        int64_t size_kib;

        (void)snprintf(path, sizeof path, "%s/caches/%d/properties", node, i);
        if (access(path, F_OK) != 0) {
            return largest_kib * 1024;
        }
        size_kib    = kfd_number(path, "size");
        largest_kib = size_kib > largest_kib ? size_kib : largest_kib;
    }
}

/* Bytes of the largest cache of the device at that address, from a folder of nodes; 0 unknown. */
static int64_t kfd_cache_bytes(const char *nodes, const char *address)
{
    for (int i = 0;; i++) {
        char node[256];

        (void)snprintf(node, sizeof node, "%s/%d", nodes, i);
        if (access(node, F_OK) != 0) {
            return 0;
        }
        if (kfd_is_at(node, address)) {
            return kfd_largest_cache(node);
        }
    }
}
