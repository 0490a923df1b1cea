/* SPDX-License-Identifier: Apache-2.0 */
/* The running program's own place. */
#include "base/program.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

char *cx_program_path(cx_arena_t *arena)
{
    char    path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    return length < 0 ? NULL : cx_arena_format(arena, "%.*s", (int)length, path);
}

char *cx_program_beside(const char *relative, cx_arena_t *arena)
{
    const char *path  = cx_program_path(arena);
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? cx_arena_format(arena, "%.*s/%s", (int)(slash - path), path, relative) : NULL;
}
