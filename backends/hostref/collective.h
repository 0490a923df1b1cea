/* SPDX-License-Identifier: Apache-2.0 */
/* Family `collective` as hostref.c sees it.
 * Not its parts (eager.h, direct.h). */
#ifndef CX_HOSTREF_COLLECTIVE_H
#define CX_HOSTREF_COLLECTIVE_H

#include "hostref.h"

extern const cx_hostref_family_t cx_hostref_collective;

#endif
