/* SPDX-License-Identifier: Apache-2.0 */
/* What every command needs: complaints and --help, printed from the tables. */
#include "base/fail.h"
#include "cli/commands.h"
#include "model/options.h"

#include <stdio.h>
#include <string.h>

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

static void print_option(const cx_option_t *row)
{
    (void)printf("  --%-16s %s", row->name, row->help);
    if (row->choices) {
        (void)printf(" One of");
        for (int i = 0; row->choices[i]; i++) {
            (void)printf("%s %s", i ? "," : "", row->choices[i]);
        }
        (void)printf(".");
    }
    (void)printf(" [%s]\n", row->default_text);
}

void cx_print_help(const char *command, const cx_option_t *const *tables)
{
    static const struct {
        const char *name, *summary, *usage;
    } texts[] = {
#define TEXT(name, function, summary, usage) {name, summary, usage},
        CX_COMMAND_MAP(TEXT)
#undef TEXT
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, command) == 0) {
            (void)printf("usage: collectivex %s\n%s\n", texts[i].usage, texts[i].summary);
        }
    }
    for (; tables && *tables; tables++) {
        (void)printf("\n");
        for (const cx_option_t *row = *tables; row->name; row++) {
            print_option(row);
        }
    }
}
