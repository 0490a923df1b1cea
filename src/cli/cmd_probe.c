/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex probe`: the machine, as records describe it, and what the program can use of it. */
#include "cli/commands.h"
#include "cli/probe_page.h"
#include "model/run_options.h"
#include "run/catalog.h"
#include "run/machine.h"
#include "target/redact.h"

#include <stdio.h>

#define RANK_COUNT 2 /* backends are asked as for the smallest group */

typedef enum probe_format { FORMAT_TABLE, FORMAT_JSON } probe_format_t;

static const char *const format_slugs[] = {"table", "json", NULL};

typedef struct probe_options {
    cx_style_request_t style;
    int32_t            format;
    bool               is_redacted;
} probe_options_t;

static const cx_option_t rows[] = {
    CX_OPTION_ENUM(probe_options_t, format, "format", CX_OPTION_FREE, "table", format_slugs,
                   "What stdout gets."),
    CX_OPTION_BOOL(probe_options_t, is_redacted, "redact", CX_OPTION_FREE, "true",
                   "Replace names of hosts, users and addresses by stable hashes."),
    CX_STYLE_OPTIONS(probe_options_t, style),
    CX_OPTION_END,
};

/* What is known of an entry; why it cannot be used, where it cannot. */
static json_t *entry_to_json(const cx_catalog_entry_t *entry)
{
    const char *version = entry->is_usable ? entry->caps.library_version : "";
    const char *path    = entry->is_usable ? entry->caps.library_path : "";

    return json_pack("{ss,sb,ss,ss?,ss?,ss?}", "name", entry->name, "is_usable",
                     (int)entry->is_usable, "summary", entry->summary, "library_version",
                     version[0] ? version : NULL, "library_path", path[0] ? path : NULL, "reason",
                     entry->is_usable ? NULL : entry->reason);
}

static void set_entries(json_t *document, const char *key, const cx_catalog_entry_t *entries,
                        size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, entry_to_json(&entries[i]));
    }
    json_object_set_new(document, key, list);
}

static cx_status_t add_catalog(json_t *document, cx_arena_t *arena)
{
    cx_catalog_entry_t *entries;
    size_t              count;

    CX_TRY(cx_catalog_devices(arena, &entries, &count));
    set_entries(document, "devices", entries, count);
    CX_TRY(cx_catalog_backends(RANK_COUNT, arena, &entries, &count));
    set_entries(document, "backends", entries, count);
    return CX_OK;
}

static void print_document(const probe_options_t *options, cx_arena_t *arena,
                           const json_t *document)
{
    cx_style_t style;

    if (options->format == FORMAT_JSON) {
        (void)json_dumpf(document, stdout, JSON_INDENT(1));
        (void)printf("\n");
        return;
    }
    cx_style_init(&style, stdout, &options->style);
    cx_probe_print(stdout, &style, arena, document);
}

static cx_status_t probe(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                         cx_arena_t *arena, int *code_in_out)
{
    const probe_options_t *options = grammar->object;
    json_t                *document;
    cx_status_t            status;

    (void)arguments;
    (void)code_in_out;
    CX_TRY(cx_machine_describe(NULL, arena, &document));
    CX_TRY_OR(free_document, add_catalog(document, arena));
    if (options->is_redacted) {
        CX_TRY_OR(free_document, cx_redact(document, NULL));
    }
    print_document(options, arena, document);

free_document:
    json_decref(document);
    return status;
}

int cx_cmd_probe(int argc, char **argv)
{
    probe_options_t    options;
    const cx_grammar_t grammar = {.command = "probe", .rows = rows, .object = &options};

    return cx_grammar_serve(&grammar, argc, argv, probe);
}
