/* SPDX-License-Identifier: Apache-2.0 */
/* Which backends are programs, what of a plan is theirs, and a whole run with a program that is a
 * small script. More ways to end: tests/integration/nccltests.bats. */
#include "run/external.h"

#include "build.h"
#include "run/execute.h"
#include "run/nccltests.h"
#include "unit/run/runs.h"

#include <sys/stat.h>

#define WORK "backend=nccltests device=cuda regime=loop_mean sizes=1KiB:4KiB:x2"

static const cx_launch_env_t alone = {.launcher = "none", .rank_count = 1, .local_rank_count = 1};
static const char *const     command[] = {"collectivex", "run", NULL};
static volatile sig_atomic_t interrupt_count;
static int                   started_count, row_count, ended_count;

static void count_start(void *context, const cx_case_t *one, int64_t launch_index)
{
    (void)context, (void)one, (void)launch_index;
    started_count++;
}

static void count_row(void *context, const cx_case_t *one, int64_t launch_index, const json_t *row)
{
    (void)context, (void)one, (void)launch_index, (void)row;
    row_count++;
}

static void count_end(void *context, const cx_case_t *one, int64_t launch_index,
                      const json_t *record)
{
    (void)context, (void)one, (void)launch_index;
    assert_string_equal(kit_text(record, "status"), "ok");
    ended_count++;
}

static const cx_observer_t observer = {
    .case_started = count_start, .row_measured = count_row, .case_ended = count_end};

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&runs_arena);
    runs_open_folder();
    interrupt_count = 0;
    started_count = row_count = ended_count = 0;
    /* Salts belong to homes. */
    return setenv("HOME", runs_folder, 1) || setenv("XDG_STATE_HOME", runs_folder, 1) ||
           setenv(CX_ENV_NCCLTESTS_PATH, runs_folder, 1);
}

static int tear_down(void **state)
{
    (void)state;
    runs_close_folder();
    cx_arena_fini(&runs_arena);
    return 0;
}

/* all_reduce_perf prints a good capture. */
static void put_program(void)
{
    const char *path = cx_arena_format(&runs_arena, "%s/all_reduce_perf", runs_folder);
    const char *text = cx_arena_format(&runs_arena,
                                       "#!/bin/sh\nexec cat %s/tests/data/nccltests/synthetic/"
                                       "good_all_reduce.txt\n",
                                       CX_SOURCE_DIR);

    EXPECT_OK(cx_file_write(path, text, strlen(text)));
    assert_int_equal(chmod(path, 0700), 0);
}

static void test_only_programs_are_found(void **state)
{
    (void)state;
    assert_ptr_equal(cx_external_find("nccltests"), &cx_nccltests);
    assert_null(cx_external_find("nccl"));
    assert_null(cx_external_find(""));
}

static void test_a_plan_is_split_in_order(void **state)
{
    cx_case_t cases[] = {kit_case(&runs_arena, WORK), kit_case(&runs_arena, "op=barrier"),
                         kit_case(&runs_arena, WORK " op=broadcast"), kit_case(&runs_arena, "")};
    cx_plan_t plan    = {.suite = "kit", .cases = cases, .case_count = 4};
    cx_plan_t programs;

    (void)state;
    EXPECT_OK(cx_external_split(&plan, &runs_arena, &programs));
    assert_int_equal(plan.case_count, 2);
    assert_int_equal(plan.cases[0].op, CX_COLLECTIVE_BARRIER);
    assert_int_equal(programs.case_count, 2);
    assert_int_equal(programs.cases[1].op, CX_COLLECTIVE_BROADCAST);
    assert_string_equal(programs.suite, "kit");
    EXPECT_OK(cx_external_split(&plan, &runs_arena, &programs));
    assert_int_equal(programs.case_count, 0);
    assert_int_equal(plan.case_count, 2);
}

static void test_ranks_are_all_here_and_the_case_means_something(void **state)
{
    const cx_rank_layout_t here  = {.rank_count = 4, .local_rank_count = 4, .host_rank_count = 4};
    const cx_rank_layout_t there = {.rank_count = 4, .local_rank_count = 1, .host_rank_count = 1};
    cx_case_t              cases[2] = {kit_case(&runs_arena, WORK), kit_case(&runs_arena, "")};
    cx_plan_t              plan     = {.cases = cases, .case_count = 2};

    (void)state;
    EXPECT_OK(cx_external_precheck(&plan, &here));
    EXPECT_FAIL(CX_INVALID, "without a launcher", cx_external_precheck(&plan, &there));
    cases[1].backend = "mpi";
    EXPECT_FAIL(CX_INVALID, "backend mpi", cx_external_precheck(&plan, &here));
    cases[0] = kit_case(&runs_arena, WORK " op=broadcast root=4");
    cases[1] = kit_case(&runs_arena, "");
    EXPECT_FAIL(CX_INVALID, "root 4", cx_external_precheck(&plan, &here));
    cases[0] = kit_case(&runs_arena, "");
    EXPECT_OK(cx_external_precheck(&plan, &there)); /* not its business */
}

static cx_status_t execute(cx_case_t *one, cx_run_result_t *result)
{
    cx_plan_t        plan = {.suite = "kit", .summary = "words", .cases = one, .case_count = 1};
    cx_run_options_t options;
    const cx_run_request_t request = {.plan       = &plan,
                                      .options    = &options,
                                      .env        = &alone,
                                      .directory  = runs_folder,
                                      .command    = command,
                                      .observer   = &observer,
                                      .interrupts = &interrupt_count};

    EXPECT_OK(cx_options_defaults(cx_run_options, &options, &runs_arena));
    options.ranks    = 4;
    options.launches = 2;
    options.grace_us = 1e5;
    return cx_run_execute(&request, result);
}

static void test_each_launch_starts_the_program_once(void **state)
{
    cx_case_t       one    = kit_case(&runs_arena, WORK);
    int             before = runs_descriptor_count();
    cx_run_result_t result;
    json_t         *record;

    (void)state;
    put_program();
    EXPECT_OK(execute(&one, &result));
    assert_int_equal(result.ok_count, 2);
    assert_int_equal(started_count, 2);
    assert_int_equal(row_count, 6);
    assert_int_equal(ended_count, 2);
    cx_run_result_fini(&result);
    record = runs_read(cx_arena_format(&runs_arena, "records/%s.l1.json", one.case_id));
    EXPECT_OK(cx_record_validate(record, "record"));
    assert_string_equal(kit_text(json_object_get(record, "identity"), "origin"), "imported");
    assert_int_equal(json_array_size(json_object_get(record, "rows")), 3);
    json_decref(record);
    runs_assert_no_children();
    assert_int_equal(runs_descriptor_count(), before);
}

static void test_an_interrupt_leaves_no_record(void **state)
{
    cx_case_t       one = kit_case(&runs_arena, WORK);
    cx_run_result_t result;

    (void)state;
    put_program();
    interrupt_count = 1;
    EXPECT_OK(execute(&one, &result));
    assert_true(result.is_interrupted);
    assert_int_equal(json_array_size(result.records), 0);
    assert_int_equal(started_count, 0);
    cx_run_result_fini(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_programs_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_plan_is_split_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ranks_are_all_here_and_the_case_means_something,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_launch_starts_the_program_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_interrupt_leaves_no_record, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
