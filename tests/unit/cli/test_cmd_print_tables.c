/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex print-tables`: a page or schema per table, each complete. */
#include "unit/cli/command.h"
#include "unit/run/runs.h"

#include "model/record.h"
#include "model/run_options.h"

static heard_t heard;

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&runs_arena);
    runs_open_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    runs_close_folder();
    cx_arena_fini(&runs_arena);
    return 0;
}

static char *page(const char *file)
{
    char  *text;
    size_t bytes;

    EXPECT_OK(cx_file_read(cx_arena_format(&runs_arena, "%s/%s", runs_folder, file), 1 << 22, &text,
                           &bytes));
    return text;
}

static void test_every_row_of_every_table_is_there(void **state)
{
    char *text;

    (void)state;
    command_run(cx_cmd_print_tables, runs_folder, &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    text = page("docs/reference/options.md");
    for (const cx_option_t *row = cx_case_options; row->name; row++) {
        assert_non_null(strstr(text, cx_arena_format(&runs_arena, "`--%s`", row->name)));
    }
    for (const cx_option_t *row = cx_run_options; row->name; row++) {
        assert_non_null(strstr(text, cx_arena_format(&runs_arena, "`--%s`", row->name)));
    }
    free(text);
    text = page("docs/reference/fields.md");
    for (const cx_field_t *field = cx_row_fields; field->name; field++) {
        assert_non_null(strstr(text, cx_arena_format(&runs_arena, "`%s`", field->name)));
    }
    free(text);
    text = page("docs/reference/statuses.md");
    for (int status = 0; status < CX_STATUS_COUNT; status++) {
        assert_non_null(strstr(text, cx_status_text((cx_status_t)status)));
    }
    free(text);
}

static void test_schemas_are_closed_documents(void **state)
{
    static const char *const files[] = {"schema/record.schema.json", "schema/plan.schema.json"};

    (void)state;
    command_run(cx_cmd_print_tables, runs_folder, &heard);
    for (size_t i = 0; i < 2; i++) {
        json_t *schema = runs_read(files[i]);

        assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
        json_decref(schema);
    }
}

static void test_no_folder_no_pages(void **state)
{
    (void)state;
    command_run(cx_cmd_print_tables, "/proc/nonexistent", &heard);
    assert_int_equal(heard.code, CX_EXIT_NOT_OK);
    assert_non_null(strstr(heard.err, "cannot make this folder"));
    command_run(cx_cmd_print_tables, "", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    command_run(cx_cmd_print_tables, "-h", &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "usage: collectivex print-tables DIR"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_every_row_of_every_table_is_there),
        TEST(test_schemas_are_closed_documents),
        TEST(test_no_folder_no_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
