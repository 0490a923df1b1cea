/* SPDX-License-Identifier: Apache-2.0 */
/* Where plugins may be. */
#include "plugin/search.h"

#include "base/program.h"

#include <stdlib.h>
#include <string.h>

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

const char *cx_plugin_folder(size_t index, cx_arena_t *arena)
{
    const char *item = list_item(getenv("CX_PLUGIN_PATH"), &index, arena);

    if (item) {
        return item;
    }
    if (index == 0) {
        return cx_program_beside("plugins", arena);
    }
    return index == 1 ? cx_program_beside("../lib/collectivex", arena) : NULL;
}
