/* SPDX-License-Identifier: Apache-2.0 */
/* Where plugins may be. */
#include "plugin/search.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The i-th item of a colon-separated list; NULL behind the last. Empty items are skipped. */
static const char *list_item(const char *list, size_t *index, cx_arena_t *arena)
{
    while (list && *list) {
        size_t length = strcspn(list, ":");

        if (length > 0 && (*index)-- == 0) {
            return cx_arena_format(arena, "%.*s", (int)length, list);
        }
        list += length + (list[length] == ':');
    }
    return NULL;
}

static const char *beside_program(const char *relative, cx_arena_t *arena)
{
    char    path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    char   *slash;

    if (length < 0) {
        return NULL;
    }
    path[length] = '\0';
    slash        = strrchr(path, '/');
    *slash       = '\0';
    return cx_arena_format(arena, "%s/%s", path, relative);
}

const char *cx_plugin_folder(size_t index, cx_arena_t *arena)
{
    const char *item = list_item(getenv("CX_PLUGIN_PATH"), &index, arena);

    if (item) {
        return item;
    }
    if (index == 0) {
        return beside_program("plugins", arena);
    }
    return index == 1 ? beside_program("../lib/collectivex", arena) : NULL;
}
