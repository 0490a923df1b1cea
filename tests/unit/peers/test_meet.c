/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of opening peers: which way is taken, which descriptions are refused.
 * Not of the calls afterwards (test_ops.c) nor of what is said at an address (test_rendezvous.c).
 */
#include "ranks.h"

#include <fcntl.h>

static cx_status_t show_peers(world_t *world)
{
    world->outcome->values[0] = world->peers->shm.head != NULL;
    world->outcome->values[1] = world->peers->star.is_unix;
    world->outcome->values[2] = world->ops->host_index(world->peers, world->meeting.rank_count - 1);
    world->outcome->values[3] = world->ops->rank(world->peers);
    world->outcome->values[4] = world->ops->rank_count(world->peers);
    (void)CX_FAIL(CX_INTERNAL, "%s", world->ops->name); /* only to carry the name */
    return CX_OK;
}

static void ranks_of_one_host_share_memory_however_they_met(void **state)
{
    static const struct {
        way_t       way;
        const char *name;
    } rows[] = {{SOCKETS, "local"}, {UNIX, "local"}, {TCP, "tcp"}};
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run_ranks(rows[i].way, 3, show_peers, 1, outcomes);
        expect(outcomes, 3, CX_OK, rows[i].name);
        for (int32_t rank = 0; rank < 3; rank++) {
            assert_true(outcomes[rank].values[0] == 1);
            assert_true(outcomes[rank].values[1] == 1);
            assert_true(outcomes[rank].values[2] == 0);
            assert_true(outcomes[rank].values[3] == rank);
            assert_true(outcomes[rank].values[4] == 3);
        }
    }
}

static void one_rank_needs_nobody(void **state)
{
    cx_meeting_t          meeting = {.rank_count = 1, .local_rank_count = 1};
    const cx_peers_ops_t *ops     = NULL;
    cx_peers_t           *peers   = NULL;

    (void)state;
    assert_int_equal(cx_peers_open(&meeting, 0, &ops, &peers), CX_OK);
    assert_string_equal(ops->name, "self");
    assert_int_equal(ops->barrier(peers, 0), CX_OK);
    cx_peers_close(ops, peers);
    cx_peers_close(NULL, NULL);
}

static void contradictory_descriptions_are_refused(void **state)
{
    static const struct {
        int32_t     rank, rank_count, fd_count;
        const char *address, *text;
    } rows[] = {
        {0, 0, 0, NULL, "rank 0 of 0"},
        {4, 4, 0, "unix:x", "rank 4 of 4"},
        {-1, 4, 0, "unix:x", "rank -1 of 4"},
        {1, 4, 0, NULL, "set CX_ADDRESS"},
        {1, 4, 1, "unix:x", "both descriptors and address 'unix:x'"},
        {0, 4, 1, NULL, "needs 3 descriptors, got 1"},
        {2, 4, 2, NULL, "needs 1 descriptors, got 2"},
        {1, 2, 0, "udp:x:1", "neither unix:NAME nor tcp:HOST:PORT"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int                   fds[2]  = {dup(0), dup(0)};
        cx_meeting_t          meeting = {.rank          = rows[i].rank,
                                         .rank_count    = rows[i].rank_count,
                                         .star_fd_count = rows[i].fd_count,
                                         .star_fds      = rows[i].fd_count ? fds : NULL,
                                         .address       = rows[i].address};
        const cx_peers_ops_t *ops     = NULL;
        cx_peers_t           *peers   = NULL;

        cx_detail_clear();
        assert_int_equal(cx_peers_open(&meeting, cx_now_ns(), &ops, &peers), CX_INVALID);
        assert_non_null(strstr(cx_detail()->text, rows[i].text));
        assert_null(peers);
        for (int k = 0; k < 2; k++) {
            /* Given descriptors are closed also when the meeting fails. */
            assert_int_equal(fcntl(fds[k], F_GETFD) < 0, k < rows[i].fd_count);
            if (k >= rows[i].fd_count) {
                close(fds[k]);
            }
        }
    }
    cx_detail_clear();
}

/* The starter mixed up two of rank 0's descriptors. */
static cx_status_t open_with_swapped_fds(world_t *world)
{
    int swapped[2];

    if (world->meeting.rank == 0) {
        swapped[0]              = world->meeting.star_fds[1];
        swapped[1]              = world->meeting.star_fds[0];
        world->meeting.star_fds = swapped;
    }
    return cx_peers_open(&world->meeting, cx_now_ns() + AMPLE_NS, &world->ops, &world->peers);
}

static void swapped_descriptors_are_found(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(SOCKETS, 3, open_with_swapped_fds, 0, outcomes);
    expect(outcomes, 3, CX_PEER,
           "connection of rank 1 of 3 leads to a process that says it is rank 2 of 3");
}

static cx_status_t die_before_opening(world_t *world)
{
    if (world->meeting.rank == 1) {
        close(world->meeting.star_fds[0]);
        return CX_FAIL(CX_PEER, "rank 1 closed its connection");
    }
    return cx_peers_open(&world->meeting, cx_now_ns() + AMPLE_NS, &world->ops, &world->peers);
}

static void rank_that_dies_before_opening_is_named(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(SOCKETS, 3, die_before_opening, 0, outcomes);
    expect(outcomes, 3, CX_PEER, "rank 1 closed its connection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_of_one_host_share_memory_however_they_met),
        cmocka_unit_test(one_rank_needs_nobody),
        cmocka_unit_test(contradictory_descriptions_are_refused),
        cmocka_unit_test(swapped_descriptors_are_found),
        cmocka_unit_test(rank_that_dies_before_opening_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
