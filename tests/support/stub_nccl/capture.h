/* SPDX-License-Identifier: Apache-2.0 */
/* What a call becomes while its stream is captured: a host function of the stub driver, run by each
 * launch of the graph. Not how the driver keeps it (../stub_cuda). */
#ifndef CX_TESTS_STUB_NCCL_CAPTURE_H
#define CX_TESTS_STUB_NCCL_CAPTURE_H

#include "mailbox.h"

#include <dlfcn.h>

#ifdef STUB_IS_RCCL
#define STUB_DRIVER_VARIABLE "CX_HIP_PATH"
#define STUB_IS_CAPTURING "hipStreamIsCapturing"
#define STUB_HOST_FUNCTION "hipLaunchHostFunc"
#else
#define STUB_DRIVER_VARIABLE "CX_CUDA_PATH"
#define STUB_IS_CAPTURING "cuStreamIsCapturing"
#define STUB_HOST_FUNCTION "cuLaunchHostFunc"
#endif

typedef struct stub_later {
    struct stub_later *next;
    void (*run)(const void *data);
    _Alignas(16) unsigned char data[];
} stub_later_t;

static cx_stream_t  *stub_stream; /* of the running call; NULL: none of the driver's */
static stub_later_t *stub_laters; /* a graph may be launched as long as the process lives */

/* A function of the driver that the device has loaded; NULL where it has loaded none. */
static inline void *stub_driver_function(const char *name)
{
    const char *path   = getenv(STUB_DRIVER_VARIABLE);
    void       *driver = path ? dlopen(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;

    return driver ? dlsym(driver, name) : NULL;
}

static inline bool stub_is_capturing(void)
{
    int (*ask)(cx_stream_t * stream, int *status);
    int status = 0;

    *(void **)&ask = stub_stream ? stub_driver_function(STUB_IS_CAPTURING) : NULL;
    return ask && ask(stub_stream, &status) == 0 && status != 0;
}

static inline void stub_run_later(void *later)
{
    ((const stub_later_t *)later)->run(((const stub_later_t *)later)->data);
}

static inline xccl_result_t stub_defer(void (*run)(const void *data), const void *data,
                                       size_t bytes)
{
    stub_later_t *later = malloc(sizeof *later + bytes);
    int (*launch)(cx_stream_t * stream, void (*function)(void *), void *argument);

    *(void **)&launch = stub_driver_function(STUB_HOST_FUNCTION);
    if (!later || !launch) {
        free(later);
        return STUB_FAIL(XCCL_SYSTEM_ERROR, "no memory, or a driver without host functions");
    }
    later->run  = run;
    later->next = stub_laters;
    stub_laters = later;
    memcpy(later->data, data, bytes);
    return launch(stub_stream, stub_run_later, later) == 0
               ? XCCL_SUCCESS
               : STUB_FAIL(XCCL_UNHANDLED_CUDA_ERROR, "the driver refused a host function");
}

#endif
