/* SPDX-License-Identifier: Apache-2.0 */
/* How text may look on one stream: colour or not, UTF-8 or ASCII, how wide, and which text is safe.
 * Not what is printed. */
#ifndef CX_CLI_STYLE_H
#define CX_CLI_STYLE_H

#include "model/run_options.h"

#include <stdio.h>

#define CX_WIDTH_DEFAULT 100

/* What colour may say; a symbol or a word always says it too. */
typedef enum cx_meaning {
    CX_MEANING_PLAIN,
    CX_MEANING_BEST,   /* green */
    CX_MEANING_CAVEAT, /* yellow */
    CX_MEANING_FAILED, /* red */
    CX_MEANING_DIM,    /* secondary, or not comparable */
    CX_MEANING_BOLD,   /* the chosen metric */
    CX_MEANING_PATH,   /* cyan */
    CX_MEANING_COUNT
} cx_meaning_t;

/* Signs that have an ASCII stand-in. */
typedef enum cx_glyph {
    CX_GLYPH_BEST,       /* > */
    CX_GLYPH_TIE,        /* ≈ or ~ */
    CX_GLYPH_CAVEAT,     /* ! */
    CX_GLYPH_FAILED,     /* x */
    CX_GLYPH_MICRO,      /* µs or us */
    CX_GLYPH_PLUS_MINUS, /* ± or +- */
    CX_GLYPH_DOT,        /* · or | between the parts of a heading */
    CX_GLYPH_ELLIPSIS,   /* … or ... */
    CX_GLYPH_COUNT
} cx_glyph_t;

typedef struct cx_style {
    bool    is_colored, is_utf8, is_terminal;
    bool    is_live;      /* a line may be redrawn: a terminal, not dumb, no CI variable */
    bool    is_width_set; /* by --width or COLUMNS, so a resized window changes nothing */
    int32_t column_count;
} cx_style_t;

/**
 * Decide for one stream; stdout and stderr are asked separately.
 *
 * colour  --color · NO_COLOR · FORCE_COLOR, CLICOLOR_FORCE · TERM=dumb or no terminal · on
 * UTF-8   nl_langinfo(CODESET) unless --ascii; main has called setlocale(LC_CTYPE, ""), and only
 *         that category, so that the decimal sign stays a point
 * width   --width · COLUMNS · the terminal's · 100
 */
void cx_style_init(cx_style_t *style, FILE *stream, const cx_style_request_t *request);

/* The same of stdout for lines that a person and grep may read: wrapped on a terminal alone. */
void cx_style_init_lines(cx_style_t *style);

/* The width of the window now, for what is redrawn; the old one where that cannot be known. */
int32_t cx_style_column_count_now(const cx_style_t *style, FILE *stream);

const char *cx_style_glyph(const cx_style_t *style, cx_glyph_t glyph);

/* `text` in the colour of its meaning, or bare. It is data that is safe already, or ours. */
void cx_style_put(FILE *out, const cx_style_t *style, cx_meaning_t meaning, const char *text);

/**
 * A copy of untrusted text that is safe and readable here, cut to fit: control characters (C0, C1,
 * DEL), bidirectional controls and broken UTF-8 become '?', and without UTF-8 all beyond ASCII.
 * Returns `out`.
 */
char *cx_style_clean(const cx_style_t *style, const char *text, char *out, size_t out_bytes);

/* Cells that clean text takes on a terminal: wide characters two, combining ones none. */
int32_t cx_style_cell_count(const char *text);

/**
 * Words of clean text in lines that fit the width, each ended by a newline. A number stays with the
 * word behind it, which is its unit.
 * begun_count   cells that the first line has already
 * indent_count  blanks before every further line
 */
void cx_style_wrap(FILE *out, const cx_style_t *style, cx_meaning_t meaning, int32_t begun_count,
                   int32_t indent_count, const char *text);

#endif
