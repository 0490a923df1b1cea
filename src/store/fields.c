/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables to JSON and back. */
#include "store/fields.h"

#include <math.h>
#include <string.h>

json_t *cx_real_to_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cx_whole_to_json(int64_t value)
{
    return value == INT64_MIN ? json_null() : json_integer(value);
}

static json_t *field_to_json(const cx_field_t *field, const char *address)
{
    double      real;
    int64_t     whole;
    const char *text;

    switch (field->kind) {
    case CX_FIELD_F64:
        memcpy(&real, address, sizeof real);
        return cx_real_to_json(real);
    case CX_FIELD_I64:
        memcpy(&whole, address, sizeof whole);
        return cx_whole_to_json(whole);
    case CX_FIELD_BOOL:
        return json_boolean(*(const bool *)address);
    default:
        memcpy(&text, address, sizeof text);
        return text ? json_string(text) : json_null();
    }
}

json_t *cx_fields_to_json(const cx_field_t *fields, const void *object)
{
    json_t *out = json_object();

    for (; out && fields->name; fields++) {
        json_t *value = field_to_json(fields, (const char *)object + fields->offset);

        if (json_object_set_new(out, fields->name, value) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}

static bool field_accepts(const cx_field_t *field, const json_t *value)
{
    switch (field->kind) {
    case CX_FIELD_F64:
        return json_is_null(value) || json_is_number(value);
    case CX_FIELD_I64:
        return json_is_null(value) || json_is_integer(value);
    case CX_FIELD_BOOL:
        return json_is_boolean(value);
    default:
        return json_is_null(value) || json_is_string(value);
    }
}

static cx_status_t field_from_json(const cx_field_t *field, const json_t *value, const char *place,
                                   cx_arena_t *arena, char *address)
{
    double      real;
    int64_t     whole;
    bool        is_set;
    const char *text;

    if (!field_accepts(field, value)) {
        return CX_FAIL(CX_INVALID, "%s: %s has a value of the wrong type", place, field->name);
    }
    switch (field->kind) {
    case CX_FIELD_F64:
        real = json_is_null(value) ? (double)NAN : json_number_value(value);
        memcpy(address, &real, sizeof real);
        return CX_OK;
    case CX_FIELD_I64:
        whole = json_is_null(value) ? INT64_MIN : json_integer_value(value);
        memcpy(address, &whole, sizeof whole);
        return CX_OK;
    case CX_FIELD_BOOL:
        is_set = json_is_true(value);
        memcpy(address, &is_set, sizeof is_set);
        return CX_OK;
    default:
        text = json_is_null(value) ? NULL : cx_arena_text(arena, json_string_value(value));
        if (!text && !json_is_null(value)) {
            return CX_FAIL(CX_RESOURCE, "%s: out of memory", place);
        }
        memcpy(address, &text, sizeof text);
        return CX_OK;
    }
}

static const cx_field_t *find(const cx_field_t *fields, const char *name)
{
    while (fields->name && strcmp(fields->name, name) != 0) {
        fields++;
    }
    return fields->name ? fields : NULL;
}

cx_status_t cx_fields_from_json(const cx_field_t *fields, const json_t *object, const char *place,
                                cx_arena_t *arena, void *out)
{
    const char *key;
    json_t     *value;

    if (!json_is_object(object)) {
        return CX_FAIL(CX_INVALID, "%s: expected an object", place);
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!find(fields, key)) {
            return CX_FAIL(CX_INVALID, "%s: unknown field \"%s\"", place, key);
        }
    }
    for (const cx_field_t *field = fields; field->name; field++) {
        value = json_object_get(object, field->name);
        if (!value && field->is_later) {
            value = json_null();
        }
        if (!value) {
            return CX_FAIL(CX_INVALID, "%s: the field \"%s\" is missing", place, field->name);
        }
        CX_TRY(field_from_json(field, value, place, arena, (char *)out + field->offset));
    }
    return CX_OK;
}

static json_t *field_schema(const cx_field_t *field)
{
    static const char *const types[CX_FIELD_KIND_COUNT] = {"number", "integer", "boolean",
                                                           "string"};
    json_t                  *type = field->kind == CX_FIELD_BOOL ? json_string("boolean")
                                                                 : json_pack("[ss]", types[field->kind], "null");

    return json_pack("{so,ss,ss}", "type", type, "description", field->help, "x-unit", field->unit);
}

json_t *cx_fields_schema(const cx_field_t *fields)
{
    json_t *properties = json_object();
    json_t *required   = json_array();

    for (; fields->name; fields++) {
        json_object_set_new(properties, fields->name, field_schema(fields));
        if (!fields->is_later) {
            json_array_append_new(required, json_string(fields->name));
        }
    }
    return json_pack("{ss,sb,so,so}", "type", "object", "additionalProperties", 0, "properties",
                     properties, "required", required);
}
