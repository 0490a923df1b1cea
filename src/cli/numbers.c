/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for people. Exact text is base/units.h. */
#include "cli/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGIT_COUNT 3
#define DECIMALS_MAX 9

static char *print_unknown(char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "-");
    return out;
}

cx_time_unit_t cx_time_unit_of(const double *times_us, int64_t count)
{
    double smallest_us = INFINITY;

    for (int64_t i = 0; i < count; i++) {
        smallest_us = fmin(smallest_us, times_us[i]);
    }
    return isfinite(smallest_us) && smallest_us >= 1000 ? CX_TIME_UNIT_MS : CX_TIME_UNIT_US;
}

char *cx_number_print(double value, char *out, size_t out_bytes)
{
    char rounded[CX_NUMBER_BYTES_MAX];
    int  exponent = 0, decimals;

    if (!isfinite(value)) {
        return print_unknown(out, out_bytes);
    }
    /* Rounding comes first: 9.996 has two decimals, not three, once it is 10.0. */
    (void)snprintf(rounded, sizeof rounded, "%.*e", DIGIT_COUNT - 1, value);
    value = strtod(rounded, NULL);
    if (value != 0) {
        exponent = (int)floor(log10(fabs(value)) + 1e-9);
    }
    decimals = DIGIT_COUNT - 1 - exponent;
    decimals = decimals < 0 || value == 0 ? 0 : decimals;
    (void)snprintf(out, out_bytes, "%.*f", decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals,
                   value);
    return out;
}

char *cx_number_print_time(double time_us, cx_time_unit_t unit, char *out, size_t out_bytes)
{
    return cx_number_print(unit == CX_TIME_UNIT_MS ? time_us / 1e3 : time_us, out, out_bytes);
}

char *cx_number_print_rate(double bytes_per_s, char *out, size_t out_bytes)
{
    return cx_number_print(bytes_per_s / 1e9, out, out_bytes);
}

char *cx_number_print_percent(double ratio, char *out, size_t out_bytes)
{
    if (!isfinite(ratio)) {
        return print_unknown(out, out_bytes);
    }
    (void)snprintf(out, out_bytes, ratio < 0.0995 ? "%.1f%%" : "%.0f%%", ratio * 100);
    return out;
}

char *cx_number_print_metric(cx_metric_kind_t kind, double value, cx_time_unit_t unit, char *out,
                             size_t out_bytes)
{
    switch (kind) {
    case CX_METRIC_TIME:
        return cx_number_print_time(value, unit, out, out_bytes);
    case CX_METRIC_RATE:
        return cx_number_print_rate(value, out, out_bytes);
    case CX_METRIC_PERCENT:
        return cx_number_print_percent(value, out, out_bytes);
    default:
        return cx_number_print(value, out, out_bytes);
    }
}

char *cx_number_print_count(int64_t count, char *out, size_t out_bytes)
{
    if (count == INT64_MIN) {
        return print_unknown(out, out_bytes);
    }
    (void)snprintf(out, out_bytes, "%lld", (long long)count);
    return out;
}

char *cx_number_print_bytes(int64_t bytes, char *out, size_t out_bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};

    if (bytes == INT64_MIN) {
        return print_unknown(out, out_bytes);
    }
    for (int i = 3; i >= 0; i--) {
        const double value = (double)bytes / (double)(INT64_C(1) << (10 * (i + 1)));
        char         digits[CX_NUMBER_BYTES_MAX];

        (void)snprintf(digits, sizeof digits, "%.4g", value);
        if (value >= 1 && strtod(digits, NULL) == value) {
            (void)snprintf(out, out_bytes, "%s %s", digits, units[i]);
            return out;
        }
    }
    (void)snprintf(out, out_bytes, "%lld B", (long long)bytes);
    return out;
}

char *cx_number_print_clock(double time_s, char *out, size_t out_bytes)
{
    if (!(time_s >= 0 && time_s < 1e9)) {
        (void)snprintf(out, out_bytes, "--:--");
        return out;
    }

    const long long seconds = llround(time_s);

    if (seconds < 3600) {
        (void)snprintf(out, out_bytes, "%02lld:%02lld", seconds / 60, seconds % 60);
    } else {
        (void)snprintf(out, out_bytes, "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
    }
    return out;
}
