/* SPDX-License-Identifier: Apache-2.0 */
/* One outcome for all ranks, with the words of the lowest that failed. */
#include "run/agree.h"

#include "unit/peers/ranks.h"

static cx_status_t brought[3]; /* of the running row, by rank */

static cx_status_t bring(world_t *world)
{
    static cx_board_rank_t own;
    cx_rank_context_t      context = {.own        = &own,
                                      .timeout_ns = AMPLE_NS,
                                      .core       = {.rank       = world->meeting.rank,
                                                     .rank_count = world->meeting.rank_count,
                                                     .peers_ops  = world->ops,
                                                     .peers      = world->peers}};
    cx_status_t            mine    = brought[world->meeting.rank];

    if (mine != CX_OK) {
        (void)CX_FAIL(mine, "words of %d", world->meeting.rank);
    }
    return cx_agree(&context, mine);
}

static void test_the_lowest_failure_is_everybodys(void **state)
{
    static const struct {
        cx_status_t brought[3];
        int         speaker;
    } rows[] = {
        {{CX_OK, CX_OK, CX_OK}, -1},
        {{CX_BACKEND, CX_OK, CX_OK}, 0},
        {{CX_OK, CX_OK, CX_RESOURCE}, 2},
        {{CX_OK, CX_UNSUPPORTED, CX_RESOURCE}, 1},
        {{CX_INVALID, CX_INTERNAL, CX_DEVICE}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int       speaker   = rows[i].speaker;
        char      words[32] = "";
        outcome_t outcomes[3];

        memcpy(brought, rows[i].brought, sizeof brought);
        run_ranks(SOCKETS, 3, bring, 1, outcomes);
        if (speaker >= 0) {
            (void)snprintf(words, sizeof words, "words of %d", speaker);
        }
        expect(outcomes, 3, speaker < 0 ? CX_OK : brought[speaker], words);
        for (int rank = 0; rank < 3 && speaker >= 0; rank++) {
            assert_int_equal(strncmp(outcomes[rank].text, "rank ", 5) == 0, rank != speaker);
        }
    }
}

static cx_status_t bring_or_leave(world_t *world)
{
    return world->meeting.rank == 2 ? CX_OK : bring(world);
}

static void test_a_rank_that_is_gone_is_no_agreement(void **state)
{
    outcome_t outcomes[3];

    (void)state;
    memset(brought, 0, sizeof brought);
    run_ranks(SOCKETS, 3, bring_or_leave, 1, outcomes);
    expect(outcomes, 2, CX_PEER, "rank 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lowest_failure_is_everybodys),
        cmocka_unit_test(test_a_rank_that_is_gone_is_no_agreement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
