/* SPDX-License-Identifier: Apache-2.0 */
/* What machine this process is on, as one JSON object that goes into every record.
 * Not redacted (redact.h), and nothing that changes during a run (guard.h). */
#ifndef CX_TARGET_PROBE_H
#define CX_TARGET_PROBE_H

#include "target/accelerators.h"

#include "collectivex/status.h"

#include <jansson.h>

typedef struct cx_target_options {
    /* Where /proc, /sys and /etc are read; NULL or "/": the running machine. Another root is a
     * capture: what belongs to this process and not to a file (libraries) is then left empty. */
    const char *root;
    /* A file that hwloc exported. NULL: discover on the running machine, null on a capture. */
    const char *topology_xml;
    /* "NAME=value" texts that end with NULL; NULL: this process' own. */
    const char *const *environment;
    /* Whom to ask for accelerators; by default nobody. */
    cx_accelerators_t accelerators;
} cx_target_options_t;

/**
 * Describe the machine.
 *
 * shape   a closed object: every key below is always there, null means unknown, and lists are in
 *         the order of their first key:
 *           host            hostname kernel os machine boot_id_hash
 *           virtualisation  is_virtual
 *           cpu             model socket_count core_count thread_count numa_node_count
 *                           last_cache_bytes governor is_boost_enabled is_smt_active isolated_cpus
 *                           allowed_cpus allowed_cpu_count
 *           memory          total_bytes available_bytes transparent_hugepages
 *                           hugepages[page_bytes total_count free_count]
 *           cgroup          version quota_cpus memory_limit_bytes cpuset_cpus
 *           topology        source caches[level bytes count] numa_nodes[index memory_bytes cpus]
 *           pci             [address class vendor_id device_id driver numa_node_index link_speed
 *                           link_width]
 *           nics            [name driver speed_mbit_per_s mtu_bytes state]
 *           infiniband      [name port_index state rate link_layer hca_type firmware]
 *           libraries       [path soname build_id] as loaded, of those that can move a number
 *           container       is_detected kind image image_digest
 *           environment     {NAME: value}, the variables of an allow-list; a value that looks like
 *                           a secret is replaced
 *           accelerators    [device index model uuid address architecture driver partition
 *                           memory_bytes numa_node_index has_ecc is_persistent is_slice
 *                           nics[name path]], of the network only what is nearest
 *           links           [device from_index to_index kind path lane_count read write atomics
 *                           bytes_per_s] of each pair once, as in collectivex/card.h
 *         CPU lists are texts such as "0-3,8". Counts of processors are the machine's, not the
 *         cgroup's. `quota_cpus` is null when there is no quota.
 * units   in the names; link_speed and rate are the kernel's texts
 * owns    *out is a new reference of the caller's
 * errors  CX_INVALID the root or the topology file cannot be read · CX_RESOURCE memory ran out
 */
cx_status_t cx_target_probe(const cx_target_options_t *options, json_t **out);

#endif
