/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: defaults, reading, printing. */
#include "model/options.h"

#include "base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHOICES_BYTES_MAX 320 /* leaves room for the rest of a failure's text */

static const char *const origin_slugs[CX_ORIGIN_COUNT] = {
#define SLUG(name, slug) slug,
    CX_ORIGIN_MAP(SLUG)
#undef SLUG
};

const char *cx_origin_slug(cx_origin_t origin)
{
    return origin_slugs[origin];
}

size_t cx_options_count(const cx_option_t *rows)
{
    size_t count = 0;

    while (rows && rows[count].name) {
        count++;
    }
    return count;
}

static bool names_equal(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_'))) {
            return false;
        }
    }
    return *a == *b;
}

const cx_option_t *cx_options_find(const cx_option_t *rows, const char *name)
{
    for (; rows && rows->name; rows++) {
        if (names_equal(rows->name, name)) {
            return rows;
        }
    }
    return NULL;
}

const char *cx_options_name_at(const void *rows, size_t index)
{
    return ((const cx_option_t *)rows)[index].name;
}

char *cx_option_key(const cx_option_t *row, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "%s", row->name);
    for (char *c = out; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    return out;
}

char *cx_option_variable(const cx_option_t *row, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "CX_%s", row->name);
    for (char *c = out; *c; c++) {
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
    return out;
}

cx_status_t cx_options_defaults(const cx_option_t *rows, void *object, cx_arena_t *arena)
{
    for (; rows && rows->name; rows++) {
        CX_TRY(cx_option_set(rows, object, rows->default_text, "default", arena));
    }
    return CX_OK;
}

/* Reads a number of the row's kind; a sentence on failure. */
static const char *parse_number(const cx_option_t *row, const char *text, void *place)
{
    switch (row->kind) {
    case CX_VALUE_INT:
        return cx_units_parse_int(text, place);
    case CX_VALUE_BYTES:
        return cx_units_parse_bytes(text, place);
    case CX_VALUE_TIME:
        return cx_units_parse_time(text, place);
    default:
        return cx_units_parse_ratio(text, place);
    }
}

static bool is_float_kind(cx_value_kind_t kind)
{
    return kind == CX_VALUE_TIME || kind == CX_VALUE_RATIO;
}

/* As a user would write it. */
static char *print_bound(const cx_option_t *row, double bound, char *out, size_t out_bytes)
{
    if (row->kind == CX_VALUE_TIME) {
        return cx_units_print_time(bound, out, out_bytes);
    }
    if (row->kind == CX_VALUE_BYTES) {
        return cx_units_print_bytes((int64_t)bound, out, out_bytes);
    }
    (void)snprintf(out, out_bytes, "%.15g", bound);
    return out;
}

static cx_status_t set_number(const cx_option_t *row, void *object, const char *text,
                              const char *place)
{
    union {
        int64_t whole;
        double  real;
    } value         = {0};
    const char *why = parse_number(row, text, &value);
    double      number;

    if (why) {
        return CX_FAIL(CX_INVALID, "%s: %s: %s, got \"%s\"", place, row->name, why, text);
    }
    number = is_float_kind(row->kind) ? value.real : (double)value.whole;
    if (row->min < row->max && !(number >= row->min && number <= row->max)) {
        char min[64], max[64];

        return CX_FAIL(CX_INVALID, "%s: %s: %s is outside %s..%s", place, row->name, text,
                       print_bound(row, row->min, min, sizeof min),
                       print_bound(row, row->max, max, sizeof max));
    }
    memcpy((char *)object + row->offset, &value, sizeof value);
    return CX_OK;
}

static cx_status_t refuse_choice(const cx_option_t *row, const char *text, const char *place)
{
    const char *nearest = cx_text_nearest(text, row->choices, cx_text_name_at);
    char        choices[CHOICES_BYTES_MAX];
    size_t      used = 0;

    for (size_t i = 0; row->choices[i] && used < sizeof choices; i++) {
        used += (size_t)snprintf(choices + used, sizeof choices - used, "%s%s", i > 0 ? ", " : "",
                                 row->choices[i]);
    }
    return CX_FAIL(CX_INVALID, "%s: %s: unknown value \"%s\"; %s%s%s%s", place, row->name, text,
                   nearest ? "did you mean \"" : "", nearest ? nearest : "",
                   nearest ? "\"? One of " : "one of ", choices);
}

static cx_status_t set_enum(const cx_option_t *row, void *object, const char *text,
                            const char *place)
{
    for (int32_t i = 0; row->choices[i]; i++) {
        if (names_equal(row->choices[i], text)) {
            memcpy((char *)object + row->offset, &i, sizeof i);
            return CX_OK;
        }
    }
    return refuse_choice(row, text, place);
}

static cx_status_t set_bool(const cx_option_t *row, void *object, const char *text,
                            const char *place)
{
    bool value = strcmp(text, "true") == 0;

    if (!value && strcmp(text, "false") != 0) {
        return CX_FAIL(CX_INVALID, "%s: %s: expected true or false, got \"%s\"", place, row->name,
                       text);
    }
    memcpy((char *)object + row->offset, &value, sizeof value);
    return CX_OK;
}

static cx_status_t set_text(const cx_option_t *row, void *object, const char *text,
                            const char *place, cx_arena_t *arena)
{
    const char *copy;

    if (strlen(text) >= CX_OPTION_TEXT_BYTES_MAX) {
        return CX_FAIL(CX_INVALID, "%s: %s: longer than %d bytes", place, row->name,
                       CX_OPTION_TEXT_BYTES_MAX - 1);
    }
    copy = cx_arena_text(arena, text);
    if (!copy) {
        return CX_FAIL(CX_RESOURCE, "%s: %s: out of memory", place, row->name);
    }
    memcpy((char *)object + row->offset, &copy, sizeof copy);
    return CX_OK;
}

cx_status_t cx_option_set(const cx_option_t *row, void *object, const char *text, const char *place,
                          cx_arena_t *arena)
{
    switch (row->kind) {
    case CX_VALUE_ENUM:
        return set_enum(row, object, text, place);
    case CX_VALUE_BOOL:
        return set_bool(row, object, text, place);
    case CX_VALUE_TEXT:
        return set_text(row, object, text, place, arena);
    default:
        return set_number(row, object, text, place);
    }
}

char *cx_option_print(const cx_option_t *row, const void *object, char *out, size_t out_bytes)
{
    const char *place = (const char *)object + row->offset;
    int64_t     whole;
    double      real;
    int32_t     choice;
    const char *text;

    switch (row->kind) {
    case CX_VALUE_INT:
        memcpy(&whole, place, sizeof whole);
        (void)snprintf(out, out_bytes, "%lld", (long long)whole);
        return out;
    case CX_VALUE_BYTES:
        memcpy(&whole, place, sizeof whole);
        return cx_units_print_bytes(whole, out, out_bytes);
    case CX_VALUE_TIME:
        memcpy(&real, place, sizeof real);
        return cx_units_print_time(real, out, out_bytes);
    case CX_VALUE_RATIO:
        memcpy(&real, place, sizeof real);
        return cx_units_print_ratio(real, out, out_bytes);
    case CX_VALUE_BOOL:
        (void)snprintf(out, out_bytes, "%s", *(const bool *)place ? "true" : "false");
        return out;
    case CX_VALUE_ENUM:
        memcpy(&choice, place, sizeof choice);
        (void)snprintf(out, out_bytes, "%s", row->choices[choice]);
        return out;
    default:
        memcpy(&text, place, sizeof text);
        (void)snprintf(out, out_bytes, "%s", text ? text : "");
        return out;
    }
}
