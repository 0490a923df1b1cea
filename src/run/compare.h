/* SPDX-License-Identifier: Apache-2.0 */
/* Two folders of results against each other: the same work, before and after.
 * Not one folder's tables (cli/result_table.h), and not whether a folder is whole (check.h). */
#ifndef CX_RUN_COMPARE_H
#define CX_RUN_COMPARE_H

#include "base/arena.h"
#include "base/fail.h"
#include "stats/compare.h"

/* One row of one case that both folders have. Texts live as long as the arena. */
typedef struct cx_compared_row {
    const char     *case_id, *component; /* component: family ep, else NULL */
    int64_t         requested_bytes;
    double          before_us, after_us;       /* medians over launches */
    int64_t         before_count, after_count; /* launches */
    cx_comparison_t comparison;                /* p_value adjusted over all rows (Holm) */
} cx_compared_row_t;

/* A case or row that cannot be compared, and why; or a factor of the environment that changed. */
typedef struct cx_compared_note {
    const char *subject, *text;
} cx_compared_note_t;

typedef struct cx_compared {
    cx_compared_row_t  *rows;
    cx_compared_note_t *left_out, *changes;
    int64_t             row_count, left_out_count, change_count;
    int64_t             verdict_counts[CX_COMPARISON_COUNT];
} cx_compared_t;

/**
 * Pair the records of two folders and compare each row that both have and that ended ok.
 *
 * Work is the same when every option of role KEY, the contract with its version and the number of
 * ranks are. The environment may differ, for that is what is asked ("did the upgrade cost us
 * anything?"): every factor of it that does is listed in `changes`.
 *
 * What is compared are the medians of launches: samples of one launch are no independent numbers,
 * and what changes from launch to launch is often more than a row's own interval. With fewer than
 * four on a side there is a ratio, but no interval and no verdict.
 *
 * threshold_ratio  as cx_compare
 * owns             everything of `out` lies in the arena
 * errors           CX_INVALID a folder without records, a record that cannot be read, or
 *                  no work in common · CX_RESOURCE
 */
cx_status_t cx_compare_folders(const char *before, const char *after, double threshold_ratio,
                               cx_arena_t *arena, cx_compared_t *out);

#endif
