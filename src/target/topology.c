/* SPDX-License-Identifier: Apache-2.0 */
/* Asks hwloc for what is needed and no more, because it runs in every process. Its plugins cannot
 * be kept out but by changing the environment, which is not safe beside threads; it lets go of them
 * again when the topology is destroyed. */
#include "target/topology.h"

#include "target/value.h"

#include "base/fail.h"

#include <hwloc.h>

static cx_status_t load(hwloc_topology_t topology, const char *xml)
{
    if (xml && hwloc_topology_set_xml(topology, xml) != 0) {
        return CX_FAIL(CX_INVALID, "%s: not a topology that hwloc exported", xml);
    }
    /* Binds to every processor in turn and finds what /sys tells as well. */
    (void)hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
    if (hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) != 0 ||
        hwloc_topology_load(topology) != 0) {
        return xml ? CX_FAIL(CX_INVALID, "%s: not a topology that hwloc can load", xml)
                   : CX_FAIL(CX_UNSUPPORTED, "hwloc cannot discover this machine");
    }
    return CX_OK;
}

static json_t *describe_caches(hwloc_topology_t topology, int64_t *last_cache_bytes)
{
    json_t *caches = json_array();

    for (int depth = hwloc_topology_get_depth(topology) - 1; depth >= 0; depth--) {
        const hwloc_obj_t cache = hwloc_get_obj_by_depth(topology, depth, 0);

        if (!cache || !hwloc_obj_type_is_dcache(cache->type)) {
            continue;
        }
        *last_cache_bytes = (int64_t)cache->attr->cache.size;
        cx_value_append(&caches,
                        json_pack("{s:I, s:I, s:I}", "level", (json_int_t)cache->attr->cache.depth,
                                  "bytes", (json_int_t)cache->attr->cache.size, "count",
                                  (json_int_t)hwloc_get_nbobjs_by_depth(topology, depth)));
    }
    return caches;
}

static json_t *describe_numa_nodes(hwloc_topology_t topology)
{
    json_t     *nodes = json_array();
    hwloc_obj_t node  = NULL;

    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != NULL) {
        char cpus[1024];

        (void)hwloc_bitmap_list_snprintf(cpus, sizeof cpus, node->cpuset);
        cx_value_append(&nodes,
                        json_pack("{s:I, s:I, s:s}", "index", (json_int_t)node->os_index,
                                  "memory_bytes", (json_int_t)node->attr->numanode.local_memory,
                                  "cpus", cpus));
    }
    return nodes;
}

static cx_status_t describe(hwloc_topology_t topology, const char *xml, cx_topology_t *out)
{
    int64_t last_cache_bytes = -1;
    json_t *caches           = describe_caches(topology, &last_cache_bytes);
    json_t *nodes            = describe_numa_nodes(topology);
    json_t *summary = json_pack("{s:s, s:o, s:o}", "source", xml ? "xml" : "native", "caches",
                                caches, "numa_nodes", nodes);

    if (!summary) {
        return CX_FAIL(CX_RESOURCE, "out of memory");
    }
    *out = (cx_topology_t){
        .socket_count     = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE),
        .core_count       = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE),
        .numa_node_count  = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE),
        .last_cache_bytes = last_cache_bytes,
        .summary          = summary,
    };
    return CX_OK;
}

cx_status_t cx_topology_open(const char *xml, bool is_live, cx_topology_t *out)
{
    hwloc_topology_t topology;
    cx_status_t      status;

    if (!xml && !is_live) {
        json_t *summary = json_pack("{s:n, s:[], s:[]}", "source", "caches", "numa_nodes");

        *out = (cx_topology_t){-1, -1, -1, -1, summary};
        return summary ? CX_OK : CX_FAIL(CX_RESOURCE, "out of memory");
    }
    if (hwloc_topology_init(&topology) != 0) {
        return CX_FAIL(CX_RESOURCE, "hwloc cannot start");
    }
    CX_TRY_OR(destroy, load(topology, xml));
    CX_TRY_OR(destroy, describe(topology, xml, out));
destroy:
    hwloc_topology_destroy(topology);
    return status;
}

void cx_topology_close(cx_topology_t *topology)
{
    json_decref(topology->summary);
    topology->summary = NULL;
}
