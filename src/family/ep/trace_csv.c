/* SPDX-License-Identifier: Apache-2.0 */
/* CSV, line by line: once to count, once to read. Not trace files (trace.c). */
#include "family/ep/trace_csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOPK_MAX 128

/* What a file's first line says of all its lines. */
typedef struct form {
    int64_t line_count, field_count;
    bool    has_weights;
} form_t;

static bool is_data(const char *line)
{
    return *line != '\0' && strchr("\r\n#", *line) == NULL;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : line + strlen(line);
}

/* Where the line's text ends: before "\n" or "\r\n". */
static size_t length_of(const char *line)
{
    return strcspn(line, "\r\n");
}

static void find_form(const char *text, form_t *form)
{
    *form = (form_t){0};
    for (const char *line = text; *line; line = next_line(line)) {
        if (!is_data(line)) {
            continue;
        }
        if (form->line_count++ == 0) {
            size_t length = length_of(line);

            form->field_count = 1;
            for (size_t i = 0; i < length; i++) {
                form->field_count += line[i] == ',';
                form->has_weights |= strchr(".eE", line[i]) != NULL;
            }
        }
    }
}

static bool read_whole(const char **next, int64_t *out)
{
    char     *end;
    long long value;

    errno = 0;
    value = strtoll(*next, &end, 10);
    if (end == *next || errno != 0) {
        return false;
    }
    *out  = value;
    *next = end + (*end == ',');
    return true;
}

static bool read_gate(const char **next, float *out)
{
    char *end;
    float value;

    errno = 0;
    value = strtof(*next, &end);
    if (end == *next || !isfinite(value)) {
        return false;
    }
    *out  = value;
    *next = end + (*end == ',');
    return true;
}

/* One line into row `token`; true when it is well formed and nothing is left over. */
static bool read_row(const char *line, const cx_ep_trace_t *trace, int64_t token)
{
    const char *next = line;
    int64_t     index, at = token * trace->topk;

    if (!read_whole(&next, &index) || index != token) {
        return false;
    }
    for (int64_t slot = 0; slot < trace->topk; slot++) {
        if (!read_whole(&next, &trace->experts[at + slot])) {
            return false;
        }
    }
    for (int64_t slot = 0; slot < trace->topk && trace->weights; slot++) {
        if (!read_gate(&next, &trace->weights[at + slot])) {
            return false;
        }
    }
    return next == line + length_of(line) && next[-1] != ',';
}

cx_status_t cx_ep_trace_parse_csv(const char *path, const char *text, cx_arena_t *arena,
                                  cx_ep_trace_t *in_out)
{
    cx_ep_trace_t trace = *in_out;
    form_t        form;
    long long     line_number = 1, token = 0;

    find_form(text, &form);
    trace.token_count = form.line_count;
    trace.topk        = form.has_weights ? (form.field_count - 1) / 2 : form.field_count - 1;
    if (form.line_count == 0) {
        return CX_FAIL(CX_INVALID, "%s: there is no token in this trace", path);
    }
    if (trace.topk < 1 || trace.topk > TOPK_MAX) {
        return CX_FAIL(CX_INVALID,
                       "%s: expected lines of INDEX,EXPERT,... with 1 to %d experts each", path,
                       TOPK_MAX);
    }
    CX_TRY(cx_ep_trace_grab(arena, form.has_weights, &trace));
    for (const char *line = text; *line; line = next_line(line), line_number++) {
        if (is_data(line) && !read_row(line, &trace, token++)) {
            return CX_FAIL(CX_INVALID,
                           "%s:%lld: expected token %lld, then its %lld experts%s, got \"%.*s\"",
                           path, line_number, token - 1, (long long)trace.topk,
                           form.has_weights ? " and as many gates" : "",
                           (int)(length_of(line) < 60 ? length_of(line) : 60), line);
        }
    }
    *in_out = trace;
    return CX_OK;
}
