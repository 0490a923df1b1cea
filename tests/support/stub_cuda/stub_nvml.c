/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA management library, for tests only: one answer to each question, of as many GPUs as the
 * stub of the driver has.
 *
 * STUB_GPU_COUNT=2        GPUs
 * STUB_NVML_MIG=1         every GPU is cut into slices
 * STUB_NVML_REASONS=4     throttling
 * STUB_NVML_LINKS=switch  how two are linked: by a switch, direct, pcie (no NVLink), hidden (there
 * is NVLink, its lanes are not shown), unknown (nothing is said) STUB_NVML_P2P=1         why one
 * may not reach the other's memory: nvmlGpuP2PStatus_t */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API(name, parameters)                                   \
    __attribute__((visibility("default"))) int name parameters; \
    int name                                        parameters

enum { ERROR_NOT_SUPPORTED = 3, ERROR_NOT_FOUND = 6, LANE_COUNT = 18, DIRECT_LANE_COUNT = 4 };

static unsigned long long setting(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static int links_are(const char *word)
{
    const char *links = getenv("STUB_NVML_LINKS");

    return strcmp(links && *links ? links : "switch", word) == 0;
}

/* A handle is the GPU's number and 1. */
static int find_gpu(unsigned long index, void **handle)
{
    *handle = (void *)(uintptr_t)(index + 1);
    return index < setting("STUB_GPU_COUNT", 2) ? 0 : ERROR_NOT_FOUND;
}

API(nvmlInit_v2, (void))
{
    return 0;
}

API(nvmlSystemGetDriverVersion, (char *version, unsigned version_bytes))
{
    (void)snprintf(version, version_bytes, "580.00.01");
    return 0;
}

API(nvmlDeviceGetCount_v2, (unsigned *count))
{
    *count = (unsigned)setting("STUB_GPU_COUNT", 2);
    return 0;
}

API(nvmlDeviceGetHandleByIndex_v2, (unsigned index, void **handle))
{
    return find_gpu(index, handle);
}

API(nvmlDeviceGetHandleByPciBusId_v2, (const char *bus, void **handle))
{
    const char *colon = strchr(bus, ':');

    return find_gpu(colon ? strtoul(colon + 1, NULL, 16) - 1 : 99, handle);
}

API(nvmlDeviceGetMigMode, (void *handle, unsigned *now, unsigned *pending))
{
    (void)handle;
    *now = *pending = (unsigned)setting("STUB_NVML_MIG", 0);
    return 0;
}

API(nvmlDeviceGetClockInfo, (void *handle, int kind, unsigned *clock_mhz))
{
    (void)handle;
    *clock_mhz = kind == 1 ? 1980 : 2619;
    return 0;
}

API(nvmlDeviceGetPowerUsage, (void *handle, unsigned *power_mw))
{
    (void)handle;
    *power_mw = 345500;
    return 0;
}

/* A sensor that is not there. */
API(nvmlDeviceGetTemperature, (void *handle, int sensor, unsigned *temperature_c))
{
    (void)handle;
    (void)sensor;
    (void)temperature_c;
    return ERROR_NOT_SUPPORTED;
}

API(nvmlDeviceGetCurrentClocksThrottleReasons, (void *handle, unsigned long long *reasons))
{
    (void)handle;
    *reasons = setting("STUB_NVML_REASONS", 0);
    return 0;
}

API(nvmlDeviceGetTotalEccErrors, (void *handle, int kind, int counter, unsigned long long *count))
{
    (void)handle;
    *count = (unsigned long long)(kind + counter) + 1;
    return 0;
}

/* ---- cards and links ---- */

API(nvmlDeviceGetUUID, (void *handle, char *uuid, unsigned uuid_bytes))
{
    (void)snprintf(uuid, uuid_bytes, "GPU-00000000-0000-0000-0000-0000000000%02x",
                   (unsigned)(uintptr_t)handle);
    return 0;
}

API(nvmlDeviceGetPersistenceMode, (void *handle, unsigned *mode))
{
    (void)handle;
    *mode = 1;
    return 0;
}

API(nvmlDeviceGetEccMode, (void *handle, unsigned *now, unsigned *pending))
{
    (void)handle;
    *now = *pending = 0;
    return 0;
}

API(nvmlDeviceGetTopologyCommonAncestor, (void *from, void *to, int *level))
{
    *level = from == to ? 0 : 40;
    return links_are("unknown") ? ERROR_NOT_SUPPORTED : 0;
}

API(nvmlDeviceGetP2PStatus, (void *from, void *to, int capability, int *status))
{
    int has_nvlink = !links_are("pcie");

    (void)from;
    (void)to;
    *status = capability == 2 && !has_nvlink ? 5 : (int)setting("STUB_NVML_P2P", 0);
    return links_are("unknown") ? ERROR_NOT_SUPPORTED : 0;
}

API(nvmlDeviceGetNvLinkState, (void *handle, unsigned lane, unsigned *is_active))
{
    (void)handle;
    *is_active = lane < (links_are("direct") ? DIRECT_LANE_COUNT : LANE_COUNT);
    return links_are("switch") || links_are("direct") ? 0 : ERROR_NOT_SUPPORTED;
}

/* nvmlPciInfo_t: 16 bytes of text, domain, bus, device. Directly linked are 0 and 1, alone. */
API(nvmlDeviceGetNvLinkRemotePciInfo_v2, (void *handle, unsigned lane, char *remote))
{
    unsigned numbers[3] = {0, links_are("direct") ? 3 - (unsigned)(uintptr_t)handle : 0xc0, 0};

    memset(remote, 0, 68);
    memcpy(remote + 16, numbers, sizeof numbers);
    return lane < LANE_COUNT ? 0 : ERROR_NOT_FOUND;
}

API(nvmlDeviceGetNvLinkRemoteDeviceType, (void *handle, unsigned lane, int *kind))
{
    (void)handle;
    *kind = links_are("direct") ? 0 : 2;
    return lane < LANE_COUNT ? 0 : ERROR_NOT_FOUND;
}

/* nvmlFieldValue_t: 40 bytes, the code at 28, the value at 32. */
API(nvmlDeviceGetFieldValues, (void *handle, int count, char *fields))
{
    unsigned id, number = 26562;
    int      kind = 1, code = 0;

    (void)handle;
    memcpy(&id, fields, sizeof id);
    code = id == 90 ? code : ERROR_NOT_SUPPORTED;
    memcpy(fields + 24, &kind, sizeof kind);
    memcpy(fields + 28, &code, sizeof code);
    memcpy(fields + 32, &number, sizeof number);
    return count == 1 ? 0 : 2;
}

API(nvmlDeviceGetMaxPcieLinkGeneration, (void *handle, unsigned *generation))
{
    (void)handle;
    *generation = 5;
    return 0;
}

API(nvmlDeviceGetMaxPcieLinkWidth, (void *handle, unsigned *width))
{
    *width = handle == (void *)(uintptr_t)1 ? 16 : 8;
    return 0;
}
