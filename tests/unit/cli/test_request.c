/* SPDX-License-Identifier: Apache-2.0 */
/* From a command line to a plan, with everything refused that can be before anything runs. */
#include "cli/request.h"

#include "base/file.h"
#include "support/expect.h"

#include <stdlib.h>
#include <unistd.h>

static cx_request_t request;
static char         suite[] = "/tmp/collectivex-suite-XXXXXX";

static cx_status_t read_line(const char *line)
{
    static char copy[1024];
    char       *words[32];
    char       *rest;
    int         count = 0;

    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    return cx_request_read("run", count, words, &request);
}

static void write_suite(const char *text)
{
    EXPECT_OK(cx_file_write(suite, text, strlen(text)));
}

static void test_options_alone_are_one_case(void **state)
{
    (void)state;
    EXPECT_OK(read_line("--backend null --device sim --op barrier -n 3 -o dir -q"));
    assert_int_equal(request.plan.case_count, 1);
    assert_int_equal(request.plan.cases[0].op, CX_COLLECTIVE_BARRIER);
    assert_string_equal(request.plan.cases[0].backend, "null");
    assert_int_equal(request.options.ranks, 3);
    assert_string_equal(request.options.output, "dir");
    assert_true(request.options.is_quiet);
    assert_int_equal(request.layout.rank_count, 3);
    assert_string_equal(request.env.launcher, "none");
    cx_request_fini(&request);
}

static void test_fast_is_short_for_sampling(void **state)
{
    (void)state;
    EXPECT_OK(read_line("--backend hostref --family ep --fast -n 2"));
    assert_int_equal(request.plan.cases[0].ep.sampling, CX_PAIR_PROFILE_FAST);
    assert_int_equal(request.plan.cases[0].ep.hidden_elems, 7168); /* of the default shape */
    cx_request_fini(&request);
    EXPECT_FAIL(CX_INVALID, "sampling means nothing for any case",
                read_line("--backend hostref --op gather --fast -n 2"));
}

static void test_lists_multiply_cases(void **state)
{
    (void)state;
    EXPECT_OK(read_line("--backend null --op all_reduce,gather --regime isolated,steady -n 2"));
    assert_int_equal(request.plan.case_count, 4);
    cx_request_fini(&request);
}

static void test_auto_is_a_backend_that_can_run_here(void **state)
{
    (void)state;
    EXPECT_OK(read_line("--op barrier -n 2"));
    assert_string_equal(request.plan.cases[0].backend, "hostref");
    assert_string_equal(request.plan.cases[0].device, "host");
    cx_request_fini(&request);
    EXPECT_OK(read_line("--op barrier --backend auto -n 2"));
    assert_string_equal(request.plan.cases[0].backend, "hostref");
    cx_request_fini(&request);
}

static void test_a_suite_is_a_name_or_a_file(void **state)
{
    (void)state;
    EXPECT_OK(read_line("quick -n 2"));
    assert_string_equal(request.plan.suite, "quick");
    assert_true(request.plan.case_count > 1);
    cx_request_fini(&request);
    write_suite("suite: mine\nsummary: mine\ncases:\n  - op: barrier\n    backend: null\n");
    EXPECT_OK(read_line(suite));
    assert_string_equal(request.plan.suite, "mine");
    assert_string_equal(request.plan.cases[0].backend, "null");
    cx_request_fini(&request);
}

static void test_what_cannot_be_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"quikc", "no suite called \"quikc\""},
        {"--backend nul", "no backend called \"nul\"; did you mean \"null\"?"},
        {"--op barier --backend null", "did you mean \"barrier\"?"},
        {"--rank 3", "did you mean --ranks?"},
        {"--backend null --null-scrip 3us", "did you mean"},
        {"--backend null --sizes 8B:7B", "sizes"},
        {"--backend null --sizes 8B,1000000000MiB -n 2", "needs 8 buffers of that size"},
        {"--backend null --op broadcast --root 5 -n 2", "root 5 is not one of the ranks"},
        {"--backend null --nodes 2", "--rendezvous"},
        {"one two", "what is \"two\" for?"},
        {"/proc/nonexistent/suite.yaml", "/proc/nonexistent/suite.yaml"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_FAIL(CX_INVALID, rows[i].words, read_line(rows[i].line));
    }
    write_suite("suite: mine\nsummary: mine\ncases:\n  - opp: barrier\n");
    EXPECT_FAIL(CX_INVALID, ":4:", read_line(suite));
}

static void test_help_makes_no_plan(void **state)
{
    (void)state;
    EXPECT_OK(read_line("--help"));
    assert_true(request.arguments.wants_help);
    assert_int_equal(request.plan.case_count, 0);
    cx_request_fini(&request);
}

static int set_up(void **state)
{
    int fd = mkstemp(suite);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_alone_are_one_case),
        cmocka_unit_test(test_fast_is_short_for_sampling),
        cmocka_unit_test(test_lists_multiply_cases),
        cmocka_unit_test(test_auto_is_a_backend_that_can_run_here),
        cmocka_unit_test(test_a_suite_is_a_name_or_a_file),
        cmocka_unit_test(test_what_cannot_be_is_refused_with_its_place),
        cmocka_unit_test(test_help_makes_no_plan),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
