/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a command line by table. */
#include "cli/arguments.h"

#include "base/text.h"
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#define PLACE "command line"

typedef struct reader {
    const cx_grammar_t *grammar;
    char              **argv;
    int                 argc, next;
    cx_arena_t         *arena;
    cx_arguments_t     *out;
} reader_t;

static void add_setting(reader_t *reader, const char *name, const char *text, const char *place,
                        cx_origin_t origin)
{
    reader->out->settings[reader->out->setting_count++] =
        (cx_setting_t){.name = name, .text = text, .place = place, .origin = origin};
}

/* What somebody may write for true or false, and what would else be taken for a suite. */
static bool is_meant_as_bool(const char *word)
{
    static const char *const words[] = {"yes", "no", "on", "off", "0", "1"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The value of an option: behind '=', or the next word; a boolean flag may stand alone. */
static cx_status_t value_of(reader_t *reader, const char *name, const char *inline_value,
                            bool is_bool, const char **out)
{
    const char *word = reader->next < reader->argc ? reader->argv[reader->next] : NULL;

    if (inline_value) {
        *out = inline_value;
    } else if (is_bool) {
        bool is_value = word && (strcmp(word, "true") == 0 || strcmp(word, "false") == 0);

        if (word && is_meant_as_bool(word)) {
            return CX_FAIL(CX_INVALID, PLACE ": %s: expected true or false, got \"%s\"", name,
                           word);
        }
        *out = is_value ? reader->argv[reader->next++] : "true";
    } else if (word && strncmp(word, "--", 2) != 0) {
        *out = reader->argv[reader->next++];
    } else {
        return CX_FAIL(CX_INVALID, PLACE ": --%s needs a value", name);
    }
    return CX_OK;
}

/* The option of the command that the name may have been meant for; NULL: none. */
static const char *nearest_row(const reader_t *reader, const char *name)
{
    const cx_option_t *rows = reader->grammar->rows;

    return rows ? cx_text_nearest(name, rows, cx_options_name_at) : NULL;
}

static cx_status_t unknown(const reader_t *reader, const char *name)
{
    const char *nearest = nearest_row(reader, name);
    char        shown[64];

    cx_text_printable(name, shown, sizeof shown);
    if (nearest) {
        return CX_FAIL(CX_INVALID, PLACE ": unknown option --%s; did you mean --%s?", shown,
                       nearest);
    }
    return CX_FAIL(CX_INVALID, PLACE ": unknown option --%s; see: collectivex %s --help", shown,
                   reader->grammar->command);
}

static cx_status_t read_option(reader_t *reader, const char *name, const char *inline_value)
{
    const cx_grammar_t *grammar = reader->grammar;
    const cx_option_t  *row     = cx_options_find(grammar->rows, name);
    const cx_option_t  *setting =
        grammar->takes_settings ? cx_options_find(cx_case_options, name) : NULL;
    const char *text;

    if (!row && !grammar->takes_settings) {
        return unknown(reader, name);
    }
    /* A near miss of a run option must not travel on as a backend's option. */
    if (!row && !setting && nearest_row(reader, name)) {
        return unknown(reader, name);
    }
    CX_TRY(value_of(
        reader, name, inline_value,
        (row && row->kind == CX_VALUE_BOOL) || (setting && setting->kind == CX_VALUE_BOOL), &text));
    if (row) {
        return cx_option_set(row, grammar->object, text, PLACE, reader->arena);
    }
    add_setting(reader, name, text, PLACE, CX_ORIGIN_COMMAND);
    return CX_OK;
}

static cx_status_t read_long(reader_t *reader, const char *word)
{
    const char *equals = strchr(word, '=');
    const char *name =
        equals ? cx_arena_format(reader->arena, "%.*s", (int)(equals - word), word) : word;

    if (!name) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the command line");
    }
    if (strcmp(name, "help") == 0) {
        reader->out->wants_help = true;
        return CX_OK;
    }
    if (strcmp(name, "json") == 0 && cx_options_find(reader->grammar->rows, "format")) {
        return read_option(reader, "format", "json");
    }
    if (strcmp(name, "fast") == 0 && reader->grammar->takes_settings) {
        return read_option(reader, "sampling", "fast");
    }
    return read_option(reader, name, equals ? equals + 1 : NULL);
}

static cx_status_t read_short(reader_t *reader, const char *word)
{
    const cx_short_flag_t *flag = reader->grammar->short_flags;

    if (strcmp(word, "h") == 0) {
        reader->out->wants_help = true;
        return CX_OK;
    }
    while (flag && flag->letter && flag->letter != word[0]) {
        flag++;
    }
    if (!flag || !flag->letter) {
        return CX_FAIL(CX_INVALID, PLACE ": unknown option -%c; see: collectivex %s --help",
                       word[0], reader->grammar->command);
    }
    return read_option(reader, flag->name, word[1] ? word + 1 : NULL);
}

static cx_status_t read_environment(reader_t *reader)
{
    const cx_option_t *tables[] = {reader->grammar->rows,
                                   reader->grammar->takes_settings ? cx_case_options : NULL};

    for (int i = 0; i < 2; i++) {
        for (const cx_option_t *row = tables[i]; row && row->name; row++) {
            char        variable[64];
            const char *text  = getenv(cx_option_variable(row, variable, sizeof variable));
            const char *place = text ? cx_arena_text(reader->arena, variable) : NULL;

            if (!text) {
                continue;
            }
            if (i == 0) {
                CX_TRY(cx_option_set(row, reader->grammar->object, text, place, reader->arena));
            } else {
                add_setting(reader, row->name, text, place, CX_ORIGIN_ENVIRONMENT);
            }
        }
    }
    return CX_OK;
}

static cx_status_t check_words(const reader_t *reader)
{
    const cx_grammar_t *grammar = reader->grammar;
    int                 count   = reader->out->word_count;

    if (reader->out->wants_help) {
        return CX_OK;
    }
    if (count < grammar->word_count_min) {
        return CX_FAIL(CX_INVALID, PLACE ": too few words; usage: collectivex %s",
                       cx_command_usage(grammar->command));
    }
    if (count > grammar->word_count_max) {
        return CX_FAIL(CX_INVALID, PLACE ": what is \"%s\" for? see: collectivex %s --help",
                       reader->out->words[grammar->word_count_max], grammar->command);
    }
    return CX_OK;
}

cx_status_t cx_arguments_read(const cx_grammar_t *grammar, int argc, char **argv, cx_arena_t *arena,
                              cx_arguments_t *out)
{
    reader_t reader = {.grammar = grammar, .argv = argv, .argc = argc, .arena = arena, .out = out};

    memset(out, 0, sizeof *out);
    out->settings =
        cx_arena_grab(arena, ((size_t)argc + CX_CASE_OPTION_COUNT_MAX) * sizeof *out->settings);
    out->words = cx_arena_grab(arena, ((size_t)argc + 1) * sizeof *out->words);
    if (!out->settings || !out->words) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the command line");
    }
    CX_TRY(cx_options_defaults(grammar->rows, grammar->object, arena));
    CX_TRY(read_environment(&reader));
    while (reader.next < argc) {
        const char *word = argv[reader.next++];

        if (strncmp(word, "--", 2) == 0 && word[2]) {
            CX_TRY(read_long(&reader, word + 2));
        } else if (word[0] == '-' && word[1]) {
            CX_TRY(read_short(&reader, word + 1));
        } else {
            out->words[out->word_count++] = word;
        }
    }
    return check_words(&reader);
}
