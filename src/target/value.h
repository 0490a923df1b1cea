/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values of readings that may be unknown: then they are null, never left out and never zero.
 * NULL as a reference means that memory ran out, and travels up to the one who reports it. */
#ifndef CX_TARGET_VALUE_H
#define CX_TARGET_VALUE_H

#include "target/root.h"

#include <jansson.h>
#include <stdint.h>

/* null when the text is NULL or not UTF-8. */
json_t *cx_value_text(const char *text);
/* null when negative. */
json_t *cx_value_int(int64_t value);
/* A file's text or number; null when it cannot be read. */
json_t *cx_value_file_text(const cx_root_t *root, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
json_t *cx_value_link(const cx_root_t *root, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes `item`. When memory ran out, here or before, *list becomes NULL. */
void cx_value_append(json_t **list, json_t *item);

#endif
