/* SPDX-License-Identifier: Apache-2.0 */
/* The program and registry/contracts.json know the same contracts in the same versions. */
#include "run/contracts.h"

#include "model/case.h"
#include "run/catalog.h"
#include "support/expect.h"

#include <jansson.h>

static json_t *registry(void)
{
    cx_arena_t arena;
    json_t    *document;

    cx_arena_init(&arena);
    document = json_load_file(
        cx_arena_format(&arena, "%s/contracts.json", cx_registry_folder(&arena)), 0, NULL);
    cx_arena_fini(&arena);
    assert_non_null(document);
    return document;
}

static void test_versions_are_those_of_the_registry(void **state)
{
    json_t *document = registry();
    json_t *contract;
    size_t  index;

    (void)state;
    assert_true(json_array_size(json_object_get(document, "contracts")) >= CX_REGIME_COUNT);
    json_array_foreach(json_object_get(document, "contracts"), index, contract)
    {
        const char *name = json_string_value(json_object_get(contract, "name"));

        assert_int_equal(cx_contract_version(name),
                         json_integer_value(json_object_get(contract, "version")));
        assert_true(cx_contract_version(name) > 0);
        assert_true(json_string_length(json_object_get(contract, "summary")) > 20);
    }
    json_decref(document);
}

static void test_every_regime_has_a_contract(void **state)
{
    (void)state;
    for (int32_t regime = 0; regime < CX_REGIME_COUNT; regime++) {
        cx_case_t one = {.regime = regime};

        assert_true(cx_contract_version(cx_case_contract(&one)) > 0);
    }
    assert_int_equal(cx_contract_version("collective.guessed"), 0);
    assert_int_equal(cx_contract_version(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_are_those_of_the_registry),
        cmocka_unit_test(test_every_regime_has_a_contract),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
