/* SPDX-License-Identifier: Apache-2.0 */
/* Rules applied to a value, and printed as a schema. */
#include "store/rules.h"

#include "model/options.h"
#include "store/fields.h"

#include <stdio.h>
#include <string.h>

#define PLACE_BYTES_MAX 256
#define KEY_BYTES_MAX 64

static cx_status_t check_value(const cx_rule_t *rule, const json_t *value, const char *place);

static bool is_choice(const char *const *choices, const char *text)
{
    while (*choices && strcmp(*choices, text) != 0) {
        choices++;
    }
    return *choices != NULL;
}

static bool is_digest(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

/* What was expected when the value is no such plain value; NULL when it is one. */
static const char *refuse_plain(const cx_rule_t *rule, const json_t *value)
{
    const char *text = json_string_value(value);

    switch (rule->kind) {
    case CX_RULE_TEXT:
        if (!text) {
            return "expected a text";
        }
        return rule->choices && !is_choice(rule->choices, text) ? "not one of its values" : NULL;
    case CX_RULE_DIGEST:
        return text && is_digest(text) ? NULL : "expected 32 lower-case hex digits";
    case CX_RULE_COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 0
                   ? NULL
                   : "expected a whole number that is not negative";
    case CX_RULE_NUMBER:
        return json_is_number(value) && json_number_value(value) >= 0
                   ? NULL
                   : "expected a number that is not negative";
    default:
        return json_is_object(value) ? NULL : "expected an object";
    }
}

static cx_status_t check_members(const cx_rule_t *members, const json_t *object, const char *place)
{
    size_t count = 0;

    for (const cx_rule_t *member = members; member->name; member++) {
        const json_t *value = json_object_get(object, member->name);
        char          inner[PLACE_BYTES_MAX];

        if (!value && member->is_later) {
            continue;
        }
        count++;
        if (!value) {
            return CX_FAIL(CX_INVALID, "%s: \"%s\" is missing", place, member->name);
        }
        (void)snprintf(inner, sizeof inner, "%s: %s", place, member->name);
        CX_TRY(cx_rules_check(member, value, inner));
    }
    if (json_object_size(object) != count) {
        return CX_FAIL(CX_INVALID, "%s: there are members that the schema does not know", place);
    }
    return CX_OK;
}

static cx_status_t check_options(const cx_rule_t *rule, const json_t *object, const char *place)
{
    size_t count = 0;

    for (const cx_option_t *row = rule->options; row->name; row++) {
        char          key[KEY_BYTES_MAX], inner[PLACE_BYTES_MAX];
        const json_t *value = json_object_get(object, cx_option_key(row, key, sizeof key));

        if (!value && rule->later && is_choice(rule->later, key)) {
            continue;
        }
        if (!value) {
            return CX_FAIL(CX_INVALID, "%s: the option \"%s\" is missing", place, key);
        }
        count++;
        (void)snprintf(inner, sizeof inner, "%s: %s", place, key);
        CX_TRY(cx_rules_check(rule->members, value, inner));
    }
    if (json_object_size(object) != count) {
        return CX_FAIL(CX_INVALID, "%s: there are options that this version does not know", place);
    }
    return CX_OK;
}

static cx_status_t check_fields(const cx_rule_t *rule, const json_t *object, const char *place)
{
    size_t      extent_bytes = 0;
    cx_arena_t  arena;
    void       *scratch;
    cx_status_t status;

    for (const cx_field_t *field = rule->fields; field->name; field++) {
        size_t end   = field->offset + sizeof(int64_t);
        extent_bytes = end > extent_bytes ? end : extent_bytes;
    }
    cx_arena_init(&arena);
    scratch = cx_arena_grab(&arena, extent_bytes);
    status  = CX_RESOURCE;
    if (scratch) {
        status = cx_fields_from_json(rule->fields, object, place, &arena, scratch);
    } else {
        cx_fail_record(status, __FILE__, __LINE__, "%s: out of memory", place);
    }
    cx_arena_fini(&arena);
    return status;
}

static cx_status_t check_texts(const json_t *object, const char *place)
{
    const char   *name;
    const json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (!json_is_string(value)) {
            return CX_FAIL(CX_INVALID, "%s: %.64s: expected a text", place, name);
        }
    }
    return CX_OK;
}

static cx_status_t check_value(const cx_rule_t *rule, const json_t *value, const char *place)
{
    const char *why = refuse_plain(rule, value);

    if (why) {
        return CX_FAIL(CX_INVALID, "%s: %s", place, why);
    }
    switch (rule->kind) {
    case CX_RULE_OBJECT:
        return check_members(rule->members, value, place);
    case CX_RULE_FIELDS:
        return check_fields(rule, value, place);
    case CX_RULE_OPTIONS:
        return check_options(rule, value, place);
    case CX_RULE_TEXTS_BY_NAME:
        return check_texts(value, place);
    default:
        return CX_OK;
    }
}

cx_status_t cx_rules_check(const cx_rule_t *rule, const json_t *value, const char *place)
{
    if (json_is_null(value) && rule->is_nullable) {
        return CX_OK;
    }
    if (!rule->is_list) {
        return check_value(rule, value, place);
    }
    if (!json_is_array(value)) {
        return CX_FAIL(CX_INVALID, "%s: expected a list", place);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        char inner[PLACE_BYTES_MAX];

        (void)snprintf(inner, sizeof inner, "%s[%zu]", place, i);
        CX_TRY(check_value(rule, json_array_get(value, i), inner));
    }
    return CX_OK;
}

static void add_members(const cx_rule_t *members, json_t *properties, json_t *required)
{
    for (; members->name; members++) {
        json_object_set_new(properties, members->name, cx_rules_schema(members));
        if (!members->is_later) {
            json_array_append_new(required, json_string(members->name));
        }
    }
}

static void add_options(const cx_rule_t *rule, json_t *properties, json_t *required)
{
    for (const cx_option_t *row = rule->options; row->name; row++) {
        char    key[KEY_BYTES_MAX];
        json_t *value = cx_rules_schema(rule->members);

        json_object_set_new(value, "description", json_string(row->help));
        json_object_set_new(properties, cx_option_key(row, key, sizeof key), value);
        if (!rule->later || !is_choice(rule->later, key)) {
            json_array_append_new(required, json_string(key));
        }
    }
}

static json_t *closed_schema(const cx_rule_t *rule)
{
    json_t *properties = json_object();
    json_t *required   = json_array();

    if (rule->kind == CX_RULE_OPTIONS) {
        add_options(rule, properties, required);
    } else {
        add_members(rule->members, properties, required);
    }
    return json_pack("{ss,sb,so,so}", "type", "object", "additionalProperties", 0, "properties",
                     properties, "required", required);
}

static json_t *text_schema(const char *const *choices)
{
    json_t *schema = json_pack("{ss}", "type", "string");
    json_t *list   = choices ? json_array() : NULL;

    for (; choices && *choices; choices++) {
        json_array_append_new(list, json_string(*choices));
    }
    if (list) {
        json_object_set_new(schema, "enum", list);
    }
    return schema;
}

static json_t *value_schema(const cx_rule_t *rule)
{
    switch (rule->kind) {
    case CX_RULE_TEXT:
        return text_schema(rule->choices);
    case CX_RULE_DIGEST:
        return json_pack("{ss,ss}", "type", "string", "pattern", "^[0-9a-f]{32}$");
    case CX_RULE_COUNT:
        return json_pack("{ss,si}", "type", "integer", "minimum", 0);
    case CX_RULE_NUMBER:
        return json_pack("{ss,si}", "type", "number", "minimum", 0);
    case CX_RULE_FIELDS:
        return cx_fields_schema(rule->fields);
    case CX_RULE_TEXTS_BY_NAME:
        return json_pack("{ss,s{ss}}", "type", "object", "additionalProperties", "type", "string");
    case CX_RULE_ANY_OBJECT:
        return json_pack("{ss}", "type", "object");
    default:
        return closed_schema(rule);
    }
}

json_t *cx_rules_schema(const cx_rule_t *rule)
{
    json_t *schema = value_schema(rule);

    if (rule->is_list) {
        schema = json_pack("{ss,so}", "type", "array", "items", schema);
    }
    if (rule->is_nullable) {
        schema = json_pack("{s[o{ss}]}", "anyOf", schema, "type", "null");
    }
    if (rule->help) {
        json_object_set_new(schema, "description", json_string(rule->help));
    }
    return schema;
}
