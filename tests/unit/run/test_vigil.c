/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks that end, crash, give up or hang, and what is said of them. */
#include "support/expect.h"

#include "base/deadline.h"
#include "run/vigil.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define RANK_COUNT 3
#define FIRST_RANK 4

/* A launch of children that only end; its board is this process's memory. */
static void open_launch(cx_launch_t *launch)
{
    *launch = (cx_launch_t){
        .local_rank_count = RANK_COUNT,
        .first_rank       = FIRST_RANK,
        .processes        = calloc(RANK_COUNT, sizeof(cx_rank_process_t)),
        .board      = aligned_alloc(128, sizeof(cx_board_t) + RANK_COUNT * sizeof(cx_board_rank_t)),
        .channel_fd = -1};
    assert_non_null(launch->processes);
    assert_non_null(launch->board);
    memset(launch->board, 0, sizeof(cx_board_t) + RANK_COUNT * sizeof(cx_board_rank_t));
    for (int i = 0; i < RANK_COUNT; i++) {
        launch->processes[i].pidfd = -1;
        (void)snprintf(launch->board->ranks[i].phase, CX_BOARD_PHASE_BYTES, "work");
    }
}

static void close_launch(cx_launch_t *launch)
{
    free(launch->processes);
    free(launch->board);
}

/* A child that has ended: with that exit code, or by that signal; reaped by the vigil. */
static void end_child(cx_launch_t *launch, int32_t local_rank, int code, int signal_number)
{
    siginfo_t facts;
    pid_t     pid = fork();

    if (pid == 0) {
        if (signal_number > 0) {
            (void)raise(signal_number);
        }
        _exit(code);
    }
    assert_int_equal(waitid(P_PID, (id_t)pid, &facts, WEXITED | WNOWAIT), 0);
    launch->processes[local_rank].pid = pid;
}

static void give_up(cx_launch_t *launch, int32_t local_rank, cx_status_t status, const char *words)
{
    cx_board_rank_t *rank = &launch->board->ranks[local_rank];

    (void)snprintf(rank->detail, sizeof rank->detail, "%s", words);
    atomic_store(&rank->status, (int32_t)status);
    end_child(launch, local_rank, 1, 0);
}

static void test_ranks_that_end_well_are_no_loss(void **state)
{
    cx_launch_t launch;
    cx_loss_t   loss = {.status = CX_OK};

    (void)state;
    open_launch(&launch);
    end_child(&launch, 0, 0, 0);
    end_child(&launch, 2, 0, 0);
    assert_int_equal(cx_vigil_end(&launch, &loss), 0);
    assert_int_equal(loss.status, CX_OK);
    close_launch(&launch);
}

static void test_a_rank_that_crashes_is_named_with_signal_and_phase(void **state)
{
    cx_launch_t launch;
    cx_loss_t   loss = {.status = CX_OK};

    (void)state;
    open_launch(&launch);
    end_child(&launch, 1, 0, SIGKILL);
    assert_int_equal(cx_vigil_end(&launch, &loss), 0);
    assert_int_equal(loss.status, CX_PEER);
    assert_int_equal(loss.local_rank, 1);
    assert_string_equal(loss.text, "rank 5 killed by signal 9 (Killed) in phase \"work\"");
    close_launch(&launch);
}

static void test_a_rank_s_own_words_count_more_than_an_echo_of_them(void **state)
{
    cx_launch_t launch;
    cx_loss_t   loss = {.status = CX_OK};

    (void)state;
    open_launch(&launch);
    give_up(&launch, 0, CX_PEER, "rank 6 is gone");
    give_up(&launch, 2, CX_BACKEND, "the library is broken");
    assert_int_equal(cx_vigil_end(&launch, &loss), 0);
    assert_int_equal(loss.status, CX_BACKEND);
    assert_string_equal(loss.text, "rank 6: the library is broken");
    close_launch(&launch);
}

static void test_an_echo_counts_when_there_is_nothing_else(void **state)
{
    cx_launch_t launch;
    cx_loss_t   loss = {.status = CX_OK};

    (void)state;
    open_launch(&launch);
    give_up(&launch, 1, CX_PEER, "rank 9 of another host is gone");
    assert_int_equal(cx_vigil_end(&launch, &loss), 0);
    assert_int_equal(loss.status, CX_PEER);
    assert_string_equal(loss.text, "rank 9 of another host is gone");
    close_launch(&launch);
}

static void test_a_rank_past_its_deadline_and_grace_hangs(void **state)
{
    cx_launch_t launch;
    cx_loss_t   loss = {.status = CX_OK};

    (void)state;
    open_launch(&launch);
    launch.processes[2].pid = getpid(); /* runs, and is never waited for */
    atomic_store(&launch.board->ranks[2].beat_ns, cx_now_ns() - 30 * CX_NS_PER_S);
    atomic_store(&launch.board->ranks[2].deadline_ns, cx_now_ns() - 20 * CX_NS_PER_S);
    cx_vigil_hang(&launch, 3600, &loss);
    assert_int_equal(loss.status, CX_OK);
    cx_vigil_hang(&launch, 10, &loss);
    assert_int_equal(loss.status, CX_TIMEOUT);
    assert_string_equal(loss.text, "rank 6 did not come back from phase \"work\" within 30 s");
    close_launch(&launch);
}

static void test_who_had_to_be_killed_is_to_blame_for_a_timeout(void **state)
{
    cx_launch_t launch;
    cx_loss_t   loss = {.status = CX_OK};

    (void)state;
    open_launch(&launch);
    give_up(&launch, 0, CX_TIMEOUT, "no answer from rank 5");
    (void)cx_vigil_end(&launch, &loss);
    cx_vigil_blame_silent(&launch, &loss);
    assert_string_equal(loss.text, "rank 4: no answer from rank 5");
    end_child(&launch, 1, 0, SIGKILL);
    (void)cx_vigil_end(&launch, &loss);
    cx_vigil_blame_silent(&launch, &loss);
    assert_int_equal(loss.local_rank, 1);
    assert_string_equal(loss.text, "rank 5 did not come back from phase \"work\"");
    close_launch(&launch);
}

static void test_the_first_loss_is_kept(void **state)
{
    cx_loss_t loss = {.status = CX_OK};

    (void)state;
    cx_loss_note(&loss, CX_BACKEND, 1, "first");
    cx_loss_note(&loss, CX_DEVICE, 2, "second");
    assert_int_equal(loss.status, CX_BACKEND);
    assert_string_equal(loss.text, "first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_that_end_well_are_no_loss),
        cmocka_unit_test(test_a_rank_that_crashes_is_named_with_signal_and_phase),
        cmocka_unit_test(test_a_rank_s_own_words_count_more_than_an_echo_of_them),
        cmocka_unit_test(test_an_echo_counts_when_there_is_nothing_else),
        cmocka_unit_test(test_a_rank_past_its_deadline_and_grace_hangs),
        cmocka_unit_test(test_who_had_to_be_killed_is_to_blame_for_a_timeout),
        cmocka_unit_test(test_the_first_loss_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
