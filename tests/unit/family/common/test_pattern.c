/* SPDX-License-Identifier: Apache-2.0 */
/* The string of random bytes is the same whichever way it is read. */
#include "family/common/pattern.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_words_are_splitmix64(void **state)
{
    uint64_t words[2];

    (void)state;
    /* The first outputs of splitmix64 seeded with 0, as published with the algorithm. */
    cx_pattern_words(0, 0, 1, words);
    assert_true(words[0] == UINT64_C(0xe220a8397b1dcdaf));
    cx_pattern_words(UINT64_C(0x9e3779b97f4a7c15) - 5, 5, 1, words);
    assert_true(words[0] == UINT64_C(0x6e789e6aa1b965f4));
}

static void test_any_stretch_equals_the_same_stretch_of_the_whole(void **state)
{
    unsigned char whole[64], part[64];
    uint64_t      words[8];

    (void)state;
    cx_pattern_bytes(42, 0, 0, sizeof whole, whole);
    cx_pattern_words(42, 0, 8, words);
    assert_memory_equal(whole, words, sizeof whole);
    for (size_t first = 0; first < 40; first++) {
        for (size_t count = 0; count <= sizeof whole - first; count++) {
            memset(part, 0xaa, sizeof part);
            cx_pattern_bytes(42, 0, first, count, part);
            assert_memory_equal(part, whole + first, count);
            for (size_t i = count; i < sizeof part; i++) {
                assert_int_equal(part[i], 0xaa);
            }
        }
    }
}

static void test_the_mask_sets_bits_at_every_offset(void **state)
{
    unsigned char bytes[32], plain[32];

    (void)state;
    for (size_t first = 0; first < 8; first++) {
        cx_pattern_bytes(7, 0, first, sizeof plain, plain);
        cx_pattern_bytes(7, UINT64_C(0xff00ff00ff00ff00), first, sizeof bytes, bytes);
        for (size_t i = 0; i < sizeof bytes; i++) {
            assert_int_equal(bytes[i], (first + i) % 2 ? 0xff : plain[i]);
        }
    }
}

static void test_keys_give_different_strings(void **state)
{
    unsigned char one[64], other[64];

    (void)state;
    cx_pattern_bytes(cx_mix64(1), 0, 0, sizeof one, one);
    cx_pattern_bytes(cx_mix64(2), 0, 0, sizeof other, other);
    assert_memory_not_equal(one, other, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_splitmix64),
        cmocka_unit_test(test_any_stretch_equals_the_same_stretch_of_the_whole),
        cmocka_unit_test(test_the_mask_sets_bits_at_every_offset),
        cmocka_unit_test(test_keys_give_different_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
