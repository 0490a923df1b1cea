/* SPDX-License-Identifier: Apache-2.0 */
/* Flag memory for the device's barrier. */
#include "run/device_meeting.h"

#include "base/log.h"
#include "run/agree.h"

#include <string.h>
#include <unistd.h>

#define TIMEOUT_US 10e6 /* the device gives up then, and names who was missing */

static bool can_meet(const cx_rank_context_t *context)
{
    const cx_core_t *core = &context->core;

    return CX_DEVICE_HAS(core->device_ops, barrier) && core->rank_count > 1 &&
           core->rank_count <= CX_DEVICE_BARRIER_RANKS_MAX && context->host_count == 1;
}

static cx_status_t open_own(const cx_core_t *core, cx_device_meeting_t *meeting, int *fd)
{
    size_t bytes = CX_DEVICE_BARRIER_BYTES(core->rank_count);

    CX_TRY(core->device_ops->alloc(core->device, bytes, CX_MEMORY_EXPORTABLE,
                                   &meeting->flags[core->rank]));
    return core->device_ops->export_fd(core->device, meeting->flags[core->rank], fd);
}

static cx_status_t import_others(const cx_core_t *core, const int *fds,
                                 cx_device_meeting_t *meeting)
{
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        if (rank != core->rank) {
            CX_TRY(core->device_ops->import_fd(core->device, fds[rank],
                                               CX_DEVICE_BARRIER_BYTES(core->rank_count),
                                               &meeting->flags[rank]));
        }
    }
    return CX_OK;
}

static cx_status_t share(cx_rank_context_t *context, cx_device_meeting_t *meeting, int fd)
{
    const cx_core_t *core = &context->core;
    int              fds[CX_DEVICE_BARRIER_RANKS_MAX];
    cx_status_t      status;

    CX_TRY(core->peers_ops->exchange_fd(core->peers, fd, fds,
                                        cx_rank_context_phase(context, "meeting")));
    status = cx_agree(context, import_others(core, fds, meeting));
    for (int32_t rank = 0; rank < core->rank_count; rank++) {
        (void)close(fds[rank]);
    }
    return status;
}

static cx_status_t open_all(cx_rank_context_t *context, cx_device_meeting_t *meeting)
{
    int         fd     = -1;
    cx_status_t status = cx_agree(context, open_own(&context->core, meeting, &fd));

    if (status == CX_OK) {
        status = share(context, meeting, fd);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

cx_status_t cx_device_meeting_open(cx_rank_context_t *context, cx_device_meeting_t *out)
{
    const cx_core_t *core = &context->core;
    cx_status_t      status;

    memset(out, 0, sizeof *out);
    if (!can_meet(context)) {
        return CX_OK;
    }
    status = open_all(context, out);
    if (status == CX_OK) {
        out->barrier = (cx_device_barrier_t){.flags      = out->flags,
                                             .rank       = core->rank,
                                             .rank_count = core->rank_count,
                                             .timeout_us = TIMEOUT_US};
        return CX_OK;
    }
    cx_device_meeting_close(context, out);
    if (status == CX_PEER || status == CX_TIMEOUT) {
        return status;
    }
    cx_log(CX_LOG_WARN, "run", "ranks meet on their hosts, not on their devices: %s",
           cx_detail()->text);
    cx_detail_clear();
    return CX_OK;
}

void cx_device_meeting_close(cx_rank_context_t *context, cx_device_meeting_t *meeting)
{
    const cx_core_t *core = &context->core;

    for (int32_t rank = 0; rank < CX_DEVICE_BARRIER_RANKS_MAX; rank++) {
        if (!meeting->flags[rank]) {
            continue;
        }
        if (rank == core->rank) {
            core->device_ops->free(core->device, meeting->flags[rank]);
        } else {
            core->device_ops->unimport(core->device, meeting->flags[rank],
                                       CX_DEVICE_BARRIER_BYTES(core->rank_count));
        }
    }
    memset(meeting, 0, sizeof *meeting);
}
