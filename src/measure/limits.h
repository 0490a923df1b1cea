/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine can do at all, measured briefly at the start of a run: the floors of a row are
 * made of it. Not a benchmark of links with samples and intervals: that is the family limits. */
#ifndef CX_MEASURE_LIMITS_H
#define CX_MEASURE_LIMITS_H

#include "measure/point.h"
#include "model/record.h"

/**
 * Exportable memory of every rank, mapped on this device. Borrowed.
 *
 * at          by rank; [cx_limits_region_bytes(half_bytes)] each, zeroed
 * half_bytes  what copies read is in the first half, what they write in the second; behind them is
 *             a flag
 */
typedef struct cx_limits_region {
    void *const *at;
    size_t       half_bytes;
} cx_limits_region_t;

size_t cx_limits_region_bytes(size_t half_bytes);

/**
 * Collective; takes about 50 ms. Uses the window, peers and gather area of `job`; the events must
 * hold CX_LIMITS_STAMP_COUNT stamps. What cannot be measured is unknown; the same on all ranks,
 * the best of them.
 *
 * region  NULL: devices cannot reach each other's memory, nothing of links is measured
 * errors  those of the device, but for CX_UNSUPPORTED, and of peers
 */
#define CX_LIMITS_STAMP_COUNT 129
cx_status_t cx_limits_measure(const cx_job_t *job, const cx_limits_region_t *region,
                              cx_limits_t *out);

#endif
