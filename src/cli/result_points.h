/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one case, of all its launches, put together per size. Knows one case only: who is
 * ahead of whom is result_set.h's. */
#ifndef CX_CLI_RESULT_POINTS_H
#define CX_CLI_RESULT_POINTS_H

#include "cli/result_set.h"

/* Worst of several statuses, and whose it is. */
typedef struct cx_worst {
    const char *status, *detail;
    int64_t     launch_index, bad_count;
} cx_worst_t;

/* 0 ok or unknown, 1 unstable, 2 other failures, 3 incorrect. */
int  cx_result_severity(const char *status);
void cx_worst_add(cx_worst_t *worst, const char *status, const char *detail, int64_t launch_index);
/* The detail, with "launch 2 of 3: " before it when not every launch ended so. */
const char *cx_worst_explain(const cx_worst_t *worst, int64_t launch_count, cx_arena_t *arena);

/**
 * Fill points and point_count of a case from its launches, with the rows of its component.
 * errors  CX_RESOURCE memory
 */
cx_status_t cx_result_points_read(cx_result_case_t *one, cx_arena_t *arena);

/* One size over the launches of a case, from rows of that component; NULL: rows without one. */
cx_status_t cx_result_point_read(const cx_result_case_t *one, const char *component,
                                 int64_t requested_bytes, cx_arena_t *arena,
                                 cx_result_point_t *out);

/* The row of a launch; NULL when it has none. `list` is "rows" or "left_out". */
const json_t *cx_result_row_find(const json_t *record, const char *list, const char *component,
                                 int64_t requested_bytes);

#endif
