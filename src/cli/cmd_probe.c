/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex probe`: the machine, as records describe it, and what the program can use of it. */
#include "cli/arguments.h"
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
    int64_t width;
    int32_t format, color;
    bool    is_redacted, is_ascii;
} probe_options_t;

static const cx_option_t rows[] = {
    CX_OPTION_ENUM(probe_options_t, format, "format", CX_OPTION_FREE, "table", format_slugs,
                   "What stdout gets."),
    CX_OPTION_BOOL(probe_options_t, is_redacted, "redact", CX_OPTION_FREE, "true",
                   "Replace names of hosts, users and addresses by stable hashes."),
    CX_OPTION_ENUM(probe_options_t, color, "color", CX_OPTION_FREE, "auto", cx_color_slugs,
                   "Colour; NO_COLOR and FORCE_COLOR are heeded."),
    CX_OPTION_BOOL(probe_options_t, is_ascii, "ascii", CX_OPTION_FREE, "false",
                   "No sign beyond ASCII."),
    CX_OPTION_INT(probe_options_t, width, "width", CX_OPTION_FREE, "0", 0, 1000,
                  "Columns of the table; 0: the terminal's."),
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
    const cx_style_request_t request = {.color        = (cx_color_t)options->color,
                                        .is_ascii     = options->is_ascii,
                                        .column_count = (int32_t)options->width};
    cx_style_t               style;

    if (options->format == FORMAT_JSON) {
        (void)json_dumpf(document, stdout, JSON_INDENT(1));
        (void)printf("\n");
        return;
    }
    cx_style_init(&style, stdout, &request);
    cx_probe_print(stdout, &style, arena, document);
}

static cx_status_t probe(int argc, char **argv, cx_arena_t *arena)
{
    static const cx_option_t *const tables[] = {rows, NULL};
    probe_options_t                 options;
    cx_grammar_t   grammar = {.command = "probe", .rows = rows, .object = &options};
    cx_arguments_t arguments;
    json_t        *document;
    cx_status_t    status;

    CX_TRY(cx_arguments_read(&grammar, argc, argv, arena, &arguments));
    if (arguments.wants_help) {
        cx_print_help("probe", tables);
        return CX_OK;
    }
    CX_TRY(cx_machine_describe(NULL, arena, &document));
    CX_TRY_OR(free_document, add_catalog(document, arena));
    if (options.is_redacted) {
        CX_TRY_OR(free_document, cx_redact(document, NULL));
    }
    print_document(&options, arena, document);

free_document:
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
