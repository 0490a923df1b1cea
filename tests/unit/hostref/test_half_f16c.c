/* SPDX-License-Identifier: Apache-2.0 */
/* The loops with conversion instructions say what the portable ones say, for every fp16 there is.
 * Not what is right: test_half.c derives that from the format. */
#include "../../../backends/hostref/half.c"

/* Both name their macros alike. */
#undef LOOPS
#undef PAIR
#include "../../../backends/hostref/half_f16c.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define VALUE_COUNT 65536

static uint16_t all[VALUE_COUNT], others[VALUE_COUNT], expected[VALUE_COUNT], got[VALUE_COUNT];

static bool is_nan(uint16_t value)
{
    return (value & 0x7fff) > 0x7c00;
}

static void assert_same(size_t elem_count)
{
    for (size_t i = 0; i < elem_count; i++) {
        assert_true(got[i] == expected[i] || (is_nan(got[i]) && is_nan(expected[i])));
    }
}

/* Neighbours, so that averages fall in the middle; and zero or one, which leave values alone. */
static void fill_others(int seed)
{
    for (uint32_t i = 0; i < VALUE_COUNT; i++) {
        static const uint16_t neutral[] = {0x0000, 0x8000, 0x3c00};

        all[i]    = (uint16_t)i;
        others[i] = seed < 3 ? neutral[seed] : (uint16_t)(i + (uint32_t)seed - 2);
    }
}

static void test_half_f16c_agrees_with_the_portable_loops(void **state)
{
    static const cx_hostref_combine_fn portable[CX_REDOP_COUNT] = PAIR_ROW(fp16);

    (void)state;
    for (int redop = CX_REDOP_SUM; redop < CX_REDOP_COUNT; redop++) {
        cx_hostref_reducer_t reducer = {0};

        if (!cx_hostref_half_init_f16c(&reducer, (cx_redop_t)redop)) {
            skip();
        }
        for (int seed = 0; seed < 6; seed++) {
            fill_others(seed);
            portable[redop](expected, all, others, VALUE_COUNT);
            reducer.pair(got, all, others, VALUE_COUNT);
            assert_same(VALUE_COUNT);
        }
    }
}

static void test_half_f16c_stops_where_the_array_ends(void **state)
{
    static float         acc[64];
    cx_hostref_reducer_t reducer = {0};

    (void)state;
    if (!cx_hostref_half_init_f16c(&reducer, CX_REDOP_SUM)) {
        skip();
    }
    fill_others(3);
    for (size_t count = 0; count < 33; count++) {
        memset(got, 0x77, sizeof got);
        memset(expected, 0x77, sizeof expected);
        for (size_t i = 0; i < count; i++) {
            expected[i] = narrow_fp16(widen_fp16(all[i]) + widen_fp16(others[i]));
        }
        reducer.pair(got, all, others, count);
        assert_memory_equal(got, expected, sizeof got);
        memset(got, 0x77, sizeof got);
        reducer.widen(acc, all, count);
        reducer.combine(acc, acc, others, count);
        reducer.narrow(got, acc, count);
        assert_memory_equal(got, expected, sizeof got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_f16c_agrees_with_the_portable_loops),
        cmocka_unit_test(test_half_f16c_stops_where_the_array_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
