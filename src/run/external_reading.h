/* SPDX-License-Identifier: Apache-2.0 */
/* From what a program said to the rows and the status of the case it was started for.
 * Private to external.c. */
#ifndef CX_RUN_EXTERNAL_READING_H
#define CX_RUN_EXTERNAL_READING_H

#include "run/external.h"
#include "run/import_series.h"

/**
 * What is known once the program is gone.
 *
 * name, bytes    what it said, and a name that holds the program's
 * end, end_text  how it ended: CX_OK by itself and well; else why not, in words
 */
typedef struct cx_external_reading {
    const cx_external_t *external;
    const cx_case_t     *one;
    int32_t              rank_count;
    const char          *name, *bytes;
    size_t               byte_count;
    cx_status_t          end;
    const char          *end_text;
} cx_external_reading_t;

/**
 * What it comes to.
 *
 * environment, tool, version  as it said; NULL when it said nothing that can be read
 * rows                        of the sizes asked for, each known by its rung; never ok when the
 *                             whole is not for a reason of the whole
 * left_out                    rungs without a row, as in a record; owned
 */
typedef struct cx_external_outcome {
    cx_status_t     status;
    const char     *detail;                 /* NULL when ok */
    json_t         *environment, *left_out; /* owned */
    const char     *tool, *version;
    double          busbw_factor;
    const cx_row_t *rows;
    int32_t         row_count;
} cx_external_outcome_t;

/**
 * Read it and judge it. Texts and rows live in the arena.
 * errors  CX_RESOURCE
 */
cx_status_t cx_external_read(const cx_external_reading_t *reading, cx_arena_t *arena,
                             cx_external_outcome_t *out);
void        cx_external_outcome_fini(cx_external_outcome_t *outcome);

#endif
