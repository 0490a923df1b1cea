/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex show`: the tables of a results folder, as the run printed them. */
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/result_set.h"
#include "store/folder.h"

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
    CX_TRY(cx_folder_records(arguments.words[0], arena, records));
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
