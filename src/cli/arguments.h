/* SPDX-License-Identifier: Apache-2.0 */
/* The command line against option tables: values found, settings for the plan, plain words.
 * Not what the options mean. */
#ifndef CX_CLI_ARGUMENTS_H
#define CX_CLI_ARGUMENTS_H

#include "model/plan.h"

/* -n N means --ranks N: one letter, one option. Flags of kind BOOL take no value. */
typedef struct cx_short_flag {
    char        letter;
    const char *name;
} cx_short_flag_t;

/**
 * What a command accepts. `rows` fill `object`; with takes_settings every other --name VALUE is a
 * setting of the plan, checked there. Environment variables CX_NAME of both are read first.
 */
typedef struct cx_grammar {
    const char            *command;
    const cx_option_t     *rows; /* NULL: no options */
    void                  *object;
    const cx_short_flag_t *short_flags; /* ends with letter 0; may be NULL */
    bool                   takes_settings;
    int                    word_count_min, word_count_max;

    const cx_option_t *const *help_tables; /* what --help shows, ends with NULL; NULL: `rows` */
} cx_grammar_t;

typedef struct cx_arguments {
    cx_setting_t *settings; /* environment first, then command line; in the arena */
    size_t        setting_count;
    const char  **words; /* what is no option; in the arena */
    int           word_count;
    bool          wants_help;
} cx_arguments_t;

/**
 * Read argv[0..argc) (the words behind the command's name).
 * errors  CX_INVALID "command line: ..." unknown option with the nearest name, missing or
 * superfluous value, too few or many words
 */
cx_status_t cx_arguments_read(const cx_grammar_t *grammar, int argc, char **argv, cx_arena_t *arena,
                              cx_arguments_t *out);

#endif
