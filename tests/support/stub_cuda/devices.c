/* SPDX-License-Identifier: Apache-2.0 */
/* What devices there are and what they are, and the words for errors. Not what they do (stub.c). */
#include "stub.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

API(cuInit, hipInit, (unsigned flags))
{
    ENTER(cuInit, hipInit);
    for (long long left_s = setting("STUB_GPU_SLEEP", 0); left_s > 0; left_s--) {
        (void)poll(NULL, 0, 1000);
    }
    return flags == 0 ? 0 : ERROR_VALUE;
}

API(cuDriverGetVersion, hipDriverGetVersion, (int *version))
{
    *version = (int)setting("STUB_GPU_VERSION", VERSION);
    return 0;
}

API(cuDeviceGetCount, hipGetDeviceCount, (int *count))
{
    ENTER(cuDeviceGetCount, hipGetDeviceCount);
    *count = (int)setting("STUB_GPU_COUNT", 2);
    return 0;
}

API(cuDeviceGet, hipDeviceGet, (int *handle, int index))
{
    ENTER(cuDeviceGet, hipDeviceGet);
    *handle = index;
    return index >= 0 && index < setting("STUB_GPU_COUNT", 2) ? 0 : ERROR_DEVICE;
}

API(cuDeviceGetName, hipDeviceGetName, (char *name, int name_bytes, int handle))
{
    const char *model = getenv("STUB_GPU_MODELS");

    for (int i = 0; i < handle && model; i++) {
        model = strchr(model, ',');
        model = model ? model + 1 : NULL;
    }
    (void)snprintf(name, (size_t)name_bytes, "%.*s", model ? (int)strcspn(model, ",") : 8,
                   model ? model : "Stub GPU");
    return 0;
}

API(cuDeviceTotalMem_v2, hipDeviceTotalMem, (size_t * bytes, int handle))
{
    ENTER(cuDeviceTotalMem_v2, hipDeviceTotalMem);
    *bytes = (size_t)setting("STUB_GPU_MEMORY", 1 << 30);
    return handle >= 0 ? 0 : ERROR_DEVICE;
}

#ifndef STUB_HIP
API(cuDeviceGetUuid_v2, unused, (unsigned char *uuid, int handle))
{
    ENTER(cuDeviceGetUuid_v2, unused);
    memset(uuid, setting("STUB_GPU_SLICES", 0) ? 0x50 : 0, 16);
    uuid[15] = (unsigned char)(handle + 1);
    return 0;
}
#endif

API(cuDeviceGetPCIBusId, hipDeviceGetPCIBusId, (char *bus, int bus_bytes, int handle))
{
    (void)snprintf(bus, (size_t)bus_bytes, "0000:%02x:00.0", handle + 1);
    return 0;
}

API(cuDeviceGetAttribute, hipDeviceGetAttribute, (int *value, int attribute, int handle))
{
    (void)handle;
    switch (attribute) {
    case NAME(16, 63):
        *value = 4;
        return 0;
    case NAME(38, 19):
        *value = 1 << 20;
        return 0;
    case NAME(102, 89): /* memory can be mapped */
        *value = (int)setting("STUB_GPU_MAPS", 1);
        return 0;
    case NAME(110, -4): /* and for a network card */
        *value = (int)setting("STUB_GPU_NETWORK", 1);
        return 0;
    case NAME(128, -5): /* and be shared between hosts */
        *value = setting("STUB_GPU_FABRIC", 0) != 0;
        return 0;
    case NAME(75, -2): /* compute capability 9.0 */
        *value = 9;
        return 0;
    case NAME(76, -3):
        *value = 0;
        return 0;
    case NAME(-1, 10017):
        *value = 1000000 / NS_PER_TICK;
        return 0;
    default:
        return ERROR_VALUE;
    }
}

#ifdef STUB_HIP
API(unused, hipRuntimeGetVersion, (int *version))
{
    return hipDriverGetVersion(version);
}

__attribute__((visibility("default"))) const char *hipGetErrorString(int code);
const char                                        *hipGetErrorString(int code)
#else
static const char *error_string(int code)
#endif
{
    static const struct {
        int         code;
        const char *text;
    } rows[] = {{ERROR_VALUE, "invalid argument"},
                {ERROR_MEMORY, "out of memory"},
                {100, "no device is detected"},
                {ERROR_CONTEXT, "invalid device context"},
                {ERROR_HANDLE, "invalid resource handle"},
                {ERROR_NOT_READY, "device not ready"},
                {700, "an illegal memory access was encountered"},
                {801, "operation not supported"},
                {803, "system has unsupported display driver / cuda driver combination"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].text;
        }
    }
    return "an error of the stub";
}

#ifndef STUB_HIP
API(cuGetErrorString, unused, (int code, const char **out))
{
    *out = error_string(code);
    return 0;
}
#endif
