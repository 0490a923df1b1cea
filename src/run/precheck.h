/* SPDX-License-Identifier: Apache-2.0 */
/* What can be refused before any process is started: shapes that mean nothing, sizes no memory
 * here can hold. */
#ifndef CX_RUN_PRECHECK_H
#define CX_RUN_PRECHECK_H

#include "model/plan.h"
#include "run/execute.h"

/* errors  CX_INVALID with the case, what it asks for, and the nearest that is possible */
cx_status_t cx_precheck(const cx_plan_t *plan, const cx_rank_layout_t *layout);

#endif
