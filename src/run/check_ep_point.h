/* SPDX-License-Identifier: Apache-2.0 */
/* A point of expert parallelism computed again from options, rows and samples.
 * Private to the gate (check_ep.h). */
#ifndef CX_RUN_CHECK_EP_POINT_H
#define CX_RUN_CHECK_EP_POINT_H

#include "measure/pairs.h"
#include "model/ep_point.h"
#include "run/check_rows.h"

/* One size: its rows by component, NULL where there is none, and their samples likewise. */
typedef struct cx_check_rung {
    int64_t                 tokens;
    const cx_row_t         *rows[CX_COMPONENT_COUNT];
    const cx_samples_row_t *samples[CX_COMPONENT_COUNT];
} cx_check_rung_t;

/* `again` is the point as claimed; every member that follows from something else is replaced by
 * what follows. A finding where the options give no workload. */
void cx_check_point_again(const cx_check_frame_t *frame, const cx_check_rung_t *rung,
                          cx_arena_t *arena, cx_check_report_t *report, cx_ep_point_t *again);

#endif
