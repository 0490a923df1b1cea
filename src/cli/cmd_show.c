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

/* The records of a folder, in the order of their names. */
static cx_status_t read_records(const char *directory, cx_arena_t *arena, json_t *records)
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
