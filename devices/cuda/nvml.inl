/* SPDX-License-Identifier: Apache-2.0 */
/* The management library: its calls, clocks, power, temperature, what throttles; and how many GPUs
 * there are where the driver shows none. Optional: without it these things are unknown. */

/* Values of nvml.h. */
enum {
    NVML_CLOCK_SM          = 1,
    NVML_CLOCK_MEMORY      = 2,
    NVML_TEMPERATURE_GPU   = 0,
    NVML_ERROR_UNCORRECTED = 1,
    NVML_COUNTER_VOLATILE  = 0,
    NVML_FEATURE_ENABLED   = 1,

    NVML_P2P_READ    = 0, /* NVML_P2P_CAPS_INDEX_READ */
    NVML_P2P_WRITE   = 1,
    NVML_P2P_NVLINK  = 2,
    NVML_P2P_ATOMICS = 3,

    NVML_NVLINK_LANES_MAX  = 18, /* NVML_NVLINK_MAX_LINKS */
    NVML_REMOTE_GPU        = 0,  /* NVML_NVLINK_DEVICE_TYPE_GPU */
    NVML_FIELD_NVLINK_MBPS = 90, /* NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON, of one lane */
    NVML_VALUE_UNSIGNED    = 1,  /* NVML_VALUE_TYPE_UNSIGNED_INT */
};

typedef struct nvml_address {
    char     legacy_text[16];
    unsigned domain, bus, slot, device_id, subsystem_id;
    char     text[32];
} nvml_address_t; /* nvmlPciInfo_t */

typedef struct nvml_field {
    unsigned  id, scope;
    long long taken_us, latency_us;
    int       kind, code;
    union {
        double             real;
        unsigned           number;
        unsigned long long long_number;
    } value;
} nvml_field_t; /* nvmlFieldValue_t */

#define NVML_CALLS(X)                                                                         \
    X(nvmlInit_v2, (void))                                                                    \
    X(nvmlSystemGetDriverVersion, (char *version, unsigned version_bytes))                    \
    X(nvmlDeviceGetCount_v2, (unsigned *count))                                               \
    X(nvmlDeviceGetHandleByIndex_v2, (unsigned index, void **handle))                         \
    X(nvmlDeviceGetHandleByPciBusId_v2, (const char *bus, void **handle))                     \
    X(nvmlDeviceGetMigMode, (void *handle, unsigned *now, unsigned *pending))                 \
    X(nvmlDeviceGetClockInfo, (void *handle, int kind, unsigned *clock_mhz))                  \
    X(nvmlDeviceGetPowerUsage, (void *handle, unsigned *power_mw))                            \
    X(nvmlDeviceGetTemperature, (void *handle, int sensor, unsigned *temperature_c))          \
    X(nvmlDeviceGetCurrentClocksThrottleReasons, (void *handle, unsigned long long *reasons)) \
    X(nvmlDeviceGetTotalEccErrors, (void *handle, int kind, int counter, unsigned long long *count))

/* Likewise, and in drivers of some age only: they may be missing. */
#define NVML_OPTIONAL_CALLS(X)                                                                    \
    X(nvmlDeviceGetUUID, (void *handle, char *uuid, unsigned uuid_bytes))                         \
    X(nvmlDeviceGetPersistenceMode, (void *handle, unsigned *mode))                               \
    X(nvmlDeviceGetEccMode, (void *handle, unsigned *now, unsigned *pending))                     \
    X(nvmlDeviceGetTopologyCommonAncestor, (void *from, void *to, int *level))                    \
    X(nvmlDeviceGetP2PStatus, (void *from, void *to, int capability, int *status))                \
    X(nvmlDeviceGetNvLinkState, (void *handle, unsigned lane, unsigned *is_active))               \
    X(nvmlDeviceGetNvLinkRemotePciInfo_v2, (void *handle, unsigned lane, nvml_address_t *remote)) \
    X(nvmlDeviceGetNvLinkRemoteDeviceType, (void *handle, unsigned lane, int *kind))              \
    X(nvmlDeviceGetFieldValues, (void *handle, int count, nvml_field_t *fields))                  \
    X(nvmlDeviceGetMaxPcieLinkGeneration, (void *handle, unsigned *generation))                   \
    X(nvmlDeviceGetMaxPcieLinkWidth, (void *handle, unsigned *width))

static struct {
#define NVML_MEMBER(name, parameters) int(*name) parameters;
    NVML_CALLS(NVML_MEMBER)
    NVML_OPTIONAL_CALLS(NVML_MEMBER)
#undef NVML_MEMBER
    bool is_ready, is_tried;
} nvml;

static const struct {
    unsigned long long bit;
    const char        *name;
} nvml_reasons[] = {
    {0x2, "applications clock setting"},
    {0x4, "power cap"},
    {0x8, "hardware slowdown"},
    {0x10, "sync boost"},
    {0x20, "thermal slowdown"},
    {0x40, "hardware thermal slowdown"},
    {0x80, "power brake"},
    {0x100, "display clock setting"},
};

/* All that is not optional, or nothing; tried once. */
static bool nvml_open(void)
{
    static const char *const sonames[] = {"libnvidia-ml.so.1", NULL};
    static const struct {
        const char *name;
        size_t      offset;
        bool        is_optional;
    } rows[] = {
#define NVML_ROW(name, parameters) {#name, offsetof(__typeof__(nvml), name), false},
#define NVML_OPTIONAL_ROW(name, parameters) {#name, offsetof(__typeof__(nvml), name), true},
        NVML_CALLS(NVML_ROW) NVML_OPTIONAL_CALLS(NVML_OPTIONAL_ROW)
#undef NVML_OPTIONAL_ROW
#undef NVML_ROW
    };
    char  reason[320];
    void *library;

    if (nvml.is_tried) {
        return nvml.is_ready;
    }
    nvml.is_tried = true;
    library       = find_library("CX_NVML_PATH", sonames, reason, sizeof reason);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && library; i++) {
        void *symbol = dlsym(library, rows[i].name);

        if (!symbol && !rows[i].is_optional) {
            return false;
        }
        memcpy((char *)&nvml + rows[i].offset, &symbol, sizeof symbol);
    }
    nvml.is_ready = library && nvml.nvmlInit_v2() == 0;
    return nvml.is_ready;
}

static void nvml_clocks(void *handle, cx_device_telemetry_t *out)
{
    unsigned clock_mhz;

    if (nvml.nvmlDeviceGetClockInfo(handle, NVML_CLOCK_SM, &clock_mhz) == 0) {
        out->core_clock_mhz = clock_mhz;
    }
    if (nvml.nvmlDeviceGetClockInfo(handle, NVML_CLOCK_MEMORY, &clock_mhz) == 0) {
        out->memory_clock_mhz = clock_mhz;
    }
}

static void nvml_throttle(void *handle, cx_device_telemetry_t *out)
{
    unsigned long long reasons;

    if (nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle, &reasons) != 0) {
        return;
    }
    out->is_throttle_known = true;
    for (size_t i = 0; i < sizeof nvml_reasons / sizeof nvml_reasons[0]; i++) {
        size_t used = strlen(out->throttle_reasons);

        if (reasons & nvml_reasons[i].bit) {
            (void)snprintf(out->throttle_reasons + used, sizeof out->throttle_reasons - used,
                           "%s%s", used > 0 ? ", " : "", nvml_reasons[i].name);
        }
    }
}

static void vendor_telemetry(cx_device_t *device, cx_device_telemetry_t *out)
{
    unsigned           number;
    unsigned long long count;
    void              *handle;

    if (!nvml_open() || nvml.nvmlDeviceGetHandleByPciBusId_v2(device->bus, &handle) != 0) {
        return;
    }
    nvml_clocks(handle, out);
    nvml_throttle(handle, out);
    if (nvml.nvmlDeviceGetPowerUsage(handle, &number) == 0) {
        out->power_w = number / 1e3;
    }
    if (nvml.nvmlDeviceGetTemperature(handle, NVML_TEMPERATURE_GPU, &number) == 0) {
        out->temperature_c = number;
    }
    if (nvml.nvmlDeviceGetTotalEccErrors(handle, NVML_ERROR_UNCORRECTED, NVML_COUNTER_VOLATILE,
                                         &count) == 0) {
        out->ecc_error_count = (int64_t)count;
    }
}

/* "580.159.04 (CUDA 13.0)" */
static void vendor_driver_text(const cx_device_t *device, char *out, size_t out_bytes)
{
    char version[40] = "";
    int  number      = 0;

    (void)device;
    if (nvml_open()) {
        (void)nvml.nvmlSystemGetDriverVersion(version, sizeof version);
    }
    (void)gpu.driver_version(&number);
    (void)snprintf(out, out_bytes, version[0] ? "%s (CUDA %d.%d)" : "%sCUDA %d.%d", version,
                   number / 1000, number % 1000 / 10);
}

/* How many GPUs the management library sees, and how many of them are cut into slices. */
static int nvml_count(int *sliced_count)
{
    unsigned count = 0, now, pending;
    void    *handle;

    *sliced_count = 0;
    if (!nvml_open() || nvml.nvmlDeviceGetCount_v2(&count) != 0) {
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        *sliced_count += nvml.nvmlDeviceGetHandleByIndex_v2(i, &handle) == 0 &&
                         nvml.nvmlDeviceGetMigMode(handle, &now, &pending) == 0 &&
                         now == NVML_FEATURE_ENABLED;
    }
    return (int)count;
}
