/* SPDX-License-Identifier: Apache-2.0 */
/* The ROCm management library, for tests only: one answer to each question.
 *
 * STUB_RSMI_LINKS=xgmi      how two are linked: xgmi, pcie, unknown (nothing is said)
 * STUB_RSMI_PARTITION=SPX   into how many devices a card is cut
 * STUB_RSMI_POWER=750       watts as of now, where a card has them */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API(name, parameters)                                   \
    __attribute__((visibility("default"))) int name parameters; \
    int name                                        parameters

API(rsmi_init, (uint64_t flags))
{
    return flags == 0 ? 0 : 1;
}

API(rsmi_num_monitor_devices, (uint32_t * count))
{
    *count = 2;
    return 0;
}

/* In the other order than the runtime's, so that an index is not taken for an address. */
API(rsmi_dev_pci_id_get, (uint32_t index, uint64_t *bus))
{
    *bus = (uint64_t)(2 - index) << 8;
    return 0;
}

API(rsmi_dev_power_ave_get, (uint32_t index, uint32_t sensor, uint64_t *power_uw))
{
    *power_uw = 100000000 * (uint64_t)(index + 1) + sensor;
    return 0;
}

API(rsmi_dev_temp_metric_get,
    (uint32_t index, uint32_t sensor, int metric, int64_t *millidegrees_c))
{
    *millidegrees_c = 41500;
    return index < 2 && sensor == 0 && metric == 0 ? 0 : 2;
}

/* ---- cards and links ---- */

static const char *setting(const char *name, const char *otherwise)
{
    const char *text = getenv(name);

    return text && *text ? text : otherwise;
}

API(rsmi_dev_power_get, (uint32_t index, uint64_t *power_uw, int *kind))
{
    const uint64_t power_w = strtoull(setting("STUB_RSMI_POWER", "0"), NULL, 10);

    *power_uw = power_w * 1000000;
    *kind     = 1;
    return power_w > 0 && index < 2 ? 0 : 2;
}

API(rsmi_dev_unique_id_get, (uint32_t index, uint64_t *id))
{
    *id = 0x1234abcd00 + index;
    return 0;
}

API(rsmi_dev_target_graphics_version_get, (uint32_t index, uint64_t *version))
{
    *version = index == 0 ? 942 : 0x90a; /* as some releases say it, and as others do */
    return 0;
}

API(rsmi_dev_compute_partition_get, (uint32_t index, char *name, uint32_t name_bytes))
{
    (void)index;
    (void)snprintf(name, name_bytes, "%s", setting("STUB_RSMI_PARTITION", "SPX"));
    return 0;
}

API(rsmi_dev_ecc_enabled_get, (uint32_t index, uint64_t *blocks))
{
    *blocks = index == 0 ? 6 : 0;
    return 0;
}

API(rsmi_topo_get_link_type, (uint32_t from, uint32_t to, uint64_t *hop_count, int *kind))
{
    *hop_count = from == to ? 0 : 1;
    *kind      = strcmp(setting("STUB_RSMI_LINKS", "xgmi"), "xgmi") == 0 ? 2 : 1;
    return strcmp(setting("STUB_RSMI_LINKS", "xgmi"), "unknown") == 0 ? 2 : 0;
}

API(rsmi_minmax_bandwidth_get,
    (uint32_t from, uint32_t to, uint64_t *least_mbps, uint64_t *most_mbps))
{
    *least_mbps = 50000;
    *most_mbps  = 100000;
    return from < 2 && to < 2 ? 0 : 1;
}

API(rsmi_is_P2P_accessible, (uint32_t from, uint32_t to, bool *is_accessible))
{
    *is_accessible = from < 2 && to < 2;
    return strcmp(setting("STUB_RSMI_LINKS", "xgmi"), "unknown") == 0 ? 2 : 0;
}
