/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of one point, of every rank, in the order they were taken.
 * Not their statistics (stats/), not their file (store/samples.h). */
#ifndef CX_MEASURE_SERIES_H
#define CX_MEASURE_SERIES_H

#include "base/fail.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * Arrays are [rank_count][capacity], row-major, so that a rank's samples are contiguous.
 *
 * rank_us     duration of the sample on that rank
 * arrival_us  start of the sample on that rank after the first rank's start, common clock
 * exit_us     end of the sample likewise after the first rank's end
 * reduced_us  [capacity], one number per sample: the regime's reduction over ranks
 * has_skew    arrival and exit mean something (regimes isolated and graph)
 */
typedef struct cx_series {
    int32_t rank_count;
    int64_t capacity, count;
    double *rank_us, *arrival_us, *exit_us, *reduced_us; /* owned */
    double *scratch; /* owned; [capacity + rank_count], for statistics */
    double *column;  /* owned; [rank_count] */
    bool    has_skew;
} cx_series_t;

/* All memory a point will need, touched. Errors CX_RESOURCE. */
cx_status_t cx_series_init(cx_series_t *series, int32_t rank_count, int64_t capacity);
void        cx_series_fini(cx_series_t *series);
void        cx_series_clear(cx_series_t *series);
/* Where one operation was `times` pieces of work: what a piece took, on every rank and reduced. */
void cx_series_divide(cx_series_t *series, int64_t times);

#endif
