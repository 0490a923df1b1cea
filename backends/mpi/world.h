/* SPDX-License-Identifier: Apache-2.0 */
/* The MPI world of this process: joined once, left when the process exits.
 * Not the way ranks are started, and not their control plane. */
#ifndef CX_BACKENDS_MPI_WORLD_H
#define CX_BACKENDS_MPI_WORLD_H

#include "collectivex/core.h"

#include <mpi.h>

/**
 * The communicator in which rank r is CollectiveX's rank r; initialises MPI on the first call.
 *
 * owns    the communicator lives as long as the process
 * errors  CX_UNSUPPORTED the MPI world is not this run's · CX_BACKEND an MPI call failed
 */
cx_status_t cx_mpi_world_join(const cx_core_t *core, MPI_Comm *out);

/* Records that `call` returned `code`, and that MPI can no longer be left in order. */
cx_status_t cx_mpi_fail(const cx_core_t *core, const char *call, int code);

#endif
