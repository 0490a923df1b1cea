/* SPDX-License-Identifier: Apache-2.0 */
/* The management library: power and temperature. Clocks are left unknown, because the struct they
 * come in has changed between releases. Optional: without it all is unknown. */

/* Values of rocm_smi.h. */
enum { RSMI_TEMPERATURE_EDGE = 0, RSMI_TEMPERATURE_JUNCTION = 1, RSMI_TEMPERATURE_CURRENT = 0 };

#define RSMI_CALLS(X)                                                                 \
    X(rsmi_init, (uint64_t flags))                                                    \
    X(rsmi_num_monitor_devices, (uint32_t * count))                                   \
    X(rsmi_dev_pci_id_get, (uint32_t index, uint64_t * bus))                          \
    X(rsmi_dev_power_ave_get, (uint32_t index, uint32_t sensor, uint64_t * power_uw)) \
    X(rsmi_dev_temp_metric_get,                                                       \
      (uint32_t index, uint32_t sensor, int metric, int64_t *millidegrees_c))

static struct {
#define RSMI_MEMBER(name, parameters) int(*name) parameters;
    RSMI_CALLS(RSMI_MEMBER)
#undef RSMI_MEMBER
    bool is_ready, is_tried;
} rsmi;

/* All of it or nothing; tried once. */
static bool rsmi_open(void)
{
    static const char *const sonames[] = {"librocm_smi64.so.1", "librocm_smi64.so.7",
                                          "librocm_smi64.so.6", "librocm_smi64.so.5",
                                          "librocm_smi64.so",   NULL};
    static const struct {
        const char *name;
        size_t      offset;
    } rows[] = {
#define RSMI_ROW(name, parameters) {#name, offsetof(__typeof__(rsmi), name)},
        RSMI_CALLS(RSMI_ROW)
#undef RSMI_ROW
    };
    char  reason[320];
    void *library;

    if (rsmi.is_tried) {
        return rsmi.is_ready;
    }
    rsmi.is_tried = true;
    library       = find_library("CX_ROCM_SMI_PATH", sonames, reason, sizeof reason);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && library; i++) {
        void *symbol = dlsym(library, rows[i].name);

        if (!symbol) {
            return false;
        }
        memcpy((char *)&rsmi + rows[i].offset, &symbol, sizeof symbol);
    }
    rsmi.is_ready = library && rsmi.rsmi_init(0) == 0;
    return rsmi.is_ready;
}

/* The library's number of the device at a PCI address "0000:0a:00.0"; -1 when there is none.
 * source: rocm_smi.h: domain in bits 32 and up, bus 8 to 15, device 3 to 7, function 0 to 2. */
static int rsmi_index(const char *address)
{
    uint64_t parts[4] = {0}; /* domain, bus, slot, function */
    uint64_t wanted, id;
    uint32_t count = 0;

    for (int i = 0; i < 4; i++) {
        char *end;

        parts[i] = strtoul(address, &end, 16);
        address  = *end ? end + 1 : end;
    }
    wanted = parts[0] << 32 | parts[1] << 8 | parts[2] << 3 | parts[3];
    if (rsmi.rsmi_num_monitor_devices(&count) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (rsmi.rsmi_dev_pci_id_get(i, &id) == 0 &&
            (id & UINT64_C(0xffffffff0000ffff)) == wanted) {
            return (int)i;
        }
    }
    return -1;
}

static void vendor_telemetry(cx_device_t *device, cx_device_telemetry_t *out)
{
    int      found = rsmi_open() ? rsmi_index(device->bus) : -1;
    uint32_t index = (uint32_t)found;
    uint64_t power_uw;
    int64_t  millidegrees_c;

    if (found < 0) {
        return;
    }
    if (rsmi.rsmi_dev_power_ave_get(index, 0, &power_uw) == 0) {
        out->power_w = (double)power_uw / 1e6;
    }
    if (rsmi.rsmi_dev_temp_metric_get(index, RSMI_TEMPERATURE_JUNCTION, RSMI_TEMPERATURE_CURRENT,
                                      &millidegrees_c) == 0 ||
        rsmi.rsmi_dev_temp_metric_get(index, RSMI_TEMPERATURE_EDGE, RSMI_TEMPERATURE_CURRENT,
                                      &millidegrees_c) == 0) {
        out->temperature_c = (double)millidegrees_c / 1e3;
    }
}
