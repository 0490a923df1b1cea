/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex print-tables`: schemas and reference pages, printed from the tables of the program.
 * tools/print_tables holds them against what is committed. */
#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "model/ep_point.h"
#include "model/record.h"
#include "model/run_options.h"
#include "store/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES_MAX ((size_t)1 << 20)

static const char *const kind_words[CX_VALUE_KIND_COUNT] = {
    "whole number", "size", "time", "ratio", "true or false", "choice", "text"};

static void print_options(cx_text_t *page, const char *title, const cx_option_t *rows)
{
    cx_text_format(page,
                   "\n## %s\n\n| option | kind | default | in the key | meaning |\n"
                   "| --- | --- | --- | --- | --- |\n",
                   title);
    for (; rows->name; rows++) {
        cx_text_format(page, "| `--%s` | %s | %s%s%s | %s | %s", rows->name, kind_words[rows->kind],
                       rows->default_text[0] ? "`" : "", rows->default_text,
                       rows->default_text[0] ? "`" : "", rows->role == CX_OPTION_KEY ? "yes" : "no",
                       rows->help);
        for (int i = 0; rows->choices && rows->choices[i]; i++) {
            cx_text_format(page, "%s`%s`", i ? ", " : " One of ", rows->choices[i]);
        }
        cx_text_format(page, "%s |\n", rows->choices ? "." : "");
    }
}

static void options_page(cx_text_t *page)
{
    cx_text_format(
        page, "# Options\n\nPrinted from the tables of the program; do not edit. A value comes "
              "from, later ones winning: the default,\nthe suite, the environment "
              "(`CX_WARMUP_MIN`), the command line. Options of a case may be lists in a suite "
              "and\ncomma-separated on the command line where they are choices: every "
              "combination is a case.\n");
    print_options(page, "Of a case", cx_case_options);
    print_options(page, "Of a run", cx_run_options);
}

static void print_fields(cx_text_t *page, const char *title, const cx_field_t *fields)
{
    cx_text_format(page, "\n## %s\n\n| field | unit | meaning |\n| --- | --- | --- |\n", title);
    for (; fields->name; fields++) {
        cx_text_format(page, "| `%s` | %s | %s |\n", fields->name, fields->unit, fields->help);
    }
}

static void fields_page(cx_text_t *page)
{
    cx_text_format(page, "# Fields\n\nPrinted from the tables of the program; do not edit. Unknown "
                         "values are null, never zero.\n");
    print_fields(page, "Of a row (one size of a case; family ep: one component of it)",
                 cx_row_fields);
    print_fields(page, "Of a point (family ep: one size of a case, beside its rows)",
                 cx_ep_point_fields);
    print_fields(page, "Of the harness (its own cost, in every record)", cx_harness_fields);
    print_fields(page, "Of the limits (what the machine can do at all; records of accelerators)",
                 cx_limits_fields);
}

static void statuses_page(cx_text_t *page)
{
    cx_text_format(page,
                   "# Statuses\n\nPrinted from the tables of the program; do not edit. A status "
                   "is what to conclude.\n\n| status | meaning |\n| --- | --- |\n");
    for (int status = 0; status < CX_STATUS_COUNT; status++) {
        cx_text_format(page, "| `%s` | %s |\n", cx_status_slug((cx_status_t)status),
                       cx_status_text((cx_status_t)status));
    }
}

static cx_status_t write_page(const char *folder, const char *file, void (*print)(cx_text_t *))
{
    char        path[4096];
    cx_text_t   page;
    cx_status_t status;

    cx_text_init(&page, PAGE_BYTES_MAX);
    print(&page);
    (void)snprintf(path, sizeof path, "%s/docs/reference/%s", folder, file);
    if (page.is_cut) {
        status = CX_FAIL(CX_RESOURCE, "out of memory for %s", path);
    } else {
        status = cx_file_write(path, page.bytes, page.length);
    }
    cx_text_fini(&page);
    return status;
}

static cx_status_t write_schema(const char *folder, const char *file, json_t *schema)
{
    char        path[4096];
    cx_status_t status;

    (void)snprintf(path, sizeof path, "%s/schema/%s", folder, file);
    status = cx_record_write(path, schema);
    json_decref(schema);
    return status;
}

static cx_status_t print_tables(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                                cx_arena_t *arena, int *code_in_out)
{
    const char *folder = arguments->words[0];

    (void)grammar;
    (void)code_in_out;
    CX_TRY(cx_folder_make(cx_arena_format(arena, "%s/docs/reference", folder)));
    CX_TRY(cx_folder_make(cx_arena_format(arena, "%s/schema", folder)));
    CX_TRY(write_page(folder, "options.md", options_page));
    CX_TRY(write_page(folder, "fields.md", fields_page));
    CX_TRY(write_page(folder, "statuses.md", statuses_page));
    CX_TRY(write_schema(folder, "record.schema.json", cx_record_schema()));
    return write_schema(folder, "plan.schema.json", cx_plan_schema());
}

int cx_cmd_print_tables(int argc, char **argv)
{
    static const cx_grammar_t grammar = {
        .command = "print-tables", .word_count_min = 1, .word_count_max = 1};

    return cx_grammar_serve(&grammar, argc, argv, print_tables);
}
