/* SPDX-License-Identifier: Apache-2.0 */
/* A rank process joins what its supervisor made for it, and says how far it is. */
#include "run/rank_context.h"

#include "launch/board.h"
#include "launch/local.h"
#include "unit/run/kit.h"

static cx_rank_context_t context;
static cx_board_t       *board;
static int               board_fd;

static void set_number(const char *name, int number)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", number);
    assert_int_equal(setenv(name, text, 1), 0);
}

/* As launch/local.c leaves it for the second of two places, of a rank alone. */
static int set_up(void **state)
{
    (void)state;
    EXPECT_OK(cx_board_open(2, &board, &board_fd));
    set_number(CX_ENV_BOARD_FD, board_fd);
    set_number(CX_ENV_BOARD_COUNT, 2);
    set_number(CX_ENV_BOARD_INDEX, 1);
    set_number(CX_ENV_CHANNEL_FD, -1);
    set_number("CX_RANK", 0);
    set_number("CX_RANK_COUNT", 1);
    set_number("CX_LOCAL_RANK", 0);
    set_number("CX_LOCAL_RANK_COUNT", 1);
    (void)setenv("CX_TOKEN", "abc", 1);
    (void)setenv("CX_ADDRESS", "", 1);
    (void)setenv(CX_ENV_STAR_FDS, "", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cx_board_close(board, 2);
    close(board_fd);
    return 0;
}

static void test_a_rank_joins_board_and_peers(void **state)
{
    (void)state;
    EXPECT_OK(cx_rank_context_open(&context, KIT_AMPLE_NS));
    assert_int_equal(context.core.rank, 0);
    assert_int_equal(context.core.rank_count, 1);
    assert_int_equal(context.core.local_rank_count, 1);
    assert_int_equal(context.host_count, 1);
    assert_int_equal(context.channel_fd, -1);
    assert_false(context.core.is_oversubscribed);
    assert_string_equal(board->ranks[1].phase, "clock"); /* its own place, seen from outside */
    assert_true(atomic_load(&board->ranks[1].deadline_ns) > cx_now_ns());
    cx_rank_context_close(&context);
}

static void test_phases_move_the_deadline_and_the_beat(void **state)
{
    int64_t before_ns = cx_now_ns();
    int64_t deadline_ns;

    (void)state;
    EXPECT_OK(cx_rank_context_open(&context, CX_NS_PER_S));
    cx_detail_clear();
    context.timeout_ns = 5 * CX_NS_PER_S;
    deadline_ns        = cx_rank_context_phase(&context, "a phase with a name too long to keep");
    assert_true(deadline_ns >= before_ns + 5 * CX_NS_PER_S);
    assert_true(deadline_ns <= cx_now_ns() + 5 * CX_NS_PER_S);
    assert_int_equal(context.core.deadline_ns(&context.core), deadline_ns);
    assert_true(atomic_load(&board->ranks[1].beat_ns) >= before_ns);
    assert_string_equal(board->ranks[1].phase, "a phase with a name too long to");
    cx_rank_context_close(&context);
}

static void test_waiting_is_over_when_time_is_or_the_run(void **state)
{
    (void)state;
    EXPECT_OK(cx_rank_context_open(&context, KIT_AMPLE_NS));
    assert_false(context.core.is_over(&context.core));
    context.deadline_ns = cx_now_ns() - 1;
    assert_true(context.core.is_over(&context.core));
    (void)cx_rank_context_phase(&context, "again");
    assert_false(context.core.is_over(&context.core));
    atomic_store(&board->is_cancelled, 1);
    assert_true(context.core.is_over(&context.core));
    cx_rank_context_close(&context);
}

static void test_giving_up_leaves_the_first_reason(void **state)
{
    (void)state;
    EXPECT_OK(cx_rank_context_open(&context, KIT_AMPLE_NS));
    cx_detail_clear();
    (void)cx_rank_context_phase(&context, "working");
    (void)CX_FAIL(CX_DEVICE, "the first thing");
    (void)cx_rank_context_phase(&context, "cleaning up");
    cx_rank_context_give_up(&context, CX_DEVICE);
    assert_int_equal(atomic_load(&board->ranks[1].status), CX_DEVICE);
    assert_string_equal(board->ranks[1].detail, "the first thing");
    assert_string_equal(board->ranks[1].phase, "working");
    cx_detail_clear();
    cx_rank_context_close(&context);
}

static void test_stamps_have_a_common_base_unless_time_is_virtual(void **state)
{
    (void)state;
    EXPECT_OK(cx_rank_context_open(&context, KIT_AMPLE_NS));
    context.clock = (cx_clock_model_t){.offset_ns = 500};
    EXPECT_OK(cx_rank_context_device(&context, "host"));
    assert_int_equal(cx_rank_context_common_ns(&context, 1000), 1500);
    EXPECT_OK(cx_rank_context_device(&context, "sim"));
    assert_int_equal(cx_rank_context_common_ns(&context, 1000), 1000);
    cx_rank_context_close(&context);
}

static void test_a_device_stays_open_until_another_is_wanted(void **state)
{
    cx_device_t *first;

    (void)state;
    EXPECT_OK(cx_rank_context_open(&context, KIT_AMPLE_NS));
    EXPECT_OK(cx_rank_context_device(&context, "sim"));
    first = context.core.device;
    EXPECT_OK(cx_rank_context_device(&context, "sim"));
    assert_ptr_equal(context.core.device, first);
    EXPECT_FAIL(CX_INVALID, "device: no device called \"warp\"",
                cx_rank_context_device(&context, "warp"));
    assert_string_equal(context.device_name, "sim"); /* and what was open still is */
    EXPECT_OK(cx_rank_context_device(&context, "host"));
    assert_string_equal(context.device_name, "host");
    cx_rank_context_close(&context);
}

static void test_what_a_supervisor_did_not_make_is_refused(void **state)
{
    (void)state;
    set_number(CX_ENV_BOARD_FD, 9999);
    EXPECT_FAIL(CX_INVALID, "descriptor 9999 is no board of 2 ranks",
                cx_rank_context_open(&context, KIT_AMPLE_NS));
    assert_null(context.own);
    (void)unsetenv(CX_ENV_BOARD_FD);
    EXPECT_FAIL(CX_INVALID, "descriptor -1 is no board",
                cx_rank_context_open(&context, KIT_AMPLE_NS));
    set_number(CX_ENV_BOARD_FD, board_fd);
    for (int index = -1; index <= 2; index += 3) {
        set_number(CX_ENV_BOARD_INDEX, index);
        EXPECT_FAIL(CX_INVALID, "no place", cx_rank_context_open(&context, KIT_AMPLE_NS));
        assert_null(context.own);
    }
    (void)setenv("CX_RANK", "5", 1);
    EXPECT_FAIL(CX_INVALID, "CX_RANK", cx_rank_context_open(&context, KIT_AMPLE_NS));
    cx_rank_context_close(&context);
}

/* Descriptors by their numbers, one more than a pair could need: peers see that it cannot be. */
static void test_a_star_is_read_from_its_list(void **state)
{
    int pairs[2][2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[0]), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[1]), 0);
    set_number("CX_RANK_COUNT", 2);
    set_number("CX_LOCAL_RANK_COUNT", 2);
    {
        char text[32];

        (void)snprintf(text, sizeof text, "%d,%d", pairs[0][0], pairs[1][0]);
        (void)setenv(CX_ENV_STAR_FDS, text, 1);
    }
    EXPECT_FAIL(CX_INVALID, "", cx_rank_context_open(&context, KIT_AMPLE_NS));
    cx_rank_context_close(&context);
    close(pairs[0][1]);
    close(pairs[1][1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_rank_joins_board_and_peers),
        TEST(test_phases_move_the_deadline_and_the_beat),
        TEST(test_waiting_is_over_when_time_is_or_the_run),
        TEST(test_giving_up_leaves_the_first_reason),
        TEST(test_stamps_have_a_common_base_unless_time_is_virtual),
        TEST(test_a_device_stays_open_until_another_is_wanted),
        TEST(test_what_a_supervisor_did_not_make_is_refused),
        TEST(test_a_star_is_read_from_its_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
