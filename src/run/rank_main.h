/* SPDX-License-Identifier: Apache-2.0 */
/* The whole life of a rank process. */
#ifndef CX_RUN_RANK_MAIN_H
#define CX_RUN_RANK_MAIN_H

#include "base/fail.h"

/* Join, run every case of the plan in the descriptor $CX_PLAN_FD, leave. Returns an exit code: 0
 * done (also when cases failed), 1 gave up (why is on the board). */
int cx_rank_main(void);

#endif
