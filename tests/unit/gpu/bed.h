/* SPDX-License-Identifier: Apache-2.0 */
/* An open device of either vendor on the stub libraries, and tests that run on both.
 * Not the devices of tests that open none, or open them in processes of their own (stub.h). */
#ifndef CX_TESTS_UNIT_GPU_BED_H
#define CX_TESTS_UNIT_GPU_BED_H

#include "stub.h"

typedef struct bed {
    const vendor_t        *vendor;
    const cx_device_ops_t *ops;
    lone_core_t            lone;
    cx_device_t           *device;
    cx_stream_t           *stream;
    unsigned char         *to, *from; /* of the tests that allocate; of the stub: host memory */
} bed_t;

/* Two tests of one vendor never run at once. */
static bed_t beds[2];

static inline int open_bed(void **state)
{
    const vendor_t *vendor = *state;
    bed_t          *bed    = &beds[vendor == &hip];

    stub_fault(NULL, NULL);
    bed->vendor = vendor;
    bed->lone   = stub_core();
    bed->ops    = plugin_open_device(vendor->plugin);
    *state      = bed;
    return bed->ops && bed->ops->open(&bed->lone.core, 0, &bed->device) == CX_OK &&
                   bed->ops->stream_open(bed->device, &bed->stream) == CX_OK
               ? 0
               : -1;
}

static inline int close_bed(void **state)
{
    bed_t *bed = *state;

    stub_fault(NULL, NULL);
    bed->ops->stream_close(bed->device, bed->stream);
    bed->ops->close(bed->device);
    *state = (void *)(uintptr_t)bed->vendor;
    return 0;
}

static inline cx_status_t drain(const bed_t *bed)
{
    return bed->ops->synchronize(bed->device, bed->stream, lone_now_ns() + BUDGET_NS);
}

/* Between open_bed and close_bed, or what a file puts around them. */
#define BOTH(test) BOTH_BETWEEN(test, open_bed, close_bed)
#define BOTH_BETWEEN(test, set_up, tear_down)                                         \
    cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, (void *)&cuda), \
        cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, (void *)&hip)

#endif
