/* SPDX-License-Identifier: Apache-2.0 */
/* What cases of all families share: opening the backend together, and how long that took. */
#include "run/case_run.h"

#include "unit/peers/ranks.h"
#include "unit/run/kit.h"

#include <math.h>

#define SLOW_US 3000.0

struct cx_session {
    int nothing;
};

static cx_session_t only_session;
static bool         rank_1_fails; /* of the running test; ranks are forked after it is set */

/* Rank 1 takes its time. */
static cx_status_t open_slowly(const cx_core_t *core, const cx_shape_t *shape, const void *options,
                               cx_session_t **out)
{
    const int64_t until_ns = cx_now_ns() + (core->rank == 1 ? (int64_t)(SLOW_US * 1e3) : 0);

    (void)shape;
    (void)options;
    while (cx_now_ns() < until_ns) {
    }
    if (core->rank == 1 && rank_1_fails) {
        return CX_FAIL(CX_BACKEND, "no communicator today");
    }
    *out = &only_session;
    return CX_OK;
}

static cx_status_t open_among(world_t *world)
{
    static const cx_option_t no_rows[] = {CX_OPTION_END};
    cx_backend_ops_t         ops       = {.open = open_slowly, .options = no_rows};
    cx_shape_t               shape     = {.family = CX_FAMILY_COLLECTIVE};
    cx_case_run_t            run       = {.ops = &ops};
    cx_rank_context_t        context;
    cx_session_t            *session = NULL;
    cx_arena_t               arena;
    cx_case_t                one;
    cx_status_t              status;

    cx_arena_init(&arena);
    cx_arena_init(&run.arena);
    one = kit_case(&arena, "");
    kit_context(&context, world->ops, world->peers, -1);
    run.context                   = &context;
    run.one                       = &one;
    status                        = cx_case_run_open(&run, &context.core, &shape, &session);
    world->outcome->values[0]     = context.backend_open_us;
    context.facts.is_virtual_time = true;
    if (status == CX_OK) {
        CX_TRY(cx_case_run_open(&run, &context.core, &shape, &session));
        world->outcome->values[1] = isnan(context.backend_open_us);
    }
    kit_context_close(&context);
    cx_arena_fini(&run.arena);
    cx_arena_fini(&arena);
    return status;
}

static void test_the_slowest_rank_is_what_opening_took(void **state)
{
    outcome_t outcomes[3];

    (void)state;
    rank_1_fails = false;
    run_ranks(SOCKETS, 3, open_among, 1, outcomes);
    expect(outcomes, 3, CX_OK, "");
    for (int32_t rank = 0; rank < 3; rank++) {
        assert_true(outcomes[rank].values[0] >= SLOW_US);
        assert_true(outcomes[rank].values[0] == outcomes[0].values[0]);
        assert_true(outcomes[rank].values[1] == 1); /* a virtual clock has nothing to say of it */
    }
}

static void test_all_ranks_open_or_none(void **state)
{
    outcome_t outcomes[3];

    (void)state;
    rank_1_fails = true;
    run_ranks(SOCKETS, 3, open_among, 1, outcomes);
    expect(outcomes, 3, CX_BACKEND, "no communicator today");
    for (int32_t rank = 0; rank < 3; rank++) {
        assert_true(isnan(outcomes[rank].values[0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_slowest_rank_is_what_opening_took),
        cmocka_unit_test(test_all_ranks_open_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
