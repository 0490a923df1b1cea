/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of bridges, compared from the host's end. */
#include "target/pci_path.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS_LENGTH 12 /* "0000:19:00.0" */

static const char *const paths[] = {"PIX", "PXB", "PHB", "NODE", "SYS"};

static bool is_address(const char *name, size_t length)
{
    return length == ADDRESS_LENGTH && name[4] == ':' && name[7] == ':' && name[10] == '.';
}

bool cx_pci_place_find(const cx_root_t *root, const char *link, cx_pci_place_t *out)
{
    char        target[PATH_MAX];
    const char *name;
    size_t      length = 0;

    out->address = NULL;
    if (!cx_root_link_target(root, target, sizeof target, "%s", link)) {
        return false;
    }
    name = strstr(target, "/pci");
    name = name ? name + 1 : NULL;
    /* What follows the last address is what the device is to the system: "net/eth0". */
    for (const char *at = name; at && *at; at += *at == '/') {
        const char *start = at;

        at += strcspn(at, "/");
        if (is_address(start, (size_t)(at - start))) {
            length = (size_t)(at - name);
        }
    }
    if (length == 0 || length >= sizeof out->chain) {
        return false;
    }
    (void)snprintf(out->chain, sizeof out->chain, "%.*s", (int)length, name);
    out->address = strrchr(out->chain, '/') + 1;
    return true;
}

/* Whether both lie below the same first bridge; then moves both past what they have in common. */
static bool skip_common(const char **from, const char **to, int *common_count)
{
    *common_count = -1; /* the host bridge is none of the bridges between */
    for (;;) {
        size_t length = strcspn(*from, "/");

        if (length == 0 || strcspn(*to, "/") != length || strncmp(*from, *to, length) != 0) {
            return *common_count >= 0;
        }
        *from += length + ((*from)[length] == '/');
        *to += length + ((*to)[length] == '/');
        ++*common_count;
    }
}

static int name_count(const char *chain)
{
    int count = *chain ? 1 : 0;

    for (; *chain; chain++) {
        count += *chain == '/';
    }
    return count;
}

/* Below one bridge, a switch is one more bridge on each side. */
const char *cx_pci_path(const cx_root_t *root, const cx_pci_place_t *from, const cx_pci_place_t *to)
{
    const char *from_rest = from->chain, *to_rest = to->chain;
    int64_t     from_node, to_node;
    int         common_count;

    if (skip_common(&from_rest, &to_rest, &common_count)) {
        return common_count == 0                                        ? "PHB"
               : name_count(from_rest) <= 2 && name_count(to_rest) <= 2 ? "PIX"
                                                                        : "PXB";
    }
    from_node = cx_root_int(root, "sys/bus/pci/devices/%s/numa_node", from->address);
    to_node   = cx_root_int(root, "sys/bus/pci/devices/%s/numa_node", to->address);
    if (from_node < 0 || to_node < 0) {
        return NULL;
    }
    return from_node == to_node ? "NODE" : "SYS";
}

int cx_pci_path_rank(const char *path)
{
    int rank = 0;

    while (rank < (int)(sizeof paths / sizeof paths[0]) &&
           (!path || strcmp(path, paths[rank]) != 0)) {
        rank++;
    }
    return rank;
}
