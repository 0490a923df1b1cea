/* SPDX-License-Identifier: Apache-2.0 */
/* The check of a backend that says it can be captured: its operations do nothing when they are
 * captured, and all of their work each time that the graph is replayed. */
#include "run/conform_kit.h"

#include "run/support.h"

#define BLOCK_ELEMS 4099
#define REPLAY_COUNT 2

/* One operation ahead, as libraries may connect and allocate at the first; every slot once. */
static cx_status_t capture_and_replay(cx_trial_t *trial)
{
    int64_t slot_count;

    CX_TRY(cx_trial_open(trial));
    CX_TRY(cx_trial_plan(trial, BLOCK_ELEMS));
    CX_TRY(cx_trial_prepare(trial));
    slot_count = trial->workload.point.slot_count;
    CX_TRY(cx_trial_run(trial, 1));
    CX_TRY(cx_trial_capture(trial, slot_count));
    for (int i = 0; i < REPLAY_COUNT; i++) {
        CX_TRY(cx_trial_replay(trial));
        CX_TRY(cx_trial_verify(trial, slot_count));
    }
    return CX_OK;
}

static cx_status_t try_case(cx_conform_t *conform, const cx_case_t *one)
{
    cx_trial_t trial;

    cx_trial_init(&trial, conform, one);
    return cx_trial_end(&trial, capture_and_replay(&trial));
}

cx_status_t cx_conform_captured(cx_conform_t *conform)
{
    const cx_device_ops_t *device_ops = conform->context->core.device_ops;

    if (!conform->caps.can_capture) {
        return cx_conform_skip(conform, "the backend does not say that it can be captured");
    }
    if (!CX_DEVICE_HAS(device_ops, graph_begin)) {
        return cx_conform_skip(conform, "device %s has no graphs", device_ops->name);
    }
    CX_TRY(cx_backend_captures(conform->ops, &conform->caps, device_ops));
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, try_case);
}
