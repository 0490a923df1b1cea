/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of an EP case: inputs and outputs of every slot in one region, between guard zones.
 * Not what is received: that is the backend's (ep_view.h). */
#ifndef CX_RUN_EP_SLOTS_H
#define CX_RUN_EP_SLOTS_H

#include "run/ep_plan.h"
#include "run/workload.h"

/**
 * mirror        owned; host memory as large as the region, where the host cannot reach the
 *               device's; else NULL
 * slots         [slot_count], as the backend gets them; in the arena
 */
typedef struct cx_ep_slots {
    const cx_core_t    *core;
    const cx_ep_plan_t *plan;
    cx_region_t         region;
    char               *mirror;
    cx_ep_slot_t       *slots;
    cx_point_t          point;
} cx_ep_slots_t;

/**
 * Allocate the region and lay the slots into it, at the same offsets on every rank.
 * errors  CX_RESOURCE memory · those of the device
 */
cx_status_t cx_ep_slots_open(const cx_core_t *core, const cx_ep_plan_t *plan, cx_memory_t memory,
                             bool is_host_ordered, cx_arena_t *arena, cx_ep_slots_t *out);
void        cx_ep_slots_close(cx_ep_slots_t *slots);

/* Write inputs, poison and guards of all slots. Errors: memory, those of the device's copy. */
cx_status_t cx_ep_slots_fill(cx_ep_slots_t *slots);

/* Poison in the slot's output, so that what was not written cannot look right. */
cx_status_t cx_ep_slots_poison(cx_ep_slots_t *slots, int32_t slot_index);

/* The slot's output in host memory, loaded if it has to be; `bytes_out` of this rank's tokens. */
cx_status_t cx_ep_slots_combined(cx_ep_slots_t *slots, int32_t slot_index, const uint16_t **out,
                                 size_t *bytes_out);

/* Whether inputs and guards are as they were left, into the report. */
cx_status_t cx_ep_slots_check(cx_ep_slots_t *slots, int32_t slot_index, cx_ep_report_t *report);

/* What the slot's right answers depend on, tensor_scale included. */
cx_ep_truth_t cx_ep_slots_truth(const cx_ep_slots_t *slots, int32_t slot_index);

#endif
