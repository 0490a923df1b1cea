/* SPDX-License-Identifier: Apache-2.0 */
/* What another benchmark's output says, in that tool's own words: runs, series and rows.
 * Not records (run/import.h), and not a judgement of the numbers. */
#ifndef CX_STORE_IMPORT_H
#define CX_STORE_IMPORT_H

#include "base/arena.h"
#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CX_IMPORT_UNKNOWN INT64_MIN

/* One printed line, one placement. Unknown: NAN, CX_IMPORT_UNKNOWN. */
typedef struct cx_import_row {
    int64_t message_bytes, elems;
    double  time_us;
    double  algbw_bytes_per_s, busbw_bytes_per_s; /* as printed, so with few digits */
    bool    is_checked;                           /* the tool says that it looked at the output */
    int64_t wrong_count;                          /* unknown: it did not say how many */
} cx_import_row_t;

/* Rows with the same operation, types, root and placement, in the order of the file. */
typedef struct cx_import_series {
    int32_t          run_index;
    const char      *op, *dtype, *redop; /* the tool's words; empty where it does not say */
    int64_t          root_rank;
    bool             is_in_place;
    cx_import_row_t *rows;
    int32_t          row_count, row_capacity;
} cx_import_series_t;

/* Verdict of the check over a whole run. */
typedef enum cx_import_footer {
    CX_IMPORT_FOOTER_ABSENT, /* the tool prints one, and it is not there */
    CX_IMPORT_FOOTER_OK,
    CX_IMPORT_FOOTER_FAILED,
    CX_IMPORT_FOOTER_UNCHECKED, /* the tool says that it did not check */
    CX_IMPORT_FOOTER_NONE,      /* this tool never prints one */
    CX_IMPORT_FOOTER_COUNT
} cx_import_footer_t;

/* One start of the tool. Texts are empty and numbers unknown where it did not say. */
typedef struct cx_import_run {
    const char        *tool, *version, *library_version, *op, *device_model;
    const char        *error;                  /* its own words about a failure */
    int32_t            rank_count, host_count; /* 0: unknown */
    int64_t            warmup_iters, iters, agg_iters, graph_launches, is_validated;
    int64_t            reduced_max_bytes, max_bytes; /* it ran fewer sizes than asked for */
    bool               is_host_time;                 /* time until enqueued, not until done */
    cx_import_footer_t footer;
    double             busbw_bytes_per_s_mean; /* as printed */
    int64_t           *lost_bytes;             /* sizes whose line was split beyond repair */
    int32_t            lost_count, lost_capacity;
} cx_import_run_t;

typedef struct cx_import {
    cx_arena_t          arena; /* holds everything */
    cx_import_run_t    *runs;
    int32_t             run_count, run_capacity;
    cx_import_series_t *series;
    int32_t             series_count, series_capacity;
} cx_import_t;

void cx_import_init(cx_import_t *import);
void cx_import_fini(cx_import_t *import);

/* For the readers. NULL when memory ran out or there is more than any such file has. */
cx_import_run_t *cx_import_add_run(cx_import_t *import, const char *tool);
/* Add a row to the series of the last run that it belongs to. The texts are copied. */
cx_status_t cx_import_add_row(cx_import_t *import, const cx_import_series_t *like,
                              const cx_import_row_t *row);
cx_status_t cx_import_add_lost(cx_import_t *import, int64_t message_bytes);

/* A copy in printable ASCII; "" when memory ran out. */
const char *cx_import_text(cx_import_t *import, const char *text);
/* "all_reduce" of "./build/all_reduce_perf"; "" when there is no such word. */
const char *cx_import_program(cx_import_t *import, const char *text);

#endif
