/* SPDX-License-Identifier: Apache-2.0 */
/* How a call of the stub library is written once for both vendors. Private to the stub. */
#ifndef CX_STUB_H
#define CX_STUB_H

#include <stdlib.h>

#ifdef STUB_HIP
#define NAME(cuda, hip) hip
#define NS_PER_TICK 10
#define VERSION 60342131
#else
#define NAME(cuda, hip) cuda
#define NS_PER_TICK 1
#define VERSION 13000
#endif
#define STRING(text) #text
#define STRING_OF(text) STRING(text)
/* A call of the library; the fault that was asked for comes before its body. */
#define API(cuda, hip, parameters)                                         \
    __attribute__((visibility("default"))) int NAME(cuda, hip) parameters; \
    int                                        NAME(cuda, hip) parameters
#define ENTER(cuda, hip)                                              \
    do {                                                              \
        int fault_ = stub_injected_fault(STRING_OF(NAME(cuda, hip))); \
        if (fault_ != 0) {                                            \
            return fault_;                                            \
        }                                                             \
    } while (0)

enum {
    ERROR_VALUE         = 1,
    ERROR_MEMORY        = 2,
    ERROR_DEVICE        = 101,
    ERROR_IMAGE         = 200,
    ERROR_CONTEXT       = 201,
    ERROR_HANDLE        = 400,
    ERROR_NOT_FOUND     = 500,
    ERROR_NOT_READY     = 600,
    ERROR_NOT_PERMITTED = 800,
    ERROR_NOT_SUPPORTED = 801,
    ERROR_CAPTURE       = 901,
};

/* The code with which this call is to fail now; 0: it is not. */
int stub_injected_fault(const char *name);

static inline long long setting(const char *name, long long otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoll(text, NULL, 10) : otherwise;
}

#endif
