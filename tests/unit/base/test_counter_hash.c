/* SPDX-License-Identifier: Apache-2.0 */
/* The shortcut through the key's block gives what libb2 gives for the whole message. */
#include "base/counter_hash.h"

#include <blake2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_golden_values_of_seed_67(void **state)
{
    static const struct {
        uint64_t counters[CX_COUNTER_COUNT], value;
    } rows[] = {
        {{0, 0, 0, 0}, UINT64_C(0xb58ca1aad7f725b4)}, {{0, 1, 0, 0}, UINT64_C(0x601f9b7c6850bf22)},
        {{1, 0, 0, 0}, UINT64_C(0xc48cfa9dd6930b5d)}, {{0, 0, 0, 1}, UINT64_C(0x7c52fb07afb56353)},
        {{7, 3, 1, 0}, UINT64_C(0x5a04a23015ede43f)},
    };
    cx_counter_hash_t hash;

    (void)state;
    cx_counter_hash_init(&hash, 67);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(cx_counter_hash_at(&hash, rows[i].counters), rows[i].value);
    }
}

static void test_equals_the_library_for_any_seed_and_counter(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 64; i++) {
        const uint64_t    seed = i % 3 == 0 ? UINT64_MAX - i : i * UINT64_C(0x9e3779b97f4a7c15);
        const uint64_t    counters[4] = {seed, i, ~i, i << 40};
        uint64_t          expected;
        cx_counter_hash_t hash;

        assert_int_equal(blake2b((uint8_t *)&expected, counters, &seed, 8, 32, 8), 0);
        cx_counter_hash_init(&hash, seed);
        assert_int_equal(cx_counter_hash_at(&hash, counters), expected);
        assert_int_equal(cx_counter_hash_at(&hash, counters), expected); /* it keeps no state */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_values_of_seed_67),
        cmocka_unit_test(test_equals_the_library_for_any_seed_and_counter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
