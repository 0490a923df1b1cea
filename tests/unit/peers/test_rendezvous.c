/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of meeting at an address: who is refused, and what each side is told. */
#include "ranks.h"

#include "peers/address.h"
#include "peers/rendezvous.h"

#define SHORT_NS (600 * CX_NS_PER_MS)

static cx_status_t open_for(world_t *world, int64_t wait_ns)
{
    return cx_peers_open(&world->meeting, cx_now_ns() + wait_ns, &world->ops, &world->peers);
}

static cx_status_t come_with_wrong_token(world_t *world)
{
    if (world->meeting.rank == 1) {
        world->meeting.token = 7;
    }
    return open_for(world, world->meeting.rank == 0 ? SHORT_NS : AMPLE_NS);
}

static void wrong_token_is_turned_away_and_does_not_end_the_run(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = UNIX; way <= TCP; way++) {
        run_ranks(way, 3, come_with_wrong_token, 0, outcomes);
        expect(&outcomes[1], 1, CX_PEER,
               "rank 1 has token 0000000000000007, rank 0 has 000000000000002a");
        outcomes[1] = outcomes[2];
        expect(outcomes, 2, CX_TIMEOUT, "rank 1 did not come");
        expect(outcomes, 2, CX_TIMEOUT, "a rank 1 with the token of another run was turned away");
    }
}

static cx_status_t come_with_wrong_count(world_t *world)
{
    if (world->meeting.rank == 3) {
        world->meeting.rank_count = 8;
    }
    /* The others may come when rank 0 has given up already, and wait in vain. */
    return open_for(world, world->meeting.rank % 3 == 0 ? AMPLE_NS : SHORT_NS);
}

static void disagreement_on_the_count_is_told_to_all(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = UNIX; way <= TCP; way++) {
        run_ranks(way, 4, come_with_wrong_count, 0, outcomes);
        for (int32_t rank = 0; rank < 4; rank++) {
            /* One that comes after rank 0 gave up finds nobody, or is cut off. */
            assert_true(outcomes[rank].status == CX_PEER || outcomes[rank].status == CX_TIMEOUT);
        }
        expect(&outcomes[0], 1, CX_PEER, "rank 3 thinks there are 8 ranks, rank 0 thinks 4");
        expect(&outcomes[3], 1, CX_PEER, "rank 3 thinks there are 8 ranks, rank 0 thinks 4");
    }
}

static cx_status_t come_twice(world_t *world)
{
    if (world->meeting.rank == 2) {
        world->meeting.rank = 1;
    }
    return open_for(world, AMPLE_NS);
}

static cx_status_t come_as_rank_zero(world_t *world)
{
    cx_star_t   star;
    cx_status_t status;

    if (world->meeting.rank == 0) {
        return open_for(world, AMPLE_NS);
    }
    CX_TRY(cx_star_init(&star, 1, 2));
    star.rank = 2;
    status    = cx_rendezvous(&star, world->meeting.address, 42, cx_now_ns() + AMPLE_NS);
    cx_star_fini(&star);
    return status;
}

static void duplicate_and_impossible_ranks_are_refused(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(UNIX, 3, come_twice, 0, outcomes);
    expect(outcomes, 3, CX_PEER, "two processes say they are rank 1");
    run_ranks(UNIX, 2, come_as_rank_zero, 0, outcomes);
    expect(outcomes, 2, CX_PEER, "a process says it is rank 2, rank 0 expects 1 to 1");
}

/* Rank 1 first knocks as something else, then comes properly. */
static cx_status_t knock_first(world_t *world)
{
    static const char request[64] = "GET / HTTP/1.0\r\n\r\n";
    cx_address_t      address;
    int               chatty, mute, leaving;
    cx_status_t       status;

    if (world->meeting.rank == 0) {
        return open_for(world, AMPLE_NS);
    }
    CX_TRY(cx_address_parse(world->meeting.address, &address));
    CX_TRY(cx_address_connect(&address, cx_now_ns() + AMPLE_NS, &chatty));
    CX_TRY(cx_address_connect(&address, cx_now_ns() + AMPLE_NS, &mute));
    CX_TRY(cx_address_connect(&address, cx_now_ns() + AMPLE_NS, &leaving));
    assert_int_equal(send(chatty, request, sizeof request, MSG_NOSIGNAL), sizeof request);
    close(leaving);
    status = open_for(world, AMPLE_NS);
    close(chatty);
    close(mute);
    return status;
}

static void strangers_do_no_harm(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = UNIX; way <= TCP; way++) {
        run_ranks(way, 2, knock_first, 0, outcomes);
        expect(outcomes, 2, CX_OK, "");
    }
}

static cx_status_t stay_away(world_t *world)
{
    if (world->meeting.rank == 1) {
        return CX_FAIL(CX_TIMEOUT, "rank 1 did not come");
    }
    /* Rank 0 gives up first and tells the others, however late it was started. */
    return open_for(world, world->meeting.rank == 0 ? SHORT_NS : AMPLE_NS);
}

static cx_status_t come_without_rank_zero(world_t *world)
{
    if (world->meeting.rank == 0) {
        return CX_FAIL(CX_TIMEOUT, "rank 0 is not listening");
    }
    return open_for(world, SHORT_NS);
}

static void missing_ranks_are_named_by_all(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(TCP, 3, stay_away, 0, outcomes);
    expect(outcomes, 3, CX_TIMEOUT, "rank 1 did not come");
    run_ranks(TCP, 2, come_without_rank_zero, 0, outcomes);
    expect(outcomes, 2, CX_TIMEOUT, "rank 0 is not listening");
}

/* Something that is not rank 0 answers. */
static cx_status_t meet_an_impostor(world_t *world)
{
    char         bytes[512] = "HTTP/1.0 400 Bad Request";
    cx_address_t address;
    int          listener, fd;

    if (world->meeting.rank == 1) {
        return open_for(world, AMPLE_NS);
    }
    CX_TRY(cx_address_parse(world->meeting.address, &address));
    CX_TRY(cx_address_listen(&address, &listener));
    do {
        fd = cx_address_accept(&address, listener);
    } while (fd < 0);
    (void)send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
    close(listener);
    return CX_FAIL(CX_PEER, "is not rank 0 of CollectiveX");
}

static void impostor_of_rank_zero_is_recognised(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(UNIX, 2, meet_an_impostor, 0, outcomes);
    expect(outcomes, 2, CX_PEER, "is not rank 0 of CollectiveX");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_token_is_turned_away_and_does_not_end_the_run),
        cmocka_unit_test(disagreement_on_the_count_is_told_to_all),
        cmocka_unit_test(duplicate_and_impossible_ranks_are_refused),
        cmocka_unit_test(strangers_do_no_harm),
        cmocka_unit_test(missing_ranks_are_named_by_all),
        cmocka_unit_test(impostor_of_rank_zero_is_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
