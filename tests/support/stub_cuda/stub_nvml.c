/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA management library, for tests only: one answer to each question, and what
 * STUB_NVML_MIG=1 (every GPU is cut into slices) and STUB_NVML_REASONS=4 (throttling) say. */
#include <stdio.h>
#include <stdlib.h>

#define API(name, parameters)                                   \
    __attribute__((visibility("default"))) int name parameters; \
    int name                                        parameters

static unsigned long long setting(const char *name)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : 0;
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
    *count = 2;
    return 0;
}

API(nvmlDeviceGetHandleByIndex_v2, (unsigned index, void **handle))
{
    *handle = NULL;
    return index < 2 ? 0 : 2;
}

API(nvmlDeviceGetHandleByPciBusId_v2, (const char *bus, void **handle))
{
    *handle = NULL;
    return bus[0] ? 0 : 2;
}

API(nvmlDeviceGetMigMode, (void *handle, unsigned *now, unsigned *pending))
{
    (void)handle;
    *now = *pending = (unsigned)setting("STUB_NVML_MIG");
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
    return 3;
}

API(nvmlDeviceGetCurrentClocksThrottleReasons, (void *handle, unsigned long long *reasons))
{
    (void)handle;
    *reasons = setting("STUB_NVML_REASONS");
    return 0;
}

API(nvmlDeviceGetTotalEccErrors, (void *handle, int kind, int counter, unsigned long long *count))
{
    (void)handle;
    *count = (unsigned long long)(kind + counter) + 1;
    return 0;
}
