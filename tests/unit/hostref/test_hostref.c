/* SPDX-License-Identifier: Apache-2.0 */
/* What the plugin says it can do, what it refuses, and that a session serves many sizes.
 * Not whether what arrives is right (test_eager.c, test_direct.c). */
#include "exercise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(10000000000)

static void test_hostref_exports_the_table_of_this_abi(void **state)
{
    const cx_backend_ops_t *ops = *state;

    assert_int_equal(ops->abi, CX_BACKEND_ABI);
    assert_int_equal(ops->struct_size, sizeof *ops);
    assert_string_equal(ops->name, "hostref");
    assert_int_equal(ops->options_bytes, sizeof(int64_t));
    assert_string_equal(ops->options[0].name, "hostref-eager-bytes");
    assert_null(ops->options[1].name);
}

static void test_hostref_claims_all_but_three_in_place(void **state)
{
    const cx_backend_ops_t *ops = *state;
    fake_core_t             fake;
    cx_caps_t               caps;

    fake_core_init(&fake, NULL, 0, 1, BUDGET_NS);
    assert_int_equal(ops->probe(&fake.core, &caps), CX_OK);
    assert_int_equal(caps.collectives, CX_BIT(CX_COLLECTIVE_COUNT) - 1);
    assert_int_equal(caps.collectives & ~caps.in_place_collectives,
                     CX_BIT(CX_COLLECTIVE_SEND_RECV) | CX_BIT(CX_COLLECTIVE_BARRIER) |
                         CX_BIT(CX_COLLECTIVE_ALL_TO_ALL_V));
    assert_int_equal(caps.reduce_dtypes, CX_BIT(CX_DTYPE_COUNT) - 1);
    assert_int_equal(caps.memory, CX_MEMORY_EXPORTABLE);
    assert_int_equal(caps.rank_count_min, 1);
    assert_false(caps.spans_hosts);
    assert_false(caps.moves_no_data);
    assert_string_equal(caps.devices, "host");
}

static void test_hostref_refuses_ranks_of_several_hosts(void **state)
{
    const cx_backend_ops_t *ops         = *state;
    const cx_shape_t        shape       = {.op = CX_COLLECTIVE_BARRIER};
    const int64_t           eager_bytes = 64;
    cx_session_t           *session     = NULL;
    fake_core_t             fake;

    fake_core_init(&fake, NULL, 0, 2, BUDGET_NS);
    fake.peers.host_of_rank[1] = 1;
    assert_int_equal(ops->open(&fake.core, &shape, &eager_bytes, &session), CX_UNSUPPORTED);
    assert_non_null(strstr(fake_detail_text, "different hosts"));
    assert_null(session);
}

/* Eager and direct sizes in turn: flags of one must not be taken for the other's. */
static int serve_many_sizes(fake_core_t *fake, void *argument)
{
    const cx_backend_ops_t *ops  = argument;
    const exercise_t        base = {
               .shape = {.op = CX_COLLECTIVE_ALL_REDUCE, .dtype = CX_DTYPE_INT64, .redop = CX_REDOP_SUM},
               .eager_bytes = 256};
    cx_session_t *session      = NULL;
    int           failed_count = 0;

    if (ops->open(&fake->core, &base.shape, &base.eager_bytes, &session) != CX_OK) {
        return 1;
    }
    for (int64_t i = 0; i < 20 && failed_count == 0; i++) {
        exercise_t     what = base;
        exercise_run_t run  = {.what       = &what,
                               .rank       = fake->core.rank,
                               .rank_count = fake->core.rank_count,
                               .elem_bytes = sizeof(int64_t)};

        what.elems = i % 2 ? 1 + i : 33 + i * 50;
        exercise_measure(&run);
        if (exercise_lay_out(&run, &fake->device) != CX_OK ||
            ops->prepare(session, &run.point) != CX_OK) {
            return 1;
        }
        for (int32_t call = 0; call < 11; call++) {
            failed_count += exercise_call(&run, ops, session, call);
        }
        ops->release(session);
        fake_free(&fake->device, run.point.region);
    }
    ops->close(session);
    return failed_count;
}

static void test_hostref_session_serves_many_sizes(void **state)
{
    assert_int_equal(fake_ranks_run(3, BUDGET_NS, serve_many_sizes, *state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostref_exports_the_table_of_this_abi),
        cmocka_unit_test(test_hostref_claims_all_but_three_in_place),
        cmocka_unit_test(test_hostref_refuses_ranks_of_several_hosts),
        cmocka_unit_test(test_hostref_session_serves_many_sizes),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
