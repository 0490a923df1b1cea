/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text that fit a terminal, or the same as a Markdown table.
 * Knows no record: what stands in a cell is the caller's. */
#ifndef CX_CLI_TABLE_H
#define CX_CLI_TABLE_H

#include "base/arena.h"
#include "cli/style.h"

#define CX_TABLE_COLUMNS_MAX 32

/**
 * title, unit  one above the other: "p50", "us"; unit may be NULL; borrowed, and safe already
 * drop_order   0: always shown; else of those that must go the largest goes first
 * is_number    right-aligned; an empty cell of it reads '-'
 * The last column alone may wrap, onto lines of its own under itself.
 */
typedef struct cx_column {
    const char *title, *unit;
    int32_t     drop_order;
    bool        is_number;
    bool        is_hidden; /* never shown; so that a column can be left out by data */
} cx_column_t;

typedef struct cx_table_row cx_table_row_t;

typedef struct cx_table {
    const cx_style_t *style; /* borrowed, as is the arena */
    cx_arena_t       *arena;
    cx_column_t       columns[CX_TABLE_COLUMNS_MAX];
    int32_t           column_count;
    int64_t           row_count;
    cx_table_row_t   *first, *last;
    bool              is_cut; /* memory ran out and rows are missing; printed as a warning */
} cx_table_t;

void cx_table_init(cx_table_t *table, const cx_style_t *style, cx_arena_t *arena);
/* Before any row. Returns the column's index; -1 when there is no room. */
int32_t cx_table_add_column(cx_table_t *table, cx_column_t column);
/* A row of empty cells under the last; cells are set in it. */
void cx_table_add_row(cx_table_t *table);
/* An empty line between rows (not in Markdown). */
void cx_table_add_gap(cx_table_t *table);
/* A cell of the last row. The text is copied and made safe; NULL or "" leaves it empty. */
void cx_table_set(cx_table_t *table, int32_t column_index, cx_meaning_t meaning, const char *text);

void cx_table_print(FILE *out, const cx_table_t *table);
void cx_table_print_markdown(FILE *out, const cx_table_t *table);
/* Clean text with Markdown's own signs made harmless. */
void cx_markdown_put(FILE *out, const char *text);

#endif
