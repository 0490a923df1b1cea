/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of every rank, mapped by all of them: on the host device, whose memory can be looked at.
 */
#include "run/peer_memory.h"

#include "unit/peers/ranks.h"
#include "unit/run/kit.h"

#define BYTES 4096

static cx_status_t write_and_read(world_t *world)
{
    cx_rank_context_t context;
    cx_peer_memory_t  memory;
    int32_t           rank_count = world->ops->rank_count(world->peers);

    kit_context(&context, world->ops, world->peers, -1);
    CX_TRY(cx_rank_context_device(&context, "host"));
    CX_TRY(cx_peer_memory_open(&context, BYTES, &memory));
    *(int *)memory.at[world->meeting.rank] = 100 + world->meeting.rank;
    CX_TRY(world->ops->barrier(world->peers, kit_deadline_ns(&context.core)));
    for (int32_t rank = 0; rank < rank_count; rank++) {
        world->outcome->values[rank] = *(const int *)memory.at[rank];
    }
    world->outcome->values[rank_count] = memory.at[rank_count] == NULL;
    CX_TRY(world->ops->barrier(world->peers, kit_deadline_ns(&context.core)));
    cx_peer_memory_close(&context, &memory);
    world->outcome->values[rank_count + 1] = memory.at[0] == NULL && memory.bytes == 0;
    kit_context_close(&context);
    return CX_OK;
}

static void test_every_rank_sees_the_memory_of_all(void **state)
{
    outcome_t outcomes[3];

    (void)state;
    run_ranks(SOCKETS, 3, write_and_read, 1, outcomes);
    expect(outcomes, 3, CX_OK, "");
    for (int rank = 0; rank < 3; rank++) {
        for (int peer = 0; peer < 3; peer++) {
            assert_true(outcomes[rank].values[peer] == 100 + peer);
        }
        assert_true(outcomes[rank].values[3] == 1 && outcomes[rank].values[4] == 1);
    }
}

/* Rank 1 asks for more than there can be: nobody has any, and the ranks are still together. */
static cx_status_t ask_unevenly(world_t *world)
{
    cx_rank_context_t context;
    cx_peer_memory_t  memory;
    cx_status_t       first;

    kit_context(&context, world->ops, world->peers, -1);
    CX_TRY(cx_rank_context_device(&context, "host"));
    first =
        cx_peer_memory_open(&context, world->meeting.rank == 1 ? (size_t)1 << 62 : BYTES, &memory);
    world->outcome->values[0] = first;
    world->outcome->values[1] = memory.at[world->meeting.rank] == NULL;
    cx_detail_clear();
    CX_TRY(cx_peer_memory_open(&context, BYTES, &memory));
    cx_peer_memory_close(&context, &memory);
    kit_context_close(&context);
    return CX_OK;
}

static void test_what_one_rank_cannot_have_none_has(void **state)
{
    outcome_t outcomes[3];

    (void)state;
    run_ranks(SOCKETS, 3, ask_unevenly, 1, outcomes);
    expect(outcomes, 3, CX_OK, "");
    for (int rank = 0; rank < 3; rank++) {
        assert_true(outcomes[rank].values[0] == CX_RESOURCE);
        assert_true(outcomes[rank].values[1] == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rank_sees_the_memory_of_all),
        cmocka_unit_test(test_what_one_rank_cannot_have_none_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
