/* SPDX-License-Identifier: Apache-2.0 */
/* What every command needs: complaints, --help printed from the tables, and the way around its
 * work. */
#include "base/text.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#define OPTION_CELL_COUNT 24 /* before the meaning of an option */
#define OPTION_BYTES_MAX 2048

const char *const *cx_command_line;

int cx_complain(int status)
{
    const char *text = cx_detail()->text;

    (void)fprintf(stderr, "collectivex: %s\n",
                  text[0] ? text : cx_status_text((cx_status_t)status));
    switch (status) {
    case CX_INTERNAL:
        return CX_EXIT_BUG;
    case CX_INVALID:
    case CX_UNSUPPORTED:
        return CX_EXIT_BAD_REQUEST;
    default:
        return CX_EXIT_NOT_OK;
    }
}

void cx_print_option(const cx_style_t *style, const cx_option_t *row)
{
    cx_text_t text;

    cx_text_init(&text, OPTION_BYTES_MAX);
    cx_text_format(&text, "%s", row->help);
    for (int i = 0; row->choices && row->choices[i]; i++) {
        cx_text_format(&text, "%s %s%s", i ? "," : " One of", row->choices[i],
                       row->choices[i + 1] ? "" : ".");
    }
    if (row->default_text[0]) {
        cx_text_format(&text, " [%s]", row->default_text);
    }
    (void)printf("  --%-19s ", row->name);
    cx_style_wrap(stdout, style, CX_MEANING_PLAIN, OPTION_CELL_COUNT, OPTION_CELL_COUNT,
                  text.bytes ? text.bytes : "");
    cx_text_fini(&text);
}

static const char *title_of(const cx_option_t *rows)
{
    if (rows == cx_case_options) {
        return "\nOf a case; choices with commas between (--dtype bf16,fp32) are several cases:\n";
    }
    return rows == cx_run_options ? "\nOf a run:\n" : "\n";
}

static const struct {
    const char *name, *summary, *usage;
} texts[] = {
#define TEXT(name, function, summary, usage) {name, summary, usage},
    CX_COMMAND_MAP(TEXT)
#undef TEXT
};

const char *cx_command_usage(const char *command)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, command) == 0) {
            return texts[i].usage;
        }
    }
    return command;
}

void cx_print_help(const char *command, const cx_option_t *const *tables)
{
    const bool has_cases = tables && *tables == cx_case_options;
    cx_style_t style;

    cx_style_init_lines(&style);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, command) == 0) {
            (void)printf("usage: collectivex %s\n%s\n", texts[i].usage, texts[i].summary);
        }
    }
    for (; tables && *tables; tables++) {
        (void)printf("%s", title_of(*tables));
        for (const cx_option_t *row = *tables; row->name; row++) {
            cx_print_option(&style, row);
        }
    }
    if (has_cases) {
        (void)printf("\nA size needs its unit (8B, 64KiB, 1MB), and so does a time (250us, 5ms, "
                     "2s);\na ratio is 0.05 or 5%%. Options of one backend alone: collectivex list "
                     "options.\n");
    }
}

int cx_grammar_serve(const cx_grammar_t *grammar, int argc, char **argv, cx_command_fn work)
{
    const cx_option_t *const tables[] = {grammar->rows, NULL};
    int                      code     = CX_EXIT_OK;
    cx_arena_t               arena;
    cx_arguments_t           arguments;
    cx_status_t              status;

    cx_arena_init(&arena);
    status = cx_arguments_read(grammar, argc, argv, &arena, &arguments);
    if (status == CX_OK && arguments.wants_help) {
        cx_print_help(grammar->command, grammar->help_tables ? grammar->help_tables : tables);
    } else if (status == CX_OK) {
        status = work(grammar, &arguments, &arena, &code);
    }
    cx_arena_fini(&arena);
    return status == CX_OK ? code : cx_complain((int)status);
}
