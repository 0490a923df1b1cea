/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex probe`: the machine, as records describe it. */
#include "cli/arguments.h"
#include "cli/commands.h"
#include "target/probe.h"
#include "target/redact.h"

#include <stdio.h>

typedef struct probe_options {
    bool is_redacted;
} probe_options_t;

static const cx_option_t rows[] = {
    CX_OPTION_BOOL(probe_options_t, is_redacted, "redact", CX_OPTION_FREE, "true",
                   "Replace names of hosts, users and addresses by stable hashes."),
    CX_OPTION_END,
};

static cx_status_t probe(int argc, char **argv, cx_arena_t *arena)
{
    static const cx_option_t *const tables[] = {rows, NULL};
    probe_options_t                 options;
    cx_grammar_t   grammar = {.command = "probe", .rows = rows, .object = &options};
    cx_arguments_t arguments;
    json_t        *document;
    cx_status_t    status = CX_OK;

    CX_TRY(cx_arguments_read(&grammar, argc, argv, arena, &arguments));
    if (arguments.wants_help) {
        cx_print_help("probe", tables);
        return CX_OK;
    }
    CX_TRY(cx_target_probe(&(cx_target_options_t){NULL, NULL, NULL}, &document));
    if (options.is_redacted) {
        status = cx_redact(document, NULL);
    }
    if (status == CX_OK) {
        (void)json_dumpf(document, stdout, JSON_INDENT(1));
        (void)printf("\n");
    }
    json_decref(document);
    return status;
}

int cx_cmd_probe(int argc, char **argv)
{
    cx_arena_t  arena;
    cx_status_t status;

    cx_arena_init(&arena);
    status = probe(argc, argv, &arena);
    cx_arena_fini(&arena);
    return status == CX_OK ? CX_EXIT_OK : cx_complain((int)status);
}
