/* SPDX-License-Identifier: Apache-2.0 */
/* One arena for all tests of a program: cmocka_run_group_tests(tests, open_arena, close_arena).
 * Not for tests that count what an arena holds. */
#ifndef CX_TESTS_ARENA_H
#define CX_TESTS_ARENA_H

#include "base/arena.h"

static cx_arena_t arena;

static inline int open_arena(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    return 0;
}

static inline int close_arena(void **state)
{
    (void)state;
    cx_arena_fini(&arena);
    return 0;
}

#endif
