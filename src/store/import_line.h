/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and words of other tools' tables, as their text comes: launcher prefixes, colours, odd line
 * ends. Private to the readers of text captures. */
#ifndef CX_STORE_IMPORT_LINE_H
#define CX_STORE_IMPORT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CX_LINE_BYTES_MAX 4096
#define CX_LINE_WORD_COUNT_MAX 64

/* The next line, cut to fit, without its end and without what mpirun and srun put before it
 * ("[1,0]<stdout>:", "0: "). False at the end of the text. */
bool cx_line_next(const char **at, const char *end, char out[CX_LINE_BYTES_MAX]);

/* Splits at blanks, in place; returns how many there are, at most CX_LINE_WORD_COUNT_MAX. */
size_t cx_line_split(char *line, char *words[CX_LINE_WORD_COUNT_MAX]);

/* The number right behind `label`; false when the line has no such label or number. */
bool cx_line_number_after(const char *line, const char *label, int64_t *out);

/* Whether the whole word is a finite number, or a whole one that is not below `min`. */
bool cx_word_is_number(const char *word, double *out);
bool cx_word_is_whole(const char *word, int64_t min, int64_t *out);

#endif
