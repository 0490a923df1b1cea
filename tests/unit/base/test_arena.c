/* SPDX-License-Identifier: Apache-2.0 */
/* Tests memory that dies in one call. */
#include "base/arena.h"

#include "support/expect.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    cx_arena_t arena;

    cx_arena_init(&arena);
    for (size_t bytes = 1; bytes < 300; bytes += 7) {
        unsigned char *memory = cx_arena_grab(&arena, bytes);

        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xff, bytes);
    }
    cx_arena_fini(&arena);
}

static void test_large_and_small_grabs_do_not_overlap(void **state)
{
    (void)state;
    static const size_t sizes[] = {10, 40000, 10, 200000, 65536, 65535, 1, 0};
    unsigned char      *memory[LENGTH(sizes)];
    cx_arena_t          arena;

    cx_arena_init(&arena);
    for (int64_t i = 0; i < LENGTH(sizes); i++) {
        memory[i] = cx_arena_grab(&arena, sizes[i]);
        assert_non_null(memory[i]);
        memset(memory[i], (int)i + 1, sizes[i]);
    }
    for (int64_t i = 0; i < LENGTH(sizes); i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(memory[i][j], i + 1);
        }
    }
    cx_arena_fini(&arena);
}

static void test_impossible_grab_is_null(void **state)
{
    (void)state;
    cx_arena_t arena;

    cx_arena_init(&arena);
    assert_null(cx_arena_grab(&arena, SIZE_MAX));
    assert_null(cx_arena_grab(&arena, SIZE_MAX - 8));
    cx_arena_fini(&arena);
}

static void test_texts_are_copies(void **state)
{
    (void)state;
    char       text[] = "abc";
    cx_arena_t arena;
    char      *copy, *formatted;

    cx_arena_init(&arena);
    copy      = cx_arena_text(&arena, text);
    formatted = cx_arena_format(&arena, "%s-%d", text, 7);
    text[0]   = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(formatted, "abc-7");
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_large_and_small_grabs_do_not_overlap),
        cmocka_unit_test(test_impossible_grab_is_null),
        cmocka_unit_test(test_texts_are_copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
