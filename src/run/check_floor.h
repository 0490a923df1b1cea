/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of a row, computed again from the record's limits, and whether those can be. Private to
 * the gate (check.h). */
#ifndef CX_RUN_CHECK_FLOOR_H
#define CX_RUN_CHECK_FLOOR_H

#include "model/ep_point.h"
#include "run/check_rows.h"

/* Findings where floor, its source, or the ratio to it are not what the limits give. The floor of
 * an all_to_all_v needs the counts, which no record has: it is taken as it is. Not of family ep. */
void cx_check_floor(const cx_check_frame_t *frame, const cx_row_t *row, cx_check_report_t *report);

/* The same for a row of family ep, whose bytes are those of its point. */
void cx_check_ep_floor(const cx_check_frame_t *frame, const cx_ep_point_t *point,
                       const cx_row_t *row, cx_check_report_t *report);

/* Findings where a limit was measured faster than what it is a limit of is built for, as the record
 * says it (docs/floors.md): a clock or a count of bytes is wrong, and every floor with it. */
void cx_check_limits(const cx_check_frame_t *frame, cx_check_report_t *report);

#endif
