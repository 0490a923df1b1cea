/* SPDX-License-Identifier: Apache-2.0 */
/* A case of family collective on a rank. Not what cases share (case_run.h). */
#ifndef CX_RUN_COLLECTIVE_CASE_H
#define CX_RUN_COLLECTIVE_CASE_H

#include "run/case_run.h"

/* Events case_start, row, left_out. Errors: those of cx_run_case, and every orderly failure. */
cx_status_t cx_collective_case_run(cx_case_run_t *shared);

#endif
