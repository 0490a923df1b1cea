/* SPDX-License-Identifier: Apache-2.0 */
/* Words, names and values in a text of known length. */
#include "target/view.h"

#include <string.h>

bool cx_is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool cx_is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool cx_is_name(char c)
{
    return cx_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

bool cx_view_starts(cx_view_t view, size_t at, const char *word)
{
    /* Asked at every byte of every record, and nearly always answered by the first letter. */
    if (at >= view.bytes || view.text[at] != word[0]) {
        return false;
    }
    const size_t length = strlen(word);

    return length <= view.bytes - at && memcmp(view.text + at, word, length) == 0;
}

bool cx_view_has_word(cx_view_t view, size_t at, const char *word)
{
    /* As above; 0x20 is what tells a small letter from its capital. */
    if (at >= view.bytes || (view.text[at] | 0x20) != (word[0] | 0x20)) {
        return false;
    }
    const size_t length = strlen(word);

    return length <= view.bytes - at && strncasecmp(view.text + at, word, length) == 0;
}

/* Moves over any of `set`; returns the first place that holds another. */
static size_t skip(cx_view_t view, size_t at, const char *set)
{
    while (at < view.bytes && view.text[at] != '\0' && strchr(set, view.text[at])) {
        at++;
    }
    return at;
}

bool cx_view_pair(cx_view_t view, size_t at, cx_pair_t *out)
{
    size_t end = at;

    if (!cx_is_name(view.text[at]) || (at > 0 && cx_is_name(view.text[at - 1]))) {
        return false;
    }
    while (end < view.bytes && cx_is_name(view.text[end])) {
        end++;
    }
    const bool   is_flag   = view.text[at] == '-';
    const size_t separator = skip(view, end, is_flag ? "\"'\\ ," : "\"'\\ ");
    size_t       value     = separator;

    if (value < view.bytes && (view.text[value] == '=' || view.text[value] == ':')) {
        value = skip(view, value + 1, "\"'\\ ");
    } else if (!is_flag || separator == end) {
        return false;
    }
    const size_t from = value;

    while (value < view.bytes && view.text[value] != '\0' &&
           !strchr(" \t\r\n\"'\\,;&", view.text[value])) {
        value++;
    }
    *out = (cx_pair_t){at, end - at, from, value - from};
    return true;
}
