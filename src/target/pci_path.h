/* SPDX-License-Identifier: Apache-2.0 */
/* Where a device is in the tree of PCI, and what lies between two, by /sys.
 * Not what a vendor's library says of it (collectivex/card.h). */
#ifndef CX_TARGET_PCI_PATH_H
#define CX_TARGET_PCI_PATH_H

#include "target/root.h"

/* From the host bridge to the device: "pci0000:17/0000:17:01.0/0000:19:00.0". */
typedef struct cx_pci_place {
    char        chain[512];
    const char *address; /* its end, in `chain` */
} cx_pci_place_t;

/* The device that a link of /sys leads to: "sys/class/net/eth0"; false when it is not of PCI. */
bool cx_pci_place_find(const cx_root_t *root, const char *link, cx_pci_place_t *out);

/* In the words of `nvidia-smi topo -m`: PIX at most one switch between them, PXB several, PHB a
 * host bridge, NODE several of one NUMA node, SYS of two; NULL where the NUMA nodes are not known.
 */
const char *cx_pci_path(const cx_root_t *root, const cx_pci_place_t *from,
                        const cx_pci_place_t *to);

/* From the nearest (0) to the farthest; of NULL, beyond it. */
int cx_pci_path_rank(const char *path);

#endif
