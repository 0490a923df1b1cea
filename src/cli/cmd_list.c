/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex list`: what is there, and why something cannot run here. */
#include "base/document.h"
#include "cli/commands.h"
#include "run/catalog.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RANK_COUNT 2        /* that a backend is asked whether it can serve */
#define ENTRY_CELL_COUNT 22 /* before what is said of an entry */
#define ENTRY_BYTES_MAX 4096

/* The rest of a line that has begun with the entry's name, and lines under it. */
static void put_text(const cx_style_t *style, const char *text)
{
    cx_style_wrap(stdout, style, CX_MEANING_PLAIN, ENTRY_CELL_COUNT, ENTRY_CELL_COUNT, text);
}

static void print_entries(const cx_catalog_entry_t *entries, size_t count)
{
    char       text[ENTRY_BYTES_MAX];
    cx_style_t style;

    cx_style_init_lines(&style);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%-16s %-3s  ", entries[i].name, entries[i].is_usable ? "yes" : "no");
        put_text(&style, entries[i].summary);
        if (entries[i].is_usable && entries[i].caps.library_version[0]) {
            (void)snprintf(text, sizeof text, "%s (%s)", entries[i].caps.library_version,
                           entries[i].caps.library_path);
            (void)printf("%*s", ENTRY_CELL_COUNT, "");
            put_text(&style, text);
        }
        if (!entries[i].is_usable && entries[i].reason) {
            (void)printf("%*s", ENTRY_CELL_COUNT, "");
            put_text(&style, entries[i].reason);
        }
    }
}

static cx_status_t list_backends(cx_arena_t *arena)
{
    cx_catalog_entry_t *entries;
    size_t              count;

    CX_TRY(cx_catalog_backends(RANK_COUNT, arena, &entries, &count));
    print_entries(entries, count);
    return CX_OK;
}

static cx_status_t list_devices(cx_arena_t *arena)
{
    cx_catalog_entry_t *entries;
    size_t              count;

    CX_TRY(cx_catalog_devices(arena, &entries, &count));
    print_entries(entries, count);
    return CX_OK;
}

static cx_status_t list_suites(cx_arena_t *arena)
{
    const char **names;

    CX_TRY(cx_suite_names(arena, &names));
    for (; *names; names++) {
        const char *path, *summary = "";
        cx_node_t  *suite;

        CX_TRY(cx_suite_path(*names, arena, &path));
        CX_TRY(cx_document_read(path, arena, &suite));
        for (size_t i = 0; suite->kind == CX_NODE_MAP && i < suite->item_count; i++) {
            if (strcmp(suite->keys[i].text, "summary") == 0) {
                summary = suite->items[i].text;
            }
        }
        (void)printf("%-16s %s\n", *names, summary);
    }
    return CX_OK;
}

static void print_options(const cx_style_t *style, const cx_option_t *row)
{
    for (; row && row->name; row++) {
        cx_print_option(style, row);
    }
}

/* Those of a case, and those that one backend alone has, whether it can run here or not. */
static cx_status_t list_options(cx_arena_t *arena)
{
    cx_catalog_entry_t *entries;
    size_t              count;
    cx_style_t          style;

    cx_style_init_lines(&style);
    print_options(&style, cx_case_options);
    CX_TRY(cx_catalog_backends(RANK_COUNT, arena, &entries, &count));
    for (size_t i = 0; i < count; i++) {
        const cx_option_t *rows;
        size_t             bytes;

        if (cx_catalog_backend_rows(NULL, entries[i].name, "", &rows, &bytes) != CX_OK) {
            cx_detail_clear(); /* not even its plugin is here */
        } else if (rows && rows->name) {
            (void)printf("\nOf backend %s:\n", entries[i].name);
            print_options(&style, rows);
        }
    }
    return CX_OK;
}

static const struct {
    const char *name;
    cx_status_t (*list)(cx_arena_t *arena);
} lists[] = {{"backends", list_backends},
             {"devices", list_devices},
             {"suites", list_suites},
             {"options", list_options},
             {NULL, NULL}};

static const char *list_name_at(const void *names, size_t index)
{
    (void)names;
    return lists[index].name;
}

static cx_status_t list(const cx_grammar_t *grammar, const cx_arguments_t *arguments,
                        cx_arena_t *arena, int *code_in_out)
{
    const char *wanted = arguments->words[0], *nearest;

    (void)grammar;
    (void)code_in_out;
    for (size_t i = 0; lists[i].name; i++) {
        if (strcmp(lists[i].name, wanted) == 0) {
            return lists[i].list(arena);
        }
    }
    nearest = cx_text_nearest(wanted, lists, list_name_at);
    return CX_FAIL(CX_INVALID,
                   "command line: list what? \"%s\" is none of backends, devices, "
                   "suites, options%s%s%s",
                   wanted, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                   nearest ? "\"?" : "");
}

int cx_cmd_list(int argc, char **argv)
{
    static const cx_grammar_t grammar = {
        .command = "list", .word_count_min = 1, .word_count_max = 1};

    return cx_grammar_serve(&grammar, argc, argv, list);
}
