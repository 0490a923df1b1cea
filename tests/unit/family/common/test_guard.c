/* SPDX-License-Identifier: Apache-2.0 */
/* Guards see every byte written outside an area and say where; poison is a NaN everywhere. */
#include "family/common/guard.h"

#include "family/common/halves.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define AREA_BYTES 37

typedef struct guarded {
    unsigned char before[CX_GUARD_BYTES], area[AREA_BYTES], after[CX_GUARD_BYTES];
} guarded_t;

static void test_untouched_guards_are_right(void **state)
{
    guarded_t    memory;
    cx_verdict_t verdict;

    (void)state;
    cx_guard_write(memory.area, AREA_BYTES, 5);
    memset(memory.area, 0xff, AREA_BYTES);
    cx_guard_check(memory.area, AREA_BYTES, 5, "send of slot 0", &verdict);
    assert_true(verdict.is_right);
    assert_int_equal(verdict.checked_count, 2 * CX_GUARD_BYTES);
    cx_guard_check(memory.area, AREA_BYTES, 6, "send of slot 0", &verdict);
    assert_false(verdict.is_right);
}

static void test_every_byte_outside_is_seen_and_named(void **state)
{
    guarded_t    memory;
    cx_verdict_t verdict;

    (void)state;
    cx_guard_write(memory.area, AREA_BYTES, 5);
    for (int offset = -(int)CX_GUARD_BYTES; offset < AREA_BYTES + (int)CX_GUARD_BYTES; offset++) {
        unsigned char *byte = (unsigned char *)&memory + CX_GUARD_BYTES + offset;

        if (offset >= 0 && offset < AREA_BYTES) {
            continue;
        }
        *byte ^= 0x10;
        cx_guard_check(memory.area, AREA_BYTES, 5, "send of slot 0", &verdict);
        *byte ^= 0x10;
        assert_false(verdict.is_right);
        assert_string_equal(verdict.kind, "guard");
        assert_int_equal(verdict.first_index, offset);
        assert_int_equal(verdict.wrong_count, 1);
        assert_non_null(strstr(verdict.text, offset < 0 ? "guard before the send of slot 0"
                                                        : "guard after the send of slot 0"));
    }
}

static void test_the_sentence_counts_bytes_from_the_edge(void **state)
{
    guarded_t    memory;
    cx_verdict_t verdict;

    (void)state;
    cx_guard_write(memory.area, AREA_BYTES, 5);
    memory.after[3] ^= 1;
    memory.after[9] ^= 1;
    cx_guard_check(memory.area, AREA_BYTES, 5, "recv", &verdict);
    assert_string_equal(verdict.text, "guard after the recv overwritten: 2 bytes wrong, the first "
                                      "lies 3 bytes past its end");
    memory.before[CX_GUARD_BYTES - 2] ^= 1;
    cx_guard_check(memory.area, AREA_BYTES, 5, "recv", &verdict);
    assert_string_equal(verdict.text, "guard before the recv overwritten: 1 bytes wrong, the first "
                                      "lies 2 bytes before its start");
    assert_int_equal(verdict.wrong_count, 3);
}

static void test_poison_is_a_nan_in_every_float_type(void **state)
{
    union {
        uint16_t half[64];
        float    f32[32];
        double   f64[16];
    } memory;

    (void)state;
    cx_poison(&memory, sizeof memory, 9);
    for (int i = 0; i < 64; i++) {
        assert_true(isnan(cx_fp16_to_float(memory.half[i])));
        assert_true(isnan(cx_bf16_to_float(memory.half[i])));
        assert_true(isnan(memory.f32[i / 2]));
        assert_true(isnan(memory.f64[i / 4]));
    }
}

static void test_poison_depends_on_place_and_seed(void **state)
{
    unsigned char memory[128], other[128];

    (void)state;
    cx_poison(memory, sizeof memory, 9);
    cx_poison_bytes(9, 11, 100, other);
    assert_memory_equal(memory + 11, other, 100);
    assert_memory_not_equal(memory, memory + 64, 64);
    cx_poison(other, sizeof other, 10);
    assert_memory_not_equal(memory, other, sizeof other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untouched_guards_are_right),
        cmocka_unit_test(test_every_byte_outside_is_seen_and_named),
        cmocka_unit_test(test_the_sentence_counts_bytes_from_the_edge),
        cmocka_unit_test(test_poison_is_a_nan_in_every_float_type),
        cmocka_unit_test(test_poison_depends_on_place_and_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
