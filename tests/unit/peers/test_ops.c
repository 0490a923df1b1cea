/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the vtable in every way of meeting: data arrives, faults are named.
 * Not of how ranks come together (test_meet.c). */
#include "ranks.h"

#include "base/prng.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

/* Around the chunk of shared memory and around nothing. */
static const size_t sizes[] = {0, 1, 7, 8, 4096, 65535, 65536, 65537, 200001};
#define SIZE_COUNT (sizeof sizes / sizeof sizes[0])

/* Differs between ranks, calls, neighbours and chunks. */
static unsigned char byte_at(uint64_t seed, int32_t rank, size_t i)
{
    return (unsigned char)(seed * 131 + (uint64_t)rank * 71 + i * 7 + (i >> 8) + (i >> 16) * 13);
}

static void fill(unsigned char *bytes, size_t count, uint64_t seed, int32_t rank)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = byte_at(seed, rank, i);
    }
}

static cx_status_t check(const unsigned char *bytes, size_t count, uint64_t seed, int32_t rank)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != byte_at(seed, rank, i)) {
            return CX_FAIL(CX_INCORRECT, "byte %zu of rank %d", i, (int)rank);
        }
    }
    return CX_OK;
}

static cx_status_t trade(world_t *world, size_t bytes, uint64_t seed)
{
    int32_t        rank = world->meeting.rank, count = world->meeting.rank_count;
    unsigned char *mine   = malloc(bytes + 1);
    unsigned char *all    = malloc(bytes * (size_t)count + 1);
    int32_t        root   = (int32_t)cx_prng_below(cx_prng_at(seed, 1), (uint64_t)count);
    int64_t        end_ns = cx_now_ns() + AMPLE_NS;
    cx_status_t    status;

    fill(mine, bytes, seed, rank);
    CX_TRY_OR(done, world->ops->allgather(world->peers, mine, all, bytes, end_ns));
    for (int32_t peer = 0; peer < count; peer++) {
        CX_TRY_OR(done, check(all + (size_t)peer * bytes, bytes, seed, peer));
    }
    CX_TRY_OR(done, world->ops->barrier(world->peers, end_ns));
    CX_TRY_OR(done, world->ops->broadcast(world->peers, mine, bytes, root, end_ns));
    CX_TRY_OR(done, check(mine, bytes, seed, root));
done:
    free(mine);
    free(all);
    return status;
}

static cx_status_t trade_all_sizes(world_t *world)
{
    for (uint64_t seed = 0; seed < 2 * SIZE_COUNT; seed++) {
        CX_TRY(trade(world, sizes[seed % SIZE_COUNT], seed));
    }
    return CX_OK;
}

static void data_arrives_in_every_way_and_size(void **state)
{
    static const int32_t counts[] = {1, 2, 3, 8};
    outcome_t            outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = SOCKETS; way < WAY_COUNT; way++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            print_message("%s, %d ranks\n", way_names[way], (int)counts[i]);
            run_ranks(way, counts[i], trade_all_sizes, 1, outcomes);
            expect(outcomes, counts[i], CX_OK, "");
        }
    }
}

/* Every rank writes its letter into every rank's memory, then reads all letters in its own. */
static cx_status_t write_letters(world_t *world)
{
    int32_t     rank = world->meeting.rank, count = world->meeting.rank_count;
    int64_t     end_ns    = cx_now_ns() + AMPLE_NS;
    int         memory    = memfd_create("test", MFD_CLOEXEC), fds[RANKS_MAX];
    char        letter    = (char)('a' + rank);
    char        letters[] = "xxxxxxxx";
    cx_status_t status;

    CX_TRY(world->ops->exchange_fd(world->peers, memory, fds, end_ns));
    for (int32_t peer = 0; peer < count; peer++) {
        (void)!pwrite(fds[peer], &letter, 1, rank);
        close(fds[peer]);
    }
    status = world->ops->barrier(world->peers, end_ns);
    (void)!pread(memory, letters, (size_t)count, 0);
    close(memory);
    if (status == CX_OK && strncmp(letters, "abcdefgh", (size_t)count) != 0) {
        return CX_FAIL(CX_INCORRECT, "letters %s", letters);
    }
    return status;
}

static void exchanged_descriptors_lead_to_the_same_memory(void **state)
{
    static const int32_t counts[] = {1, 2, 8};
    outcome_t            outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = SOCKETS; way < WAY_COUNT; way++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            run_ranks(way, counts[i], write_letters, 1, outcomes);
            expect(outcomes, counts[i], CX_OK, "");
        }
    }
}

static cx_status_t exchange_closed_fd(world_t *world)
{
    int fds[RANKS_MAX];

    return world->ops->exchange_fd(world->peers, 1000, fds, cx_now_ns() + AMPLE_NS);
}

static cx_status_t exchange_across_hosts(world_t *world)
{
    int fds[RANKS_MAX];

    world->peers->host_count = 2;
    return world->ops->exchange_fd(world->peers, 0, fds, cx_now_ns() + AMPLE_NS);
}

static cx_status_t exchange_without_unix(world_t *world)
{
    int fds[RANKS_MAX];

    world->peers->star.is_unix = false;
    return world->ops->exchange_fd(world->peers, 0, fds, cx_now_ns() + AMPLE_NS);
}

static cx_status_t broadcast_from_nobody(world_t *world)
{
    return world->ops->broadcast(world->peers, NULL, 0, 2, cx_now_ns() + AMPLE_NS);
}

static void impossible_requests_are_refused(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(SOCKETS, 2, exchange_closed_fd, 1, outcomes);
    expect(outcomes, 2, CX_INVALID, "descriptor 1000");
    run_ranks(SOCKETS, 2, exchange_across_hosts, 1, outcomes);
    expect(outcomes, 2, CX_UNSUPPORTED, "on 2 hosts");
    run_ranks(SOCKETS, 2, exchange_without_unix, 1, outcomes);
    expect(outcomes, 2, CX_UNSUPPORTED, "AF_UNIX");
    run_ranks(SOCKETS, 2, broadcast_from_nobody, 1, outcomes);
    expect(outcomes, 2, CX_INVALID, "broadcast from rank 2 among 2 ranks");
}

static cx_status_t call_different_things(world_t *world)
{
    uint64_t mine   = 1, all[RANKS_MAX];
    int64_t  end_ns = cx_now_ns() + AMPLE_NS;

    CX_TRY(world->ops->barrier(world->peers, end_ns));
    if (world->meeting.rank == 1) {
        return world->ops->allgather(world->peers, &mine, all, sizeof mine, end_ns);
    }
    return world->ops->barrier(world->peers, end_ns);
}

static cx_status_t call_different_sizes(world_t *world)
{
    size_t      bytes  = world->meeting.rank == 2 ? 300000 : 100;
    char       *memory = calloc(1, bytes);
    cx_status_t status =
        world->ops->broadcast(world->peers, memory, bytes, 2, cx_now_ns() + AMPLE_NS);

    free(memory);
    return status;
}

static void ranks_out_of_step_are_told_what_each_called(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = SOCKETS; way <= STAR; way++) {
        run_ranks(way, 3, call_different_things, 1, outcomes);
        expect(outcomes, 3, CX_PEER,
               "rank 1 called allgather of 8 bytes (call 2), rank 0 called barrier (call 2)");
        run_ranks(way, 3, call_different_sizes, 1, outcomes);
        expect(outcomes, 3, CX_PEER, "rank 2 called broadcast of 300000 bytes from rank 2");
    }
}

static cx_status_t die_and_wait(world_t *world)
{
    int64_t     start_ns = cx_now_ns();
    cx_status_t status;

    CX_TRY(world->ops->barrier(world->peers, start_ns + AMPLE_NS));
    if (world->meeting.rank == 2) {
        (void)raise(SIGKILL);
    }
    start_ns                  = cx_now_ns();
    status                    = world->ops->barrier(world->peers, start_ns + AMPLE_NS);
    world->outcome->values[0] = (double)(cx_now_ns() - start_ns);
    /* The first failure stays the one that is told. */
    cx_detail_clear();
    return status == CX_PEER ? world->ops->barrier(world->peers, start_ns + AMPLE_NS) : status;
}

static void death_of_a_rank_is_noticed_and_named(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = SOCKETS; way < WAY_COUNT; way++) {
        run_ranks(way, 4, die_and_wait, 1, outcomes);
        assert_true(WIFSIGNALED(outcomes[2].wait_status));
        outcomes[2] = outcomes[3];
        expect(outcomes, 3, CX_PEER, "out of step since: rank 2 closed its connection");
        for (int32_t rank = 0; rank < 3; rank++) {
            assert_true(outcomes[rank].values[0] < (double)AMPLE_NS / 4);
        }
    }
}

/* Rank 2 lives and says nothing, until it sees the others gone. */
static cx_status_t keep_silent(world_t *world)
{
    struct pollfd poller = {.fd = world->peers->star.fds[0], .events = POLLRDHUP};

    if (world->meeting.rank == 2) {
        (void)poll(&poller, 1, 20000);
        return CX_FAIL(CX_TIMEOUT, "no answer from rank 2");
    }
    return world->ops->barrier(world->peers, cx_now_ns() + 500 * CX_NS_PER_MS);
}

static void silent_rank_is_named_by_all(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = SOCKETS; way <= STAR; way++) {
        run_ranks(way, 3, keep_silent, 1, outcomes);
        expect(outcomes, 3, CX_TIMEOUT, "no answer from rank 2");
    }
}

static cx_status_t send_much_to_the_silent(world_t *world)
{
    size_t        bytes  = 8 << 20;
    struct pollfd poller = {.fd = world->peers->star.fds[0], .events = POLLRDHUP};
    char         *memory;
    cx_status_t   status;

    if (world->meeting.rank == 0) {
        poller.fd = world->peers->star.fds[1];
        (void)poll(&poller, 1, 20000);
        return CX_FAIL(CX_TIMEOUT, "no answer from rank 0");
    }
    memory = calloc(1, bytes);
    status =
        world->ops->broadcast(world->peers, memory, bytes, 1, cx_now_ns() + 500 * CX_NS_PER_MS);
    free(memory);
    return status;
}

static void silent_rank_zero_is_named(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(STAR, 2, send_much_to_the_silent, 1, outcomes);
    expect(outcomes, 2, CX_TIMEOUT, "no answer from rank 0");
}

/* Rank 2 asks and dies before it hears; rank 1 asks and listens only when rank 0 has failed, in
 * the middle of a message to it. */
static cx_status_t broadcast_is_cut(world_t *world)
{
    cx_star_t    *star   = &world->peers->star;
    int64_t       end_ns = cx_now_ns() + AMPLE_NS;
    cx_call_t     call   = {.kind = CX_CALL_BROADCAST, .bytes = 4 << 20};
    struct pollfd poller = {.fd = star->fds[0], .events = POLLRDHUP};
    char         *memory = calloc(1, (size_t)call.bytes);
    cx_status_t   status;

    if (world->meeting.rank == 0) {
        status = cx_star_broadcast(star, &call, memory, end_ns);
        goto done;
    }
    star->sequence++;
    cx_flow_send(star, 0, &call, NULL, 0);
    CX_TRY_OR(done, cx_flow_complete(star, CX_DIRECTION_SEND, &call, end_ns));
    if (world->meeting.rank == 2) {
        (void)raise(SIGKILL);
    }
    (void)poll(&poller, 1, 20000);
    cx_flow_receive(star, 0, &call, memory, (size_t)call.bytes);
    status = cx_flow_complete(star, CX_DIRECTION_RECEIVE, &call, end_ns);
done:
    free(memory);
    return status;
}

static void message_cut_by_a_death_is_not_taken_for_whole(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    run_ranks(STAR, 3, broadcast_is_cut, 1, outcomes);
    expect(&outcomes[0], 1, CX_PEER, "rank 2 closed its connection");
    expect(&outcomes[1], 1, CX_PEER, "closed its connection");
}

static cx_status_t time_barriers(world_t *world)
{
    int64_t end_ns   = cx_now_ns() + AMPLE_NS;
    int64_t start_ns = cx_now_ns();

    for (int i = 0; i < 2000; i++) {
        CX_TRY(world->ops->barrier(world->peers, end_ns));
    }
    world->outcome->values[0] = (double)(cx_now_ns() - start_ns) / 2000;
    return CX_OK;
}

/* Not a limit, because machines are shared: a number to look at. */
static void barrier_cost_is_shown(void **state)
{
    outcome_t outcomes[RANKS_MAX];

    (void)state;
    for (way_t way = SOCKETS; way <= STAR; way++) {
        run_ranks(way, 2, time_barriers, 1, outcomes);
        expect(outcomes, 2, CX_OK, "");
        print_message("barrier of 2 ranks, %s: %.0f ns\n", way_names[way], outcomes[0].values[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_arrives_in_every_way_and_size),
        cmocka_unit_test(exchanged_descriptors_lead_to_the_same_memory),
        cmocka_unit_test(impossible_requests_are_refused),
        cmocka_unit_test(ranks_out_of_step_are_told_what_each_called),
        cmocka_unit_test(death_of_a_rank_is_noticed_and_named),
        cmocka_unit_test(silent_rank_is_named_by_all),
        cmocka_unit_test(silent_rank_zero_is_named),
        cmocka_unit_test(message_cut_by_a_death_is_not_taken_for_whole),
        cmocka_unit_test(barrier_cost_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
