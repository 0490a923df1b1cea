/* SPDX-License-Identifier: Apache-2.0 */
/* A case of family ep on a rank: every ladder step prepared together, proven right, timed in
 * rotation, and proven right again. Not what cases share (case_run.h). */
#ifndef CX_RUN_EP_CASE_H
#define CX_RUN_EP_CASE_H

#include "run/case_run.h"

/* Events case_start, left_out, row, point. Errors: those of cx_run_case, and every orderly failure.
 */
cx_status_t cx_ep_case_run(cx_case_run_t *shared);

#endif
