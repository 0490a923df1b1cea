/* SPDX-License-Identifier: Apache-2.0 */
/* Walks /sys/bus/pci/devices, /sys/class/net and /sys/class/infiniband. */
#include "target/devices.h"

#include "target/value.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define PCI "sys/bus/pci/devices/"
#define NET "sys/class/net/"
#define INFINIBAND "sys/class/infiniband/"

/* Class codes of pci.ids: base class and subclass. A row without subclass comes after those with.
 */
static const struct {
    int64_t     code, mask;
    const char *name;
} pci_classes[] = {
    {0x0200, 0xffff, "ethernet"},    {0x0207, 0xffff, "infiniband"}, {0x0c06, 0xffff, "infiniband"},
    {0x0200, 0xff00, "network"},     {0x0302, 0xffff, "3d"},         {0x0300, 0xff00, "display"},
    {0x1200, 0xff00, "accelerator"},
};

typedef struct walk {
    const cx_root_t *root;
    json_t          *list;   /* NULL once memory ran out */
    const char      *parent; /* the device whose ports are walked */
} walk_t;

static const char *pci_class_name(int64_t class_code)
{
    for (size_t i = 0; i < sizeof pci_classes / sizeof pci_classes[0]; i++) {
        if (class_code >= 0 && ((class_code >> 8) & pci_classes[i].mask) == pci_classes[i].code) {
            return pci_classes[i].name;
        }
    }
    return NULL;
}

static json_t *hex_id(int64_t id)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%04llx", (long long)id);
    return cx_value_text(id < 0 ? NULL : text);
}

static void add_pci(const char *name, void *context)
{
    walk_t          *walk       = context;
    const cx_root_t *root       = walk->root;
    const char      *class_name = pci_class_name(cx_root_int(root, PCI "%s/class", name));

    if (!class_name) {
        return;
    }
    cx_value_append(
        &walk->list,
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "address", name, "class", class_name,
                  "vendor_id", hex_id(cx_root_int(root, PCI "%s/vendor", name)), "device_id",
                  hex_id(cx_root_int(root, PCI "%s/device", name)), "driver",
                  cx_value_link(root, PCI "%s/driver", name), "numa_node_index",
                  cx_value_int(cx_root_int(root, PCI "%s/numa_node", name)), "link_speed",
                  cx_value_file_text(root, PCI "%s/current_link_speed", name), "link_width",
                  cx_value_int(cx_root_int(root, PCI "%s/current_link_width", name))));
}

/* Virtual interfaces come by the hundreds on container hosts and carry no traffic of their own. */
static bool is_real_nic(const cx_root_t *root, const char *name)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, NET "%s/device", name);
    if (cx_root_has(root, path)) {
        return true;
    }
    (void)snprintf(path, sizeof path, NET "%s/bonding", name);
    return cx_root_has(root, path);
}

static void add_nic(const char *name, void *context)
{
    walk_t          *walk = context;
    const cx_root_t *root = walk->root;

    if (!is_real_nic(root, name)) {
        return;
    }
    cx_value_append(&walk->list,
                    json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", name, "driver",
                              cx_value_link(root, NET "%s/device/driver", name), "speed_mbit_per_s",
                              cx_value_int(cx_root_int(root, NET "%s/speed", name)), "mtu_bytes",
                              cx_value_int(cx_root_int(root, NET "%s/mtu", name)), "state",
                              cx_value_file_text(root, NET "%s/operstate", name)));
}

static void add_port(const char *port, void *context)
{
    walk_t          *walk = context;
    const cx_root_t *root = walk->root;
    const char      *name = walk->parent;
    char             path[PATH_MAX];

    (void)snprintf(path, sizeof path, INFINIBAND "%s/ports/%s", name, port);
    cx_value_append(&walk->list,
                    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", name, "port_index",
                              cx_value_int(strtoll(port, NULL, 10)), "state",
                              cx_value_file_text(root, "%s/state", path), "rate",
                              cx_value_file_text(root, "%s/rate", path), "link_layer",
                              cx_value_file_text(root, "%s/link_layer", path), "hca_type",
                              cx_value_file_text(root, INFINIBAND "%s/hca_type", name), "firmware",
                              cx_value_file_text(root, INFINIBAND "%s/fw_ver", name)));
}

static void add_infiniband(const char *name, void *context)
{
    walk_t *walk = context;
    char    ports[PATH_MAX];

    (void)snprintf(ports, sizeof ports, INFINIBAND "%s/ports", name);
    walk->parent = name;
    cx_root_each(walk->root, ports, add_port, walk);
}

static json_t *walk_folder(const cx_root_t *root, const char *folder, cx_root_entry_fn add)
{
    walk_t walk = {.root = root, .list = json_array()};

    cx_root_each(root, folder, add, &walk);
    return walk.list;
}

json_t *cx_devices_pci(const cx_root_t *root)
{
    return walk_folder(root, PCI, add_pci);
}

json_t *cx_devices_nics(const cx_root_t *root)
{
    return walk_folder(root, NET, add_nic);
}

json_t *cx_devices_infiniband(const cx_root_t *root)
{
    return walk_folder(root, INFINIBAND, add_infiniband);
}
