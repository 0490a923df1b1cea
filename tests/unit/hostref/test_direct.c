/* SPDX-License-Identifier: Apache-2.0 */
/* Every collective, dtype and redop, moved straight between the ranks' buffers.
 * Not its speed. */
#include "matrix.h"

static const way_t direct = {0};

static void test_direct_moves_arrive_whole(void **state)
{
    matrix_check(state, &direct, matrix_moves);
}

static void test_direct_reductions_are_exact(void **state)
{
    matrix_check(state, &direct, matrix_reductions);
}

static void test_direct_calls_may_reuse_a_slot_at_once(void **state)
{
    matrix_check(state, &direct, matrix_repeats);
}

static void test_direct_stores_around_the_cache_arrive_whole(void **state)
{
    matrix_check(state, &(way_t){.last_cache_bytes = 1}, matrix_moves);
    matrix_check(state, &(way_t){.last_cache_bytes = 1}, matrix_repeats);
}

/* Family allreduce: the algorithm decides, not the size; all of them mean the same. */
static int algorithms_agree(fake_core_t *fake, void *argument)
{
    static const cx_algorithm_t algorithms[] = {CX_ALGORITHM_DEFAULT, CX_ALGORITHM_ONE_SHOT,
                                                CX_ALGORITHM_TWO_SHOT};
    static const int64_t        elems[]      = {1, 33, 5003};
    const matrix_t             *matrix       = argument;
    int                         failed_count = 0;

    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        for (size_t j = 0; j < sizeof elems / sizeof *elems; j++) {
            const exercise_t what = {.shape            = {.family    = CX_FAMILY_ALLREDUCE,
                                                          .op        = CX_COLLECTIVE_ALL_REDUCE,
                                                          .dtype     = CX_DTYPE_BF16,
                                                          .redop     = CX_REDOP_SUM,
                                                          .algorithm = algorithms[i]},
                                     .elems            = elems[j],
                                     .eager_bytes      = 64,
                                     .last_cache_bytes = matrix->way.last_cache_bytes,
                                     .call_count       = 20};

            failed_count += exercise_rank(fake, matrix->ops, &what);
        }
    }
    return failed_count;
}

static void test_every_algorithm_sums_alike(void **state)
{
    matrix_check(state, &direct, algorithms_agree);
    matrix_check(state, &(way_t){.last_cache_bytes = 1}, algorithms_agree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct_moves_arrive_whole),
        cmocka_unit_test(test_direct_reductions_are_exact),
        cmocka_unit_test(test_direct_calls_may_reuse_a_slot_at_once),
        cmocka_unit_test(test_direct_stores_around_the_cache_arrive_whole),
        cmocka_unit_test(test_every_algorithm_sums_alike),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
