/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that a call which never returns ends its process, and that one which does ends nothing. */
#include "base/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void end_process(const char *what)
{
    _exit(strcmp(what, "the dead") == 0 ? 42 : 43);
}

/* How a child ends that waits for `what` for ever, or has stopped waiting. */
static int exit_of_child(unsigned patience_s, const char *what, int has_ended)
{
    int   status = 0;
    pid_t child  = fork();

    if (child == 0) {
        if (patience_s > 0) {
            cx_patience_init(patience_s, end_process);
        }
        cx_patience_begin(what);
        if (has_ended) {
            cx_patience_end();
            _exit(0);
        }
        while (patience_s > 0) {
            (void)pause();
        }
        cx_patience_end();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_whoever_never_answers_ends_the_process_by_name(void **state)
{
    (void)state;
    assert_int_equal(exit_of_child(1, "the dead", 0), 42);
}

static void test_an_answer_ends_the_waiting(void **state)
{
    (void)state;
    assert_int_equal(exit_of_child(1, "the quick", 1), 0);
}

static void test_nobody_is_watched_who_did_not_ask(void **state)
{
    (void)state;
    assert_int_equal(exit_of_child(0, "the dead", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whoever_never_answers_ends_the_process_by_name),
        cmocka_unit_test(test_an_answer_ends_the_waiting),
        cmocka_unit_test(test_nobody_is_watched_who_did_not_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
