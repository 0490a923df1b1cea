/* SPDX-License-Identifier: Apache-2.0 */
/* The ROCm management library, for tests only: one answer to each question. */
#include <stdint.h>

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
