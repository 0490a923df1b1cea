/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a ladder, of sizes or of tokens. */
#include "model/ladder.h"

#include "base/units.h"

#include <stdio.h>
#include <string.h>

#define ITEM_BYTES_MAX 128

/* What differs between the ladders. */
typedef struct kind {
    const char *name, *unit, *example;
    int32_t     rung_count_max;
    int64_t     min, max;
    const char *(*parse)(const char *text, int64_t *out);
} kind_t;

static const kind_t of_sizes  = {"sizes", " B",      "8B:64MiB:x4",       CX_LADDER_RUNG_COUNT_MAX,
                                 0,       INT64_MAX, cx_units_parse_bytes};
static const kind_t of_tokens = {
    "tokens",          "", "1:512:x2", CX_TOKEN_LADDER_RUNG_COUNT_MAX, 1, CX_TOKEN_COUNT_MAX,
    cx_units_parse_int};

/* A ladder while it is read. */
typedef struct reader {
    const kind_t *kind;
    const char   *place;
    cx_ladder_t   ladder;
} reader_t;

static cx_status_t push(reader_t *reader, int64_t value)
{
    const kind_t *kind   = reader->kind;
    cx_ladder_t  *ladder = &reader->ladder;

    if (ladder->rung_count > 0 && value <= ladder->bytes[ladder->rung_count - 1]) {
        return CX_FAIL(CX_INVALID, "%s: %s: must rise, but %lld%s follows %lld%s", reader->place,
                       kind->name, (long long)value, kind->unit,
                       (long long)ladder->bytes[ladder->rung_count - 1], kind->unit);
    }
    if (ladder->rung_count == kind->rung_count_max) {
        return CX_FAIL(CX_INVALID, "%s: %s: more than %d %s", reader->place, kind->name,
                       kind->rung_count_max, kind == &of_sizes ? "sizes" : "rungs");
    }
    ladder->bytes[ladder->rung_count++] = value;
    return CX_OK;
}

static cx_status_t parse_value(const reader_t *reader, const char *text, int64_t *out)
{
    const kind_t *kind = reader->kind;
    const char   *why  = kind->parse(text, out);

    if (why) {
        return CX_FAIL(CX_INVALID, "%s: %s: %s, got \"%s\"", reader->place, kind->name, why, text);
    }
    if (*out < kind->min || *out > kind->max) {
        return CX_FAIL(CX_INVALID, "%s: %s: %s is outside %lld..%lld; the nearest is %lld",
                       reader->place, kind->name, text, (long long)kind->min, (long long)kind->max,
                       (long long)(*out < kind->min ? kind->min : kind->max));
    }
    return CX_OK;
}

static cx_status_t push_range(reader_t *reader, char *first_text, char *rest)
{
    const kind_t *kind      = reader->kind;
    char         *step_text = strchr(rest, ':');
    int64_t       first, last, step;
    const char   *why;

    if (!step_text || (step_text[1] != 'x' && step_text[1] != '+')) {
        return CX_FAIL(CX_INVALID,
                       "%s: %s: a range is FIRST:LAST:xFACTOR or FIRST:LAST:+STEP, such as %s",
                       reader->place, kind->name, kind->example);
    }
    *step_text = '\0';
    CX_TRY(parse_value(reader, first_text, &first));
    CX_TRY(parse_value(reader, rest, &last));
    if (step_text[1] == '+') {
        CX_TRY(parse_value(reader, step_text + 2, &step));
    } else if ((why = cx_units_parse_int(step_text + 2, &step)) != NULL) {
        return CX_FAIL(CX_INVALID, "%s: %s: %s after x, got \"%s\"", reader->place, kind->name, why,
                       step_text + 2);
    }
    if (first > last || step < 1 || (step_text[1] == 'x' && (step < 2 || first == 0))) {
        return CX_FAIL(CX_INVALID, "%s: %s: the range %s:%s:%s never rises to its end",
                       reader->place, kind->name, first_text, rest, step_text + 1);
    }
    for (int64_t value = first; value <= last;) {
        CX_TRY(push(reader, value));
        if (step_text[1] == '+' ? value > INT64_MAX - step : value > INT64_MAX / step) {
            break;
        }
        value = step_text[1] == '+' ? value + step : value * step;
    }
    return CX_OK;
}

static cx_status_t push_item(reader_t *reader, char *item)
{
    char   *colon = strchr(item, ':');
    int64_t value;

    if (colon) {
        *colon = '\0';
        return push_range(reader, item, colon + 1);
    }
    CX_TRY(parse_value(reader, item, &value));
    return push(reader, value);
}

static cx_status_t read_ladder(reader_t *reader, const char *text)
{
    for (;;) {
        char   item[ITEM_BYTES_MAX];
        size_t length = strcspn(text, ",");

        if (length >= sizeof item) {
            return CX_FAIL(CX_INVALID, "%s: %s: an item is longer than %d bytes", reader->place,
                           reader->kind->name, ITEM_BYTES_MAX - 1);
        }
        (void)snprintf(item, sizeof item, "%.*s", (int)length, text);
        CX_TRY(push_item(reader, item));
        if (text[length] == '\0') {
            return CX_OK;
        }
        text += length + 1;
    }
}

cx_status_t cx_ladder_parse(const char *text, const char *place, cx_ladder_t *out)
{
    reader_t reader = {.kind = &of_sizes, .place = place};

    CX_TRY(read_ladder(&reader, text));
    *out = reader.ladder;
    return CX_OK;
}

cx_status_t cx_token_ladder_parse(const char *text, const char *place, cx_ladder_t *out)
{
    reader_t reader = {.kind = &of_tokens, .place = place};

    CX_TRY(read_ladder(&reader, text));
    *out = reader.ladder;
    return CX_OK;
}
