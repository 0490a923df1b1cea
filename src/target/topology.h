/* SPDX-License-Identifier: Apache-2.0 */
/* Processors, caches and memory nodes of the machine, through hwloc. Not PCI devices: /sys tells
 * those without hwloc's slow parts (devices.c). */
#ifndef CX_TARGET_TOPOLOGY_H
#define CX_TARGET_TOPOLOGY_H

#include "collectivex/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct cx_topology {
    int64_t socket_count, core_count, numa_node_count; /* -1 unknown */
    int64_t last_cache_bytes; /* one cache of the outermost level; -1 unknown */
    json_t *summary;          /* owned: {source, caches, numa_nodes}; see probe.h */
} cx_topology_t;

/**
 * Discover the machine this process runs on, or read `xml`, a file that hwloc exported. With
 * neither, everything is unknown.
 *
 * errors  CX_INVALID `xml` is no such file · CX_UNSUPPORTED hwloc knows nothing here ·
 *         CX_RESOURCE memory ran out
 */
cx_status_t cx_topology_open(const char *xml, bool is_live, cx_topology_t *out);
void        cx_topology_close(cx_topology_t *topology);

#endif
