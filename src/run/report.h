/* SPDX-License-Identifier: Apache-2.0 */
/* What the reporting rank tells its supervisor, event by event (JSON over run/wire.h). */
#ifndef CX_RUN_REPORT_H
#define CX_RUN_REPORT_H

#include "measure/series.h"
#include "model/ep_point.h"
#include "model/key.h"
#include "model/record.h"
#include "run/rank_context.h"

/* {"event":"case_start","case_index":..,"environment":{..},"harness":{..},"limits":{..},
 * "backend_open_us":..}:
 * the case's backend is open, and how long that took; environment has what only a rank can know of
 * the comparison key: what is the same for all families, and the `factors` of this one. */
cx_status_t cx_report_case_start(const cx_rank_context_t *context, int64_t case_index,
                                 const cx_caps_t *caps, const cx_harness_t *harness,
                                 const cx_factor_t *factors, size_t factor_count);
/* {"event":"row","case_index":..,"row":{..}}, followed by the row's samples. The series is made
 * dense by this and must be cleared before it is used again. */
cx_status_t cx_report_row(int fd, int64_t case_index, const cx_row_t *row, cx_series_t *series,
                          double busbw_factor);
/* {"event":"ep_point","case_index":..,"point":{..}}: family ep, after the rows of that rung. */
cx_status_t cx_report_point(int fd, int64_t case_index, const cx_ep_point_t *point);
/* {"event":"left_out","case_index":..,"requested_bytes":..,"reason":..} */
cx_status_t cx_report_left_out(int fd, int64_t case_index, int64_t requested_bytes,
                               const char *reason);
/* {"event":"case_end","case_index":..,"status":..,"detail":..}; the detail is this thread's. */
cx_status_t cx_report_case_end(const cx_rank_context_t *context, int64_t case_index,
                               cx_status_t status);

/* Findings of target/guard.h as bits, and as one text "host-steal,preempted"; NULL for none. */
uint32_t    cx_finding_bit(const char *id);
const char *cx_findings_print(uint32_t bits, char *out, size_t out_bytes);

#endif
