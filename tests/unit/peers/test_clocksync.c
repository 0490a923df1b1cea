/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the choice between a shared clock and a learnt one. */
#include "ranks.h"

#include "peers/clocksync.h"

static cx_status_t synchronise(world_t *world)
{
    cx_clock_model_t model;

    CX_TRY(cx_clock_sync(world->ops, world->peers, cx_now_ns() + AMPLE_NS, &model));
    world->outcome->values[0] = model.offset_ns;
    world->outcome->values[1] = model.drift_ratio;
    world->outcome->values[2] = model.bound_ns;
    world->outcome->values[3] = (double)cx_clock_to_common(&model, 12345);
    return CX_OK;
}

static void ranks_of_one_host_share_a_clock(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(SOCKETS, 3, synchronise, 1, outcomes);
    expect(outcomes, 3, CX_OK, "");
    for (int32_t rank = 0; rank < 3; rank++) {
        assert_true(outcomes[rank].values[0] == 0);
        assert_true(outcomes[rank].values[1] == 0);
        assert_true(outcomes[rank].values[2] > 0 && outcomes[rank].values[2] < 1e6);
        assert_true(outcomes[rank].values[3] == 12345);
    }
}

static cx_status_t synchronise_on_two_hosts(world_t *world)
{
    world->peers->host_indices[world->meeting.rank_count - 1] = 1;
    return synchronise(world);
}

static cx_status_t synchronise_tcp_on_two_hosts(world_t *world)
{
    world->ops = &cx_peers_tcp_ops;
    return synchronise_on_two_hosts(world);
}

static void ranks_of_two_hosts_play_ping_pong(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(STAR, 2, synchronise_tcp_on_two_hosts, 1, outcomes);
    expect(outcomes, 2, CX_OK, "");
    assert_true(outcomes[1].values[2] > 0);
    run_ranks(STAR, 2, synchronise_on_two_hosts, 1, outcomes);
    expect(outcomes, 2, CX_UNSUPPORTED, "only be learnt by tcp peers, not local");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_of_one_host_share_a_clock),
        cmocka_unit_test(ranks_of_two_hosts_play_ping_pong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
