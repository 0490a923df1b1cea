/* SPDX-License-Identifier: Apache-2.0 */
/* What a card is and how two are linked, in NVIDIA's words: what the driver and the management
 * library (nvml.inl) say of it. No context is made. */

static void *nvml_handle(const char *address)
{
    void *handle = NULL;

    return nvml_open() && nvml.nvmlDeviceGetHandleByPciBusId_v2(address, &handle) == 0 ? handle
                                                                                       : NULL;
}

static cx_answer_t nvml_answer(int code, unsigned mode)
{
    return code != 0                      ? CX_ANSWER_UNKNOWN
           : mode == NVML_FEATURE_ENABLED ? CX_ANSWER_YES
                                          : CX_ANSWER_NO;
}

/* "GPU-01234567-89ab-cdef-0123-456789abcdef", from the driver's 16 bytes. */
static bool driver_uuid(int handle, const char *prefix, char *out, size_t out_bytes)
{
    unsigned char uuid[16];
    size_t        used = (size_t)snprintf(out, out_bytes, "%s", prefix);

    if (!gpu.device_uuid || gpu.device_uuid(uuid, handle) != 0) {
        out[0] = '\0';
        return false;
    }
    for (size_t i = 0; i < sizeof uuid && used < out_bytes; i++) {
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%02x",
                                 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
    }
    return true;
}

/* A slice has an id of its own, and the address of the card it is cut from. */
static void identify(const gpu_place_t *place, void *handle, cx_card_t *out)
{
    char whole[96] = "", own[96];
    bool is_known  = driver_uuid(place->handle, "GPU-", own, sizeof own);

    if (handle && nvml.nvmlDeviceGetUUID) {
        (void)nvml.nvmlDeviceGetUUID(handle, whole, sizeof whole);
    }
    out->is_slice =
        is_known && whole[0] && strcmp(out->partition, "mig") == 0 && strcasecmp(own, whole) != 0;
    if (out->is_slice) {
        (void)driver_uuid(place->handle, "MIG-", own, sizeof own);
    }
    (void)snprintf(out->uuid, sizeof out->uuid, "%s", is_known ? own : whole);
}

static void vendor_card(const gpu_place_t *place, cx_card_t *out)
{
    void    *handle = nvml_handle(place->address);
    int      major = 0, minor = 0;
    unsigned now, pending;

    if (gpu.device_attribute(&major, CUDA_CAPABILITY_MAJOR, place->handle) == 0 &&
        gpu.device_attribute(&minor, CUDA_CAPABILITY_MINOR, place->handle) == 0) {
        (void)snprintf(out->architecture, sizeof out->architecture, "sm_%d%d", major, minor);
    }
    if (handle && nvml.nvmlDeviceGetMigMode(handle, &now, &pending) == 0) {
        (void)snprintf(out->partition, sizeof out->partition, "%s",
                       now == NVML_FEATURE_ENABLED ? "mig" : "none");
    }
    identify(place, handle, out);
    if (handle && nvml.nvmlDeviceGetEccMode) {
        int code = nvml.nvmlDeviceGetEccMode(handle, &now, &pending);

        out->has_ecc = nvml_answer(code, now);
    }
    if (handle && nvml.nvmlDeviceGetPersistenceMode) {
        int code = nvml.nvmlDeviceGetPersistenceMode(handle, &now);

        out->is_persistent = nvml_answer(code, now);
    }
}

/* Words of nvmlGpuP2PStatus_t. */
static void nvml_reach(void *from, void *to, int capability, char *out, size_t out_bytes)
{
    static const char *const words[] = {
        "ok",
        "chipset not supported",
        "GPU not supported",
        "not through this I/O hub",
        "disabled by the driver's setting",
        "not supported",
    };
    int status = -1;

    if (!nvml.nvmlDeviceGetP2PStatus ||
        nvml.nvmlDeviceGetP2PStatus(from, to, capability, &status) != 0 || status < 0 ||
        (size_t)status >= sizeof words / sizeof words[0]) {
        return;
    }
    (void)snprintf(out, out_bytes, "%s", words[status]);
}

static void nvml_path(void *from, void *to, cx_link_t *out)
{
    static const struct {
        int         level; /* of nvmlGpuTopologyLevel_t */
        const char *path, *kind;
    } rows[] = {
        {0, "PIX", "pcie"},  {10, "PIX", "pcie"},    {20, "PXB", "pcie"},
        {30, "PHB", "pcie"}, {40, "NODE", "system"}, {50, "SYS", "system"},
    };
    int level = -1;

    if (!nvml.nvmlDeviceGetTopologyCommonAncestor ||
        nvml.nvmlDeviceGetTopologyCommonAncestor(from, to, &level) != 0) {
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].level == level) {
            (void)snprintf(out->path, sizeof out->path, "%s", rows[i].path);
            (void)snprintf(out->kind, sizeof out->kind, "%s", rows[i].kind);
        }
    }
}

static bool is_address(const nvml_address_t *remote, const char *address)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%04x:%02x:%02x.0", remote->domain, remote->bus,
                   remote->slot);
    return strcmp(text, address) == 0;
}

/* Lanes of a card that are up: those that end at `to`, and those that end at no GPU, so at a switch
 * that joins all that are on it (a virtual machine hides of it what it is). */
static void count_lanes(void *handle, const char *to, int *direct_count, int *switched_count)
{
    *direct_count = *switched_count = 0;
    for (unsigned lane = 0; lane < NVML_NVLINK_LANES_MAX; lane++) {
        nvml_address_t remote    = {.domain = UINT32_MAX};
        unsigned       is_active = 0;
        int            kind      = NVML_REMOTE_GPU;

        if (nvml.nvmlDeviceGetNvLinkState(handle, lane, &is_active) != 0 || !is_active) {
            continue;
        }
        if (nvml.nvmlDeviceGetNvLinkRemotePciInfo_v2(handle, lane, &remote) == 0 &&
            is_address(&remote, to)) {
            ++*direct_count;
        } else if (nvml.nvmlDeviceGetNvLinkRemoteDeviceType &&
                   nvml.nvmlDeviceGetNvLinkRemoteDeviceType(handle, lane, &kind) == 0 &&
                   kind != NVML_REMOTE_GPU) {
            ++*switched_count;
        }
    }
}

static int nvlink_lane_count(void *from, void *to, const gpu_place_t *from_place,
                             const gpu_place_t *to_place)
{
    int direct_count, switched_count, back_count, other_count;

    if (!nvml.nvmlDeviceGetNvLinkState || !nvml.nvmlDeviceGetNvLinkRemotePciInfo_v2) {
        return 0;
    }
    count_lanes(from, to_place->address, &direct_count, &switched_count);
    if (direct_count > 0) {
        return direct_count;
    }
    count_lanes(to, from_place->address, &back_count, &other_count);
    return switched_count < other_count ? switched_count : other_count;
}

static double nvlink_bytes_per_s(void *handle, int lane_count)
{
    nvml_field_t field = {.id = NVML_FIELD_NVLINK_MBPS};

    if (!nvml.nvmlDeviceGetFieldValues || nvml.nvmlDeviceGetFieldValues(handle, 1, &field) != 0 ||
        field.code != 0 || field.kind != NVML_VALUE_UNSIGNED || field.value.number == 0 ||
        lane_count == 0) {
        return (double)NAN;
    }
    return lane_count * (field.value.number * 1e6);
}

/* What one card and its slot can do at most; now it may be asleep. */
static void read_pcie(void *handle, int32_t *lane_count, double *bytes_per_s)
{
    /* Bytes of a lane in a second, by generation. source: PCI Express base specification 6.0: 2.5,
     * 5, 8, 16, 32 and 64 GT/s, coded 8 in 10, then 128 in 130, then in flits of 242 in 256 */
    static const double lane_bytes_per_s[] = {0,
                                              2.5e9 / 8 * 8 / 10,
                                              5e9 / 8 * 8 / 10,
                                              8e9 / 8 * 128 / 130,
                                              16e9 / 8 * 128 / 130,
                                              32e9 / 8 * 128 / 130,
                                              64e9 / 8 * 242 / 256};
    unsigned            generation = 0, width = 0;

    *lane_count  = 0;
    *bytes_per_s = (double)NAN;
    if (!nvml.nvmlDeviceGetMaxPcieLinkGeneration || !nvml.nvmlDeviceGetMaxPcieLinkWidth ||
        nvml.nvmlDeviceGetMaxPcieLinkGeneration(handle, &generation) != 0 ||
        nvml.nvmlDeviceGetMaxPcieLinkWidth(handle, &width) != 0 || generation == 0 ||
        generation >= sizeof lane_bytes_per_s / sizeof lane_bytes_per_s[0]) {
        return;
    }
    *lane_count  = (int32_t)width;
    *bytes_per_s = width * lane_bytes_per_s[generation];
}

/* A path is as wide as its narrower end. */
static void describe_pcie(void *from, void *to, cx_link_t *out)
{
    int32_t from_lane_count, to_lane_count;
    double  from_bytes_per_s, to_bytes_per_s;

    read_pcie(from, &from_lane_count, &from_bytes_per_s);
    read_pcie(to, &to_lane_count, &to_bytes_per_s);
    if (from_lane_count > 0 && to_lane_count > 0) {
        out->lane_count  = from_lane_count < to_lane_count ? from_lane_count : to_lane_count;
        out->bytes_per_s = fmin(from_bytes_per_s, to_bytes_per_s);
    }
}

static void vendor_link(const gpu_place_t *from_place, const gpu_place_t *to_place, cx_link_t *out)
{
    void *from = nvml_handle(from_place->address), *to = nvml_handle(to_place->address);
    char  nvlink[sizeof out->read] = "";

    if (!from || !to) {
        return;
    }
    nvml_reach(from, to, NVML_P2P_READ, out->read, sizeof out->read);
    nvml_reach(from, to, NVML_P2P_WRITE, out->write, sizeof out->write);
    nvml_reach(from, to, NVML_P2P_ATOMICS, out->atomics, sizeof out->atomics);
    nvml_reach(from, to, NVML_P2P_NVLINK, nvlink, sizeof nvlink);
    nvml_path(from, to, out);
    if (strcmp(nvlink, "ok") == 0) {
        (void)snprintf(out->kind, sizeof out->kind, "nvlink");
        out->lane_count  = nvlink_lane_count(from, to, from_place, to_place);
        out->bytes_per_s = nvlink_bytes_per_s(from, out->lane_count);
    } else if (nvlink[0] && out->kind[0]) {
        describe_pcie(from, to, out);
    } else {
        out->kind[0] = '\0'; /* whether there is NVLink is not known, so neither is the kind */
    }
}
