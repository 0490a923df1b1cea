/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of expert parallelism has beyond rows of any family: components, and points beside
 * them. Private to the gate (check.h). */
#ifndef CX_RUN_CHECK_EP_H
#define CX_RUN_CHECK_EP_H

#include "run/check_rows.h"

#include <jansson.h>

/* What a row must be whatever its samples say; `samples` is NULL for a row without any. False: no
 * component of that regime, so that nothing more can be said of the row. */
bool cx_check_ep_row(const cx_check_frame_t *frame, const cx_row_t *row,
                     const cx_samples_row_t *samples, cx_check_report_t *report);

/**
 * The points of a record and, together with its rows, whether they are all there. A record of
 * another family has none.
 *
 * What routing asks of the machine is worked out again from the options (but for a recorded trace,
 * whose file need not be here), bytes from copies and codecs, rates from rows, and brackets and
 * spreads from samples.
 */
void cx_check_points(const cx_check_frame_t *frame, const json_t *record,
                     const cx_samples_t *samples, cx_check_report_t *report);

#endif
