/* SPDX-License-Identifier: Apache-2.0 */
/* The digest and the poison that host and devices compute alike (collectivex/digest.h). */
#include "collectivex/digest.h"

#include "family/common/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES 100

static void fill(unsigned char *bytes, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++) {
        bytes[i] = (unsigned char)(i * 37 + 11);
    }
}

/* From an evaluation in Python integers of the formulas in the header. */
static void test_digest_is_the_published_function(void **state)
{
    unsigned char bytes[BYTES];

    (void)state;
    fill(bytes, sizeof bytes);
    assert_true(cx_digest(bytes, 0) == UINT64_C(0xa706dd2f4d197e6f));
    assert_true(cx_digest(bytes, 1) == UINT64_C(0x1f508115bcf912ed));
    assert_true(cx_digest(bytes, 16) == UINT64_C(0x4c8915ea0db7ad56));
    assert_true(cx_digest(bytes, 100) == UINT64_C(0x693322c5248c8141));
}

static void test_every_flipped_bit_changes_it(void **state)
{
    unsigned char bytes[BYTES];
    uint64_t      right;

    (void)state;
    fill(bytes, sizeof bytes);
    right = cx_digest(bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_true(cx_digest(bytes, sizeof bytes) != right);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

/* Two flips of a top bit are what a sum of products would not see. */
static void test_two_flipped_bits_do_not_cancel(void **state)
{
    unsigned char bytes[BYTES];
    uint64_t      right;

    (void)state;
    fill(bytes, sizeof bytes);
    right = cx_digest(bytes, sizeof bytes);
    for (size_t one = 7; one < sizeof bytes; one += 8) {
        for (size_t other = one + 8; other < sizeof bytes; other += 8) {
            bytes[one] ^= 0x80;
            bytes[other] ^= 0x80;
            assert_true(cx_digest(bytes, sizeof bytes) != right);
            bytes[one] ^= 0x80;
            bytes[other] ^= 0x80;
        }
    }
}

static void test_places_and_length_matter(void **state)
{
    unsigned char bytes[BYTES], swapped[BYTES], zeros[BYTES] = {0};

    (void)state;
    fill(bytes, sizeof bytes);
    memcpy(swapped, bytes + 16, 16);
    memcpy(swapped + 16, bytes, 16);
    memcpy(swapped + 32, bytes + 32, sizeof bytes - 32);
    assert_true(cx_digest(bytes, sizeof bytes) != cx_digest(swapped, sizeof bytes));
    for (size_t length = 1; length < sizeof zeros; length++) {
        assert_true(cx_digest(zeros, length) != cx_digest(zeros, length - 1));
    }
}

static void test_blocks_add_up_in_any_order(void **state)
{
    uint64_t words[2 * 64], sum = 0;

    (void)state;
    for (uint64_t i = 0; i < 128; i++) {
        words[i] = cx_poison_word(3, i);
    }
    for (uint64_t i = 64; i-- > 0;) {
        sum += cx_digest_block(words[2 * i], words[2 * i + 1], i);
    }
    assert_true(cx_digest_finish(sum, sizeof words) == cx_digest(words, sizeof words));
}

/* Families look for poison that nobody overwrote; it must not matter who wrote it. */
static void test_poison_is_that_of_the_families(void **state)
{
    unsigned char expected[BYTES];

    (void)state;
    cx_poison(expected, sizeof expected, UINT64_C(0x123456789abcdef0));
    for (size_t i = 0; i < sizeof expected; i++) {
        uint64_t word = cx_poison_word(UINT64_C(0x123456789abcdef0), i / 8);

        assert_int_equal(expected[i], (unsigned char)(word >> 8 * (i % 8)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_is_the_published_function),
        cmocka_unit_test(test_every_flipped_bit_changes_it),
        cmocka_unit_test(test_two_flipped_bits_do_not_cancel),
        cmocka_unit_test(test_places_and_length_matter),
        cmocka_unit_test(test_blocks_add_up_in_any_order),
        cmocka_unit_test(test_poison_is_that_of_the_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
