/* SPDX-License-Identifier: Apache-2.0 */
/* Growing buffers, and the nearest valid name. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LENGTH_MAX 64

void cx_text_init(cx_text_t *text, size_t length_max)
{
    memset(text, 0, sizeof *text);
    text->length_max = length_max;
}

void cx_text_fini(cx_text_t *text)
{
    free(text->bytes);
    text->bytes = NULL;
}

/* Room for `more` bytes and the NUL; false when the text is full. */
static bool reserve(cx_text_t *text, size_t more)
{
    size_t needed   = text->length + more + 1;
    size_t capacity = text->capacity ? text->capacity : 256;
    char  *bytes;

    if (more > text->length_max || needed > text->length_max + 1) {
        return false;
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    if (capacity == text->capacity) {
        return true;
    }
    bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        return false;
    }
    text->bytes    = bytes;
    text->capacity = capacity;
    return true;
}

void cx_text_append(cx_text_t *text, const char *bytes, size_t length)
{
    if (text->is_cut || !reserve(text, length)) {
        text->is_cut = true;
        return;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void cx_text_format(cx_text_t *text, const char *format, ...)
{
    va_list args;
    int     length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || text->is_cut || !reserve(text, (size_t)length)) {
        text->is_cut = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

/* Levenshtein distance with one row of memory. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_LENGTH_MAX + 1];
    size_t b_length = strlen(b);

    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            best     = best < row[j] + 1 ? best : row[j] + 1;
            best     = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
            diagonal = row[j];
            row[j]   = best;
        }
    }
    return row[b_length];
}

const char *cx_text_nearest(const char *name, const void *names, cx_name_at_fn name_at)
{
    const char *best          = NULL;
    size_t      best_distance = NAME_LENGTH_MAX;
    const char *candidate;

    if (strlen(name) > NAME_LENGTH_MAX) {
        return NULL;
    }
    for (size_t i = 0; (candidate = name_at(names, i)) != NULL; i++) {
        /* Of five letters two may be wrong: they have changed places. */
        size_t length   = strlen(candidate);
        size_t limit    = length > 1 ? (length + 1) / 3 : 1;
        size_t distance = length > NAME_LENGTH_MAX ? limit + 1 : edit_distance(name, candidate);

        if (distance <= limit && distance < best_distance) {
            best          = candidate;
            best_distance = distance;
        }
    }
    return best;
}

const char *cx_text_name_at(const void *names, size_t index)
{
    return ((const char *const *)names)[index];
}

char *cx_text_printable(const char *text, char *out, size_t out_bytes)
{
    size_t length = 0;

    for (; *text && length + 1 < out_bytes; text++) {
        unsigned char byte = (unsigned char)*text;

        out[length++] = byte < 0x20 || byte == 0x7f ? '?' : *text;
    }
    out[length] = '\0';
    return out;
}
