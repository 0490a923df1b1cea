/* SPDX-License-Identifier: Apache-2.0 */
/* Storage of samples. */
#include "measure/series.h"

#include <stdlib.h>
#include <string.h>

static double *grab(int64_t count)
{
    double *values = malloc((size_t)count * sizeof *values);

    if (values) {
        memset(values, 0, (size_t)count * sizeof *values);
    }
    return values;
}

cx_status_t cx_series_init(cx_series_t *series, int32_t rank_count, int64_t capacity)
{
    int64_t all = rank_count * capacity;

    memset(series, 0, sizeof *series);
    series->rank_count = rank_count;
    series->capacity   = capacity;
    series->rank_us    = grab(all);
    series->arrival_us = grab(all);
    series->exit_us    = grab(all);
    series->reduced_us = grab(capacity);
    series->scratch    = grab(capacity + rank_count);
    series->column     = grab(rank_count);
    if (!series->rank_us || !series->arrival_us || !series->exit_us || !series->reduced_us ||
        !series->scratch || !series->column) {
        cx_series_fini(series);
        return CX_FAIL(CX_RESOURCE, "out of memory for %lld samples of %d ranks",
                       (long long)capacity, rank_count);
    }
    return CX_OK;
}

void cx_series_fini(cx_series_t *series)
{
    free(series->rank_us);
    free(series->arrival_us);
    free(series->exit_us);
    free(series->reduced_us);
    free(series->scratch);
    free(series->column);
    memset(series, 0, sizeof *series);
}

void cx_series_clear(cx_series_t *series)
{
    series->count    = 0;
    series->has_skew = false;
}

void cx_series_divide(cx_series_t *series, int64_t times)
{
    for (int32_t rank = 0; rank < series->rank_count; rank++) {
        for (int64_t i = 0; i < series->count; i++) {
            series->rank_us[rank * series->capacity + i] /= (double)times;
        }
    }
    for (int64_t i = 0; i < series->count; i++) {
        series->reduced_us[i] /= (double)times;
    }
}
