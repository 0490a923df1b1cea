/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the counter-based generator: known values, and that bounds hold. */
#include "base/prng.h"

#include "support/expect.h"

/* The first outputs of splitmix64 from seed 0 and 1234567 (its reference implementation). */
static void test_known_values(void **state)
{
    (void)state;
    assert_true(cx_mix64(0) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(cx_mix64(UINT64_C(0x9e3779b97f4a7c15)) == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(cx_mix64(1234567) == UINT64_C(6457827717110365317));
}

static void test_draws_below_stay_below_and_reach_every_value(void **state)
{
    (void)state;
    int seen[7] = {0};

    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t value = cx_prng_below(cx_prng_at(3, i), 7);

        assert_true(value < 7);
        seen[value]++;
    }
    for (int64_t i = 0; i < LENGTH(seen); i++) {
        assert_true(seen[i] > 80);
    }
    assert_true(cx_prng_below(UINT64_MAX, 1) == 0);
    assert_true(cx_prng_below(UINT64_MAX, UINT64_MAX) == UINT64_MAX - 1);
}

static void test_seed_and_counter_both_matter(void **state)
{
    (void)state;
    assert_true(cx_prng_at(1, 1) == cx_prng_at(1, 1));
    assert_true(cx_prng_at(1, 1) != cx_prng_at(2, 1));
    assert_true(cx_prng_at(1, 1) != cx_prng_at(1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_draws_below_stay_below_and_reach_every_value),
        cmocka_unit_test(test_seed_and_counter_both_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
