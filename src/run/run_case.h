/* SPDX-License-Identifier: Apache-2.0 */
/* One case from start to end, on a rank: reads like the methodology. */
#ifndef CX_RUN_RUN_CASE_H
#define CX_RUN_RUN_CASE_H

#include "run/bench.h"

/* The detail of a case that was ended by the user between two sizes. */
#define CX_INTERRUPTED_TEXT "interrupted before all sizes were measured"

/**
 * Run a case and report it to the supervisor: events case_start, row, left_out, case_end. Nothing
 * is reported when the ranks were asked to stop before it began (context->is_interrupted).
 *
 * errors  CX_OK also when the case failed in an orderly way that all ranks know of (its record says
 *         so); CX_PEER, CX_TIMEOUT and CX_INTERNAL when the ranks are out of step and this process
 *         must end
 */
cx_status_t cx_run_case(cx_bench_t *bench, const cx_case_t *one, int64_t case_index);

#endif
