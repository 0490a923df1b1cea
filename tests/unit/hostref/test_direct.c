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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct_moves_arrive_whole),
        cmocka_unit_test(test_direct_reductions_are_exact),
        cmocka_unit_test(test_direct_calls_may_reuse_a_slot_at_once),
        cmocka_unit_test(test_direct_stores_around_the_cache_arrive_whole),
    };

    return cmocka_run_group_tests(tests, matrix_set_up, NULL);
}
