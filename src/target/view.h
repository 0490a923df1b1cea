/* SPDX-License-Identifier: Apache-2.0 */
/* A text with a length, and the little parsing that scanners of secrets share.
 * It knows what a name and a value are, not which of them is secret. */
#ifndef CX_TARGET_VIEW_H
#define CX_TARGET_VIEW_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cx_view {
    const char *text; /* borrowed, not zero-terminated */
    size_t      bytes;
} cx_view_t;

/* A name and its value somewhere in a text. */
typedef struct cx_pair {
    size_t name_at, name_length;
    size_t value_at, value_length;
} cx_pair_t;

/* ASCII, whatever the locale is. */
bool cx_is_alnum(char c);
bool cx_is_hex(char c);
/* Letters, digits, '_', '-' and '.'. */
bool cx_is_name(char c);

/* Whether the text has exactly `word` at `at`; has_word ignores case (`word` is lower-case). */
bool cx_view_starts(cx_view_t view, size_t at, const char *word);
bool cx_view_has_word(cx_view_t view, size_t at, const char *word);

/**
 * Read `name=value`, `name: value`, `"name": "value"`, `--name value` or `"--name", "value"` where
 * the name begins at `at`. The value ends at white space, a quote, a comma, a semicolon or '&'.
 */
bool cx_view_pair(cx_view_t view, size_t at, cx_pair_t *out);

#endif
