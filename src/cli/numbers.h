/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people read them: three significant digits, '-' for unknown, bytes in powers of two.
 * Not exact forms (base/units.h). Every function returns `out`. */
#ifndef CX_CLI_NUMBERS_H
#define CX_CLI_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#define CX_NUMBER_BYTES_MAX 40

typedef enum cx_time_unit { CX_TIME_UNIT_US, CX_TIME_UNIT_MS, CX_TIME_UNIT_COUNT } cx_time_unit_t;

/* The unit of a whole column: ms once its smallest known value is a millisecond or more. */
cx_time_unit_t cx_time_unit_of(const double *times_us, int64_t count);

/* Three significant digits without an exponent: 0.0421, 4.20, 42.1, 421, 4210. */
char *cx_number_print(double value, char *out, size_t out_bytes);
char *cx_number_print_time(double time_us, cx_time_unit_t unit, char *out, size_t out_bytes);
/* Bytes per second as GB/s of 10^9 bytes. */
char *cx_number_print_rate(double bytes_per_s, char *out, size_t out_bytes);
/* 0.012 as "1.2%". */
char *cx_number_print_percent(double ratio, char *out, size_t out_bytes);
/* A value of a table's column, by what the column holds; `unit` is that of times. */
typedef enum cx_metric_kind {
    CX_METRIC_TIME,
    CX_METRIC_RATE,
    CX_METRIC_PERCENT,
    CX_METRIC_NUMBER
} cx_metric_kind_t;
char *cx_number_print_metric(cx_metric_kind_t kind, double value, cx_time_unit_t unit, char *out,
                             size_t out_bytes);
char *cx_number_print_count(int64_t count, char *out, size_t out_bytes);
/* Exact: 8 B, 1.5 KiB, 64 MiB; in bytes where no unit is exact in four digits. */
char *cx_number_print_bytes(int64_t bytes, char *out, size_t out_bytes);
/* 134 s as "02:14", 3720 s as "1:02:00"; negative or unknown as "--:--". */
char *cx_number_print_clock(double time_s, char *out, size_t out_bytes);

#endif
