/* SPDX-License-Identifier: Apache-2.0 */
/* The mpi backend in a world of one rank, which MPI gives to a process that no mpirun started.
 * Not the exchange between ranks, which needs mpirun (tests/integration). */
#include "support/open_plugin.h"
#include "unit/hostref/exercise.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SKIPPED 77

/* Asked by the leak checker, where there is one: at exit MPI has unloaded components that left
 * memory behind, which no suppression can name any more. */
CX_EXPORT int __lsan_is_turned_off(void);
int           __lsan_is_turned_off(void)
{
    return 1;
}

static const cx_backend_ops_t *ops;
static cx_caps_t               caps;
static fake_core_t             fake;

static int set_up(void **state)
{
    (void)state;
    fake_core_init(&fake, NULL, 0, 1, EXERCISE_BUDGET_NS);
    fake_detail_text[0] = '\0';
    return ops->probe(&fake.core, &caps) == CX_OK ? 0 : -1;
}

static cx_session_t *open_session(cx_collective_t op, cx_redop_t redop)
{
    cx_shape_t    shape   = {.op = op, .dtype = CX_DTYPE_FP32, .redop = redop};
    cx_session_t *session = NULL;

    assert_int_equal(ops->open(&fake.core, &shape, NULL, &session), CX_OK);
    return session;
}

static void test_probe_names_the_library_and_needs_no_world(void **state)
{
    (void)state;
    assert_int_not_equal(strlen(caps.library_version), 0);
    assert_null(strchr(caps.library_version, '\n'));
    assert_non_null(strstr(caps.library_path, "libmp"));
    assert_string_equal(caps.devices, "host");
}

static void test_caps_leave_out_what_mpi_does_not_have(void **state)
{
    const uint64_t no_in_place = CX_BIT(CX_COLLECTIVE_ALL_TO_ALL_V) |
                                 CX_BIT(CX_COLLECTIVE_SEND_RECV) | CX_BIT(CX_COLLECTIVE_BARRIER);
    const uint64_t halves = CX_BIT(CX_DTYPE_FP16) | CX_BIT(CX_DTYPE_BF16);

    (void)state;
    assert_int_equal(caps.collectives, CX_BIT(CX_COLLECTIVE_COUNT) - 1);
    assert_int_equal(caps.in_place_collectives, caps.collectives & ~no_in_place);
    assert_int_equal(caps.dtypes, CX_BIT(CX_DTYPE_COUNT) - 1);
    assert_int_equal(caps.reduce_dtypes, caps.dtypes & ~halves);
    assert_int_equal(caps.redops, CX_BIT(CX_REDOP_AVG) - 1);
    assert_false(caps.moves_no_data);
}

static void test_a_world_of_another_size_is_refused_with_both_sizes(void **state)
{
    cx_shape_t    shape   = {.op = CX_COLLECTIVE_BARRIER};
    cx_session_t *session = NULL;

    (void)state;
    fake.core.rank_count = 2;
    assert_int_equal(ops->open(&fake.core, &shape, NULL, &session), CX_UNSUPPORTED);
    assert_null(session);
    assert_non_null(strstr(fake_detail_text, "started as 2 ranks"));
    assert_non_null(strstr(fake_detail_text, "a world of 1"));
    assert_non_null(strstr(fake_detail_text, "mpirun -n 2 collectivex run"));
}

/* Every cell that caps offer, also in place. */
static void test_what_caps_offer_is_right(void **state)
{
    const int cell_count = CX_COLLECTIVE_BARRIER * CX_DTYPE_COUNT * CX_REDOP_COUNT * 2;

    (void)state;
    for (int cell = 0; cell < cell_count; cell++) {
        exercise_t what = {
            .shape      = {.op          = (cx_collective_t)(cell % CX_COLLECTIVE_BARRIER),
                           .dtype       = (cx_dtype_t)(cell / CX_COLLECTIVE_BARRIER % CX_DTYPE_COUNT),
                           .redop       = (cx_redop_t)(cell / CX_COLLECTIVE_BARRIER / CX_DTYPE_COUNT %
                                            CX_REDOP_COUNT),
                           .is_in_place = cell >= cell_count / 2},
            .elems      = 5,
            .call_count = 2,
        };
        uint64_t op      = CX_BIT(what.shape.op);
        bool     reduces = op & (CX_BIT(CX_COLLECTIVE_ALL_REDUCE) | CX_BIT(CX_COLLECTIVE_REDUCE) |
                             CX_BIT(CX_COLLECTIVE_REDUCE_SCATTER));
        bool     is_offered =
            (what.shape.is_in_place ? caps.in_place_collectives : caps.collectives) & op &&
            reduces == (what.shape.redop != CX_REDOP_NONE) &&
            (reduces ? caps.reduce_dtypes : caps.dtypes) & CX_BIT(what.shape.dtype) &&
            caps.redops & CX_BIT(what.shape.redop);
        if (is_offered) {
            assert_int_equal(exercise_rank(&fake, ops, &what), 0);
        }
    }
}

static void test_barrier_needs_no_buffers(void **state)
{
    cx_session_t *session = open_session(CX_COLLECTIVE_BARRIER, CX_REDOP_NONE);
    cx_point_t    point   = {.elems = 0};

    (void)state;
    assert_int_equal(ops->prepare(session, &point), CX_OK);
    assert_int_equal(ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL), CX_OK);
    ops->release(session);
    ops->close(session);
}

static void test_a_process_opens_many_sessions_one_after_another(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        ops->close(open_session(CX_COLLECTIVE_ALL_REDUCE, CX_REDOP_SUM));
    }
}

static void test_more_elements_than_an_int_counts_are_refused_by_prepare(void **state)
{
    static const struct {
        cx_collective_t op;
        int64_t         elems;
        const char     *text;
    } cases[] = {
        {CX_COLLECTIVE_ALL_GATHER, (int64_t)INT_MAX + 1, "MPI_Allgather counts elements"},
        {CX_COLLECTIVE_ALL_TO_ALL_V, (int64_t)INT_MAX + 1, "MPI_Alltoallv counts elements"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cx_session_t *session = open_session(cases[i].op, CX_REDOP_NONE);
        int64_t       counts  = cases[i].elems;
        cx_point_t    point   = {.elems        = cases[i].elems,
                                 .region       = &counts, /* prepare does not touch it */
                                 .region_bytes = SIZE_MAX,
                                 .counts       = &counts};

        assert_int_equal(ops->prepare(session, &point), CX_UNSUPPORTED);
        assert_non_null(strstr(fake_detail_text, cases[i].text));
        counts = point.elems = INT_MAX;
        assert_int_equal(ops->prepare(session, &point), CX_OK);
        ops->release(session);
        ops->close(session);
    }
}

static void test_blocks_larger_than_their_memory_are_refused_by_prepare(void **state)
{
    static float     memory[4];
    const cx_point_t points[] = {
        {.elems = 5, .region = memory, .region_bytes = sizeof memory},
        {.elems = -1, .region = memory, .region_bytes = sizeof memory},
        {.elems = 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        cx_session_t *session = open_session(CX_COLLECTIVE_ALL_REDUCE, CX_REDOP_SUM);

        assert_int_equal(ops->prepare(session, &points[i]), CX_INVALID);
        assert_non_null(strstr(fake_detail_text, "do not fit into a region"));
        ops->close(session);
    }
}

/* An average is not in caps; asked for all the same, MPI itself refuses it, in words that name the
 * operation and differ between libraries. */
static void test_a_failed_call_is_named_with_its_text(void **state)
{
    cx_session_t *session = open_session(CX_COLLECTIVE_ALL_REDUCE, CX_REDOP_AVG);
    float         send = 1, recv = 0;
    cx_slot_t     slot  = {.send = &send, .recv = &recv};
    cx_point_t    point = {
           .elems = 1, .slot_count = 1, .slots = &slot, .region = &send, .region_bytes = sizeof send};

    (void)state;
    assert_int_equal(ops->prepare(session, &point), CX_OK);
    assert_int_equal(ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL), CX_BACKEND);
    assert_non_null(strstr(fake_detail_text, "MPI_Allreduce failed with code"));
    assert_non_null(strcasestr(strstr(fake_detail_text, "code"), "op"));
    ops->release(session);
    ops->close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_probe_names_the_library_and_needs_no_world, set_up),
        cmocka_unit_test_setup(test_caps_leave_out_what_mpi_does_not_have, set_up),
        cmocka_unit_test_setup(test_a_world_of_another_size_is_refused_with_both_sizes, set_up),
        cmocka_unit_test_setup(test_what_caps_offer_is_right, set_up),
        cmocka_unit_test_setup(test_barrier_needs_no_buffers, set_up),
        cmocka_unit_test_setup(test_a_process_opens_many_sessions_one_after_another, set_up),
        cmocka_unit_test_setup(test_blocks_larger_than_their_memory_are_refused_by_prepare, set_up),
        cmocka_unit_test_setup(test_more_elements_than_an_int_counts_are_refused_by_prepare,
                               set_up),
        cmocka_unit_test_setup(test_a_failed_call_is_named_with_its_text, set_up),
    };

    ops = plugin_open_backend("cx-backend-mpi.so");
    return ops ? cmocka_run_group_tests(tests, NULL, NULL) : SKIPPED;
}
