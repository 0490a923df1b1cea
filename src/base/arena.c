/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of blocks, each at least twice what was asked. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct cx_arena_block {
    cx_arena_block_t *next;
    size_t            used_bytes, capacity_bytes;
    max_align_t       bytes[];
};

void cx_arena_init(cx_arena_t *arena)
{
    arena->head = NULL;
}

void cx_arena_fini(cx_arena_t *arena)
{
    while (arena->head) {
        cx_arena_block_t *next = arena->head->next;

        free(arena->head);
        arena->head = next;
    }
}

static cx_arena_block_t *block_new(size_t bytes)
{
    size_t            capacity = bytes > BLOCK_BYTES / 2 ? bytes : BLOCK_BYTES;
    cx_arena_block_t *block    = calloc(1, sizeof *block + capacity);

    if (block) {
        block->capacity_bytes = capacity;
    }
    return block;
}

void *cx_arena_grab(cx_arena_t *arena, size_t bytes)
{
    cx_arena_block_t *block = arena->head;
    void             *memory;

    if (bytes > SIZE_MAX / 2) {
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block || block->capacity_bytes - block->used_bytes < bytes) {
        block = block_new(bytes);
        if (!block) {
            return NULL;
        }
        block->next = arena->head;
        arena->head = block;
    }
    memory = (char *)block->bytes + block->used_bytes;
    block->used_bytes += bytes;
    return memory;
}

char *cx_arena_text(cx_arena_t *arena, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char  *copy  = cx_arena_grab(arena, bytes);

    if (copy) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

char *cx_arena_format(cx_arena_t *arena, const char *format, ...)
{
    va_list args;
    int     length;
    char   *text;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = length < 0 ? NULL : cx_arena_grab(arena, (size_t)length + 1);
    if (text) {
        va_start(args, format);
        (void)vsnprintf(text, (size_t)length + 1, format, args);
        va_end(args);
    }
    return text;
}
