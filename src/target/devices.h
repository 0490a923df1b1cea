/* SPDX-License-Identifier: Apache-2.0 */
/* What /sys says of PCI devices, network interfaces and InfiniBand ports; no address of any of
 * them. Not what a vendor's library says (device.h). Lists are described in probe.h; NULL: memory
 * ran out. */
#ifndef CX_TARGET_DEVICES_H
#define CX_TARGET_DEVICES_H

#include "target/root.h"

#include <jansson.h>

/* Accelerators, displays and network devices only. */
json_t *cx_devices_pci(const cx_root_t *root);
/* Interfaces with a device behind them, and bonds. */
json_t *cx_devices_nics(const cx_root_t *root);
/* One row per port. */
json_t *cx_devices_infiniband(const cx_root_t *root);

#endif
