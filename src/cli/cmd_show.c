/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex show`: the tables of a results folder, as the run printed them. */
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/result_set.h"
#include "store/record.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The .json files of a folder, sorted, in the arena. */
static cx_status_t list_records(const char *folder, cx_arena_t *arena, char ***out, size_t *count)
{
    DIR                 *handle = opendir(folder);
    const struct dirent *entry;
    size_t               capacity = 64;
    char               **names    = cx_arena_grab(arena, capacity * sizeof *names);

    *count = 0;
    if (!handle) {
        return CX_FAIL(CX_INVALID, "%s: not a folder of records", folder);
    }
    while (names && (entry = readdir(handle)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (length < 6 || strcmp(entry->d_name + length - 5, ".json") != 0) {
            continue;
        }
        if (*count == capacity) {
            char **grown = cx_arena_grab(arena, 2 * capacity * sizeof *names);

            if (!grown) {
                break;
            }
            memcpy(grown, names, capacity * sizeof *names);
            names = grown;
            capacity *= 2;
        }
        names[(*count)++] = cx_arena_format(arena, "%s/%s", folder, entry->d_name);
    }
    (void)closedir(handle);
    if (!names) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the names of records");
    }
    qsort(names, *count, sizeof *names, compare_names);
    *out = names;
    return CX_OK;
}

static cx_status_t read_records(const char *folder, cx_arena_t *arena, json_t *records)
{
    char  **paths;
    size_t  count;
    json_t *record;

    CX_TRY(list_records(cx_arena_format(arena, "%s/records", folder), arena, &paths, &count));
    if (count == 0) {
        return CX_FAIL(CX_INVALID, "%s/records holds no record", folder);
    }
    for (size_t i = 0; i < count; i++) {
        CX_TRY(cx_record_read(paths[i], &record));
        json_array_append_new(records, record);
        CX_TRY(cx_record_validate(record, paths[i]));
    }
    return CX_OK;
}

static cx_status_t show(int argc, char **argv, cx_arena_t *arena, json_t *records)
{
    static const cx_option_t *const tables[] = {cx_output_options, NULL};
    cx_output_t                     output;
    cx_grammar_t                    grammar = {.command        = "show",
                                               .rows           = cx_output_options,
                                               .object         = &output,
                                               .short_flags    = cx_output_short_flags,
                                               .word_count_min = 1,
                                               .word_count_max = 1};
    cx_arguments_t                  arguments;
    cx_result_set_t                 set;

    CX_TRY(cx_arguments_read(&grammar, argc, argv, arena, &arguments));
    if (arguments.wants_help) {
        cx_print_help("show", tables);
        return CX_OK;
    }
    CX_TRY(read_records(arguments.words[0], arena, records));
    set = (cx_result_set_t){.records = records, .data_path = arguments.words[0]};
    cx_output_describe(&set, arena);
    cx_output_print(&output, &set);
    return CX_OK;
}

int cx_cmd_show(int argc, char **argv)
{
    cx_arena_t  arena;
    json_t     *records = json_array();
    cx_status_t status;

    cx_arena_init(&arena);
    status = show(argc, argv, &arena, records);
    json_decref(records);
    cx_arena_fini(&arena);
    return status == CX_OK ? CX_EXIT_OK : cx_complain((int)status);
}
