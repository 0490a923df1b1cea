/* SPDX-License-Identifier: Apache-2.0 */
/* The order of cases: a permutation, and reproducible. The law for all counts is a property. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/order.h"

#include <string.h>

static void test_the_first_launch_keeps_the_order_of_the_request(void **state)
{
    size_t order[9];

    (void)state;
    cx_trial_order(99, 0, 9, order);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(order[i], i);
    }
}

static void test_later_launches_are_shuffled_by_seed_and_launch_alone(void **state)
{
    size_t first[20], again[20], next[20], other[20];

    (void)state;
    cx_trial_order(1, 1, 20, first);
    cx_trial_order(1, 1, 20, again);
    cx_trial_order(1, 2, 20, next);
    cx_trial_order(2, 1, 20, other);
    assert_memory_equal(first, again, sizeof first);
    assert_true(memcmp(first, next, sizeof first) != 0);
    assert_true(memcmp(first, other, sizeof first) != 0);
}

/* Of three cases each of the six orders comes up, and none much more often than the others. */
static void test_every_order_is_about_as_likely(void **state)
{
    int counts[27] = {0};

    (void)state;
    for (int64_t launch = 1; launch <= 6000; launch++) {
        size_t order[3];

        cx_trial_order(7, launch, 3, order);
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    for (int i = 0; i < 27; i++) {
        int a = i / 9, b = i / 3 % 3, c = i % 3;

        if (a != b && b != c && a != c) {
            assert_in_range(counts[i], 850, 1150);
        } else {
            assert_int_equal(counts[i], 0);
        }
    }
}

static void test_nothing_and_one_have_one_order(void **state)
{
    size_t order[1] = {42};

    (void)state;
    cx_trial_order(1, 3, 0, order);
    assert_int_equal(order[0], 42);
    cx_trial_order(1, 3, 1, order);
    assert_int_equal(order[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_launch_keeps_the_order_of_the_request),
        cmocka_unit_test(test_later_launches_are_shuffled_by_seed_and_launch_alone),
        cmocka_unit_test(test_every_order_is_about_as_likely),
        cmocka_unit_test(test_nothing_and_one_have_one_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
