/* SPDX-License-Identifier: Apache-2.0 */
/* Where the registry and its suites are. */
#include "base/fail.h"
#include "base/file.h"
#include "base/program.h"
#include "base/text.h"
#include "build.h"
#include "run/catalog.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define SUITE_COUNT_MAX 128

const char *cx_registry_folder(cx_arena_t *arena)
{
    const char *folder = getenv("CX_REGISTRY");

    if (folder && *folder) {
        return folder;
    }
    folder = cx_program_beside("../share/collectivex/registry", arena);
    return folder && cx_file_exists(folder) ? folder : CX_SOURCE_DIR "/registry";
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

cx_status_t cx_suite_names(cx_arena_t *arena, const char ***out)
{
    const char          *folder = cx_arena_format(arena, "%s/suites", cx_registry_folder(arena));
    const char         **names  = cx_arena_grab(arena, SUITE_COUNT_MAX * sizeof *names);
    DIR                 *handle;
    const struct dirent *entry;
    size_t               count = 0;

    if (!folder || !names) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the names of suites");
    }
    handle = opendir(folder);
    if (!handle) {
        return CX_FAIL(CX_INVALID, "%s: there is no such folder; set CX_REGISTRY", folder);
    }
    while ((entry = readdir(handle)) != NULL && count + 1 < SUITE_COUNT_MAX) {
        size_t length = strlen(entry->d_name);

        if (length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0) {
            names[count++] = cx_arena_format(arena, "%.*s", (int)length - 5, entry->d_name);
        }
    }
    (void)closedir(handle);
    qsort(names, count, sizeof *names, compare_names);
    *out = names;
    return CX_OK;
}

cx_status_t cx_suite_path(const char *name, cx_arena_t *arena, const char **out)
{
    const char **names;
    const char  *nearest, *path;
    char         shown[64];

    if (strchr(name, '/') || strchr(name, '.')) {
        *out = name;
        return CX_OK;
    }
    path = cx_arena_format(arena, "%s/suites/%s.yaml", cx_registry_folder(arena), name);
    if (path && cx_file_exists(path)) {
        *out = path;
        return CX_OK;
    }
    CX_TRY(cx_suite_names(arena, &names));
    nearest = cx_text_nearest(name, names, cx_text_name_at);
    return CX_FAIL(CX_INVALID, "no suite called \"%s\"%s%s%s",
                   cx_text_printable(name, shown, sizeof shown),
                   nearest ? "; did you mean \"" : "; see: collectivex list suites",
                   nearest ? nearest : "", nearest ? "\"?" : "");
}
