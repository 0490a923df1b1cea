/* SPDX-License-Identifier: Apache-2.0 */
/* Where the environment says that programs are, and that short-lived files go.
 * Not where our own files are (base/program.h, plugin/search.h). */
#ifndef CX_LAUNCH_PLACES_H
#define CX_LAUNCH_PLACES_H

#include "base/arena.h"
#include "base/fail.h"

/* The path of a program: in a folder of $VARIABLE (colon-separated; NULL: none), then of $PATH. In
 * the arena; NULL: it is nowhere. */
const char *cx_places_find(const char *variable, const char *program, cx_arena_t *arena);

/* What the variable says, for a message; "not set". */
const char *cx_places_text(const char *variable);

/**
 * A new folder that only this user can read, below $TMPDIR or /tmp. In the arena; the caller
 * removes it.
 * errors  CX_RESOURCE
 */
cx_status_t cx_places_make_temporary(cx_arena_t *arena, const char **out);

#endif
