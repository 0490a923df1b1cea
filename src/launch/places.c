/* SPDX-License-Identifier: Apache-2.0 */
/* The environment's folders. */
#include "launch/places.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_program(const char *path)
{
    struct stat facts;

    return path && stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

static const char *find_in(const char *folders, const char *program, cx_arena_t *arena)
{
    while (folders && *folders) {
        size_t      length = strcspn(folders, ":");
        const char *path   = cx_arena_format(arena, "%.*s/%s", (int)length, folders, program);

        if (length > 0 && is_program(path)) {
            return path;
        }
        folders += length + (folders[length] == ':');
    }
    return NULL;
}

const char *cx_places_find(const char *variable, const char *program, cx_arena_t *arena)
{
    const char *path = find_in(variable ? getenv(variable) : NULL, program, arena);

    return path ? path : find_in(getenv("PATH"), program, arena);
}

const char *cx_places_text(const char *variable)
{
    const char *text = getenv(variable);

    return text && text[0] ? text : "not set";
}

cx_status_t cx_places_make_temporary(cx_arena_t *arena, const char **out)
{
    const char *parent = getenv("TMPDIR");
    char       *path =
        cx_arena_format(arena, "%s/collectivex-XXXXXX", parent && parent[0] ? parent : "/tmp");

    if (!path) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a folder");
    }
    if (!mkdtemp(path)) {
        return CX_FAIL(CX_RESOURCE, "%s: a folder cannot be made there: %s", path, strerror(errno));
    }
    *out = path;
    return CX_OK;
}
