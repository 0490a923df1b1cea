/* SPDX-License-Identifier: Apache-2.0 */
/* A ladder as one cell per rung: eight levels, logarithmic, on a scale that rows can share.
 * Not a chart with axes (the report has those). */
#ifndef CX_CLI_SPARKLINE_H
#define CX_CLI_SPARKLINE_H

#include "cli/style.h"

/* Beside a positive value a rung may be NAN, not measured, or this: it failed. */
#define CX_RUNG_FAILED (-1.0)

typedef struct cx_spark_scale {
    double low, high; /* the smallest and largest value of the table; NAN: there is none */
} cx_spark_scale_t;

/* A scale of nothing yet; widen it by every row that shall compare. */
cx_spark_scale_t cx_spark_scale_empty(void);
void             cx_spark_scale_widen(cx_spark_scale_t *scale, const double *rungs, int64_t count);

/* One cell per rung; UTF-8 needs 3 bytes a cell and the NUL. Returns `out`. */
char *cx_sparkline_print(const cx_style_t *style, const cx_spark_scale_t *scale,
                         const double *rungs, int64_t count, char *out, size_t out_bytes);

#endif
