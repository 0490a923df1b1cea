/* SPDX-License-Identifier: Apache-2.0 */
/* Small work on strings that several layers need: growing buffers, and the nearest valid name. */
#ifndef CX_BASE_TEXT_H
#define CX_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing text, born with its maximum. When the maximum or memory is reached it is cut, and
 * `is_cut` says so. */
typedef struct cx_text {
    char  *bytes; /* owned, NUL-terminated, never NULL after the first append */
    size_t length, capacity, length_max;
    bool   is_cut;
} cx_text_t;

void cx_text_init(cx_text_t *text, size_t length_max);
void cx_text_fini(cx_text_t *text);
void cx_text_append(cx_text_t *text, const char *bytes, size_t length);
void cx_text_format(cx_text_t *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Called for the i-th candidate; NULL ends the list. */
typedef const char *(*cx_name_at_fn)(const void *names, size_t index);

/**
 * The candidate with the smallest edit distance to `name`, if it is near enough to be a typing
 * mistake (at most a third of its letters, at least one); NULL otherwise.
 */
const char *cx_text_nearest(const char *name, const void *names, cx_name_at_fn name_at);
/* name_at for a NULL-terminated array of strings. */
const char *cx_text_name_at(const void *names, size_t index);

/* A copy of untrusted text without control bytes, cut to fit: safe to print on a terminal. */
char *cx_text_printable(const char *text, char *out, size_t out_bytes);

#endif
