/* SPDX-License-Identifier: Apache-2.0 */
/* One series of a capture as a case, rows and a status. Private to import.c and to
 * external_reading.c, which have the same captures. */
#ifndef CX_RUN_IMPORT_SERIES_H
#define CX_RUN_IMPORT_SERIES_H

#include "model/case.h"
#include "model/record.h"
#include "store/import.h"

#include <jansson.h>

typedef struct cx_import_view {
    const cx_import_run_t    *run;
    const cx_import_series_t *series;
    cx_case_t                 one;
    bool                      is_known[CX_CASE_OPTION_COUNT_MAX]; /* the tool said so */
    double                    busbw_factor;           /* NAN: none, or the rank count is unknown */
    cx_row_t                 *rows;                   /* by size, rising */
    int32_t                   row_count, empty_count; /* empty: printed with no bytes */
    cx_status_t               status;
    const char               *detail; /* NULL when ok */
} cx_import_view_t;

/**
 * Make the view of a series; everything lives in the arena.
 *
 * why     NULL, or the sentence why this series cannot be a record
 * errors  CX_RESOURCE
 */
cx_status_t cx_import_view(const cx_import_t *import, const cx_import_series_t *series,
                           cx_arena_t *arena, cx_import_view_t *out, const char **why);

/* Whether the average the run printed follows from its rows; true where it cannot be judged. */
bool cx_import_average_fits(const cx_import_t *import, int32_t run_index);

#endif
