/* SPDX-License-Identifier: Apache-2.0 */
/* Slots that the device fills and verifies by itself, many at a time. Not what is said of a wrong
 * one: that takes a copy on the host (workload.c). */
#ifndef CX_RUN_WORKLOAD_DEVICE_H
#define CX_RUN_WORKLOAD_DEVICE_H

#include "run/workload.h"

/**
 * Prepare for the point, once. Leaves workload->spans NULL where the device has no such operations,
 * or cannot run them here: then slots are made and checked on the host.
 * errors  CX_RESOURCE · those of the device
 */
cx_status_t cx_workload_device_open(cx_workload_t *workload);
void        cx_workload_device_close(cx_workload_t *workload);

/* All that follows needs workload->spans. Slots [first, first + slot_count). */

/* Write everything that is in them. Waits. */
cx_status_t cx_workload_device_fill(cx_workload_t *workload, int32_t first, int32_t slot_count);
/* Poison what they have received. Waits. */
cx_status_t cx_workload_device_poison(cx_workload_t *workload, int32_t first, int32_t slot_count);

/* Slots that can be verified at once. */
int32_t cx_workload_device_batch(const cx_workload_t *workload);
/* What is wrong in each of them, by slot: bytes, and the place of the first from the start of the
 * region. */
cx_status_t cx_workload_device_verify(cx_workload_t *workload, int32_t first, int32_t slot_count,
                                      cx_difference_t *out);

#endif
