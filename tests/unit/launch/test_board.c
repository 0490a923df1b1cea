/* SPDX-License-Identifier: Apache-2.0 */
/* The board: made, joined, refused. How ranks use it is test_local.c's. */
#include "launch/board.h"

#include "support/expect.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void test_a_new_board_is_zeroed_and_aligned(void **state)
{
    cx_board_t *board;
    int         fd;

    (void)state;
    EXPECT_OK(cx_board_open(3, &board, &fd));
    assert_int_equal((uintptr_t)board % 128, 0);
    assert_int_equal(sizeof(cx_board_rank_t) % 128, 0); /* ranks share no cache line */
    for (int rank = 0; rank < 3; rank++) {
        assert_int_equal(atomic_load(&board->ranks[rank].operation_index), 0);
        assert_int_equal(atomic_load(&board->ranks[rank].status), CX_OK);
        assert_string_equal(board->ranks[rank].phase, "");
    }
    cx_board_close(board, 3);
    close(fd);
}

static void test_who_joins_sees_the_same_board(void **state)
{
    cx_board_t *board, *other;
    int         fd;

    (void)state;
    EXPECT_OK(cx_board_open(2, &board, &fd));
    EXPECT_OK(cx_board_join(fd, 2, &other));
    atomic_store(&other->ranks[1].case_index, 42);
    assert_int_equal(atomic_load(&board->ranks[1].case_index), 42);
    cx_board_close(other, 2);
    cx_board_close(board, 2);
    cx_board_close(NULL, 2);
    close(fd);
}

static void test_what_is_no_board_is_refused(void **state)
{
    cx_board_t *board;
    int         fd, pipes[2];

    (void)state;
    EXPECT_FAIL(CX_INVALID, "descriptor -1 is no board of -1 ranks", cx_board_join(-1, -1, &board));
    assert_int_equal(pipe(pipes), 0);
    EXPECT_FAIL(CX_INVALID, "is no board of 1 ranks", cx_board_join(pipes[0], 1, &board));
    close(pipes[0]);
    close(pipes[1]);
    EXPECT_OK(cx_board_open(2, &board, &fd));
    cx_board_close(board, 2);
    EXPECT_FAIL(CX_INVALID, "no board of 200 ranks", cx_board_join(fd, 200, &board));
    close(fd);
}

static void test_a_board_that_cannot_be_mapped_is_refused(void **state)
{
    cx_board_t *board;
    int         fd = memfd_create("sealed", MFD_ALLOW_SEALING);

    (void)state;
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
    EXPECT_FAIL(CX_RESOURCE, "cannot map the board", cx_board_join(fd, 1, &board));
    close(fd);
}

static void test_no_descriptor_is_said_so(void **state)
{
    struct rlimit limit, none;
    cx_board_t   *board;
    int           fd;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none          = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_FAIL(CX_RESOURCE, "cannot make the board", cx_board_open(1, &board, &fd));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_board_is_zeroed_and_aligned),
        cmocka_unit_test(test_who_joins_sees_the_same_board),
        cmocka_unit_test(test_what_is_no_board_is_refused),
        cmocka_unit_test(test_a_board_that_cannot_be_mapped_is_refused),
        cmocka_unit_test(test_no_descriptor_is_said_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
