/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of one table as rows: every size, or one line per case. Not the heading and what stands
 * around it (result_table.h). */
#ifndef CX_CLI_RESULT_ROWS_H
#define CX_CLI_RESULT_ROWS_H

#include "cli/result_set.h"
#include "cli/table.h"

/* Cases that share a table, in the order of the view. */
typedef struct cx_case_range {
    cx_result_case_t *const *cases;
    int64_t                  count;
} cx_case_range_t;

/* What identifies a case within a table. One that never varies is said in the heading instead. */
typedef enum cx_case_label {
    CX_CASE_LABEL_BACKEND,
    CX_CASE_LABEL_OP,
    CX_CASE_LABEL_DTYPE,
    CX_CASE_LABEL_REDOP,
    CX_CASE_LABEL_PLACEMENT,
    CX_CASE_LABEL_DIFFERS,
    CX_CASE_LABEL_COUNT
} cx_case_label_t;

/* As printed; NULL where it means nothing for the case. */
const char *cx_case_label(const cx_result_case_t *one, cx_case_label_t label);
bool        cx_case_label_varies(const cx_case_range_t *range, cx_case_label_t label);

/* The signs that were used, for the legend. */
typedef struct cx_signs {
    bool has_best, has_tie, has_caveat, has_failed, has_floor, has_nominal, has_enqueue;
} cx_signs_t;

/* Rows of the full form: points, and cases that failed beyond their points. */
int64_t cx_result_row_count(const cx_case_range_t *range);

/* Columns and rows into an empty table. Errors CX_RESOURCE. */
cx_status_t cx_result_fill_full(const cx_case_range_t *range, cx_table_t *table, cx_signs_t *signs);
void cx_result_fill_compact(const cx_case_range_t *range, cx_table_t *table, cx_signs_t *signs);

#endif
