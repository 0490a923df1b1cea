/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that lives as long as a run and dies with it in one call. Not for buffers of a window. */
#ifndef CX_BASE_ARENA_H
#define CX_BASE_ARENA_H

#include <stddef.h>

typedef struct cx_arena_block cx_arena_block_t;
typedef struct cx_arena {
    cx_arena_block_t *head; /* owned */
} cx_arena_t;

void cx_arena_init(cx_arena_t *arena);
void cx_arena_fini(cx_arena_t *arena);
/* Zeroed, aligned for any type. NULL when memory ran out. */
void *cx_arena_grab(cx_arena_t *arena, size_t bytes);
char *cx_arena_text(cx_arena_t *arena, const char *text);
char *cx_arena_format(cx_arena_t *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
