/* SPDX-License-Identifier: Apache-2.0 */
/* Values that may be unknown. */
#include "target/value.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

json_t *cx_value_text(const char *text)
{
    json_t *value = text ? json_string(text) : NULL;

    return value ? value : json_null();
}

json_t *cx_value_int(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

json_t *cx_value_file_text(const cx_root_t *root, const char *format, ...)
{
    char    path[PATH_MAX];
    char    text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(path, sizeof path, format, args);
    va_end(args);
    return cx_value_text(cx_root_text(root, text, sizeof text, "%s", path) ? text : NULL);
}

json_t *cx_value_link(const cx_root_t *root, const char *format, ...)
{
    char    path[PATH_MAX];
    char    name[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(path, sizeof path, format, args);
    va_end(args);
    return cx_value_text(cx_root_link(root, name, sizeof name, "%s", path) ? name : NULL);
}

void cx_value_append(json_t **list, json_t *item)
{
    if (!*list || !item || json_array_append_new(*list, item) != 0) {
        if (!*list) {
            json_decref(item);
        }
        json_decref(*list);
        *list = NULL;
    }
}
