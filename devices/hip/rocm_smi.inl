/* SPDX-License-Identifier: Apache-2.0 */
/* The management library: power and temperature, what a card is and how two are linked. Clocks are
 * left unknown, because the struct they come in has changed between releases. Optional: without it
 * all is unknown. */

/* Values of rocm_smi.h. */
enum {
    RSMI_TEMPERATURE_EDGE     = 0,
    RSMI_TEMPERATURE_JUNCTION = 1,
    RSMI_TEMPERATURE_CURRENT  = 0,

    RSMI_LINK_PCIE = 1, /* RSMI_IOLINK_TYPE_PCIEXPRESS */
    RSMI_LINK_XGMI = 2, /* RSMI_IOLINK_TYPE_XGMI */
};

#define RSMI_CALLS(X)                                        \
    X(rsmi_init, (uint64_t flags))                           \
    X(rsmi_num_monitor_devices, (uint32_t * count))          \
    X(rsmi_dev_pci_id_get, (uint32_t index, uint64_t * bus)) \
    X(rsmi_dev_temp_metric_get,                              \
      (uint32_t index, uint32_t sensor, int metric, int64_t *millidegrees_c))

/* In releases of some age only: they may be missing. */
#define RSMI_OPTIONAL_CALLS(X)                                                                \
    X(rsmi_dev_power_get, (uint32_t index, uint64_t * power_uw, int *kind))                   \
    X(rsmi_dev_power_ave_get, (uint32_t index, uint32_t sensor, uint64_t * power_uw))         \
    X(rsmi_dev_unique_id_get, (uint32_t index, uint64_t * id))                                \
    X(rsmi_dev_target_graphics_version_get, (uint32_t index, uint64_t * version))             \
    X(rsmi_dev_compute_partition_get, (uint32_t index, char *name, uint32_t name_bytes))      \
    X(rsmi_dev_ecc_enabled_get, (uint32_t index, uint64_t * blocks))                          \
    X(rsmi_topo_get_link_type, (uint32_t from, uint32_t to, uint64_t * hop_count, int *kind)) \
    X(rsmi_minmax_bandwidth_get,                                                              \
      (uint32_t from, uint32_t to, uint64_t * least_mbps, uint64_t * most_mbps))              \
    X(rsmi_is_P2P_accessible, (uint32_t from, uint32_t to, bool *is_accessible))

static struct {
#define RSMI_MEMBER(name, parameters) int(*name) parameters;
    RSMI_CALLS(RSMI_MEMBER)
    RSMI_OPTIONAL_CALLS(RSMI_MEMBER)
#undef RSMI_MEMBER
    bool is_ready, is_tried;
} rsmi;

/* All that is not optional, or nothing; tried once. */
static bool rsmi_open(void)
{
    static const char *const sonames[] = {"librocm_smi64.so.1", "librocm_smi64.so.7",
                                          "librocm_smi64.so.6", "librocm_smi64.so.5",
                                          "librocm_smi64.so",   NULL};
    static const struct {
        const char *name;
        size_t      offset;
        bool        is_optional;
    } rows[] = {
#define RSMI_ROW(name, parameters) {#name, offsetof(__typeof__(rsmi), name), false},
#define RSMI_OPTIONAL_ROW(name, parameters) {#name, offsetof(__typeof__(rsmi), name), true},
        RSMI_CALLS(RSMI_ROW) RSMI_OPTIONAL_CALLS(RSMI_OPTIONAL_ROW)
#undef RSMI_OPTIONAL_ROW
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

        if (!symbol && !rows[i].is_optional) {
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

/* Newer cards have no average; the call that takes what there is came with ROCm 6. */
static bool rsmi_power(uint32_t index, uint64_t *power_uw)
{
    int kind;

    return (rsmi.rsmi_dev_power_get && rsmi.rsmi_dev_power_get(index, power_uw, &kind) == 0) ||
           (rsmi.rsmi_dev_power_ave_get && rsmi.rsmi_dev_power_ave_get(index, 0, power_uw) == 0);
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
    if (rsmi_power(index, &power_uw)) {
        out->power_w = (double)power_uw / 1e6;
    }
    if (rsmi.rsmi_dev_temp_metric_get(index, RSMI_TEMPERATURE_JUNCTION, RSMI_TEMPERATURE_CURRENT,
                                      &millidegrees_c) == 0 ||
        rsmi.rsmi_dev_temp_metric_get(index, RSMI_TEMPERATURE_EDGE, RSMI_TEMPERATURE_CURRENT,
                                      &millidegrees_c) == 0) {
        out->temperature_c = (double)millidegrees_c / 1e3;
    }
}

/* The number of a target, "942" or "90a": decimal in some releases, those digits as hexadecimal in
 * others. No target has a decimal number of 2000 or more. source: ROCm SMI 7.5 (ROCm 6.4), changes
 */
static void rsmi_architecture(uint32_t index, char *out, size_t out_bytes)
{
    uint64_t version = 0;

    if (rsmi.rsmi_dev_target_graphics_version_get &&
        rsmi.rsmi_dev_target_graphics_version_get(index, &version) == 0 && version != 0 &&
        version != UINT64_MAX) {
        (void)snprintf(out, out_bytes, version < 2000 ? "gfx%llu" : "gfx%llx",
                       (unsigned long long)version);
    }
}

/* SPX is the whole card as one device; the other words say into how many it is cut. */
static void rsmi_partition(uint32_t index, char *out, size_t out_bytes)
{
    char name[16] = "";

    if (!rsmi.rsmi_dev_compute_partition_get ||
        rsmi.rsmi_dev_compute_partition_get(index, name, sizeof name) != 0 || !name[0]) {
        return;
    }
    name[sizeof name - 1] = '\0';
    for (char *at = name; *at; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    (void)snprintf(out, out_bytes, "%s", strcmp(name, "spx") == 0 ? "none" : name);
}

static void vendor_card(const gpu_place_t *place, cx_card_t *out)
{
    int      found = rsmi_open() ? rsmi_index(place->address) : -1;
    uint32_t index = (uint32_t)found;
    uint64_t number;

    if (found < 0) {
        return;
    }
    rsmi_architecture(index, out->architecture, sizeof out->architecture);
    rsmi_partition(index, out->partition, sizeof out->partition);
    out->is_slice = out->partition[0] && strcmp(out->partition, "none") != 0;
    if (rsmi.rsmi_dev_unique_id_get && rsmi.rsmi_dev_unique_id_get(index, &number) == 0) {
        (void)snprintf(out->uuid, sizeof out->uuid, "GPU-%016llx", (unsigned long long)number);
    }
    if (rsmi.rsmi_dev_ecc_enabled_get && rsmi.rsmi_dev_ecc_enabled_get(index, &number) == 0) {
        out->has_ecc = number != 0 ? CX_ANSWER_YES : CX_ANSWER_NO;
    }
}

/* The library gives the speed of one lane and of all, in MB/s, for xGMI alone. */
static void rsmi_speed(uint32_t from, uint32_t to, cx_link_t *out)
{
    uint64_t least_mbps = 0, most_mbps = 0;

    if (rsmi.rsmi_minmax_bandwidth_get &&
        rsmi.rsmi_minmax_bandwidth_get(from, to, &least_mbps, &most_mbps) == 0 && least_mbps > 0) {
        out->lane_count  = (int32_t)(most_mbps / least_mbps);
        out->bytes_per_s = (double)most_mbps * 1e6;
    }
}

static void vendor_link(const gpu_place_t *from_place, const gpu_place_t *to_place, cx_link_t *out)
{
    int      from = rsmi_open() ? rsmi_index(from_place->address) : -1;
    int      to   = from >= 0 ? rsmi_index(to_place->address) : -1;
    int      kind = 0;
    uint64_t hop_count;
    bool     is_accessible;

    if (from < 0 || to < 0) {
        return;
    }
    if (rsmi.rsmi_topo_get_link_type &&
        rsmi.rsmi_topo_get_link_type((uint32_t)from, (uint32_t)to, &hop_count, &kind) == 0) {
        (void)snprintf(out->kind, sizeof out->kind, "%s",
                       kind == RSMI_LINK_XGMI   ? "xgmi"
                       : kind == RSMI_LINK_PCIE ? "pcie"
                                                : "");
    }
    if (kind == RSMI_LINK_XGMI) {
        rsmi_speed((uint32_t)from, (uint32_t)to, out);
    }
    if (rsmi.rsmi_is_P2P_accessible &&
        rsmi.rsmi_is_P2P_accessible((uint32_t)from, (uint32_t)to, &is_accessible) == 0) {
        (void)snprintf(out->read, sizeof out->read, "%s", is_accessible ? "ok" : "not supported");
        (void)snprintf(out->write, sizeof out->write, "%s", out->read);
    }
}
