/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a ladder of sizes. */
#include "model/ladder.h"

#include "base/units.h"

#include <stdio.h>
#include <string.h>

#define ITEM_BYTES_MAX 128

static cx_status_t push(cx_ladder_t *ladder, int64_t bytes, const char *place)
{
    if (ladder->rung_count > 0 && bytes <= ladder->bytes[ladder->rung_count - 1]) {
        return CX_FAIL(CX_INVALID, "%s: sizes: must rise, but %lld B follows %lld B", place,
                       (long long)bytes, (long long)ladder->bytes[ladder->rung_count - 1]);
    }
    if (ladder->rung_count == CX_LADDER_RUNG_COUNT_MAX) {
        return CX_FAIL(CX_INVALID, "%s: sizes: more than %d sizes", place,
                       CX_LADDER_RUNG_COUNT_MAX);
    }
    ladder->bytes[ladder->rung_count++] = bytes;
    return CX_OK;
}

static cx_status_t parse_bytes(const char *text, const char *place, int64_t *out)
{
    const char *why = cx_units_parse_bytes(text, out);

    return why ? CX_FAIL(CX_INVALID, "%s: sizes: %s, got \"%s\"", place, why, text) : CX_OK;
}

static cx_status_t push_range(cx_ladder_t *ladder, char *first_text, char *rest, const char *place)
{
    char       *step_text = strchr(rest, ':');
    int64_t     first, last, step;
    const char *why;

    if (!step_text || (step_text[1] != 'x' && step_text[1] != '+')) {
        return CX_FAIL(CX_INVALID,
                       "%s: sizes: a range is FIRST:LAST:xFACTOR or FIRST:LAST:+STEP, such as "
                       "8B:64MiB:x4",
                       place);
    }
    *step_text = '\0';
    CX_TRY(parse_bytes(first_text, place, &first));
    CX_TRY(parse_bytes(rest, place, &last));
    if (step_text[1] == '+') {
        CX_TRY(parse_bytes(step_text + 2, place, &step));
    } else if ((why = cx_units_parse_int(step_text + 2, &step)) != NULL) {
        return CX_FAIL(CX_INVALID, "%s: sizes: %s after x, got \"%s\"", place, why, step_text + 2);
    }
    if (first > last || step < 1 || (step_text[1] == 'x' && (step < 2 || first == 0))) {
        return CX_FAIL(CX_INVALID, "%s: sizes: the range %s:%s:%s never rises to its end", place,
                       first_text, rest, step_text + 1);
    }
    for (int64_t bytes = first; bytes <= last;) {
        CX_TRY(push(ladder, bytes, place));
        if (step_text[1] == '+' ? bytes > INT64_MAX - step : bytes > INT64_MAX / step) {
            break;
        }
        bytes = step_text[1] == '+' ? bytes + step : bytes * step;
    }
    return CX_OK;
}

static cx_status_t push_item(cx_ladder_t *ladder, char *item, const char *place)
{
    char   *colon = strchr(item, ':');
    int64_t bytes;

    if (colon) {
        *colon = '\0';
        return push_range(ladder, item, colon + 1, place);
    }
    CX_TRY(parse_bytes(item, place, &bytes));
    return push(ladder, bytes, place);
}

cx_status_t cx_ladder_parse(const char *text, const char *place, cx_ladder_t *out)
{
    cx_ladder_t ladder = {.rung_count = 0};

    for (;;) {
        char   item[ITEM_BYTES_MAX];
        size_t length = strcspn(text, ",");

        if (length >= sizeof item) {
            return CX_FAIL(CX_INVALID, "%s: sizes: an item is longer than %d bytes", place,
                           ITEM_BYTES_MAX - 1);
        }
        (void)snprintf(item, sizeof item, "%.*s", (int)length, text);
        CX_TRY(push_item(&ladder, item, place));
        if (text[length] == '\0') {
            break;
        }
        text += length + 1;
    }
    *out = ladder;
    return CX_OK;
}
