/* SPDX-License-Identifier: Apache-2.0 */
/* This machine with the accelerators that device plugins see on it, and whether it can run a plan
 * at all. No device is opened. Not the description itself (target/probe.h). */
#ifndef CX_RUN_MACHINE_H
#define CX_RUN_MACHINE_H

#include "base/arena.h"
#include "model/plan.h"

#include <jansson.h>

/**
 * Describe the machine, with the accelerators of the plan's devices, and what those are built for
 * (bounds.h); `plan` NULL: of all devices.
 * owns    *out is a new reference of the caller's
 * errors  those of cx_target_probe and cx_bounds_add
 */
cx_status_t cx_machine_describe(const cx_plan_t *plan, cx_arena_t *arena, json_t **out);

/**
 * Refuse before anything is started what cannot end well with `host_rank_count` ranks here.
 *
 * A device that is missing, or is seen less often than there are ranks, is refused when no case of
 * the plan can run without it; otherwise its cases get records that say why. Ranks with devices of
 * different models are refused unless `takes_mixed`: the slowest would pass for all.
 * source  docs/adr/0020-refuse-mixed-devices-unless-asked.md
 *
 * description  of cx_machine_describe for this plan
 * errors       CX_UNSUPPORTED with the reason of the device's plugin, or both models
 */
cx_status_t cx_machine_check(const cx_plan_t *plan, int32_t host_rank_count, bool takes_mixed,
                             const json_t *description);

#endif
