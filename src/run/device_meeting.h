/* SPDX-License-Identifier: Apache-2.0 */
/* Where ranks meet on their devices before a window: flag memory of every rank, mapped everywhere.
 * Not the meeting itself, which is the device's barrier (include/collectivex/device.h). */
#ifndef CX_RUN_DEVICE_MEETING_H
#define CX_RUN_DEVICE_MEETING_H

#include "run/peer_memory.h"

typedef struct cx_device_meeting {
    cx_device_barrier_t barrier; /* of rank_count 0 while it is not open */
    cx_peer_memory_t    memory;
} cx_device_meeting_t;

/**
 * Open it where the device has a barrier and all ranks are on one host. Collective: on all ranks or
 * on none; where a rank cannot, a warning says why and the ranks go on meeting on their hosts.
 * errors  those of peers alone
 */
cx_status_t cx_device_meeting_open(cx_rank_context_t *context, cx_device_meeting_t *out);
void        cx_device_meeting_close(const cx_rank_context_t *context, cx_device_meeting_t *meeting);

#endif
