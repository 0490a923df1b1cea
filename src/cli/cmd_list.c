/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex list`: what is there, and why something cannot run here. */
#include "base/document.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "run/catalog.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_entries(const cx_catalog_entry_t *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)printf("%-16s %-3s  %s\n", entries[i].name, entries[i].is_usable ? "yes" : "no",
                     entries[i].summary);
        if (entries[i].is_usable && entries[i].caps.library_version[0]) {
            (void)printf("%-21s %s (%s)\n", "", entries[i].caps.library_version,
                         entries[i].caps.library_path);
        }
        if (!entries[i].is_usable && entries[i].reason) {
            (void)printf("%-21s %s\n", "", entries[i].reason);
        }
    }
}

static cx_status_t list_backends(cx_arena_t *arena)
{
    cx_catalog_entry_t *entries;
    size_t              count;

    CX_TRY(cx_catalog_backends(2, arena, &entries, &count));
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

static cx_status_t list_options(cx_arena_t *arena)
{
    (void)arena;
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        (void)printf("--%-18s %s\n", row->name, row->help);
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

static cx_status_t list(int argc, char **argv, cx_arena_t *arena)
{
    static const cx_option_t none[]  = {CX_OPTION_END};
    cx_grammar_t             grammar = {.command        = "list",
                                        .rows           = none,
                                        .object         = &grammar,
                                        .word_count_min = 1,
                                        .word_count_max = 1};
    cx_arguments_t           arguments;
    const char              *nearest;

    CX_TRY(cx_arguments_read(&grammar, argc, argv, arena, &arguments));
    if (arguments.wants_help) {
        cx_print_help("list", NULL);
        return CX_OK;
    }
    for (size_t i = 0; lists[i].name; i++) {
        if (strcmp(lists[i].name, arguments.words[0]) == 0) {
            return lists[i].list(arena);
        }
    }
    nearest = cx_text_nearest(arguments.words[0], lists, list_name_at);
    return CX_FAIL(CX_INVALID,
                   "command line: list what? \"%s\" is none of backends, devices, "
                   "suites, options%s%s%s",
                   arguments.words[0], nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                   nearest ? "\"?" : "");
}

int cx_cmd_list(int argc, char **argv)
{
    cx_arena_t  arena;
    cx_status_t status;

    cx_arena_init(&arena);
    status = list(argc, argv, &arena);
    cx_arena_fini(&arena);
    return status == CX_OK ? CX_EXIT_OK : cx_complain((int)status);
}
