/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks under other numbers: what they tell each other arrives under the new ones, and the old
 * numbers come back. */
#include "run/ep_ranks.h"

#include "unit/peers/ranks.h"
#include "unit/run/kit.h"

#include <sys/mman.h>

#define RANK_COUNT 4

static const int32_t places[RANK_COUNT] = {2, 0, 3, 1}; /* rank 0 is the process that was rank 2 */

static cx_status_t talk(cx_core_t *core, int32_t old_rank)
{
    int64_t deadline_ns = cx_now_ns() + AMPLE_NS;
    int32_t all[RANK_COUNT], from_zero = old_rank;

    if (places[core->rank] != old_rank || core->peers_ops->rank(core->peers) != core->rank ||
        core->peers_ops->rank_count(core->peers) != RANK_COUNT ||
        core->peers_ops->host_index(core->peers, 3) != 0) {
        return CX_FAIL(CX_INTERNAL, "rank %d was %d", core->rank, old_rank);
    }
    CX_TRY(core->peers_ops->barrier(core->peers, deadline_ns));
    CX_TRY(core->peers_ops->allgather(core->peers, &old_rank, all, sizeof old_rank, deadline_ns));
    CX_TRY(core->peers_ops->broadcast(core->peers, &from_zero, sizeof from_zero, 0, deadline_ns));
    for (int32_t rank = 0; rank < RANK_COUNT; rank++) {
        if (all[rank] != places[rank] || from_zero != places[0]) {
            return CX_FAIL(CX_INTERNAL, "rank %d said %d, rank 0 %d", rank, all[rank], from_zero);
        }
    }
    return CX_OK;
}

/* Every rank gives a file of its own, and reads rank 1's. */
static cx_status_t hand_over(cx_core_t *core)
{
    int  own  = memfd_create("test", MFD_CLOEXEC), fds[RANK_COUNT];
    char said = (char)('a' + core->rank), read_back = 0;

    (void)!write(own, &said, 1);
    CX_TRY(core->peers_ops->exchange_fd(core->peers, own, fds, cx_now_ns() + AMPLE_NS));
    (void)!pread(fds[1], &read_back, 1, 0);
    return read_back == 'b' ? CX_OK : CX_FAIL(CX_INTERNAL, "rank 1 gave '%c'", read_back);
}

static cx_status_t renumbered(world_t *world)
{
    cx_rank_context_t   context;
    cx_ep_renumbering_t renumbering;
    int32_t             old_rank;

    kit_context(&context, world->ops, world->peers, -1);
    old_rank = context.core.rank;
    CX_TRY(cx_ep_ranks_renumber(&context, places, &renumbering));
    CX_TRY(talk(&context.core, old_rank));
    CX_TRY(hand_over(&context.core));
    if (cx_ep_ranks_of(&context.core).node_rank_count != RANK_COUNT) {
        return CX_FAIL(CX_INTERNAL, "ranks of the host got lost");
    }
    cx_ep_ranks_restore(&renumbering);
    if (context.core.rank != old_rank || context.core.peers != world->peers) {
        return CX_FAIL(CX_INTERNAL, "the old number did not come back");
    }
    kit_context_close(&context);
    return CX_OK;
}

static void test_ranks_talk_under_their_new_numbers(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(SOCKETS, RANK_COUNT, renumbered, 1, outcomes);
    expect(outcomes, RANK_COUNT, CX_OK, "");
}

static void test_the_same_places_change_nothing(void **state)
{
    static const int32_t same[] = {0};
    cx_ep_renumbering_t  renumbering;
    kit_alone_t          kit;
    cx_peers_t          *peers;

    (void)state;
    kit_alone_open(&kit);
    peers = kit.context.core.peers;
    EXPECT_OK(cx_ep_ranks_renumber(&kit.context, same, &renumbering));
    assert_ptr_equal(kit.context.core.peers, peers);
    cx_ep_ranks_restore(&renumbering);
    assert_ptr_equal(kit.context.core.peers, peers);
    kit_alone_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_talk_under_their_new_numbers),
        cmocka_unit_test(test_the_same_places_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
