/* SPDX-License-Identifier: Apache-2.0 */
/* Copies and swaps move the bytes they are asked to and no others, at any alignment.
 * Not their speed. */
#include "../../../backends/hostref/copy.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SPACE_BYTES 72000

static void fill(unsigned char *bytes, int seed)
{
    for (int i = 0; i < SPACE_BYTES; i++) {
        bytes[i] = (unsigned char)(i * 7 + i / 251 + seed);
    }
}

static const size_t sizes[] = {0, 1, 63, 64, 65, 128, 4096, 4097, 8200, 65536, 70001};

static void test_copy_writes_what_it_is_asked_to_and_no_more(void **state)
{
    static unsigned char from[SPACE_BYTES], to[SPACE_BYTES], untouched[SPACE_BYTES];

    (void)state;
    fill(from, 1);
    fill(untouched, 100);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t shift = 0; shift < 130; shift += 3) {
            for (int is_streaming = 0; is_streaming < 2; is_streaming++) {
                fill(to, 100);
                cx_hostref_copy(to + shift, from + 2 * shift, sizes[i], is_streaming);
                assert_memory_equal(to, untouched, shift);
                assert_memory_equal(to + shift, from + 2 * shift, sizes[i]);
                assert_memory_equal(to + shift + sizes[i], untouched + shift + sizes[i],
                                    SPACE_BYTES - shift - sizes[i]);
            }
        }
    }
}

static void test_swap_exchanges_two_buffers(void **state)
{
    static unsigned char a[SPACE_BYTES], b[SPACE_BYTES], a_before[SPACE_BYTES],
        b_before[SPACE_BYTES];

    (void)state;
    fill(a_before, 1);
    fill(b_before, 100);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fill(a, 1);
        fill(b, 100);
        cx_hostref_swap(a, b, sizes[i]);
        assert_memory_equal(a, b_before, sizes[i]);
        assert_memory_equal(b, a_before, sizes[i]);
        assert_memory_equal(a + sizes[i], a_before + sizes[i], SPACE_BYTES - sizes[i]);
        assert_memory_equal(b + sizes[i], b_before + sizes[i], SPACE_BYTES - sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_writes_what_it_is_asked_to_and_no_more),
        cmocka_unit_test(test_swap_exchanges_two_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
