/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities as text. */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct unit {
    const char *suffix;
    double      factor;
} unit_t;

static const unit_t byte_units[] = {
    {"B", 1},           {"kB", 1e3},           {"MB", 1e6},
    {"GB", 1e9},        {"TB", 1e12},          {"KiB", 1024.0},
    {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0},
    {NULL, 0}};
static const unit_t time_units[]  = {{"ns", 1e-3}, {"us", 1}, {"ms", 1e3}, {"s", 1e6}, {NULL, 0}};
static const unit_t ratio_units[] = {{"", 1}, {"%", 0.01}, {NULL, 0}};

/* Splits "12.5us" into a finite number and the unit's row; NULL row when the suffix is unknown. */
static bool split(const char *text, const unit_t *units, double *number, const unit_t **unit)
{
    char *end;

    if (strchr("0123456789.+-", text[0]) == NULL || text[0] == '\0') {
        return false;
    }
    errno   = 0;
    *number = strtod(text, &end);
    if (end == text || errno == ERANGE || !isfinite(*number) || strpbrk(text, "xXpP")) {
        return false;
    }
    for (*unit = units; (*unit)->suffix; (*unit)++) {
        if (strcmp(end, (*unit)->suffix) == 0) {
            return true;
        }
    }
    *unit = NULL;
    return true;
}

const char *cx_units_parse_int(const char *text, int64_t *out)
{
    char     *end;
    long long value;

    if (strchr("0123456789+-", text[0]) == NULL || text[0] == '\0') {
        return "expected a whole number";
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0') {
        return "expected a whole number";
    }
    if (errno == ERANGE) {
        return "the number does not fit 64 bits";
    }
    *out = value;
    return NULL;
}

/* "1M", "1mib" and "1KB" leave open which of two sizes is meant. */
static const char *refuse_byte_unit(const char *text)
{
#define EXPECTED "expected a size with a unit: B, KiB, MiB, GiB, kB, MB or GB"
    static const char *const hints[] = {
        EXPECTED " (did you mean KiB?)", EXPECTED " (did you mean MiB?)",
        EXPECTED " (did you mean GiB?)", EXPECTED " (did you mean TiB?)"};
    static const char letters[] = "KMGT";
    const char       *suffix    = text + strspn(text, "0123456789.");
    const char       *letter    = *suffix ? strchr(letters, toupper((unsigned char)*suffix)) : NULL;

    return letter && suffix[1 + strspn(suffix + 1, "ibIB")] == '\0' ? hints[letter - letters]
                                                                    : EXPECTED;
#undef EXPECTED
}

const char *cx_units_parse_bytes(const char *text, int64_t *bytes_out)
{
    double        number, bytes;
    const unit_t *unit;

    if (!split(text, byte_units, &number, &unit)) {
        return "expected a size such as 8B, 64KiB or 1.5MB";
    }
    if (!unit) {
        return refuse_byte_unit(text);
    }
    bytes = number * unit->factor;
    if (bytes < 0 || bytes >= 9007199254740992.0) { /* 2^53: beyond it the text is not exact */
        return "the size is negative or too large";
    }
    if (bytes != floor(bytes)) {
        return "the size is not a whole number of bytes";
    }
    *bytes_out = (int64_t)bytes;
    return NULL;
}

const char *cx_units_parse_time(const char *text, double *time_us_out)
{
    double        number;
    const unit_t *unit;

    if (!split(text, time_units, &number, &unit)) {
        return "expected a time such as 250us or 10s";
    }
    if (!unit) {
        return "expected a time with a unit: ns, us, ms or s";
    }
    if (number < 0 || !isfinite(number * unit->factor)) {
        return "the time is negative or too large";
    }
    *time_us_out = number * unit->factor;
    return NULL;
}

const char *cx_units_parse_ratio(const char *text, double *ratio_out)
{
    double        number;
    const unit_t *unit;

    if (!split(text, ratio_units, &number, &unit) || !unit) {
        return "expected a ratio such as 0.02 or 2%";
    }
    *ratio_out = number * unit->factor;
    return NULL;
}

char *cx_units_print_bytes(int64_t bytes, char *out, size_t out_bytes)
{
    static const struct {
        const char *suffix;
        int64_t     factor;
    } scales[] = {{"TiB", INT64_C(1) << 40},
                  {"GiB", INT64_C(1) << 30},
                  {"MiB", INT64_C(1) << 20},
                  {"KiB", INT64_C(1) << 10}};

    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        if (bytes >= scales[i].factor && bytes % scales[i].factor == 0) {
            (void)snprintf(out, out_bytes, "%lld%s", (long long)(bytes / scales[i].factor),
                           scales[i].suffix);
            return out;
        }
    }
    (void)snprintf(out, out_bytes, "%lldB", (long long)bytes);
    return out;
}

/* The shortest decimal that reads back as the same double. */
static void print_exact(double value, const char *suffix, char *out, size_t out_bytes)
{
    for (int digits = 6; digits <= 17; digits++) {
        char number[64];

        (void)snprintf(number, sizeof number, "%.*g", digits, value);
        if (digits == 17 || strtod(number, NULL) == value) {
            (void)snprintf(out, out_bytes, "%s%s", number, suffix);
            return;
        }
    }
}

char *cx_units_print_time(double time_us, char *out, size_t out_bytes)
{
    double seconds      = time_us / 1e6;
    double milliseconds = time_us / 1e3;

    if (time_us >= 1e6 && seconds * 1e6 == time_us && seconds == floor(seconds)) {
        print_exact(seconds, "s", out, out_bytes);
    } else if (time_us >= 1e3 && milliseconds * 1e3 == time_us &&
               milliseconds == floor(milliseconds)) {
        print_exact(milliseconds, "ms", out, out_bytes);
    } else {
        print_exact(time_us, "us", out, out_bytes);
    }
    return out;
}

char *cx_units_print_ratio(double ratio, char *out, size_t out_bytes)
{
    print_exact(ratio, "", out, out_bytes);
    return out;
}
