/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a backend can do a case: one comparison of the request with declared capabilities. */
#ifndef CX_RUN_SUPPORT_H
#define CX_RUN_SUPPORT_H

#include "collectivex/backend.h"

/**
 * errors  CX_UNSUPPORTED with a sentence that names the backend, what it cannot do, and what it can
 */
cx_status_t cx_backend_supports(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                const cx_shape_t *shape, const cx_core_t *core,
                                const char *device_name, int32_t host_count);

/* Whether the device is one of those that the backend works on. */
bool cx_backend_lists_device(const cx_caps_t *caps, const char *device);

/* Regime graph: whether the operations of a backend can be captured on the device, and replayed.
 * Errors: CX_UNSUPPORTED with a sentence that names who cannot. */
cx_status_t cx_backend_captures(const cx_backend_ops_t *ops, const cx_caps_t *caps,
                                const cx_device_ops_t *device_ops);

#endif
