/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are equal for records that may stand together: of options, of the place, of what a
 * number means. For display alone: which numbers may be compared is the comparison key's to say
 * (model/key.h). */
#ifndef CX_CLI_RESULT_KEYS_H
#define CX_CLI_RESULT_KEYS_H

#include "base/arena.h"

#include <jansson.h>
#include <stdbool.h>

/* The text, or "" for NULL. */
const char *cx_text_or_empty(const char *text);
/* Whether the NULL-terminated list has the name. */
bool cx_name_is_listed(const char *const *names, const char *name);

/* The value of an option of a record; NULL when there is none. */
const char *cx_result_option(const json_t *record, const char *key);
/* Whether the case has it for another reason than that it is the default. */
bool cx_result_option_is_asked(const json_t *record, const char *key);

/* Every option that makes the work what it is, but those of the NULL-terminated list. These three
 * return a text in the arena, or NULL when memory ran out. */
const char *cx_result_options_key(const json_t *record, const char *const *without,
                                  cx_arena_t *arena);

/* Every factor of the environment that is not the backend's, nor a digest of options. */
const char *cx_result_place_key(const json_t *record, cx_arena_t *arena);

/* Contract, definition and origin of the numbers, and the place. */
const char *cx_result_measure_key(const json_t *record, cx_arena_t *arena);

#endif
