/* SPDX-License-Identifier: Apache-2.0 */
/* Fits columns to a width and prints them. Decides nothing about what they say. */
#include "cli/table.h"

#include <string.h>

#define CELL_BYTES_MAX 2048
#define WRAPPED_CELL_MIN 16  /* columns are dropped to give the wrapping one as much */
#define WRAPPED_CELL_LEAST 8 /* what it has in any case, over the width if it must */

typedef struct cell {
    const char  *text; /* NULL: empty */
    cx_meaning_t meaning;
} cell_t;

struct cx_table_row {
    cx_table_row_t *next;
    bool            is_gap;
    cell_t          cells[];
};

/* How the columns lie on a line of a given width. */
typedef struct layout {
    bool    is_shown[CX_TABLE_COLUMNS_MAX];
    int32_t cell_count[CX_TABLE_COLUMNS_MAX];
    int32_t last; /* index of the last shown column; -1: none */
} layout_t;

void cx_table_init(cx_table_t *table, const cx_style_t *style, cx_arena_t *arena)
{
    memset(table, 0, sizeof *table);
    table->style = style;
    table->arena = arena;
}

int32_t cx_table_add_column(cx_table_t *table, cx_column_t column)
{
    if (table->column_count == CX_TABLE_COLUMNS_MAX) {
        return -1;
    }
    table->columns[table->column_count] = column;
    return table->column_count++;
}

static void add_row(cx_table_t *table, bool is_gap)
{
    cx_table_row_t *row = cx_arena_grab(table->arena, sizeof *row + (size_t)table->column_count *
                                                                        sizeof row->cells[0]);

    if (!row) {
        table->is_cut = true;
        return;
    }
    row->is_gap = is_gap;
    if (table->last) {
        table->last->next = row;
    } else {
        table->first = row;
    }
    table->last = row;
    table->row_count += !is_gap;
}

void cx_table_add_row(cx_table_t *table)
{
    add_row(table, false);
}

void cx_table_add_gap(cx_table_t *table)
{
    add_row(table, true);
}

void cx_table_set(cx_table_t *table, int32_t column_index, cx_meaning_t meaning, const char *text)
{
    char clean[CELL_BYTES_MAX];

    if (!table->last || column_index < 0 || !text || !*text) {
        return;
    }
    table->last->cells[column_index] = (cell_t){
        cx_arena_text(table->arena, cx_style_clean(table->style, text, clean, sizeof clean)),
        meaning};
    table->is_cut = table->is_cut || !table->last->cells[column_index].text;
}

static const char *text_of(const cx_table_t *table, const cx_table_row_t *row, int32_t i)
{
    const char *text = row->cells[i].text;

    return text ? text : table->columns[i].is_number ? "-" : "";
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static int32_t title_cell_count(const cx_column_t *column)
{
    const int32_t title_count = cx_style_cell_count(column->title);
    const int32_t unit_count  = cx_style_cell_count(or_empty(column->unit));

    return title_count > unit_count ? title_count : unit_count;
}

static void measure(const cx_table_t *table, layout_t *out)
{
    for (int32_t i = 0; i < table->column_count; i++) {
        out->is_shown[i]   = !table->columns[i].is_hidden;
        out->cell_count[i] = title_cell_count(&table->columns[i]);
        for (const cx_table_row_t *row = table->first; row; row = row->next) {
            const int32_t cell_count = cx_style_cell_count(text_of(table, row, i));

            if (!row->is_gap && cell_count > out->cell_count[i]) {
                out->cell_count[i] = cell_count;
            }
        }
    }
}

/* Blanks after a column: a mark, which has no title, stands close to what it marks. */
static int32_t gutter_after(const cx_table_t *table, int32_t i)
{
    return *table->columns[i].title ? 2 : 1;
}

static void find_last(const cx_table_t *table, layout_t *layout)
{
    layout->last = -1;
    for (int32_t i = 0; i < table->column_count; i++) {
        layout->last = layout->is_shown[i] ? i : layout->last;
    }
}

/* Cells of a line up to the last column, which may be narrower than its text. */
static int32_t cells_before_last(const cx_table_t *table, const layout_t *layout)
{
    int32_t total = 0;

    for (int32_t i = 0; i < layout->last; i++) {
        total += layout->is_shown[i] ? layout->cell_count[i] + gutter_after(table, i) : 0;
    }
    return total;
}

static bool wraps(const cx_table_t *table, const layout_t *layout)
{
    return layout->last >= 0 && !table->columns[layout->last].is_number;
}

static int32_t cells_needed(const cx_table_t *table, const layout_t *layout)
{
    const int32_t natural = layout->last < 0 ? 0 : layout->cell_count[layout->last];
    const bool    is_long = wraps(table, layout) && natural > WRAPPED_CELL_MIN;

    return cells_before_last(table, layout) + (is_long ? WRAPPED_CELL_MIN : natural);
}

/* The shown column that goes first; -1 when all must stay. */
static int32_t find_droppable(const cx_table_t *table, const layout_t *layout)
{
    int32_t found = -1, order = 0;

    for (int32_t i = 0; i < table->column_count; i++) {
        if (layout->is_shown[i] && table->columns[i].drop_order > order) {
            found = i;
            order = table->columns[i].drop_order;
        }
    }
    return found;
}

static void fit(const cx_table_t *table, layout_t *out)
{
    int32_t room_count, dropped;

    measure(table, out);
    find_last(table, out);
    while (cells_needed(table, out) > table->style->column_count &&
           (dropped = find_droppable(table, out)) >= 0) {
        out->is_shown[dropped] = false;
        find_last(table, out);
    }
    room_count = table->style->column_count - cells_before_last(table, out);
    room_count = room_count < WRAPPED_CELL_LEAST ? WRAPPED_CELL_LEAST : room_count;
    if (wraps(table, out) && out->cell_count[out->last] > room_count) {
        out->cell_count[out->last] = room_count;
    }
}

/* Text padded to its column; the blanks after it are owed, so that no line ends in one. */
static void put_cell(FILE *out, const cx_table_t *table, const layout_t *layout, int32_t i,
                     const cell_t *cell, int32_t *blank_count)
{
    const int32_t rest  = layout->cell_count[i] - cx_style_cell_count(cell->text);
    const int32_t left  = table->columns[i].is_number && rest > 0 ? rest : 0;
    const int32_t right = rest - left;

    *blank_count += left;
    if (*cell->text) {
        fprintf(out, "%*s", (int)*blank_count, "");
        cx_style_put(out, table->style, cell->meaning, cell->text);
        *blank_count = 0;
    }
    *blank_count += (right > 0 ? right : 0) + gutter_after(table, i);
}

static void print_titles(FILE *out, const cx_table_t *table, const layout_t *layout, bool of_units)
{
    int32_t blank_count = 0;

    for (int32_t i = 0; i < table->column_count; i++) {
        const cx_column_t *column = &table->columns[i];
        const cell_t cell = {of_units ? or_empty(column->unit) : column->title, CX_MEANING_DIM};

        if (layout->is_shown[i]) {
            put_cell(out, table, layout, i, &cell, &blank_count);
        }
    }
    fprintf(out, "\n");
}

static bool has_units(const cx_table_t *table, const layout_t *layout)
{
    for (int32_t i = 0; i < table->column_count; i++) {
        if (layout->is_shown[i] && table->columns[i].unit) {
            return true;
        }
    }
    return false;
}

/* The last column: as many lines as it takes, each under the first. */
static void print_wrapped(FILE *out, const cx_table_t *table, const layout_t *layout,
                          const cell_t *cell, int32_t blank_count)
{
    const int32_t before = cells_before_last(table, layout);
    cx_style_t    style  = *table->style;

    style.column_count = before + layout->cell_count[layout->last];
    fprintf(out, "%*s", *cell->text ? (int)blank_count : 0, "");
    cx_style_wrap(out, &style, cell->meaning, before, before, cell->text);
}

static void print_row(FILE *out, const cx_table_t *table, const layout_t *layout,
                      const cx_table_row_t *row)
{
    int32_t blank_count = 0;

    for (int32_t i = 0; i <= layout->last && !row->is_gap; i++) {
        const cell_t cell = {text_of(table, row, i), row->cells[i].meaning};

        if (!layout->is_shown[i]) {
            continue;
        }
        if (i == layout->last && wraps(table, layout)) {
            print_wrapped(out, table, layout, &cell, blank_count);
            return;
        }
        put_cell(out, table, layout, i, &cell, &blank_count);
    }
    fprintf(out, "\n");
}

void cx_table_print(FILE *out, const cx_table_t *table)
{
    layout_t layout = {0};

    fit(table, &layout);
    print_titles(out, table, &layout, false);
    if (has_units(table, &layout)) {
        print_titles(out, table, &layout, true);
    }
    for (const cx_table_row_t *row = table->first; row; row = row->next) {
        print_row(out, table, &layout, row);
    }
    if (table->is_cut) {
        fprintf(out, "warning: memory ran out, the table is not complete\n");
    }
}

void cx_markdown_put(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\|`*[]", *text)) {
            fprintf(out, "\\%c", *text);
        } else if (strchr("<>&", *text)) {
            fprintf(out, "&%s;", *text == '<' ? "lt" : *text == '>' ? "gt" : "amp");
        } else {
            fprintf(out, "%c", *text);
        }
    }
}

static void print_markdown_cell(FILE *out, const char *text, const char *unit)
{
    fprintf(out, "| ");
    cx_markdown_put(out, text);
    fprintf(out, "%s", *text && *unit ? " " : "");
    cx_markdown_put(out, unit);
    fprintf(out, " ");
}

void cx_table_print_markdown(FILE *out, const cx_table_t *table)
{
    for (int32_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].is_hidden) {
            print_markdown_cell(out, table->columns[i].title, or_empty(table->columns[i].unit));
        }
    }
    fprintf(out, "|\n");
    for (int32_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].is_hidden) {
            fprintf(out, "|%s", table->columns[i].is_number ? "--:" : "---");
        }
    }
    fprintf(out, "|\n");
    for (const cx_table_row_t *row = table->first; row; row = row->next) {
        for (int32_t i = 0; i < table->column_count && !row->is_gap; i++) {
            if (!table->columns[i].is_hidden) {
                print_markdown_cell(out, text_of(table, row, i), "");
            }
        }
        fprintf(out, "%s", row->is_gap ? "" : "|\n");
    }
}
