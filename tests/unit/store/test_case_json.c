/* SPDX-License-Identifier: Apache-2.0 */
/* Tests a case as JSON, in both forms, and back. */
#include "store/case_json.h"

#include "support/expect.h"
#include "support/record_kit.h"

static void test_both_forms_read_back_as_the_same_case(void **state)
{
    (void)state;
    kit_case_t kit;
    json_t    *forms[2];

    assert_true(kit_case_init(&kit, 7));
    forms[0] = cx_case_to_json(&kit.one);
    forms[1] = cx_case_to_texts(&kit.one);
    for (int i = 0; i < 2; i++) {
        cx_case_t back;

        EXPECT_OK(cx_case_from_json(forms[i], "here", &kit.arena, &back));
        assert_string_equal(back.digest, kit.one.digest);
        assert_string_equal(back.case_id, kit.one.case_id);
        json_decref(forms[i]);
    }
    cx_arena_fini(&kit.arena);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text, *words;
    } rows[] = {
        {"op", "all_reduse", "here: op: unknown value"},
        {"seed", "x", "here: seed: expected a whole number"},
        {"root", "3", "here: root is \"3\" where such a case has \"0\""},
        {"seed", "+7", "here: seed is \"+7\" where such a case has \"7\""},
    };
    kit_case_t kit;

    assert_true(kit_case_init(&kit, 7));
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        json_t   *texts = cx_case_to_texts(&kit.one);
        cx_case_t back;

        json_object_set_new(texts, rows[i].key, json_string(rows[i].text));
        EXPECT_FAIL(CX_INVALID, rows[i].words, cx_case_from_json(texts, "here", &kit.arena, &back));
        json_decref(texts);
    }
    cx_arena_fini(&kit.arena);
}

static void test_null_is_the_default(void **state)
{
    (void)state;
    kit_case_t kit;
    json_t    *json;
    cx_case_t  back;

    assert_true(kit_case_init(&kit, 7));
    json = cx_case_to_json(&kit.one);
    json_object_set_new(json_object_get(json, "seed"), "value", json_null());
    EXPECT_OK(cx_case_from_json(json, "here", &kit.arena, &back));
    assert_int_equal(back.seed, 1);
    json_decref(json);
    cx_arena_fini(&kit.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_forms_read_back_as_the_same_case),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_null_is_the_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
