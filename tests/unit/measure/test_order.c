/* SPDX-License-Identifier: Apache-2.0 */
/* The order of cases: a permutation, and reproducible. The law for all counts is a property.
 * The order of a trial: rotated, and turned round in every second cycle. */
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

static void test_trials_rotate_and_turn_round(void **state)
{
    static const char *const orders[] = {"0123", "1230", "2301", "3012", "3210",
                                         "2103", "1032", "0321", "0123"};

    (void)state;
    for (int64_t trial = 0; trial < 9; trial++) {
        size_t order[4];

        cx_rotation_order(trial, 4, order);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(order[i], orders[trial][i] - '0');
        }
    }
}

/* Over two cycles each one is as often at each place, and as often after each neighbour. */
static void test_every_place_and_neighbour_comes_up_alike(void **state)
{
    int places[5][5] = {{0}}, followers[5][5] = {{0}};

    (void)state;
    for (int64_t trial = 0; trial < 10; trial++) {
        size_t order[5];

        cx_rotation_order(trial, 5, order);
        for (size_t i = 0; i < 5; i++) {
            places[order[i]][i]++;
            if (i > 0) {
                followers[order[i - 1]][order[i]]++;
            }
        }
    }
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 5; k++) {
            assert_int_equal(places[i][k], 2);
        }
        assert_int_equal(followers[i][(i + 1) % 5], 4);
        assert_int_equal(followers[i][(i + 4) % 5], 4);
    }
}

static void test_one_thing_has_one_place(void **state)
{
    size_t order[1] = {42};

    (void)state;
    cx_rotation_order(7, 1, order);
    assert_int_equal(order[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_launch_keeps_the_order_of_the_request),
        cmocka_unit_test(test_later_launches_are_shuffled_by_seed_and_launch_alone),
        cmocka_unit_test(test_every_order_is_about_as_likely),
        cmocka_unit_test(test_nothing_and_one_have_one_order),
        cmocka_unit_test(test_trials_rotate_and_turn_round),
        cmocka_unit_test(test_every_place_and_neighbour_comes_up_alike),
        cmocka_unit_test(test_one_thing_has_one_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
