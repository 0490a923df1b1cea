/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the comparison key on examples; the law over all options is tests/property/prop_key.c. */
#include "model/key.h"

#include "support/expect.h"

static cx_arena_t arena;
static cx_case_t  one;

static int make_case(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    memset(&one, 0, sizeof one);
    EXPECT_OK(cx_options_defaults(cx_case_options, &one, &arena));
    EXPECT_OK(cx_case_seal(&one, &arena));
    return 0;
}

static int drop_case(void **state)
{
    (void)state;
    cx_arena_fini(&arena);
    return 0;
}

static const char *key_of(const char *contract, int64_t version, const cx_factor_t *factors,
                          size_t count)
{
    static char keys[2][CX_HASH_HEX_BYTES];
    static int  turn;

    turn = !turn;
    cx_key_compute(&one, contract, version, factors, count, keys[turn]);
    assert_int_equal(strspn(keys[turn], "0123456789abcdef"), 32);
    return keys[turn];
}

static void test_contract_and_version_count(void **state)
{
    (void)state;
    assert_string_equal(key_of("a", 1, NULL, 0), key_of("a", 1, NULL, 0));
    assert_string_not_equal(key_of("a", 1, NULL, 0), key_of("a", 2, NULL, 0));
    assert_string_not_equal(key_of("a", 1, NULL, 0), key_of("b", 1, NULL, 0));
}

static void test_factors_count_and_their_order_does_not(void **state)
{
    (void)state;
    const cx_factor_t ab[]      = {{"a", "1"}, {"b", "2"}};
    const cx_factor_t ba[]      = {{"b", "2"}, {"a", "1"}};
    const cx_factor_t swapped[] = {{"a", "2"}, {"b", "1"}};
    const cx_factor_t joined[]  = {{"a", "1b2"}};
    const cx_factor_t twice[]   = {{"a", "1"}, {"a", "1"}};

    assert_string_equal(key_of("c", 1, ab, 2), key_of("c", 1, ba, 2));
    assert_string_not_equal(key_of("c", 1, ab, 2), key_of("c", 1, swapped, 2));
    assert_string_not_equal(key_of("c", 1, ab, 2), key_of("c", 1, ab, 1));
    assert_string_not_equal(key_of("c", 1, ab, 2), key_of("c", 1, joined, 1));
    assert_string_not_equal(key_of("c", 1, twice, 2), key_of("c", 1, twice, 1));
    assert_string_not_equal(key_of("c", 1, ab, 1), key_of("c", 1, NULL, 0));
}

static void test_origins_and_free_options_do_not_count(void **state)
{
    (void)state;
    char before[CX_HASH_HEX_BYTES];

    memcpy(before, key_of("c", 1, NULL, 0), sizeof before);
    one.timeout_us *= 2;
    one.origins[0] = CX_ORIGIN_COMMAND;
    assert_string_equal(key_of("c", 1, NULL, 0), before);
    one.seed++;
    assert_string_not_equal(key_of("c", 1, NULL, 0), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_contract_and_version_count, make_case, drop_case),
        cmocka_unit_test_setup_teardown(test_factors_count_and_their_order_does_not, make_case,
                                        drop_case),
        cmocka_unit_test_setup_teardown(test_origins_and_free_options_do_not_count, make_case,
                                        drop_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
