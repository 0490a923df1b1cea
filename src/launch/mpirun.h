/* SPDX-License-Identifier: Apache-2.0 */
/* A run that needs an MPI world and was started without one starts itself again through mpirun. */
#ifndef CX_LAUNCH_MPIRUN_H
#define CX_LAUNCH_MPIRUN_H

#include "model/plan.h"

/* Whether a case of the plan is for backend mpi, several ranks are wanted, and no launcher has made
 * an MPI world. */
bool cx_mpirun_is_needed(const cx_plan_t *plan, const char *launcher, int32_t rank_count);

/**
 * Replace this process by `mpirun -n RANKS collectivex ARGUMENTS`. Returns only on failure.
 * errors  CX_UNSUPPORTED there is no mpirun on the PATH, with what to install
 */
cx_status_t cx_mpirun_become(int32_t rank_count, const char *const *argv, cx_arena_t *arena);

/* Open MPI refuses root and more ranks than cores unless the environment says otherwise; a
 * benchmark of one's own machine may do both. Other implementations do not read these variables. */
void cx_mpirun_permit(void);

#endif
