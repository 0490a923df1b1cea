/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex show`: the tables of a results folder, as the run printed them. */
#include "cli/commands.h"
#include "cli/forms.h"
#include "cli/output.h"
#include "cli/result_set.h"
#include "store/folder.h"

static cx_status_t show(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                        cx_arena_t *arena, int *code_in_out)
{
    const cx_output_t *output  = grammar->object;
    json_t            *records = json_array();
    cx_result_set_t    set     = {.records = records, .data_path = arguments->words[0]};
    cx_status_t        status;

    (void)code_in_out;
    if (output->format == CX_FORM_NDJSON) {
        CX_TRY_OR(free_records, CX_FAIL(CX_INVALID, "command line: format: ndjson is what a run "
                                                    "prints while it measures; of a folder there "
                                                    "are table, json, csv and md"));
    }
    CX_TRY_OR(free_records, cx_folder_records(arguments->words[0], arena, records));
    cx_output_describe(&set, arena);
    cx_output_print(output, &set);

free_records:
    json_decref(records);
    return status;
}

int cx_cmd_show(int argc, char **argv)
{
    cx_output_t        output;
    const cx_grammar_t grammar = {.command        = "show",
                                  .rows           = cx_output_options,
                                  .object         = &output,
                                  .short_flags    = cx_output_short_flags,
                                  .word_count_min = 1,
                                  .word_count_max = 1};

    return cx_grammar_serve(&grammar, argc, argv, show);
}
