/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex import`: another tool's output as records. */
#include "base/deadline.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "run/assemble.h"
#include "run/import.h"
#include "store/record.h"
#include "target/redact.h"

#include <stdio.h>

typedef struct import_options {
    const char *output;
    bool        is_redacted;
} import_options_t;

static const cx_option_t rows[] = {
    CX_OPTION_TEXT(import_options_t, output, "output", CX_OPTION_FREE, false, "",
                   "New folder for the records (-o)."),
    CX_OPTION_BOOL(import_options_t, is_redacted, "redact", CX_OPTION_FREE, "true",
                   "Replace names of hosts, users and addresses by stable hashes."),
    CX_OPTION_END,
};

static const cx_short_flag_t short_flags[] = {{'o', "output"}, {0, NULL}};

static json_t *command_line(void)
{
    json_t *command = json_array();

    for (size_t i = 0; cx_command_line[i]; i++) {
        json_array_append_new(command, json_string(cx_command_line[i]));
    }
    return command;
}

static cx_status_t write_record(const char *folder, json_t *record, bool is_redacted,
                                cx_arena_t *arena)
{
    const json_t *identity = json_object_get(record, "identity");
    const char   *path =
        cx_arena_format(arena, "%s/records/%s.l%lld.json", folder,
                        json_string_value(json_object_get(identity, "case_id")),
                        (long long)json_integer_value(json_object_get(identity, "launch")));

    if (!path) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the name of a record");
    }
    if (is_redacted) {
        CX_TRY(cx_redact(record, NULL));
    }
    return cx_record_write(path, record);
}

static cx_status_t write_folder(const import_options_t *options, const cx_imported_t *imported,
                                cx_arena_t *arena)
{
    const char *plan = cx_arena_format(arena, "%s/plan.json", options->output);

    CX_TRY(cx_folder_make(cx_arena_format(arena, "%s/records", options->output)));
    CX_TRY(cx_record_write(plan, imported->plan));
    for (size_t i = 0; i < json_array_size(imported->records); i++) {
        CX_TRY(write_record(options->output, json_array_get(imported->records, i),
                            options->is_redacted, arena));
    }
    return CX_OK;
}

static void print_result(const import_options_t *options, const cx_imported_t *imported,
                         cx_arena_t *arena)
{
    cx_output_t     output = {.format = 0};
    cx_result_set_t set    = {.records = imported->records, .data_path = options->output};

    for (size_t i = 0; i < json_array_size(imported->skipped); i++) {
        (void)fprintf(stderr, "collectivex: left out: %s\n",
                      json_string_value(json_array_get(imported->skipped, i)));
    }
    cx_output_describe(&set, arena);
    cx_output_print(&output, &set);
}

static cx_status_t import_file(const char *path, const import_options_t *options, cx_arena_t *arena)
{
    char              now[24];
    json_t           *program = cx_program_to_json();
    json_t           *command = command_line();
    cx_import_frame_t frame   = {.started_utc = now, .program = program, .command = command};
    cx_imported_t     imported;
    cx_status_t       status;

    cx_utc_now(now, sizeof now);
    status = cx_import_file(path, &frame, &imported);
    if (status == CX_OK) {
        status = write_folder(options, &imported, arena);
        if (status == CX_OK) {
            print_result(options, &imported, arena);
        }
        cx_imported_fini(&imported);
    }
    json_decref(program);
    json_decref(command);
    return status;
}

static cx_status_t import(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                          cx_arena_t *arena, int *code_in_out)
{
    const import_options_t *options = grammar->object;

    (void)code_in_out;
    if (!options->output[0]) {
        return CX_FAIL(CX_INVALID, "command line: import needs --output DIR");
    }
    if (cx_file_exists(options->output)) {
        return CX_FAIL(CX_INVALID, "%s is there already; give a new folder to --output",
                       options->output);
    }
    return import_file(arguments->words[0], options, arena);
}

int cx_cmd_import(int argc, char **argv)
{
    import_options_t   options;
    const cx_grammar_t grammar = {.command        = "import",
                                  .rows           = rows,
                                  .object         = &options,
                                  .short_flags    = short_flags,
                                  .word_count_min = 1,
                                  .word_count_max = 1};

    return cx_grammar_serve(&grammar, argc, argv, import);
}
