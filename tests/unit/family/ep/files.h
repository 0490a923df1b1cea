/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own with files in it, for tests that read files. Not for anything larger. */
#ifndef CX_TESTS_EP_FILES_H
#define CX_TESTS_EP_FILES_H

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char files_folder[64];

static inline int files_open(void **state)
{
    (void)state;
    (void)snprintf(files_folder, sizeof files_folder, "/tmp/collectivex-ep-XXXXXX");
    return mkdtemp(files_folder) ? 0 : -1;
}

static inline int files_close(void **state)
{
    char           path[400];
    DIR           *folder = opendir(files_folder);
    struct dirent *entry;

    (void)state;
    while (folder && (entry = readdir(folder)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", files_folder, entry->d_name);
        (void)unlink(path);
    }
    if (folder) {
        (void)closedir(folder);
    }
    return rmdir(files_folder);
}

/* Writes the file and returns its path, until the next call. */
static inline const char *files_write(const char *name, const void *bytes, size_t byte_count)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", files_folder, name);
    return cx_file_write(path, bytes, byte_count) == CX_OK ? path : "";
}

static inline const char *files_text(const char *name, const char *text)
{
    return files_write(name, text, strlen(text));
}

#endif
