/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex show` and `collectivex check` on a folder: as it was left, damaged, and none. */
#include "support/record_kit.h"
#include "unit/cli/command.h"

static heard_t heard;
static char    folder[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    return kit_folder(folder) && kit_directory(folder, 2, 2) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    kit_remove(folder);
    return 0;
}

static void with_folder(int (*command)(int argc, char **argv), const char *flags)
{
    char line[PATH_MAX + 64];

    (void)snprintf(line, sizeof line, "%s %s", folder, flags);
    command_run(command, line, &heard);
}

static void test_a_folder_is_shown_in_any_form(void **state)
{
    json_t *document;

    (void)state;
    with_folder(cx_cmd_show, "--ascii");
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "hostref"));
    with_folder(cx_cmd_show, "--format json");
    document = json_loads(heard.out, 0, NULL);
    assert_non_null(document);
    assert_int_equal(json_array_size(json_object_get(document, "records")), 4);
    json_decref(document);
    with_folder(cx_cmd_show, "--format ndjson");
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "of a folder there are table, json, csv and md"));
    assert_string_equal(heard.out, "");
    with_folder(cx_cmd_show, "--help");
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "usage: collectivex show DIR"));
}

static void test_what_is_no_folder_of_records_is_refused(void **state)
{
    char path[PATH_MAX + 64];

    (void)state;
    command_run(cx_cmd_show, "/proc/nonexistent", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "/proc/nonexistent/records: not a folder of records"));
    (void)snprintf(path, sizeof path, "%s/records/odd.json", folder);
    assert_int_equal(cx_file_write(path, "{}", 2), CX_OK);
    with_folder(cx_cmd_show, "");
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "odd.json"));
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/records", folder);
    kit_remove_files(path);
    assert_int_equal(cx_folder_make(path), CX_OK);
    with_folder(cx_cmd_show, "");
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "holds no record"));
}

/* More records than the list has room for at first: one of them under many names. */
static void test_many_records_are_all_read(void **state)
{
    char   path[PATH_MAX + 512], other[PATH_MAX + 64];
    DIR   *handle;
    size_t line_count = 0;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/records", folder);
    handle = opendir(path);
    assert_non_null(handle);
    for (struct dirent *entry; (entry = readdir(handle)) != NULL;) {
        if (entry->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/records/%.200s", folder, entry->d_name);
        }
    }
    closedir(handle);
    for (int i = 0; i < 66; i++) {
        (void)snprintf(other, sizeof other, "%s/records/zz%d.json", folder, i);
        assert_int_equal(link(path, other), 0);
    }
    with_folder(cx_cmd_show, "--format csv");
    assert_int_equal(heard.code, CX_EXIT_OK);
    for (const char *at = heard.out; (at = strchr(at, '\n')) != NULL; at++) {
        line_count++;
    }
    assert_int_equal(line_count, 1 + 70 * KIT_ROW_COUNT);
}

static void test_the_gate_has_three_answers(void **state)
{
    char path[PATH_MAX + 16];

    (void)state;
    with_folder(cx_cmd_check, "");
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "2 cases planned, 4 records checked, 0 findings: complete"));
    (void)snprintf(path, sizeof path, "%s/records", folder);
    kit_remove_files(path);
    assert_int_equal(cx_folder_make(path), CX_OK);
    with_folder(cx_cmd_check, "");
    assert_int_equal(heard.code, CX_EXIT_NOT_OK);
    assert_non_null(strstr(heard.out, "error   "));
    command_run(cx_cmd_check, "/proc/nonexistent", &heard);
    assert_int_not_equal(heard.code, CX_EXIT_OK);
    command_run(cx_cmd_check, "", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    command_run(cx_cmd_check, "--help", &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "usage: collectivex check DIR"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_folder_is_shown_in_any_form),
        TEST(test_what_is_no_folder_of_records_is_refused),
        TEST(test_many_records_are_all_read),
        TEST(test_the_gate_has_three_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
