/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one open session, shared by the files of this folder. Not the plugin's contract. */
#ifndef CX_BACKEND_DEVICE_H
#define CX_BACKEND_DEVICE_H

#include "collectivex/backend.h"

#include "../common/share.inl"

#define CX_DEVICE_LIMIT_TIMEOUT_US 10e6 /* then a flag or a barrier gives up, and says so */

/* All state of one open backend; nothing is static. */
struct cx_session {
    const cx_core_t *core;
    cx_shape_t       shape;

    void               *own_flags; /* owned device memory; NULL where the limit needs none */
    cx_share_t          flags;     /* limits flag and device_barrier */
    cx_device_barrier_t barrier;

    cx_share_t        region;     /* of the prepared size */
    cx_device_copy_t *copies;     /* owned: [slot_count][copy_count], what this rank does */
    int32_t           copy_count; /* of an operation; 0: other ranks do it */
    cx_graph_t       *graph;      /* limit graph_launch */
};

/**
 * Which bytes this rank moves in an operation of each slot: blocks as cx_point_t lays them out for
 * all_to_all_v, pushed by their sender, or for limit sm_load pulled by their receiver.
 * errors  CX_RESOURCE · CX_UNSUPPORTED more copies at once than a device can
 */
cx_status_t cx_device_plan_copies(cx_session_t *session, const cx_point_t *point);

#endif
