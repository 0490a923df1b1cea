/* SPDX-License-Identifier: Apache-2.0 */
/* What the full and the compact table have in common: how a case is named, marked and judged in
 * words. Not which rows there are (result_rows.h). */
#ifndef CX_CLI_RESULT_CELLS_H
#define CX_CLI_RESULT_CELLS_H

#include "cli/numbers.h"
#include "cli/result_rows.h"

/* The sign before a row. */
typedef struct cx_mark {
    cx_glyph_t   glyph;
    cx_meaning_t meaning;
    bool         is_set;
} cx_mark_t;

/* One column per label; hidden where it never varies. */
void cx_cells_add_labels(const cx_case_range_t *range, cx_table_t *table);
void cx_cells_set_labels(cx_table_t *table, int32_t first_index, const cx_result_case_t *one,
                         cx_meaning_t meaning);
bool cx_cells_have_sizes(const cx_case_range_t *range);

cx_mark_t cx_mark_make(int severity, cx_standing_t standing, bool is_caveat, cx_signs_t *signs);
/* Into the first column of the last row. */
void cx_cells_set_mark(cx_table_t *table, const cx_mark_t *mark);

/* It was checked, or there is nothing to check: a launch leaves no output. */
bool cx_point_is_verified(const cx_result_point_t *point);
bool cx_point_has_caveat(const cx_result_point_t *point);
/* The case's own status is worse than that of every point of it. */
bool cx_case_failed_alone(const cx_result_case_t *one);

/* "ok", "! what to mind", or the status and why. NULL when memory ran out. */
const char  *cx_check_point(const cx_result_point_t *point, cx_arena_t *arena);
const char  *cx_check_case(const cx_result_case_t *one, cx_arena_t *arena);
cx_meaning_t cx_check_meaning(int severity, bool is_caveat);

const char *cx_time_unit_name(const cx_style_t *style, cx_time_unit_t unit);

#endif
