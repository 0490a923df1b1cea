/* SPDX-License-Identifier: Apache-2.0 */
/* Structs with a field table, as JSON and back, and the JSON schema of the same table. */
#ifndef CX_STORE_FIELDS_H
#define CX_STORE_FIELDS_H

#include "base/arena.h"
#include "base/fail.h"
#include "collectivex/field.h"

#include <jansson.h>

/* A number, or null where it is not known (not finite; INT64_MIN). */
json_t *cx_real_to_json(double value);
json_t *cx_whole_to_json(int64_t value);

/* A new object with every field of the table, unknown ones null. NULL when memory ran out. */
json_t *cx_fields_to_json(const cx_field_t *fields, const void *object);

/**
 * Fill a struct from an object that must have exactly the table's fields; one that is_later may be
 * missing and is unknown then.
 * owns    texts are copied into the arena
 * errors  CX_INVALID "PLACE: ..." names the missing, unknown or mistyped field · CX_RESOURCE
 */
cx_status_t cx_fields_from_json(const cx_field_t *fields, const json_t *object, const char *place,
                                cx_arena_t *arena, void *out);

/* The closed JSON schema (draft 2020-12) of such an object. NULL when memory ran out. */
json_t *cx_fields_schema(const cx_field_t *fields);

#endif
