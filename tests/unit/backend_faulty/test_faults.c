/* SPDX-License-Identifier: Apache-2.0 */
/* The backend of planted faults: without one it is right, with one it is wrong in that way.
 * Not the checks of the program, which use it. */
#include "support/open_plugin.h"
#include "unit/hostref/exercise.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define RANK_COUNT 3
#define SKIPPED 77

static const cx_backend_ops_t *ops;
static double                  spun_us; /* by this rank */

static cx_status_t count_spin(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    (void)device;
    (void)stream;
    spun_us += spin_us;
    return CX_OK;
}

/* The fake device has no clock; a faulty call only needs to have spun. */
static void lend_spin(fake_core_t *fake)
{
    static cx_device_ops_t device_ops;

    device_ops            = fake_device_ops;
    device_ops.spin       = count_spin;
    fake->core.device_ops = &device_ops;
    spun_us               = 0;
}

/* The option is an int32_t index into the rows' choices. */
static int32_t find_fault(const char *slug)
{
    for (int32_t i = 0; ops->options[0].choices[i]; i++) {
        if (strcmp(ops->options[0].choices[i], slug) == 0) {
            return i;
        }
    }
    return -1;
}

/* exercise.h passes the address of `eager_bytes` as the backend's options, and the low half of it
 * is what this backend reads. */
static int run_exercise(fake_core_t *fake, void *argument)
{
    lend_spin(fake);
    return exercise_rank(fake, ops, argument);
}

/* Like exercise_rank(), but a rank that sees a wrong output goes on, so that nobody waits for it.
 */
static int count_wrong_outputs(fake_core_t *fake, void *argument)
{
    const exercise_t *what        = argument;
    int32_t           fault_index = (int32_t)what->eager_bytes;
    cx_session_t     *session     = NULL;
    int               wrong_count = 0;
    exercise_run_t    run         = {.what       = what,
                                     .rank       = fake->core.rank,
                                     .rank_count = fake->core.rank_count,
                                     .elem_bytes = exercise_elem_bytes[what->shape.dtype]};

    lend_spin(fake);
    exercise_measure(&run);
    if (exercise_lay_out(&run, &fake->device) != CX_OK ||
        ops->open(&fake->core, &what->shape, &fault_index, &session) != CX_OK ||
        ops->prepare(session, &run.point) != CX_OK) {
        abort();
    }
    for (int32_t call = 0; call < what->call_count; call++) {
        exercise_fill(&run, &run.slots[0], call);
        if (ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) != CX_OK) {
            abort();
        }
        wrong_count += exercise_check(&run, &run.slots[0], call);
    }
    ops->release(session);
    ops->close(session);
    return wrong_count;
}

static int run_without_fault(fake_core_t *fake, void *argument)
{
    static const int64_t elems[]      = {1, 7, 33};
    const int            cell_count   = CX_COLLECTIVE_BARRIER * CX_DTYPE_COUNT * CX_REDOP_COUNT;
    int                  failed_count = 0;

    (void)argument;
    for (int cell = 0; cell < 2 * cell_count && failed_count == 0; cell++) {
        int        row  = cell % cell_count;
        exercise_t what = {
            .shape      = {.op          = (cx_collective_t)(row % CX_COLLECTIVE_BARRIER),
                           .dtype       = (cx_dtype_t)(row / CX_COLLECTIVE_BARRIER % CX_DTYPE_COUNT),
                           .redop       = (cx_redop_t)(row / CX_COLLECTIVE_BARRIER / CX_DTYPE_COUNT),
                           .root_rank   = 1,
                           .is_in_place = cell >= cell_count},
            .elems      = elems[row % 3],
            .call_count = 3,
        };
        bool reduces = what.shape.op == CX_COLLECTIVE_ALL_REDUCE ||
                       what.shape.op == CX_COLLECTIVE_REDUCE ||
                       what.shape.op == CX_COLLECTIVE_REDUCE_SCATTER;
        bool is_odd = what.shape.is_in_place && (what.shape.op == CX_COLLECTIVE_SEND_RECV ||
                                                 what.shape.op == CX_COLLECTIVE_ALL_TO_ALL_V);
        if (reduces == (what.shape.redop != CX_REDOP_NONE) && !is_odd) {
            failed_count += run_exercise(fake, &what);
        }
    }
    return failed_count;
}

static void test_without_a_fault_every_collective_is_right(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(RANK_COUNT, EXERCISE_BUDGET_NS, run_without_fault, NULL), 0);
}

static void test_faults_of_data_make_the_output_of_these_ranks_wrong(void **state)
{
    static const struct {
        const char     *slug;
        cx_collective_t op;
        cx_dtype_t      dtype;
        cx_redop_t      redop;
        int             wrong_rank_count;
    } cases[] = {
        {"skipped_send", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP32, CX_REDOP_SUM, 3},
        {"skipped_send", CX_COLLECTIVE_GATHER, CX_DTYPE_FP32, CX_REDOP_NONE, 1},
        {"skipped_send", CX_COLLECTIVE_BROADCAST, CX_DTYPE_FP32, CX_REDOP_NONE, 1},
        {"wrong_root", CX_COLLECTIVE_BROADCAST, CX_DTYPE_INT32, CX_REDOP_NONE, 2},
        {"wrong_root", CX_COLLECTIVE_REDUCE, CX_DTYPE_INT32, CX_REDOP_SUM, 1},
        {"wrong_root", CX_COLLECTIVE_GATHER, CX_DTYPE_INT32, CX_REDOP_NONE, 1},
        {"wrong_root", CX_COLLECTIVE_SCATTER, CX_DTYPE_INT32, CX_REDOP_NONE, 3},
        {"off_by_one", CX_COLLECTIVE_ALL_GATHER, CX_DTYPE_BF16, CX_REDOP_NONE, 1},
        {"off_by_one", CX_COLLECTIVE_REDUCE, CX_DTYPE_FP64, CX_REDOP_SUM, 1},
        {"stale_buffer", CX_COLLECTIVE_ALL_TO_ALL, CX_DTYPE_INT8, CX_REDOP_NONE, 1},
        {"stale_buffer", CX_COLLECTIVE_GATHER, CX_DTYPE_INT8, CX_REDOP_NONE, 1},
        {"corrupted_byte", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP64, CX_REDOP_SUM, 1},
        {"corrupted_byte", CX_COLLECTIVE_SEND_RECV, CX_DTYPE_FP64, CX_REDOP_NONE, 1},
        {"wrong_type", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_UINT8, CX_REDOP_PROD, 1},
        {"wrong_type", CX_COLLECTIVE_REDUCE_SCATTER, CX_DTYPE_UINT8, CX_REDOP_PROD, 1},
        {"lost_block", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP16, CX_REDOP_SUM, 1},
        {"lost_block", CX_COLLECTIVE_ALL_GATHER, CX_DTYPE_FP16, CX_REDOP_NONE, 1},
        {"lost_block", CX_COLLECTIVE_ALL_TO_ALL_V, CX_DTYPE_FP16, CX_REDOP_NONE, 1},
        {"lost_block", CX_COLLECTIVE_SCATTER, CX_DTYPE_FP16, CX_REDOP_NONE, 1},
        {"swapped_blocks", CX_COLLECTIVE_ALL_GATHER, CX_DTYPE_FP32, CX_REDOP_NONE, 1},
        {"swapped_blocks", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_FP32, CX_REDOP_SUM, 1},
        /* These three leave what is exact in any order right: the probe of family allreduce sees
         * them, in inputs that are not. */
        {"rounded_steps", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_BF16, CX_REDOP_SUM, 0},
        {"order_by_rank", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_BF16, CX_REDOP_SUM, 0},
        {"order_by_call", CX_COLLECTIVE_ALL_REDUCE, CX_DTYPE_BF16, CX_REDOP_SUM, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        exercise_t what = {
            .shape       = {.op = cases[i].op, .dtype = cases[i].dtype, .redop = cases[i].redop},
            .elems       = 30, /* so that no piece looks like another */
            .eager_bytes = find_fault(cases[i].slug),
            .call_count  = 8,
        };
        int wrong_rank_count =
            fake_ranks_run(RANK_COUNT, EXERCISE_BUDGET_NS, count_wrong_outputs, &what);

        if (wrong_rank_count != cases[i].wrong_rank_count) {
            fail_msg("%s of operation %d is seen by %d ranks", cases[i].slug, (int)cases[i].op,
                     wrong_rank_count);
        }
    }
}

/* One rank by itself, whose every call can be watched. */
typedef struct solo {
    fake_core_t   fake;
    cx_session_t *session;
    int32_t       input[4], output[5]; /* one more than is received */
    cx_slot_t     slot;
    cx_point_t    point;
} solo_t;

static cx_status_t open_solo(solo_t *solo, fake_core_t *fake, cx_collective_t op, const char *slug)
{
    cx_shape_t shape       = {.op = op, .dtype = CX_DTYPE_INT32};
    int32_t    fault_index = find_fault(slug);

    lend_spin(fake);
    solo->slot  = (cx_slot_t){.send = solo->input, .recv = solo->output};
    solo->point = (cx_point_t){.elems        = 4,
                               .slot_count   = 1,
                               .slots        = &solo->slot,
                               .region       = solo->input,
                               .region_bytes = sizeof solo->input};
    if (ops->open(&fake->core, &shape, &fault_index, &solo->session) != CX_OK) {
        return fake_detail_status;
    }
    return ops->prepare(solo->session, &solo->point);
}

static cx_status_t call_solo(solo_t *solo)
{
    return ops->enqueue(solo->session, CX_PHASE_OPERATION, 0, NULL);
}

static void close_solo(solo_t *solo)
{
    ops->release(solo->session);
    ops->close(solo->session);
}

/* Runs in a forked rank of one, because the fake peers are shared memory. */
static int watch_bounds(fake_core_t *fake, void *argument)
{
    const char *slug          = argument;
    bool        is_overrun    = strcmp(slug, "overrun") == 0;
    bool        is_modified   = strcmp(slug, "modified_input") == 0;
    solo_t      solo          = {.input = {1, 2, 3, 4}, .output = {9, 9, 9, 9, 9}};
    const int   want[4]       = {1, 2, 3, 4};
    int         failed_count  = open_solo(&solo, fake, CX_COLLECTIVE_ALL_GATHER, slug) != CX_OK;
    const bool  is_first_call = failed_count == 0 && call_solo(&solo) == CX_OK;

    failed_count += !is_first_call;
    failed_count += memcmp(solo.output, want, sizeof want) != 0;
    failed_count += (solo.output[4] != 9) != is_overrun;
    failed_count += (solo.input[0] != 1) != is_modified;
    close_solo(&solo);
    return failed_count;
}

static void test_faults_of_bounds_leave_the_output_right(void **state)
{
    static char slugs[][20] = {"none", "overrun", "modified_input"};

    (void)state;
    for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++) {
        if (fake_ranks_run(1, EXERCISE_BUDGET_NS, watch_bounds, slugs[i]) != 0) {
            fail_msg("%s is not what it says", slugs[i]);
        }
    }
}

/* The deadline has passed before the first call, so that a hang ends at once. */
static int watch_third_call(fake_core_t *fake, void *argument)
{
    const char       *slug = argument;
    const cx_status_t want = strcmp(slug, "error") == 0 ? CX_BACKEND : CX_TIMEOUT;
    solo_t            solo = {.input = {1, 2, 3, 4}};
    int failed_count       = open_solo(&solo, fake, CX_COLLECTIVE_ALL_GATHER, slug) != CX_OK;

    failed_count += call_solo(&solo) != CX_OK;
    failed_count += call_solo(&solo) != CX_OK;
    failed_count += call_solo(&solo) != want;
    failed_count += strstr(fake_detail_text, "injected") == NULL;
    failed_count += call_solo(&solo) != CX_OK;
    close_solo(&solo);
    return failed_count;
}

static void test_hang_and_error_come_with_the_third_call(void **state)
{
    static char slugs[][20] = {"hang", "error"};

    (void)state;
    for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++) {
        assert_int_equal(fake_ranks_run(1, -1, watch_third_call, slugs[i]), 0);
    }
}

/* Rank 1 is gone after two calls; rank 0 must not wait for it, and does not: it makes only two. */
static int die_in_third_call(fake_core_t *fake, void *argument)
{
    exercise_t what = {.shape       = {.op = CX_COLLECTIVE_ALL_GATHER, .dtype = CX_DTYPE_INT32},
                       .elems       = 4,
                       .eager_bytes = find_fault("crash"),
                       .call_count  = fake->core.rank == 1 ? 3 : 2};

    (void)argument;
    return run_exercise(fake, &what);
}

static void test_crash_takes_rank_one_alone(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(2, EXERCISE_BUDGET_NS, die_in_third_call, NULL), 1);
}

static int watch_spin(fake_core_t *fake, void *argument)
{
    const double want_us = fake->core.rank == 1 ? 4 * 60 : 4 * 10;

    return run_exercise(fake, argument) + (spun_us < want_us - 1 || spun_us > want_us + 1);
}

static void test_slow_rank_is_right_but_fifty_microseconds_late(void **state)
{
    exercise_t what = {.shape       = {.op = CX_COLLECTIVE_ALL_GATHER, .dtype = CX_DTYPE_INT32},
                       .elems       = 4,
                       .eager_bytes = find_fault("slow_rank"),
                       .call_count  = 4};

    (void)state;
    assert_int_equal(fake_ranks_run(RANK_COUNT, EXERCISE_BUDGET_NS, watch_spin, &what), 0);
}

static void test_a_fault_that_could_do_nothing_is_refused(void **state)
{
    static const struct {
        const char *slug, *text;
    } cases[] = {{"wrong_root", "has a root"}, {"wrong_type", "reduces"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_core_t fake;
        solo_t      solo = {.session = NULL};

        fake_core_init(&fake, NULL, 0, 1, EXERCISE_BUDGET_NS);
        assert_int_equal(open_solo(&solo, &fake, CX_COLLECTIVE_ALL_TO_ALL, cases[i].slug),
                         CX_UNSUPPORTED);
        assert_non_null(strstr(fake_detail_text, cases[i].text));
        assert_null(solo.session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_fault_every_collective_is_right),
        cmocka_unit_test(test_faults_of_data_make_the_output_of_these_ranks_wrong),
        cmocka_unit_test(test_faults_of_bounds_leave_the_output_right),
        cmocka_unit_test(test_hang_and_error_come_with_the_third_call),
        cmocka_unit_test(test_crash_takes_rank_one_alone),
        cmocka_unit_test(test_slow_rank_is_right_but_fifty_microseconds_late),
        cmocka_unit_test(test_a_fault_that_could_do_nothing_is_refused),
    };

    ops = plugin_open_backend("../test-plugins/cx-backend-faulty.so");
    return ops ? cmocka_run_group_tests(tests, NULL, NULL) : SKIPPED;
}
