/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that end well, fail, hang, flood or cannot be started, and that nothing of them is left.
 * This program is also the program that is run. */
#include "launch/command.h"

#include "base/deadline.h"
#include "support/expect.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"
#define AMPLE_NS (30 * CX_NS_PER_S)

static volatile sig_atomic_t interrupt_count;

/* ---- the program ----------------------------------------------------------------------------- */

static void say_pid(void)
{
    (void)printf("%d\n", (int)getpid());
    (void)fflush(stdout);
}

/* It, one of its group and an orphan in a session of its own; none of them heeds SIGTERM. */
static void hang(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    say_pid();
    if (fork() == 0) {
        if (fork() == 0) {
            (void)setsid();
        }
        say_pid();
    }
    for (;;) {
        (void)pause();
    }
}

static int play(const char *part)
{
    if (strcmp(part, "hang") == 0) {
        hang();
    }
    while (strcmp(part, "flood") == 0) {
        (void)puts("a line that says nothing");
    }
    if (strcmp(part, "orphan") == 0 && fork() == 0) {
        say_pid();
        (void)pause();
    }
    (void)printf("said %s %d\n", part, fgetc(stdin) == EOF);
    (void)fprintf(stderr, "complained\n");
    return part[0] == '3' ? 3 : 0;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static int descriptor_count(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int  count  = 0;

    while (readdir(folder)) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static cx_status_t run(const char *part, int64_t timeout_ns, cx_command_result_t *result)
{
    const char *const argv[]  = {SELF, "__play", part, NULL};
    cx_command_t      command = {.argv             = argv,
                                 .timeout_ns       = timeout_ns,
                                 .grace_ns         = CX_NS_PER_S / 10,
                                 .output_bytes_max = 4096,
                                 .interrupts       = &interrupt_count};

    return cx_command_run(&command, result);
}

/* Every process whose pid was printed is gone, and no child is left. */
static void assert_gone(const char *pids, int least)
{
    int   count = 0;
    char *end;

    for (long pid = strtol(pids, &end, 10); pid > 0; pid = strtol(pids, &end, 10)) {
        assert_int_equal(kill((pid_t)pid, 0), -1);
        assert_int_equal(errno, ESRCH);
        pids = end;
        count++;
    }
    assert_true(count >= least);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_both_streams_and_the_exit_code_are_kept_apart(void **state)
{
    int                 before = descriptor_count();
    cx_command_result_t result;

    (void)state;
    EXPECT_OK(run("3", AMPLE_NS, &result));
    assert_int_equal(result.end, CX_COMMAND_EXITED);
    assert_int_equal(WEXITSTATUS(result.exit_status), 3);
    assert_string_equal(result.output, "said 3 1\n"); /* and there was nothing to read */
    assert_string_equal(result.errors, "complained\n");
    assert_int_equal(result.output_bytes, 9);
    cx_command_fini(&result);
    assert_int_equal(descriptor_count(), before);
}

static void test_a_hang_ends_with_all_it_started(void **state)
{
    cx_command_result_t result;

    (void)state;
    EXPECT_OK(run("hang", CX_NS_PER_S / 2, &result));
    assert_int_equal(result.end, CX_COMMAND_TIMED_OUT);
    assert_gone(result.output, 3);
    cx_command_fini(&result);
}

static void test_what_outlives_a_program_that_ended_well_is_ended(void **state)
{
    cx_command_result_t result;

    (void)state;
    EXPECT_OK(run("orphan", AMPLE_NS, &result));
    assert_int_equal(result.end, CX_COMMAND_EXITED);
    assert_int_equal(result.exit_status, 0);
    assert_non_null(strstr(result.output, "said orphan"));
    assert_gone("", 0);
    cx_command_fini(&result);
}

static void test_a_flood_is_cut(void **state)
{
    cx_command_result_t result;

    (void)state;
    EXPECT_OK(run("flood", AMPLE_NS, &result));
    assert_int_equal(result.end, CX_COMMAND_FLOODED);
    assert_int_equal(result.output_bytes, 4096);
    assert_gone("", 0);
    cx_command_fini(&result);
}

static void test_an_interrupt_ends_it(void **state)
{
    cx_command_result_t result;

    (void)state;
    interrupt_count = 1;
    EXPECT_OK(run("hang", AMPLE_NS, &result));
    interrupt_count = 0;
    assert_int_equal(result.end, CX_COMMAND_INTERRUPTED);
    assert_gone(result.output, 0);
    cx_command_fini(&result);
}

static void test_what_cannot_be_started_says_so(void **state)
{
    static const char *const argv[]  = {"/proc/no such program", NULL};
    const cx_command_t       command = {.argv             = argv,
                                        .timeout_ns       = AMPLE_NS,
                                        .output_bytes_max = 4096,
                                        .interrupts       = &interrupt_count};
    cx_command_result_t      result;

    (void)state;
    EXPECT_OK(cx_command_run(&command, &result));
    assert_int_equal(WEXITSTATUS(result.exit_status), 127);
    assert_non_null(strstr(result.errors, "/proc/no such program cannot be started: No such file"));
    cx_command_fini(&result);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_streams_and_the_exit_code_are_kept_apart),
        cmocka_unit_test(test_a_hang_ends_with_all_it_started),
        cmocka_unit_test(test_what_outlives_a_program_that_ended_well_is_ended),
        cmocka_unit_test(test_a_flood_is_cut),
        cmocka_unit_test(test_an_interrupt_ends_it),
        cmocka_unit_test(test_what_cannot_be_started_says_so),
    };

    if (argc > 2 && strcmp(argv[1], "__play") == 0) {
        return play(argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
