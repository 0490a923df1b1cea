/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts of the description together; host, processors and memory are read here. */
#include "target/probe.h"

#include "target/cgroup.h"
#include "target/devices.h"
#include "target/environment.h"
#include "target/libraries.h"
#include "target/root.h"
#include "target/topology.h"
#include "target/value.h"

#include "base/fail.h"
#include "base/hash.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CPU "sys/devices/system/cpu/"
#define HUGEPAGES "sys/kernel/mm/hugepages/"
#define BYTES_PER_KIB 1024

/* /proc/cpuinfo costs time per processor, and the first one's lines say it all. */
#define CPUINFO_BYTES 4096

static json_t *read_os(const cx_root_t *root)
{
    char text[4096];
    char name[256];

    (void)cx_root_text(root, text, sizeof text, "etc/os-release");
    if (!cx_line_value(text, "PRETTY_NAME=", name, sizeof name)) {
        return json_null();
    }
    const size_t length = strlen(name);

    if (length >= 2 && name[0] == '"' && name[length - 1] == '"') {
        name[length - 1] = '\0';
        return cx_value_text(name + 1);
    }
    return cx_value_text(name);
}

/* Old kernels have no file for it. */
static json_t *read_machine(const cx_root_t *root)
{
    char           text[64];
    struct utsname name;

    if (cx_root_text(root, text, sizeof text, "proc/sys/kernel/arch")) {
        return cx_value_text(text);
    }
    return cx_value_text(root->is_live && uname(&name) == 0 ? name.machine : NULL);
}

/* Tells whether two records are from the same boot, and no more. */
static json_t *read_boot_id_hash(const cx_root_t *root)
{
    char text[64];
    char hex[CX_HASH_HEX_BYTES];

    if (!cx_root_text(root, text, sizeof text, "proc/sys/kernel/random/boot_id")) {
        return json_null();
    }
    return cx_value_text(cx_hash_hex(text, strlen(text), hex));
}

static json_t *describe_host(const cx_root_t *root)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "hostname",
                     cx_value_file_text(root, "proc/sys/kernel/hostname"), "kernel",
                     cx_value_file_text(root, "proc/sys/kernel/osrelease"), "os", read_os(root),
                     "machine", read_machine(root), "boot_id_hash", read_boot_id_hash(root));
}

/* x86 tells a guest by a flag; elsewhere nothing is known. */
static json_t *describe_virtualisation(const char *cpuinfo)
{
    char flags[CPUINFO_BYTES];

    if (!cx_line_value(cpuinfo, "flags", flags, sizeof flags)) {
        return json_pack("{s:n}", "is_virtual");
    }
    return json_pack("{s:b}", "is_virtual", strstr(flags, " hypervisor") != NULL);
}

/* Arm has no name in /proc/cpuinfo but two numbers of the designer's. */
static json_t *read_cpu_model(const char *cpuinfo)
{
    char text[256];
    char part[64];

    if (cx_line_value(cpuinfo, "model name", text, sizeof text)) {
        return cx_value_text(text);
    }
    if (cx_line_value(cpuinfo, "CPU implementer", text, sizeof text) &&
        cx_line_value(cpuinfo, "CPU part", part, sizeof part)) {
        return json_sprintf("implementer %s part %s", text, part);
    }
    return json_null();
}

static json_t *truth(int64_t value, bool is_inverted)
{
    return value < 0 ? json_null() : json_boolean((value != 0) != is_inverted);
}

/* Either the driver's own switch or Intel's, which says the opposite. */
static json_t *read_boost(const cx_root_t *root)
{
    const int64_t boost = cx_root_int(root, CPU "cpufreq/boost");

    return boost >= 0 ? truth(boost, false)
                      : truth(cx_root_int(root, CPU "intel_pstate/no_turbo"), true);
}

static json_t *describe_cpu(const cx_root_t *root, const char *cpuinfo,
                            const cx_topology_t *topology)
{
    char       online[4096];
    char       status[16384];
    char       allowed[4096];
    const bool has_online = cx_root_text(root, online, sizeof online, CPU "online");
    const bool has_status = cx_root_text(root, status, sizeof status, "proc/self/status");
    const bool has_allowed =
        has_status && cx_line_value(status, "Cpus_allowed_list", allowed, sizeof allowed);

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "model",
                     read_cpu_model(cpuinfo), "socket_count", cx_value_int(topology->socket_count),
                     "core_count", cx_value_int(topology->core_count), "thread_count",
                     cx_value_int(has_online ? cx_cpu_list_count(online) : -1), "numa_node_count",
                     cx_value_int(topology->numa_node_count), "last_cache_bytes",
                     cx_value_int(topology->last_cache_bytes), "governor",
                     cx_value_file_text(root, CPU "cpu0/cpufreq/scaling_governor"),
                     "is_boost_enabled", read_boost(root), "is_smt_active",
                     truth(cx_root_int(root, CPU "smt/active"), false), "isolated_cpus",
                     cx_value_file_text(root, CPU "isolated"), "allowed_cpus",
                     cx_value_text(has_allowed ? allowed : NULL), "allowed_cpu_count",
                     cx_value_int(has_allowed ? cx_cpu_list_count(allowed) : -1));
}

/* The number at the start of "24684084 kB", in bytes; -1 when there is none. */
static int64_t kib_to_bytes(const char *text)
{
    char         *end;
    const int64_t kib = strtoll(text, &end, 10);

    return end == text || kib < 0 || kib > INT64_MAX / BYTES_PER_KIB ? -1 : kib * BYTES_PER_KIB;
}

static int64_t meminfo_bytes(const char *meminfo, const char *label)
{
    char text[64];

    (void)cx_line_value(meminfo, label, text, sizeof text);
    return kib_to_bytes(text);
}

/* The choice stands in brackets: "always [madvise] never". */
static json_t *read_transparent_hugepages(const cx_root_t *root)
{
    char        text[128];
    const char *open  = NULL;
    char       *close = NULL;

    if (cx_root_text(root, text, sizeof text, "sys/kernel/mm/transparent_hugepage/enabled")) {
        open  = strchr(text, '[');
        close = strchr(text, ']');
    }
    if (!open || !close || close < open) {
        return json_null();
    }
    *close = '\0';
    return cx_value_text(open + 1);
}

typedef struct hugepages {
    const cx_root_t *root;
    json_t          *list; /* NULL once memory ran out */
} hugepages_t;

static void add_hugepages(const char *name, void *context)
{
    hugepages_t *pages = context;

    cx_value_append(
        &pages->list,
        json_pack("{s:o, s:o, s:o}", "page_bytes",
                  cx_value_int(kib_to_bytes(name + strcspn(name, "0123456789"))), "total_count",
                  cx_value_int(cx_root_int(pages->root, HUGEPAGES "%s/nr_hugepages", name)),
                  "free_count",
                  cx_value_int(cx_root_int(pages->root, HUGEPAGES "%s/free_hugepages", name))));
}

static json_t *describe_memory(const cx_root_t *root)
{
    char        meminfo[8192];
    hugepages_t pages = {.root = root, .list = json_array()};

    (void)cx_root_text(root, meminfo, sizeof meminfo, "proc/meminfo");
    cx_root_each(root, HUGEPAGES, add_hugepages, &pages);
    return json_pack("{s:o, s:o, s:o, s:o}", "total_bytes",
                     cx_value_int(meminfo_bytes(meminfo, "MemTotal")), "available_bytes",
                     cx_value_int(meminfo_bytes(meminfo, "MemAvailable")), "transparent_hugepages",
                     read_transparent_hugepages(root), "hugepages", pages.list);
}

/* Takes `out`, and what follows into it. */
static json_t *join(json_t *out, json_t *members)
{
    bool is_joined = out && members && json_object_update(out, members) == 0;

    json_decref(members);
    if (!is_joined) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static json_t *describe_system(const cx_root_t *root, const cx_topology_t *topology,
                               const char *const *variables)
{
    char cpuinfo[CPUINFO_BYTES];

    (void)cx_root_text(root, cpuinfo, sizeof cpuinfo, "proc/cpuinfo");
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:O, s:o, s:o, s:o, s:o, s:o, s:o}", "host",
                     describe_host(root), "virtualisation", describe_virtualisation(cpuinfo), "cpu",
                     describe_cpu(root, cpuinfo, topology), "memory", describe_memory(root),
                     "cgroup", cx_cgroup_describe(root), "topology", topology->summary, "pci",
                     cx_devices_pci(root), "nics", cx_devices_nics(root), "infiniband",
                     cx_devices_infiniband(root), "libraries",
                     root->is_live ? cx_libraries_loaded() : json_array(), "container",
                     cx_environment_container(root, variables), "environment",
                     cx_environment_allowed(variables));
}

cx_status_t cx_target_probe(const cx_target_options_t *options, json_t **out)
{
    const char *const *variables =
        options->environment ? options->environment : (const char *const *)environ;
    cx_topology_t topology;
    cx_root_t     root;
    cx_status_t   status;

    CX_TRY(cx_root_open(options->root, &root));
    CX_TRY_OR(close_root, cx_topology_open(options->topology_xml, root.is_live, &topology));
    json_t *description = join(describe_system(&root, &topology, variables),
                               cx_accelerators_describe(&root, &options->accelerators));

    if (description) {
        *out = description;
    } else {
        status = CX_FAIL(CX_RESOURCE, "out of memory while describing the machine");
    }
    cx_topology_close(&topology);
close_root:
    cx_root_close(&root);
    return status;
}
