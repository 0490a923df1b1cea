/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of what a program said: whole, without its environment, publishable. */
#include "run/external_capture.h"

#include "unit/run/runs.h"

static cx_external_capture_t capture;

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&runs_arena);
    runs_open_folder();
    /* Salts belong to homes. */
    return setenv("HOME", runs_folder, 1) || setenv("XDG_STATE_HOME", runs_folder, 1) ||
           setenv("USER", "somebody", 1);
}

static int tear_down(void **state)
{
    (void)state;
    runs_close_folder();
    cx_arena_fini(&runs_arena);
    return 0;
}

/* Keeps `output` and `errors`, or the JSON `file` unless it is NULL. */
static cx_status_t keep(const char *output, const char *errors, const char *file, bool is_redacted)
{
    char                       out[256], err[256];
    const char                *path    = cx_arena_format(&runs_arena, "%s/of-j.json", runs_folder);
    cx_command_result_t        result  = {.output       = out,
                                          .errors       = err,
                                          .output_bytes = strlen(output),
                                          .errors_bytes = strlen(errors)};
    const cx_capture_request_t request = {.result      = &result,
                                          .file        = path,
                                          .folder      = runs_folder,
                                          .name        = "case.l0",
                                          .is_redacted = is_redacted};

    (void)snprintf(out, sizeof out, "%s", output);
    (void)snprintf(err, sizeof err, "%s", errors);
    if (file) {
        EXPECT_OK(cx_file_write(path, file, strlen(file)));
    }
    return cx_external_capture(&request, &runs_arena, &capture);
}

/* What is in the file is what was handed back, and the digest is its. */
static void expect_kept(const char *name, const char *text)
{
    char   digest[CX_HASH_HEX_BYTES];
    char  *bytes;
    size_t count;

    assert_string_equal(capture.file, name);
    EXPECT_OK(cx_file_read(cx_arena_format(&runs_arena, "%s/captures/%s", runs_folder, name), 4096,
                           &bytes, &count));
    assert_string_equal(bytes, text);
    assert_string_equal(capture.bytes, text);
    assert_int_equal(capture.byte_count, count);
    assert_string_equal(capture.digest, cx_hash_hex(bytes, count, digest));
    free(bytes);
}

static void test_both_streams_are_kept_as_text(void **state)
{
    (void)state;
    EXPECT_OK(keep("a\tb\r\n\x01\xc3\xa4", "oops\n", NULL, true));
    assert_false(capture.is_file);
    expect_kept("case.l0.txt", "a\tb\r\n???oops\n");
    EXPECT_OK(keep("", "", NULL, true));
    expect_kept("case.l0.txt", "");
}

static void test_the_json_is_kept_without_the_environment(void **state)
{
    (void)state;
    EXPECT_OK(keep("text", "", "{\"env\": [\"SECRET=x\"], \"hostname\": \"n1\", \"v\": 1}", false));
    assert_true(capture.is_file);
    expect_kept("case.l0.json", "{\"hostname\":\"n1\",\"v\":1}");
}

static void test_names_and_secrets_are_replaced_unless_told_otherwise(void **state)
{
    (void)state;
    EXPECT_OK(keep("by somebody here\n", "", NULL, true));
    assert_null(strstr(capture.bytes, "somebody"));
    EXPECT_OK(keep("", "", "{\"hostname\": \"n1\"}", true));
    assert_null(strstr(capture.bytes, "\"n1\""));
    assert_int_equal(unlink(cx_arena_format(&runs_arena, "%s/of-j.json", runs_folder)), 0);
    EXPECT_OK(keep("by somebody here\n", "", NULL, false));
    expect_kept("case.l0.txt", "by somebody here\n");
}

static void test_a_json_that_is_not_whole_is_none(void **state)
{
    static const char *const files[] = {"", "{\"v\": 1", "[1]", "text"};

    (void)state;
    for (int64_t i = 0; i < LENGTH(files); i++) {
        EXPECT_OK(keep("printed\n", "", files[i], true));
        assert_false(capture.is_file);
        expect_kept("case.l0.txt", "printed\n");
    }
}

static void test_what_cannot_be_written_is_said(void **state)
{
    (void)state;
    EXPECT_OK(cx_file_write(cx_arena_format(&runs_arena, "%s/captures", runs_folder), "x", 1));
    EXPECT_FAIL(CX_RESOURCE, "captures", keep("printed\n", "", NULL, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_streams_are_kept_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_json_is_kept_without_the_environment, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_names_and_secrets_are_replaced_unless_told_otherwise,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_json_that_is_not_whole_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_written_is_said, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
