/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and words of captures. */
#include "store/import_line.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a launcher put before the line: "[1,0]<stdout>:" or "  3: ". */
static const char *skip_prefix(const char *line)
{
    const char *mark  = line[0] == '[' ? strstr(line, "]<std") : NULL;
    const char *colon = mark ? strchr(mark, ':') : NULL;
    const char *digit = line + strspn(line, " ");

    if (colon) {
        return colon + 1;
    }
    colon = digit + strspn(digit, "0123456789");
    return colon > digit && colon[0] == ':' && colon[1] == ' ' ? colon + 2 : line;
}

bool cx_line_next(const char **at, const char *end, char out[CX_LINE_BYTES_MAX])
{
    size_t      length = 0;
    const char *line;

    if (*at == end) {
        return false;
    }
    for (; *at < end && **at != '\n'; (*at)++) {
        if (length + 1 < CX_LINE_BYTES_MAX && **at != '\r' && **at != '\0') {
            out[length++] = **at;
        }
    }
    *at += *at < end;
    out[length] = '\0';
    line        = skip_prefix(out);
    memmove(out, line, strlen(line) + 1);
    return true;
}

size_t cx_line_split(char *line, char *words[CX_LINE_WORD_COUNT_MAX])
{
    size_t count = 0;

    while (count < CX_LINE_WORD_COUNT_MAX) {
        while (isspace((unsigned char)*line)) {
            *line++ = '\0';
        }
        if (*line == '\0') {
            break;
        }
        words[count++] = line;
        while (*line && !isspace((unsigned char)*line)) {
            line++;
        }
    }
    return count;
}

bool cx_line_number_after(const char *line, const char *label, int64_t *out)
{
    const char *place = strstr(line, label);
    long long   value;
    char       *end;

    if (!place) {
        return false;
    }
    place += strlen(label);
    errno = 0;
    value = strtoll(place, &end, 10);
    if (end == place || errno != 0) {
        return false;
    }
    *out = value;
    return true;
}

bool cx_word_is_number(const char *word, double *out)
{
    char  *end;
    double value = strtod(word, &end);

    if (end == word || *end != '\0' || !isfinite(value) || strpbrk(word, "xX")) {
        return false;
    }
    *out = value;
    return true;
}

bool cx_word_is_whole(const char *word, int64_t min, int64_t *out)
{
    char     *end;
    long long value;

    errno = 0;
    value = strtoll(word, &end, 10);
    if (end == word || *end != '\0' || errno != 0 || value < min) {
        return false;
    }
    *out = value;
    return true;
}
