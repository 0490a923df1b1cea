/* SPDX-License-Identifier: Apache-2.0 */
/* Tests structs with a field table as JSON, back, and as a schema. */
#include "store/fields.h"

#include "support/arena.h"
#include "support/expect.h"

#include <math.h>

typedef struct thing {
    double      real;
    int64_t     whole;
    bool        is_on;
    const char *text;
} thing_t;

static const cx_field_t fields[] = {
    CX_FIELD(thing_t, real, "us", "A number."),
    CX_FIELD(thing_t, whole, "bytes", "A count."),
    CX_FIELD(thing_t, is_on, "", "A truth."),
    CX_FIELD(thing_t, text, "", "A word."),
    CX_FIELD_END,
};

static void test_there_and_back(void **state)
{
    (void)state;
    const thing_t things[] = {
        {1.5, 7, true, "word"},
        {(double)NAN, INT64_MIN, false, NULL},
        {(double)INFINITY, INT64_MAX, true, ""},
    };

    for (int64_t i = 0; i < LENGTH(things); i++) {
        json_t *json = cx_fields_to_json(fields, &things[i]);
        thing_t back;

        EXPECT_OK(cx_fields_from_json(fields, json, "here", &arena, &back));
        assert_true(isfinite(things[i].real) ? back.real == things[i].real : isnan(back.real));
        assert_int_equal(back.whole, things[i].whole);
        assert_int_equal(back.is_on, things[i].is_on);
        assert_true(things[i].text ? back.text && strcmp(back.text, things[i].text) == 0
                                   : !back.text);
        json_decref(json);
    }
}

static void test_unknown_is_null_in_the_document(void **state)
{
    (void)state;
    const thing_t unknown = {(double)NAN, INT64_MIN, false, NULL};
    json_t       *json    = cx_fields_to_json(fields, &unknown);

    assert_true(json_is_null(json_object_get(json, "real")));
    assert_true(json_is_null(json_object_get(json, "whole")));
    assert_true(json_is_false(json_object_get(json, "is_on")));
    assert_true(json_is_null(json_object_get(json, "text")));
    json_decref(json);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"[]", "here: expected an object"},
        {"{\"real\":1,\"whole\":1,\"is_on\":true}", "\"text\" is missing"},
        {"{\"real\":1,\"whole\":1,\"is_on\":true,\"text\":null,\"more\":1}", "\"more\""},
        {"{\"real\":\"1\",\"whole\":1,\"is_on\":true,\"text\":null}", "real has a value"},
        {"{\"real\":1,\"whole\":1.5,\"is_on\":true,\"text\":null}", "whole has a value"},
        {"{\"real\":1,\"whole\":1,\"is_on\":null,\"text\":null}", "is_on has a value"},
        {"{\"real\":1,\"whole\":1,\"is_on\":true,\"text\":1}", "text has a value"},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        json_t *json = json_loads(rows[i].text, 0, NULL);
        thing_t thing;

        EXPECT_FAIL(CX_INVALID, rows[i].words,
                    cx_fields_from_json(fields, json, "here", &arena, &thing));
        json_decref(json);
    }
}

static void test_a_field_that_came_later_may_be_missing(void **state)
{
    (void)state;
    static const cx_field_t grown[] = {
        CX_FIELD(thing_t, whole, "bytes", "A count."),
        CX_FIELD_LATER(thing_t, real, "us", "A number."),
        CX_FIELD_LATER(thing_t, text, "", "A word."),
        CX_FIELD_END,
    };
    thing_t thing  = {.real = 1, .text = "before"};
    json_t *old    = json_pack("{si}", "whole", 7);
    json_t *schema = cx_fields_schema(grown);

    EXPECT_OK(cx_fields_from_json(grown, old, "here", &arena, &thing));
    assert_int_equal(thing.whole, 7);
    assert_true(isnan(thing.real));
    assert_null(thing.text);
    assert_int_equal(json_array_size(json_object_get(schema, "required")), 1);
    assert_int_equal(json_object_size(json_object_get(schema, "properties")), 3);
    json_decref(schema);
    json_decref(old);
}

static void test_the_schema_is_closed_and_has_units(void **state)
{
    (void)state;
    json_t *schema = cx_fields_schema(fields);
    json_t *real   = json_object_get(json_object_get(schema, "properties"), "real");

    assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    assert_int_equal(json_array_size(json_object_get(schema, "required")), 4);
    assert_string_equal(json_string_value(json_object_get(real, "x-unit")), "us");
    assert_string_equal(json_string_value(json_array_get(json_object_get(real, "type"), 1)),
                        "null");
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_unknown_is_null_in_the_document),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_a_field_that_came_later_may_be_missing),
        cmocka_unit_test(test_the_schema_is_closed_and_has_units),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
