/* SPDX-License-Identifier: Apache-2.0 */
/* Flag memory for the device's barrier. */
#include "run/device_meeting.h"

#include "base/log.h"

#include <string.h>

#define TIMEOUT_US 10e6 /* the device gives up then, and names who was missing */

static bool can_meet(const cx_rank_context_t *context)
{
    const cx_core_t *core = &context->core;

    return CX_DEVICE_HAS(core->device_ops, barrier) && core->rank_count > 1 &&
           core->rank_count <= CX_DEVICE_BARRIER_RANKS_MAX && context->host_count == 1;
}

cx_status_t cx_device_meeting_open(cx_rank_context_t *context, cx_device_meeting_t *out)
{
    const cx_core_t *core = &context->core;
    cx_status_t      status;

    memset(out, 0, sizeof *out);
    if (!can_meet(context)) {
        return CX_OK;
    }
    status = cx_peer_memory_open(context, CX_DEVICE_BARRIER_BYTES(core->rank_count), &out->memory);
    if (status == CX_OK) {
        out->barrier = (cx_device_barrier_t){.flags      = out->memory.at,
                                             .rank       = core->rank,
                                             .rank_count = core->rank_count,
                                             .timeout_us = TIMEOUT_US};
        return CX_OK;
    }
    if (status == CX_PEER || status == CX_TIMEOUT) {
        return status;
    }
    cx_log(CX_LOG_WARN, "run", "ranks meet on their hosts, not on their devices: %s",
           cx_detail()->text);
    cx_detail_clear();
    return CX_OK;
}

void cx_device_meeting_close(const cx_rank_context_t *context, cx_device_meeting_t *meeting)
{
    cx_peer_memory_close(context, &meeting->memory);
    memset(meeting, 0, sizeof *meeting);
}
