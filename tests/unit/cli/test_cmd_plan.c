/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex plan`: the cases a run would measure, and nothing run. */
#include "store/record.h"
#include "unit/cli/command.h"

static heard_t heard;

static void test_cases_are_listed(void **state)
{
    (void)state;
    command_run(cx_cmd_plan, "--backend null --op barrier,all_reduce --sizes 8B,64B -n 2", &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, ": 2 cases\n"));
    assert_non_null(strstr(heard.out, "all_reduce.fp32.sum"));
    assert_non_null(strstr(heard.out, "8B,64B"));
    command_run(cx_cmd_plan, "--backend null --op barrier -n 2", &heard);
    assert_non_null(strstr(heard.out, ": 1 case\n"));
}

static void test_as_json_it_is_the_plan_of_a_folder(void **state)
{
    json_t *document;

    (void)state;
    command_run(cx_cmd_plan, "--backend null --op barrier -n 2 --json --launches 4", &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    document = json_loads(heard.out, 0, NULL);
    assert_non_null(document);
    EXPECT_OK(cx_plan_validate(document, "stdout"));
    assert_int_equal(json_integer_value(json_object_get(document, "launch_count")), 4);
    json_decref(document);
}

static void test_bad_requests_and_help(void **state)
{
    (void)state;
    command_run(cx_cmd_plan, "--op nonsense --backend null", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "collectivex: command line: op: "));
    command_run(cx_cmd_plan, "-h", &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "usage: collectivex plan"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_are_listed),
        cmocka_unit_test(test_as_json_it_is_the_plan_of_a_folder),
        cmocka_unit_test(test_bad_requests_and_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
