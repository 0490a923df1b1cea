/* SPDX-License-Identifier: Apache-2.0 */
/* Where the running program lies, and what lies beside it. */
#ifndef CX_BASE_PROGRAM_H
#define CX_BASE_PROGRAM_H

#include "base/arena.h"

/* The path of the running program, in the arena; NULL when the system does not tell. */
char *cx_program_path(cx_arena_t *arena);

/* A path seen from the program's folder: cx_program_beside("plugins", arena). NULL likewise. */
char *cx_program_beside(const char *relative, cx_arena_t *arena);

#endif
