/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one point and what is in it: slots, inputs, poison, and the check of what timed
 * operations left. The bridge between a family (what is right) and measure (when to look). */
#ifndef CX_RUN_WORKLOAD_H
#define CX_RUN_WORKLOAD_H

#include "collectivex/backend.h"
#include "collectivex/content.h"
#include "family/collective/layout.h"
#include "measure/point.h"
#include "model/case.h"

#define CX_WORKLOAD_SLOT_COUNT_MAX 1024

/* Memory of a case: one region, large enough for its largest point. */
typedef struct cx_region {
    const cx_core_t *core;
    void            *memory; /* owned; NULL for a barrier */
    size_t           bytes;
    cx_memory_t      kind;
} cx_region_t;

typedef struct cx_workload {
    const cx_core_t       *core;
    cx_shape_t             shape;
    cx_collective_data_t   data;
    cx_collective_layout_t layout;
    cx_point_t             point;
    cx_slot_t              slots[CX_WORKLOAD_SLOT_COUNT_MAX];
    int64_t               *counts;      /* owned; all_to_all_v */
    bool                   is_verified; /* outputs are checked */
    bool                   is_consumed; /* operations use their input up */
    double                 busbw_factor;
    cx_verdict_t           wrong;      /* the most telling wrong output of this rank */
    size_t                 slot_bytes; /* of one slot with its guards */
    void *mirror; /* owned; one slot in host memory, where the host cannot reach the device's */
    /* Where the device fills and verifies by itself (workload_device.h); NULL elsewhere. */
    cx_stream_t     *stream;
    cx_span_t       *spans;       /* owned; of a batch of slots */
    cx_difference_t *differences; /* owned; of those */
} cx_workload_t;

/**
 * What a rung of the ladder becomes: elements, counts, layout. No memory is touched.
 *
 * reason  left empty, or why this rung cannot be run (too small for one element per block); then
 *         the workload is not planned and there is nothing to release
 * errors  CX_INVALID traffic file · CX_RESOURCE
 */
cx_status_t cx_workload_plan(const cx_core_t *core, const cx_case_t *one, int64_t requested_bytes,
                             cx_workload_t *out, char *reason, size_t reason_bytes);
void        cx_workload_release(cx_workload_t *workload);

/**
 * Lay the planned slots into the region and write every input: on the device if it can; otherwise,
 * where the host cannot reach its memory, a slot is made in a mirror and copied.
 * errors  CX_RESOURCE no memory for the mirror · those of the device
 */
cx_status_t cx_workload_fill(cx_workload_t *workload, const cx_region_t *region);

/**
 * Check the slots that `operation_count` operations from slot 0 on have used, then make them ready
 * to be used again. The most telling wrong output of the point is kept in workload->wrong. Where
 * the device checks, the host looks at what the device has found to be wrong, for the words.
 * errors  CX_INTERNAL the host finds nothing wrong there · CX_RESOURCE · those of the device
 */
cx_status_t cx_workload_verify(cx_workload_t *workload, int64_t operation_count,
                               cx_block_report_t *report);

cx_status_t cx_region_open(const cx_core_t *core, size_t bytes, cx_memory_t kind, cx_region_t *out);
void        cx_region_close(cx_region_t *region);

#endif
