/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex probe`: the machine as a page or as JSON, redacted unless told otherwise. */
#include "unit/cli/command.h"

#include <jansson.h>
#include <limits.h>

static heard_t heard;

static int set_up(void **state)
{
    static char folder[] = "/tmp/collectivex-probe-XXXXXX";

    (void)state;
    *state = folder;
    return mkdtemp(folder) ? setenv("HOME", folder, 1) || setenv("XDG_STATE_HOME", folder, 1) : -1;
}

static int tear_down(void **state)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/collectivex/salt", (const char *)*state);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/collectivex", (const char *)*state);
    (void)rmdir(path);
    (void)rmdir(*state);
    return 0;
}

static void test_the_machine_is_one_document(void **state)
{
    static const char *const lines[] = {"--format json", "--redact=false --format=json"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        json_t *document;

        command_run(cx_cmd_probe, lines[i], &heard);
        assert_int_equal(heard.code, CX_EXIT_OK);
        document = json_loads(heard.out, 0, NULL);
        assert_non_null(document);
        assert_true(json_is_object(json_object_get(document, "cpu")));
        assert_true(json_is_array(json_object_get(document, "accelerators")));
        assert_true(json_is_array(json_object_get(document, "links")));
        assert_true(json_array_size(json_object_get(document, "devices")) >= 2);
        assert_true(json_array_size(json_object_get(document, "backends")) >= 2);
        json_decref(document);
    }
}

static void test_a_person_sees_a_page(void **state)
{
    (void)state;
    command_run(cx_cmd_probe, "--ascii --width 120", &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "\naccelerators\n"));
    assert_non_null(strstr(heard.out, "\nhost "));
}

static void test_words_and_help(void **state)
{
    (void)state;
    command_run(cx_cmd_probe, "gpu", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "what is \"gpu\" for?"));
    command_run(cx_cmd_probe, "--help", &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "--redact"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_machine_is_one_document),
        cmocka_unit_test(test_a_person_sees_a_page),
        cmocka_unit_test(test_words_and_help),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
