/* SPDX-License-Identifier: Apache-2.0 */
/* Every collective, dtype and redop, through lanes of control memory.
 * Not its speed. */
#include "matrix.h"

static const way_t eager = {.is_eager = true};

static void test_eager_moves_arrive_whole(void **state)
{
    matrix_check(state, &eager, matrix_moves);
}

static void test_eager_reductions_are_exact(void **state)
{
    matrix_check(state, &eager, matrix_reductions);
}

static void test_eager_calls_may_reuse_a_slot_at_once(void **state)
{
    matrix_check(state, &eager, matrix_repeats);
}

/* backends/hostref/eager.h */
#define DEPTH 8

typedef struct ahead {
    const cx_backend_ops_t *ops;
    atomic_int             *sent_count; /* by the root, seen by all */
} ahead_t;

/* Rank 0 sends as fast as it may; rank 1 begins once that can go no further, and looks how far the
 * root is each time: no more than DEPTH calls, or what it is about to read is overwritten. */
static int follow_the_root(fake_core_t *fake, void *argument)
{
    const ahead_t   *ahead = argument;
    const exercise_t what  = {.shape       = {.op = CX_COLLECTIVE_BROADCAST, .dtype = CX_DTYPE_FP64},
                              .elems       = 3,
                              .eager_bytes = 24};
    exercise_run_t run = {.what = &what, .rank = fake->core.rank, .rank_count = 2, .elem_bytes = 8};
    cx_session_t  *session      = NULL;
    int            failed_count = 0;

    exercise_measure(&run);
    if (exercise_lay_out(&run, &fake->device) != CX_OK ||
        ahead->ops->open(&fake->core, &what.shape, &what.eager_bytes, &session) != CX_OK ||
        ahead->ops->prepare(session, &run.point) != CX_OK) {
        return 1;
    }
    while (run.rank == 1 && atomic_load(ahead->sent_count) < DEPTH) {
        (void)sched_yield();
    }
    for (int32_t call = 0; call < 100 && failed_count == 0; call++) {
        for (int i = 0; run.rank == 1 && i < 20; i++) {
            (void)sched_yield();
        }
        failed_count += run.rank == 1 && atomic_load(ahead->sent_count) > call + DEPTH;
        failed_count += exercise_call(&run, ahead->ops, session, call);
        if (run.rank == 0) {
            (void)atomic_fetch_add(ahead->sent_count, 1);
        }
    }
    return failed_count;
}

static void test_eager_root_runs_ahead_by_its_credit_only(void **state)
{
    atomic_int *sent_count =
        mmap(NULL, sizeof *sent_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ahead_t ahead = {.ops = *state, .sent_count = sent_count};

    assert_true(sent_count != MAP_FAILED);
    assert_int_equal(fake_ranks_run(2, EXERCISE_BUDGET_NS, follow_the_root, &ahead), 0);
    assert_int_equal(atomic_load(sent_count), 100);
    (void)munmap(sent_count, sizeof *sent_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eager_moves_arrive_whole),
        cmocka_unit_test(test_eager_reductions_are_exact),
        cmocka_unit_test(test_eager_calls_may_reuse_a_slot_at_once),
        cmocka_unit_test(test_eager_root_runs_ahead_by_its_credit_only),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
