/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of nccl between processes on the stub library, element by element.
 * Not NCCL itself, which needs devices. */
#include "unit/nccl/kit.h"

/* ---- all that is offered -------------------------------------------------------------------- */

typedef struct sweep {
    const char   *library;
    kit_options_t options;
    int64_t       elems;
} sweep_t;

static bool is_reduction(cx_collective_t op)
{
    return op == CX_COLLECTIVE_ALL_REDUCE || op == CX_COLLECTIVE_REDUCE ||
           op == CX_COLLECTIVE_REDUCE_SCATTER;
}

static bool is_offered(const cx_shape_t *shape)
{
    const uint64_t in = shape->is_in_place ? kit_caps.in_place_collectives : kit_caps.collectives;

    return (in & CX_BIT(shape->op)) && (kit_caps.dtypes & CX_BIT(shape->dtype)) &&
           is_reduction(shape->op) == (shape->redop != CX_REDOP_NONE) &&
           (shape->redop == CX_REDOP_NONE || (kit_caps.redops & CX_BIT(shape->redop)));
}

static int sweep_rank(fake_core_t *fake, void *argument)
{
    const sweep_t *sweep        = argument;
    const int      cell_count   = CX_COLLECTIVE_BARRIER * CX_DTYPE_COUNT * CX_REDOP_COUNT * 2;
    int            failed_count = kit_begin(fake, sweep->library), done_count = 0;

    kit_options = sweep->options;
    for (int cell = 0; cell < cell_count && failed_count == 0; cell++) {
        exercise_t what = {
            .shape      = {.op          = (cx_collective_t)(cell % CX_COLLECTIVE_BARRIER),
                           .dtype       = (cx_dtype_t)(cell / CX_COLLECTIVE_BARRIER % CX_DTYPE_COUNT),
                           .redop       = (cx_redop_t)(cell / CX_COLLECTIVE_BARRIER / CX_DTYPE_COUNT %
                                            CX_REDOP_COUNT),
                           .root_rank   = cell / 7 % fake->core.rank_count,
                           .is_in_place = cell >= cell_count / 2},
            .elems      = sweep->elems,
            .call_count = 3,
        };
        if (is_offered(&what.shape)) {
            failed_count += exercise_rank(fake, &kit_wrapped, &what);
            done_count++;
        }
    }
    return failed_count + KIT_CHECK(done_count > 200) + KIT_CHECK(kit_log_count == 0);
}

static void test_what_caps_offer_is_right(void **state)
{
    static const struct {
        int32_t rank_count;
        sweep_t sweep;
    } cases[] = {
        {1, {KIT_NEWEST, {KIT_NONE, KIT_AUTO, 0, 0, KIT_FIXED}, 5}},
        {2, {KIT_NEWEST, {KIT_NONE, KIT_AUTO, 1, 32, KIT_FIXED}, 1}},
        {3, {KIT_NEWEST, {KIT_NONE, KIT_NO, 0, 0, KIT_FIXED}, 7}},
        {3, {KIT_NEWEST, {KIT_USER_BUFFER, KIT_AUTO, 0, 0, KIT_FIXED}, 6}},
        {2, {KIT_NEWEST, {KIT_SYMMETRIC, KIT_NO, 4, 4, KIT_FIXED}, 300}},
        {3, {"nccl-21805", {KIT_NONE, KIT_AUTO, 0, 0, KIT_FIXED}, 9}},
        {2, {"nccl-2804", {KIT_NONE, KIT_AUTO, 0, 0, KIT_FIXED}, 4}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sweep_t sweep = cases[i].sweep;

        assert_int_equal(fake_ranks_run(cases[i].rank_count, KIT_BUDGET_NS, sweep_rank, &sweep), 0);
    }
}

/* ---- ranks without a buffer ----------------------------------------------------------------- */

/* Four values to send and four to receive; only some of them take part. */
static int check_received(cx_collective_t op, int32_t rank, int32_t root, const int32_t received[4])
{
    static const int32_t scattered[3] = {11, 20, 30};
    const bool           is_root      = rank == root;

    switch (op) {
    case CX_COLLECTIVE_BROADCAST:
        return KIT_CHECK(received[0] == (is_root ? -1 : 11)) + KIT_CHECK(received[1] == -1);
    case CX_COLLECTIVE_SCATTER:
        return KIT_CHECK(received[0] == scattered[rank]) + KIT_CHECK(received[1] == -1);
    case CX_COLLECTIVE_REDUCE:
        return KIT_CHECK(received[0] == (is_root ? 33 : -1)) + KIT_CHECK(received[1] == -1);
    default:
        return KIT_CHECK(received[0] == (is_root ? 10 : -1)) +
               KIT_CHECK(received[1] == (is_root ? 11 : -1)) +
               KIT_CHECK(received[2] == (is_root ? 12 : -1)) + KIT_CHECK(received[3] == -1);
    }
}

/* As the core lays them out: a rank that sends (or receives) nothing has NULL there. */
static void drop_buffers(cx_collective_t op, bool is_root, cx_slot_t *slot)
{
    if (op == CX_COLLECTIVE_BROADCAST || op == CX_COLLECTIVE_SCATTER) {
        slot->send = is_root ? slot->send : NULL;
        slot->recv = is_root && op == CX_COLLECTIVE_BROADCAST ? NULL : slot->recv;
    } else {
        slot->recv = is_root ? slot->recv : NULL;
    }
}

static int run_with_nulls(fake_core_t *fake, cx_collective_t op, int32_t native)
{
    const int32_t    rank = fake->core.rank, root = 1;
    const cx_shape_t shape     = {.op        = op,
                                  .dtype     = CX_DTYPE_INT32,
                                  .root_rank = root,
                                  .redop = op == CX_COLLECTIVE_REDUCE ? CX_REDOP_SUM : CX_REDOP_NONE};
    int32_t          values[8] = {10 + rank, 20, 30, 40, -1, -1, -1, -1};
    cx_slot_t        slot      = {.send = values, .recv = values + 4};
    const cx_point_t point     = {.elems        = 1,
                                  .slot_count   = 1,
                                  .slots        = &slot,
                                  .region       = values,
                                  .region_bytes = sizeof values};
    cx_session_t    *session   = NULL;

    kit_options = (kit_options_t){.native = native};
    drop_buffers(op, rank == root, &slot);
    if (KIT_CHECK(kit_open(&fake->core, &shape, NULL, &session) == CX_OK) ||
        KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK) ||
        KIT_CHECK(kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) == CX_OK)) {
        return 1;
    }
    kit_ops->release(session);
    kit_ops->close(session);
    return check_received(op, rank, root, values + 4);
}

static int nulls_rank(fake_core_t *fake, void *argument)
{
    static const cx_collective_t rooted[]     = {CX_COLLECTIVE_BROADCAST, CX_COLLECTIVE_REDUCE,
                                                 CX_COLLECTIVE_GATHER, CX_COLLECTIVE_SCATTER};
    int                          failed_count = kit_begin(fake, KIT_NEWEST);

    (void)argument;
    for (size_t i = 0; i < sizeof rooted / sizeof *rooted && failed_count == 0; i++) {
        failed_count += run_with_nulls(fake, rooted[i], KIT_AUTO);
        failed_count += run_with_nulls(fake, rooted[i], KIT_NO);
    }
    return failed_count;
}

static void test_a_rank_that_sends_or_receives_nothing_has_no_buffer(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(3, KIT_BUDGET_NS, nulls_rank, NULL), 0);
}

/* ---- all_to_all_v --------------------------------------------------------------------------- */

/* Rank 2 sends nothing and rank 1 receives nothing; blocks lie packed. */
static int uneven_rank(fake_core_t *fake, void *argument)
{
    static const int64_t counts[9]  = {1, 0, 3, 2, 0, 1, 0, 0, 0};
    const cx_shape_t     shape      = {.op = CX_COLLECTIVE_ALL_TO_ALL_V, .dtype = CX_DTYPE_INT32};
    const int32_t        rank       = fake->core.rank;
    int32_t              values[16] = {0};
    const cx_slot_t      slot       = {.send = values, .recv = values + 8};
    const cx_point_t     point      = {.elems        = 1,
                                       .slot_count   = 1,
                                       .slots        = &slot,
                                       .region       = values,
                                       .region_bytes = sizeof values,
                                       .counts       = counts};
    static const int32_t expected[3][5] = {{100, 200, 201, 0, 0}, {0}, {101, 102, 103, 202, 0}};
    cx_session_t        *session        = NULL;
    int                  failed_count   = kit_begin(fake, KIT_NEWEST);

    (void)argument;
    for (int32_t i = 0; i < 8; i++) {
        values[i] = 100 * (rank + 1) + i;
    }
    failed_count += KIT_CHECK(kit_open(&fake->core, &shape, NULL, &session) == CX_OK) ||
                    KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
    for (int i = 0; i < 3 && failed_count == 0; i++) {
        memset(values + 8, 0, 8 * sizeof *values);
        failed_count += KIT_CHECK(kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) == CX_OK) +
                        KIT_CHECK(memcmp(values + 8, expected[rank], sizeof expected[rank]) == 0);
    }
    if (session) {
        kit_ops->release(session);
        kit_ops->close(session);
    }
    return failed_count;
}

static void test_uneven_counts_arrive_packed_and_zeros_are_not_sent(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(3, KIT_BUDGET_NS, uneven_rank, NULL), 0);
}

/* ---- barrier -------------------------------------------------------------------------------- */

static int barrier_rank(fake_core_t *fake, void *argument)
{
    atomic_int      *arrived_count = argument;
    const cx_shape_t shape         = {.op = CX_COLLECTIVE_BARRIER};
    const cx_point_t point         = {.elems = 0};
    cx_session_t    *session       = NULL;
    int              failed_count  = kit_begin(fake, KIT_NEWEST);

    kit_options.registration = KIT_USER_BUFFER; /* there is nothing to register */
    failed_count += KIT_CHECK(kit_open(&fake->core, &shape, NULL, &session) == CX_OK) ||
                    KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
    for (int i = 1; i <= 20 && failed_count == 0; i++) {
        (void)atomic_fetch_add(arrived_count, 1);
        failed_count += KIT_CHECK(kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) == CX_OK) +
                        KIT_CHECK(atomic_load(arrived_count) >= 3 * i);
    }
    if (session) {
        kit_ops->release(session);
        kit_ops->close(session);
    }
    return failed_count + KIT_CHECK(fake->device.export_count == 0);
}

static void test_nobody_leaves_a_barrier_before_all_have_come(void **state)
{
    atomic_int *arrived_count = mmap(NULL, sizeof *arrived_count, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(arrived_count, MAP_FAILED);
    assert_int_equal(fake_ranks_run(3, KIT_BUDGET_NS, barrier_rank, arrived_count), 0);
    (void)munmap(arrived_count, sizeof *arrived_count);
}

/* ---- life ----------------------------------------------------------------------------------- */

static int many_rank(fake_core_t *fake, void *argument)
{
    int failed_count = kit_begin(fake, KIT_NEWEST);

    (void)argument;
    for (int i = 0; i < 50 && failed_count == 0; i++) {
        cx_session_t *session = kit_session(fake, CX_COLLECTIVE_ALL_REDUCE);

        failed_count += KIT_CHECK(session != NULL);
        if (session) {
            kit_ops->close(session);
        }
    }
    return failed_count + KIT_CHECK(kit_log_count == 0);
}

static void test_a_process_opens_many_sessions_one_after_another(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, KIT_BUDGET_NS, many_rank, NULL), 0);
}

static int repoint_rank(fake_core_t *fake, void *argument)
{
    int           failed_count = kit_begin(fake, KIT_NEWEST);
    cx_session_t *session;
    cx_slot_t     slot;
    cx_point_t    point;

    (void)argument;
    kit_options.registration = KIT_SYMMETRIC;
    session                  = kit_session(fake, CX_COLLECTIVE_ALL_REDUCE);
    failed_count += KIT_CHECK(session != NULL);
    for (int i = 0; i < 5 && failed_count == 0; i++) {
        float *values;

        failed_count += KIT_CHECK(kit_point(fake, &slot, &point) == CX_OK) ||
                        KIT_CHECK(kit_ops->prepare(session, &point) == CX_OK);
        values    = point.region;
        values[0] = (float)(i + 1);
        failed_count += KIT_CHECK(kit_ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) == CX_OK) +
                        KIT_CHECK(values[1] == (float)(2 * (i + 1)));
        kit_ops->release(session);
        fake_free(&fake->device, point.region);
    }
    if (session) {
        kit_ops->close(session);
    }
    return failed_count + KIT_CHECK(kit_log_count == 0);
}

static void test_each_point_has_its_own_registration(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, KIT_BUDGET_NS, repoint_rank, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_caps_offer_is_right),
        cmocka_unit_test(test_a_rank_that_sends_or_receives_nothing_has_no_buffer),
        cmocka_unit_test(test_uneven_counts_arrive_packed_and_zeros_are_not_sent),
        cmocka_unit_test(test_nobody_leaves_a_barrier_before_all_have_come),
        cmocka_unit_test(test_a_process_opens_many_sessions_one_after_another),
        cmocka_unit_test(test_each_point_has_its_own_registration),
    };

    return kit_load("cx-backend-nccl.so") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
