/* SPDX-License-Identifier: Apache-2.0 */
/* What the backend at hand does to the bits of an all-reduce, beside how long it takes: an untimed
 * probe of one size. Not a check: timed operations have inputs of their own. */
#ifndef CX_RUN_ALLREDUCE_PROBE_H
#define CX_RUN_ALLREDUCE_PROBE_H

#include "model/record.h"
#include "run/case_run.h"

/**
 * Collective, on a prepared point of family allreduce: run the operation a few times on its first
 * slot, with inputs on which order and precision show, and fill accumulation, is_rank_equal and
 * is_repeatable of the row. The slot is left as it was found. A backend that moves no data leaves
 * them unknown.
 *
 * errors  what the operation fails with · CX_RESOURCE · those of device and peers
 */
cx_status_t cx_allreduce_probe(cx_case_run_t *shared, cx_session_t *session,
                               const cx_point_t *point, cx_row_t *row);

#endif
