/* SPDX-License-Identifier: Apache-2.0 */
/* Stock nccl-tests and rccl-tests as a backend: their programs, found in $CX_NCCLTESTS_PATH and
 * then on the PATH, and their arguments. Not the reading of what they print
 * (store/import_nccltests.h). */
#ifndef CX_RUN_NCCLTESTS_H
#define CX_RUN_NCCLTESTS_H

#include "run/external.h"

#define CX_ENV_NCCLTESTS_PATH "CX_NCCLTESTS_PATH"

extern const cx_external_t cx_nccltests;

#endif
