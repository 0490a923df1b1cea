/* SPDX-License-Identifier: Apache-2.0 */
/* Where the audit library lies. Not the library (audit/), which is never linked. */
#ifndef CX_LAUNCH_AUDIT_H
#define CX_LAUNCH_AUDIT_H

#include "base/arena.h"

/* The path of cx-audit.so beside the program or installed; NULL when it is in neither place. */
const char *cx_audit_path(cx_arena_t *arena);

#endif
