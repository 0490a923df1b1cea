/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of shares of processors: blocks for ranks that nobody bound, and what they have for others.
 * The other ranks are a table; this process's own processors are the machine's. */
#include "run/processors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RANKS_MAX 4096 /* more than processors */

/* completed here: hosts and processors of all ranks, but for this rank's own processors */
struct cx_peers {
    int32_t   rank, rank_count;
    int32_t   hosts[RANKS_MAX];
    cpu_set_t sets[RANKS_MAX];
};

static struct cx_peers   peers;
static cx_board_rank_t   place;
static cx_rank_context_t context;
static cpu_set_t         machine; /* what this process may use */

static int32_t host_index(const cx_peers_t *all, int32_t rank)
{
    return all->hosts[rank];
}

static cx_status_t allgather(cx_peers_t *all, const void *mine, void *out, size_t bytes_each,
                             int64_t deadline_ns)
{
    (void)deadline_ns;
    assert_int_equal(bytes_each, sizeof(cpu_set_t));
    memcpy(out, all->sets, (size_t)all->rank_count * bytes_each);
    memcpy((char *)out + (size_t)all->rank * bytes_each, mine, bytes_each);
    return CX_OK;
}

static const cx_peers_ops_t ops = {.host_index = host_index, .allgather = allgather};

/* Ranks of one host that may all run wherever this process may. */
static void meet(int32_t rank, int32_t rank_count)
{
    memset(&peers, 0, sizeof peers);
    memset(&context, 0, sizeof context);
    peers.rank       = rank;
    peers.rank_count = rank_count;
    for (int32_t i = 0; i < rank_count; i++) {
        peers.sets[i] = machine;
    }
    context.own = &place;
    context.core =
        (cx_core_t){.rank = rank, .rank_count = rank_count, .peers_ops = &ops, .peers = &peers};
}

static int set_up(void **state)
{
    (void)state;
    CPU_ZERO(&machine);
    return sched_getaffinity(0, sizeof machine, &machine);
}

static void unbound_ranks_share_all_processors_without_overlap(void **state)
{
    int32_t   rank_count = CPU_COUNT(&machine) < 3 ? CPU_COUNT(&machine) : 3;
    int       sum        = 0;
    cpu_set_t all;

    (void)state;
    CPU_ZERO(&all);
    for (int32_t rank = 0; rank < rank_count; rank++) {
        meet(rank, rank_count);
        assert_int_equal(cx_processors_share(&context), CX_OK);
        assert_false(context.core.is_oversubscribed);
        assert_true(CPU_COUNT(&context.processors) >= CPU_COUNT(&machine) / rank_count);
        sum += CPU_COUNT(&context.processors);
        CPU_OR(&all, &all, &context.processors);
    }
    assert_int_equal(sum, CPU_COUNT(&machine));
    assert_true(CPU_EQUAL(&all, &machine));
}

static void ranks_that_a_launcher_bound_keep_what_they_have(void **state)
{
    (void)state;
    meet(0, 2);
    CPU_ZERO(&peers.sets[1]);
    CPU_SET(CPU_SETSIZE - 1, &peers.sets[1]);
    assert_int_equal(cx_processors_share(&context), CX_OK);
    assert_true(CPU_EQUAL(&context.processors, &machine));
    assert_false(context.core.is_oversubscribed);
}

static void two_ranks_bound_to_one_processor_each_are_not_too_many(void **state)
{
    (void)state;
    meet(0, CPU_COUNT(&machine) + 1);
    CPU_ZERO(&peers.sets[1]);
    CPU_SET(CPU_SETSIZE - 1, &peers.sets[1]);
    assert_int_equal(cx_processors_share(&context), CX_OK);
    assert_false(context.core.is_oversubscribed);
}

static void more_ranks_than_processors_are_oversubscribed_and_unbound(void **state)
{
    (void)state;
    meet(1, CPU_COUNT(&machine) + 1);
    assert_int_equal(cx_processors_share(&context), CX_OK);
    assert_true(context.core.is_oversubscribed);
    assert_true(CPU_EQUAL(&context.processors, &machine));
}

static void ranks_of_other_hosts_do_not_count(void **state)
{
    int32_t rank_count = CPU_COUNT(&machine) + 1;

    (void)state;
    meet(0, rank_count);
    for (int32_t rank = 1; rank < rank_count; rank++) {
        peers.hosts[rank] = 1;
    }
    assert_int_equal(cx_processors_share(&context), CX_OK);
    assert_false(context.core.is_oversubscribed);
    assert_true(CPU_EQUAL(&context.processors, &machine));
}

static void binding_is_what_the_system_then_says(void **state)
{
    cpu_set_t now;

    (void)state;
    meet(0, 1);
    assert_int_equal(cx_processors_share(&context), CX_OK);
    for (int cpu = CPU_SETSIZE - 1; CPU_COUNT(&context.processors) > 1; cpu--) {
        CPU_CLR((size_t)cpu, &context.processors);
    }
    cx_processors_bind(&context);
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(&now, &context.processors));
    assert_int_equal(context.processor_count, 1);
    assert_int_equal(sched_setaffinity(0, sizeof machine, &machine), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unbound_ranks_share_all_processors_without_overlap),
        cmocka_unit_test(ranks_that_a_launcher_bound_keep_what_they_have),
        cmocka_unit_test(two_ranks_bound_to_one_processor_each_are_not_too_many),
        cmocka_unit_test(more_ranks_than_processors_are_oversubscribed_and_unbound),
        cmocka_unit_test(ranks_of_other_hosts_do_not_count),
        cmocka_unit_test(binding_is_what_the_system_then_says),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
