/* SPDX-License-Identifier: Apache-2.0 */
/* Which ranks a command starts, and what contradicts what. */
#include "run/execute.h"

#include "support/arena.h"
#include "support/expect.h"

static cx_run_options_t options_with(int64_t ranks, int64_t nodes, int64_t node_index,
                                     const char *rendezvous)
{
    return (cx_run_options_t){
        .ranks = ranks, .nodes = nodes, .node_index = node_index, .rendezvous = rendezvous};
}

static const cx_launch_env_t none  = {.launcher = "none", .rank_count = 1, .local_rank_count = 1};
static const cx_launch_env_t slurm = {.launcher         = "slurm",
                                      .rank             = 3,
                                      .rank_count       = 8,
                                      .local_rank       = 1,
                                      .local_rank_count = 4,
                                      .address          = "tcp:node1:20001",
                                      .token            = 77};

static void test_one_host_starts_all(void **state)
{
    cx_run_options_t options = options_with(5, 1, 0, "");
    cx_rank_layout_t layout;

    (void)state;
    EXPECT_OK(cx_rank_layout(&options, &none, &arena, &layout));
    assert_int_equal(layout.rank_count, 5);
    assert_int_equal(layout.local_rank_count, 5);
    assert_int_equal(layout.first_rank, 0);
    assert_int_equal(layout.host_rank_count, 5);
    assert_null(layout.address);
    options = options_with(0, 1, 0, "");
    EXPECT_OK(cx_rank_layout(&options, &none, &arena, &layout));
    assert_in_range(layout.rank_count, 2, 8);
}

static void test_hosts_by_hand_share_the_ranks_and_the_place(void **state)
{
    cx_run_options_t first = options_with(3, 4, 0, "node0:7000");
    cx_run_options_t last  = options_with(3, 4, 3, "node0:7000");
    cx_run_options_t other = options_with(3, 4, 3, "node0:7001");
    cx_rank_layout_t one, two, three;

    (void)state;
    EXPECT_OK(cx_rank_layout(&first, &none, &arena, &one));
    EXPECT_OK(cx_rank_layout(&last, &none, &arena, &two));
    EXPECT_OK(cx_rank_layout(&other, &none, &arena, &three));
    assert_int_equal(two.rank_count, 12);
    assert_int_equal(two.first_rank, 9);
    assert_int_equal(two.local_rank_count, 3);
    assert_string_equal(two.address, "tcp:node0:7000");
    assert_true(one.token == two.token);
    assert_true(one.token != three.token);
}

static void test_a_launcher_has_decided(void **state)
{
    cx_launch_env_t  alone   = {.launcher = "openmpi", .rank_count = 1, .local_rank_count = 1};
    cx_run_options_t options = options_with(0, 1, 0, "");
    cx_rank_layout_t layout;

    (void)state;
    EXPECT_OK(cx_rank_layout(&options, &slurm, &arena, &layout));
    assert_int_equal(layout.rank_count, 8);
    assert_int_equal(layout.first_rank, 3);
    assert_int_equal(layout.local_rank_count, 1);
    assert_int_equal(layout.host_first_rank, 1);
    assert_int_equal(layout.host_rank_count, 4);
    assert_string_equal(layout.address, "tcp:node1:20001");
    assert_int_equal(layout.token, 77);
    options.ranks = 8; /* saying it again is no contradiction */
    EXPECT_OK(cx_rank_layout(&options, &slurm, &arena, &layout));
    options.ranks = 0;
    EXPECT_OK(cx_rank_layout(&options, &alone, &arena, &layout));
    assert_null(layout.address);
}

static void test_contradictions_name_both_sides(void **state)
{
    static const struct {
        int64_t                ranks, nodes, node_index;
        const char            *rendezvous;
        const cx_launch_env_t *env;
        const char            *words;
    } rows[] = {
        {4, 1, 0, "", &slurm, "--ranks asks for 4 ranks, but slurm started 8"},
        {0, 2, 0, "", &slurm, "slurm started this command as rank 3 of 8"},
        {0, 1, 0, "node0:7000", &slurm, "--nodes and --rendezvous are for starting by hand"},
        {2, 2, 0, "", &none, "--nodes 2 and --rendezvous \"\": several hosts need both"},
        {2, 1, 0, "node0:7000", &none, "--rendezvous \"node0:7000\""},
        {2, 2, 2, "node0:7000", &none, "--node-index 2: must be below --nodes 2"},
        {2, 1, 1, "", &none, "--node-index 1: must be below --nodes 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_run_options_t options =
            options_with(rows[i].ranks, rows[i].nodes, rows[i].node_index, rows[i].rendezvous);
        cx_rank_layout_t layout = {.rank_count = -1};

        EXPECT_FAIL(CX_INVALID, rows[i].words,
                    cx_rank_layout(&options, rows[i].env, &arena, &layout));
        assert_int_equal(layout.rank_count, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_host_starts_all),
        cmocka_unit_test(test_hosts_by_hand_share_the_ranks_and_the_place),
        cmocka_unit_test(test_a_launcher_has_decided),
        cmocka_unit_test(test_contradictions_name_both_sides),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
