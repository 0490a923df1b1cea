/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex run` from words to exit code. This program is also the rank process. Signals are
 * tests/integration's. */
#include "unit/cli/command.h"
#include "unit/run/runs.h"

#define SIM "--device sim --backend null --null-script 2us --samples-max 20 -n 2 "

static heard_t heard;

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&runs_arena);
    runs_open_folder();
    return setenv("HOME", runs_folder, 1) || setenv("XDG_STATE_HOME", runs_folder, 1);
}

static int tear_down(void **state)
{
    (void)state;
    runs_close_folder();
    cx_arena_fini(&runs_arena);
    return 0;
}

static void run(const char *words)
{
    command_run(cx_cmd_run, cx_arena_format(&runs_arena, "%s -o %s", words, runs_folder), &heard);
}

static void test_a_good_run_ends_with_0_and_a_table(void **state)
{
    json_t *plan;

    (void)state;
    run(SIM "--op all_reduce,barrier --sizes 8B,64B --ascii");
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "2.00"));
    assert_non_null(strstr(heard.out, cx_arena_format(&runs_arena, "check %s", runs_folder)));
    plan = runs_read("plan.json");
    assert_int_equal(json_array_size(json_object_get(plan, "cases")), 2);
    json_decref(plan);
}

static void test_forms_reach_stdout(void **state)
{
    json_t *document;

    (void)state;
    run(SIM "--op barrier --json -q");
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_string_equal(heard.err, "");
    document = json_loads(heard.out, 0, NULL);
    assert_non_null(document);
    assert_int_equal(json_array_size(json_object_get(document, "records")), 1);
    json_decref(document);
}

static void test_a_summary_is_appended_for_ci(void **state)
{
    char   path[PATH_MAX], *text;
    size_t bytes;

    (void)state;
    (void)snprintf(path, sizeof path, "%s-summary.md", runs_folder);
    run(cx_arena_format(&runs_arena, SIM "--op barrier -q --summary %s", path));
    assert_int_equal(heard.code, CX_EXIT_OK);
    EXPECT_OK(cx_file_read(path, 1 << 20, &text, &bytes));
    assert_non_null(strchr(text, '|'));
    free(text);
    assert_int_equal(unlink(path), 0);
}

static void test_a_summary_that_cannot_be_written_is_not_ok(void **state)
{
    (void)state;
    run(SIM "--op barrier -q --summary /dev/full");
    assert_int_equal(heard.code, CX_EXIT_NOT_OK);
    assert_non_null(strstr(heard.err, "/dev/full: the summary cannot be written"));
    assert_true(strlen(heard.out) > 0);
}

static void test_a_case_that_is_not_ok_ends_with_1(void **state)
{
    (void)state;
    run("--device sim --backend faulty --faulty-fault corrupted_byte --op all_gather --sizes 64B "
        "-n 2 --samples-max 40 -q");
    assert_int_equal(heard.code, CX_EXIT_NOT_OK);
    assert_non_null(strstr(heard.out, "incorrect"));
}

static void test_bad_requests_end_with_2_before_anything_runs(void **state)
{
    static const struct {
        const char *words, *complaint;
    } rows[] = {
        {"--backend nul", "did you mean \"null\"?"},
        {"--rank 2", "did you mean --ranks?"},
        {SIM "--op barrier --resume", "--resume: there is no plan in"},
        {SIM "--op barrier --audit", "--audit: cx-audit.so is not installed"},
        {SIM "--op barrier --summary /proc/nonexistent/s.md", "--summary /proc/nonexistent/s.md: "},
        {SIM "--op barrier --nodes 2 --rendezvous here", "expected HOST:PORT, such as a:24000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run(rows[i].words);
        assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
        assert_non_null(strstr(heard.err, rows[i].complaint));
        assert_int_equal(strncmp(heard.err, "collectivex: ", 13), 0);
        assert_string_equal(heard.out, "");
    }
}

static void test_results_of_two_runs_do_not_mix(void **state)
{
    (void)state;
    run(SIM "--op barrier -q");
    assert_int_equal(heard.code, CX_EXIT_OK);
    run(SIM "--op barrier -q");
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "holds the results of another run"));
    run(SIM "--op barrier -q --resume");
    assert_int_equal(heard.code, CX_EXIT_OK);
}

/* Without -o the folder is named for suite and time, below this one. */
static void test_a_folder_of_its_own_name(void **state)
{
    char here[PATH_MAX];

    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(runs_folder), 0);
    for (int i = 0; i < 3; i++) { /* within one second, too */
        command_run(cx_cmd_run, SIM "--op barrier", &heard);
        assert_int_equal(heard.code, CX_EXIT_OK);
    }
    assert_int_equal(chdir(here), 0);
    assert_non_null(strstr(heard.out, "results/cases-20"));
    assert_non_null(strstr(heard.err, "ok"));
}

static void test_mpi_without_mpirun_is_refused_with_a_remedy(void **state)
{
    const char *path = getenv("PATH");
    char       *kept = path ? strdup(path) : NULL;

    (void)state;
    if (access(cx_arena_format(&runs_arena, "%.*s/cx-backend-mpi.so",
                               (int)strcspn(getenv("CX_PLUGIN_PATH"), ":"),
                               getenv("CX_PLUGIN_PATH")),
               F_OK) != 0) {
        free(kept);
        skip();
    }
    assert_int_equal(setenv("PATH", "/proc/nonexistent", 1), 0);
    run("--backend mpi --op barrier -n 2");
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "backend mpi needs mpirun"));
    assert_int_equal(setenv("PATH", kept ? kept : "", 1), 0);
    free(kept);
}

static void test_help_is_printed(void **state)
{
    (void)state;
    run("--help");
    assert_int_equal(heard.code, CX_EXIT_OK);
    assert_non_null(strstr(heard.out, "usage: collectivex run [SUITE]"));
    assert_non_null(strstr(heard.out, "--samples-max"));
    assert_non_null(strstr(heard.out, "--launches"));
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_run_ends_with_0_and_a_table),
        TEST(test_forms_reach_stdout),
        TEST(test_a_summary_is_appended_for_ci),
        TEST(test_a_summary_that_cannot_be_written_is_not_ok),
        TEST(test_a_case_that_is_not_ok_ends_with_1),
        TEST(test_bad_requests_end_with_2_before_anything_runs),
        TEST(test_results_of_two_runs_do_not_mix),
        TEST(test_a_folder_of_its_own_name),
        TEST(test_mpi_without_mpirun_is_refused_with_a_remedy),
        TEST(test_help_is_printed),
    };

    if (argc > 1 && strcmp(argv[1], "__rank") == 0) {
        return cx_rank_main();
    }
    kit_use_test_plugins();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
