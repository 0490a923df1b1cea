/* SPDX-License-Identifier: Apache-2.0 */
/* Reading all records of a folder. */
#include "store/folder.h"

#include "store/record.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static int is_record(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static cx_status_t read_record(const char *folder, const char *name, cx_arena_t *arena,
                               json_t *records)
{
    const char *path = cx_arena_format(arena, "%s/%s", folder, name);
    json_t     *record;

    if (!path) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the name of a record");
    }
    CX_TRY(cx_record_read(path, &record));
    json_array_append_new(records, record);
    return cx_record_validate(record, path);
}

cx_status_t cx_folder_records(const char *directory, cx_arena_t *arena, json_t *records)
{
    const char     *folder = cx_arena_format(arena, "%s/records", directory);
    struct dirent **entries;
    int             count  = folder ? scandir(folder, &entries, is_record, alphasort) : -1;
    cx_status_t     status = CX_OK;

    if (count < 0) {
        return CX_FAIL(CX_INVALID, "%s: not a folder of records", folder ? folder : directory);
    }
    for (int i = 0; i < count; i++) {
        if (status == CX_OK) {
            status = read_record(folder, entries[i]->d_name, arena, records);
        }
        free(entries[i]);
    }
    free(entries);
    if (status == CX_OK && count == 0) {
        status = CX_FAIL(CX_INVALID, "%s holds no record", folder);
    }
    return status;
}
