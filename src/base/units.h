/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where quantities are read from and written as text.
 * A bare number for a dimensioned quantity is refused, not guessed. */
#ifndef CX_BASE_UNITS_H
#define CX_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/**
 * Read a quantity. NULL on success, else a sentence that says what was expected (static storage);
 * `out` is written only on success.
 *
 * units   bytes: B kB MB GB (1000), KiB MiB GiB TiB (1024) · time: ns us ms s, stored as us ·
 *         ratio: 0.02 or 2%
 */
const char *cx_units_parse_int(const char *text, int64_t *out);
const char *cx_units_parse_bytes(const char *text, int64_t *bytes_out);
const char *cx_units_parse_time(const char *text, double *time_us_out);
const char *cx_units_parse_ratio(const char *text, double *ratio_out);

/* Exact: what parse reads back as the same value. Returns `out`. */
char *cx_units_print_bytes(int64_t bytes, char *out, size_t out_bytes);
char *cx_units_print_time(double time_us, char *out, size_t out_bytes);
char *cx_units_print_ratio(double ratio, char *out, size_t out_bytes);

#endif
