/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a rank process, in forks of this test: what it was started with decides how it ends.
 */
#include "run/rank_main.h"

#include "launch/board.h"
#include "launch/local.h"
#include "unit/run/runs.h"

#define QUICK "samples-max=20 backend-options=null-script=1us"

static void set_number(const char *name, int number)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", number);
    (void)setenv(name, text, 1);
}

static int plan_fd_of(const char *words)
{
    cx_case_t cases[]  = {kit_case(&runs_arena, words)};
    cx_plan_t plan     = {.suite = "kit", .summary = "", .cases = cases, .case_count = 1};
    json_t   *document = cx_plan_to_json(&plan, 1, 0);
    int       fd;

    EXPECT_OK(cx_plan_to_fd(document, &fd));
    json_decref(document);
    return fd;
}

/* Forks a rank that lives on that plan; it has one place on a board that is not zeroed. */
static pid_t start(int rank, int rank_count, const char *address, int board_fd, int plan_fd)
{
    pid_t pid = fork();

    if (pid == 0) {
        set_number(CX_ENV_BOARD_FD, board_fd);
        set_number(CX_ENV_BOARD_COUNT, rank_count);
        set_number(CX_ENV_BOARD_INDEX, rank);
        set_number(CX_ENV_CHANNEL_FD, -1);
        set_number("CX_RANK", rank);
        set_number("CX_RANK_COUNT", rank_count);
        set_number("CX_LOCAL_RANK", rank);
        set_number("CX_LOCAL_RANK_COUNT", rank_count);
        (void)setenv("CX_TOKEN", "abc", 1);
        (void)setenv("CX_ADDRESS", address, 1);
        (void)setenv(CX_ENV_STAR_FDS, "", 1);
        if (plan_fd >= 0) {
            set_number(CX_ENV_PLAN_FD, plan_fd);
        }
        exit(cx_rank_main());
    }
    return pid;
}

static int exit_code(pid_t pid)
{
    int exit_status = 0;

    assert_int_equal(waitpid(pid, &exit_status, 0), pid);
    assert_true(WIFEXITED(exit_status));
    return WEXITSTATUS(exit_status);
}

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&runs_arena);
    return unsetenv(CX_ENV_PLAN_FD);
}

static int tear_down(void **state)
{
    (void)state;
    cx_arena_fini(&runs_arena);
    return 0;
}

static void test_a_rank_does_its_plan(void **state)
{
    cx_board_t *board;
    int         board_fd, plan_fd = plan_fd_of(QUICK);

    (void)state;
    EXPECT_OK(cx_board_open(1, &board, &board_fd));
    assert_int_equal(exit_code(start(0, 1, "", board_fd, plan_fd)), 0);
    assert_int_equal(atomic_load(&board->ranks[0].status), CX_OK);
    assert_int_equal(atomic_load(&board->ranks[0].requested_bytes), 64); /* the last size */
    assert_true(atomic_load(&board->ranks[0].operation_index) >= 20);
    cx_board_close(board, 1);
    close(board_fd);
    close(plan_fd);
}

static void test_a_rank_without_a_plan_or_board_gives_up(void **state)
{
    cx_board_t *board;
    int         board_fd, plan_fd = plan_fd_of(QUICK);

    (void)state;
    EXPECT_OK(cx_board_open(1, &board, &board_fd));
    assert_int_equal(exit_code(start(0, 1, "", board_fd, -1)), 1);
    assert_int_equal(exit_code(start(0, 1, "", board_fd, board_fd)), 1); /* no plan in there */
    assert_int_equal(exit_code(start(0, 1, "", 9999, plan_fd)), 1);
    cx_board_close(board, 1);
    close(board_fd);
    close(plan_fd);
}

/* Two commands that were given different requests, and found each other. */
static void test_ranks_with_different_plans_part(void **state)
{
    char        address[64];
    cx_board_t *board;
    int         board_fd, plans[2] = {plan_fd_of(QUICK), plan_fd_of("seed=2 " QUICK)};
    pid_t       pids[2];

    (void)state;
    (void)snprintf(address, sizeof address, "unix:cx-rank-main-%ld", (long)getpid());
    EXPECT_OK(cx_board_open(2, &board, &board_fd));
    for (int rank = 0; rank < 2; rank++) {
        pids[rank] = start(rank, 2, address, board_fd, plans[rank]);
    }
    for (int rank = 0; rank < 2; rank++) {
        assert_int_equal(exit_code(pids[rank]), 1);
        assert_int_equal(atomic_load(&board->ranks[rank].status), CX_PEER);
        assert_non_null(strstr(board->ranks[rank].detail, "was started with another request"));
        close(plans[rank]);
    }
    cx_board_close(board, 2);
    close(board_fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_rank_does_its_plan),
        TEST(test_a_rank_without_a_plan_or_board_gives_up),
        TEST(test_ranks_with_different_plans_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
