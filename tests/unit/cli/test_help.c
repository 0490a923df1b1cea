/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints with their exit codes, and help printed from the tables. */
#include "collectivex/option.h"
#include "unit/cli/command.h"

static heard_t heard;
static int     status;

static int complain(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return cx_complain(status);
}

static int fail_and_complain(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return cx_complain((int)CX_FAIL(CX_DEVICE, "the device is on fire"));
}

static void test_every_status_has_an_exit_code(void **state)
{
    static const struct {
        cx_status_t status;
        int         code;
    } rows[] = {
        {CX_INVALID, CX_EXIT_BAD_REQUEST}, {CX_UNSUPPORTED, CX_EXIT_BAD_REQUEST},
        {CX_INTERNAL, CX_EXIT_BUG},        {CX_INCORRECT, CX_EXIT_NOT_OK},
        {CX_UNSTABLE, CX_EXIT_NOT_OK},     {CX_TIMEOUT, CX_EXIT_NOT_OK},
        {CX_PEER, CX_EXIT_NOT_OK},         {CX_BACKEND, CX_EXIT_NOT_OK},
        {CX_DEVICE, CX_EXIT_NOT_OK},       {CX_RESOURCE, CX_EXIT_NOT_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        status = (int)rows[i].status;
        command_run(complain, "", &heard);
        assert_int_equal(heard.code, rows[i].code);
        assert_non_null(strstr(heard.err, cx_status_text(rows[i].status))); /* no words: its own */
        assert_string_equal(heard.out, "");
    }
}

static void test_a_complaint_is_one_line_with_the_words(void **state)
{
    (void)state;
    command_run(fail_and_complain, "", &heard);
    assert_string_equal(heard.err, "collectivex: the device is on fire\n");
    assert_int_equal(heard.code, CX_EXIT_NOT_OK);
}

typedef struct options {
    int32_t colour;
    bool    is_loud;
} options_t;

static int print_help(int argc, char **argv)
{
    static const char *const colours[] = {"red", "blue", NULL};
    static const cx_option_t rows[]    = {
           CX_OPTION_ENUM(options_t, colour, "colour", CX_OPTION_FREE, "red", colours, "Paint."),
           CX_OPTION_BOOL(options_t, is_loud, "loud", CX_OPTION_FREE, "false", "Noise."),
           CX_OPTION_END};
    static const cx_option_t *const tables[] = {rows, NULL};

    (void)argc;
    (void)argv;
    cx_print_help("plan", tables);
    cx_print_help("show", NULL);
    return 0;
}

static void test_help_comes_from_the_tables(void **state)
{
    (void)state;
    command_run(print_help, "", &heard);
    assert_non_null(strstr(heard.out, "usage: collectivex plan [SUITE]"));
    assert_non_null(strstr(heard.out, "--colour              Paint. One of red, blue. [red]"));
    assert_non_null(strstr(heard.out, "--loud                Noise. [false]"));
    assert_non_null(strstr(heard.out, "usage: collectivex show DIR"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_an_exit_code),
        cmocka_unit_test(test_a_complaint_is_one_line_with_the_words),
        cmocka_unit_test(test_help_comes_from_the_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
