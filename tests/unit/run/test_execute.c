/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs: launches, restarts after a loss, resuming, and what a folder holds afterwards. This
 * program is also the rank process. */
#include "run/execute.h"

#include "unit/run/runs.h"

#define QUICK "samples-max=20 backend-options=null-script=1us"

static const cx_launch_env_t  alone = {.launcher = "none", .rank_count = 1, .local_rank_count = 1};
static const cx_observer_t    nobody;
static volatile sig_atomic_t  interrupt_count;
static const char *const      command[] = {"collectivex", "run", NULL};
static cx_run_options_t       options;
static cx_case_t              cases[4];
static const cx_launch_env_t *env;

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&runs_arena);
    runs_open_folder();
    EXPECT_OK(cx_options_defaults(cx_run_options, &options, &runs_arena));
    options.ranks    = 2;
    options.grace_us = 2e5;
    interrupt_count  = 0;
    env              = &alone;
    cases[0]         = kit_case(&runs_arena, QUICK);
    cases[1]         = kit_case(&runs_arena, "op=barrier " QUICK);
    cases[2]         = kit_case(&runs_arena, "op=broadcast " QUICK);
    /* Salts belong to homes. */
    return setenv("HOME", runs_folder, 1) || setenv("XDG_STATE_HOME", runs_folder, 1);
}

static int tear_down(void **state)
{
    (void)state;
    runs_close_folder();
    cx_arena_fini(&runs_arena);
    return 0;
}

static cx_status_t execute(size_t case_count, cx_run_result_t *result)
{
    cx_plan_t plan = {.suite = "kit", .summary = "words", .cases = cases, .case_count = case_count};
    cx_run_request_t request = {.plan       = &plan,
                                .options    = &options,
                                .env        = env,
                                .directory  = runs_folder,
                                .command    = command,
                                .observer   = &nobody,
                                .interrupts = &interrupt_count};

    return cx_run_execute(&request, result);
}

static const char *status_of(const cx_run_result_t *result, size_t index)
{
    return kit_text(json_array_get(result->records, index), "status");
}

static void test_every_case_of_every_launch_has_a_record(void **state)
{
    cx_run_result_t result;
    json_t         *plan;

    (void)state;
    options.launches = 3;
    EXPECT_OK(execute(3, &result));
    assert_int_equal(result.ok_count, 9);
    assert_int_equal(result.not_ok_count, 0);
    assert_int_equal(result.kept_count, 0);
    assert_true(result.is_reporter);
    assert_false(result.is_interrupted);
    for (int launch = 0; launch < 3; launch++) {
        for (int i = 0; i < 3; i++) {
            json_t *record = runs_read(
                cx_arena_format(&runs_arena, "records/%s.l%d.json", cases[i].case_id, launch));

            assert_string_equal(kit_text(record, "status"), "ok");
            assert_string_equal(kit_text(json_object_get(record, "identity"), "suite"), "kit");
            assert_int_equal(json_array_size(json_object_get(record, "command")), 2);
            json_decref(record);
        }
    }
    /* The first launch keeps the order of the request. */
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(
            kit_text(json_object_get(json_array_get(result.records, i), "identity"), "case_id"),
            cases[i].case_id);
    }
    plan = runs_read("plan.json");
    EXPECT_OK(cx_plan_validate(plan, "plan.json"));
    assert_true(kit_number(plan, "launch_count") == 3);
    json_decref(plan);
    cx_run_result_fini(&result);
    runs_assert_no_children();
}

static void test_ranks_that_are_lost_are_started_again_for_the_rest(void **state)
{
    cx_run_result_t result;

    (void)state;
    cases[1] = kit_case(&runs_arena, "backend=faulty sizes=64B timeout=5s "
                                     "backend-options=faulty-fault=crash");
    EXPECT_OK(execute(3, &result));
    assert_int_equal(result.ok_count, 2);
    assert_int_equal(result.not_ok_count, 1);
    assert_string_equal(status_of(&result, 0), "ok");
    assert_string_equal(status_of(&result, 1), "peer");
    assert_string_equal(status_of(&result, 2), "ok");
    cx_run_result_fini(&result);
    runs_assert_no_children();
}

static void test_resuming_runs_what_is_not_ok(void **state)
{
    cx_run_result_t result;
    char           *path;

    (void)state;
    EXPECT_OK(execute(3, &result));
    cx_run_result_fini(&result);
    path = cx_arena_format(&runs_arena, "%s/records/%s.l0.json", runs_folder, cases[1].case_id);
    assert_int_equal(unlink(path), 0);
    path = cx_arena_format(&runs_arena, "%s/records/%s.l0.json", runs_folder, cases[2].case_id);
    EXPECT_OK(cx_file_write(path, "{}", 2)); /* damaged */
    options.is_resumed = true;
    EXPECT_OK(execute(3, &result));
    assert_int_equal(result.kept_count, 1);
    assert_int_equal(result.ok_count, 3);
    cx_run_result_fini(&result);
    EXPECT_OK(execute(3, &result)); /* nothing is left to run */
    assert_int_equal(result.kept_count, 3);
    assert_int_equal(result.ok_count, 3);
    cx_run_result_fini(&result);
}

static void test_resuming_another_plan_is_refused(void **state)
{
    cx_run_result_t result;

    (void)state;
    EXPECT_OK(execute(2, &result));
    cx_run_result_fini(&result);
    options.is_resumed = true;
    EXPECT_FAIL(CX_INVALID, "is another plan", execute(3, &result));
    cx_run_result_fini(&result);
    cases[1] = kit_case(&runs_arena, "op=barrier seed=99 " QUICK);
    EXPECT_FAIL(CX_INVALID, "is another plan", execute(2, &result));
    cx_run_result_fini(&result);
    cases[1]         = kit_case(&runs_arena, "op=barrier " QUICK);
    options.launches = 2;
    EXPECT_FAIL(CX_INVALID, "is another plan", execute(2, &result));
    assert_int_equal(json_array_size(result.records), 0);
    cx_run_result_fini(&result);
}

static void test_what_contradicts_itself_starts_nothing(void **state)
{
    cx_run_result_t result;

    (void)state;
    options.nodes = 2;
    EXPECT_FAIL(CX_INVALID, "--rendezvous", execute(1, &result));
    cx_run_result_fini(&result);
    options.nodes      = 1;
    options.is_audited = true; /* there is no cx-audit.so beside this program */
    EXPECT_FAIL(CX_INVALID, "--audit: cx-audit.so is not installed", execute(1, &result));
    cx_run_result_fini(&result);
}

static void test_a_folder_that_cannot_be_made_is_told_before_anything_runs(void **state)
{
    cx_run_result_t result;

    (void)state;
    EXPECT_OK(cx_file_write(cx_arena_format(&runs_arena, "%s/records", runs_folder), "", 0));
    EXPECT_FAIL(CX_RESOURCE, "records", execute(1, &result));
    assert_int_equal(json_array_size(result.records), 0);
    cx_run_result_fini(&result);
}

static void test_an_interrupted_run_is_no_failure_but_partial(void **state)
{
    cx_run_result_t result;

    (void)state;
    interrupt_count = 1;
    assert_int_equal(execute(3, &result), CX_OK);
    assert_true(result.is_interrupted);
    cx_detail_clear();
    cx_run_result_fini(&result);
}

/* Two commands on one host, each with one rank, as by hand on two hosts. */
static void test_several_supervisors_meet_at_their_place(void **state)
{
    cx_run_result_t result;
    int             exit_status = -1;
    pid_t           other;

    (void)state;
    options.ranks      = 1;
    options.nodes      = 2;
    options.rendezvous = cx_arena_format(&runs_arena, "127.0.0.1:%d", 20000 + getpid() % 20000);
    other              = fork();
    if (other == 0) {
        options.node_index = 1;
        exit_status        = execute(2, &result) == CX_OK && !result.is_reporter &&
                              json_array_size(result.records) == 0
                                 ? 0
                                 : 1;
        cx_run_result_fini(&result);
        cx_arena_fini(&runs_arena);
        _exit(exit_status);
    }
    EXPECT_OK(execute(2, &result));
    assert_int_equal(result.ok_count, 2);
    cx_run_result_fini(&result);
    assert_int_equal(waitpid(other, &exit_status, 0), other);
    assert_int_equal(exit_status, 0);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_every_case_of_every_launch_has_a_record),
        TEST(test_ranks_that_are_lost_are_started_again_for_the_rest),
        TEST(test_resuming_runs_what_is_not_ok),
        TEST(test_resuming_another_plan_is_refused),
        TEST(test_what_contradicts_itself_starts_nothing),
        TEST(test_a_folder_that_cannot_be_made_is_told_before_anything_runs),
        TEST(test_an_interrupted_run_is_no_failure_but_partial),
        TEST(test_several_supervisors_meet_at_their_place),
    };

    if (argc > 1 && strcmp(argv[1], "__rank") == 0) {
        return cx_rank_main();
    }
    kit_use_test_plugins();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
