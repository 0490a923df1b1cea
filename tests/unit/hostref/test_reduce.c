/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of reductions that small exact numbers do not show: order, wrapping, truncation,
 * one rounding. Not all dtypes: test_direct.c and test_eager.c go through them. */
#include "../../../backends/hostref/reduce.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* reduce.c needs the others, which name their macros alike. */
#undef LOOPS
#include "../../../backends/hostref/half.c"
#undef LOOPS
#undef PAIR
#include "../../../backends/hostref/half_f16c.c"

static cx_hostref_reducer_t reducer_of(cx_dtype_t dtype, cx_redop_t redop)
{
    cx_hostref_reducer_t reducer;

    cx_hostref_reducer_init(&reducer, dtype, redop);
    return reducer;
}

static void test_reduce_adds_in_rank_order(void **state)
{
    const cx_hostref_reducer_t reducer = reducer_of(CX_DTYPE_FP32, CX_REDOP_SUM);
    const float                big = 0x1p24f, one = 1.0f, less = -0x1p24f;
    const void *const small_last[] = {&big, &less, &one}, *const small_lost[] = {&big, &one, &less};
    float out;

    (void)state;
    cx_hostref_reduce(&reducer, &out, small_last, 3, 1);
    assert_true(out == 1.0f);
    cx_hostref_reduce(&reducer, &out, small_lost, 3, 1);
    assert_true(out == 0.0f);
}

static void test_reduce_wraps_integers_in_their_width(void **state)
{
    const cx_hostref_reducer_t sum  = reducer_of(CX_DTYPE_INT8, CX_REDOP_SUM);
    const cx_hostref_reducer_t prod = reducer_of(CX_DTYPE_INT64, CX_REDOP_PROD);
    const int8_t               a = 100, b = 100;
    const int64_t              x = INT64_MAX, y = 2;
    int8_t                     narrow;
    int64_t                    wide;

    (void)state;
    cx_hostref_reduce(&sum, &narrow, (const void *const[]){&a, &b}, 2, 1);
    assert_int_equal(narrow, -56);
    cx_hostref_reduce(&prod, &wide, (const void *const[]){&x, &y}, 2, 1);
    assert_int_equal(wide, -2);
}

static void test_reduce_average_of_integers_truncates_toward_zero(void **state)
{
    const cx_hostref_reducer_t reducer = reducer_of(CX_DTYPE_INT32, CX_REDOP_AVG);
    const int32_t              a[] = {-3, 3, -1, INT32_MAX}, b[] = {-4, 4, 0, 0};
    int32_t                    out[4];

    (void)state;
    cx_hostref_reduce(&reducer, out, (const void *const[]){a, b}, 2, 4);
    assert_int_equal(out[0], -3);
    assert_int_equal(out[1], 3);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], INT32_MAX / 2);
}

/* Every sum of 16 bits, by divisors of which some do not fit an int8. */
static void test_reduce_divides_small_integers_exactly(void **state)
{
    static const int32_t divisors[] = {2, 3, 5, 7, 127, 200, 255, 256, 1000, 32767};

    (void)state;
    for (size_t i = 0; i < sizeof divisors / sizeof *divisors; i++) {
        for (int32_t value = -32768; value < 65536; value++) {
            int8_t   tiny  = (int8_t)value;
            int16_t  small = (int16_t)value;
            uint16_t plain = (uint16_t)value;

            divide_int8(&tiny, divisors[i], 1);
            divide_int16(&small, divisors[i], 1);
            divide_uint16(&plain, divisors[i], 1);
            assert_int_equal(tiny, (int8_t)value / divisors[i]);
            assert_int_equal(small, (int16_t)value / divisors[i]);
            assert_int_equal(plain, (uint16_t)value / divisors[i]);
        }
    }
}

/* 2048 + 1 is no fp16; in fp32 the two ones add up before they are lost. */
static void test_reduce_rounds_16_bit_floats_once(void **state)
{
    const cx_hostref_reducer_t reducer = reducer_of(CX_DTYPE_FP16, CX_REDOP_SUM);
    const uint16_t             big = narrow_fp16(2048.0f), one = narrow_fp16(1.0f);
    uint16_t                   out;

    (void)state;
    cx_hostref_reduce(&reducer, &out, (const void *const[]){&big, &one, &one}, 3, 1);
    assert_true(widen_fp16(out) == 2050.0f);
}

static void test_reduce_may_overwrite_any_of_its_parts(void **state)
{
    enum { ELEMS = 3 * CX_HOSTREF_CHUNK_BYTES / 4 + 5 };
    const cx_hostref_reducer_t reducer = reducer_of(CX_DTYPE_INT32, CX_REDOP_SUM);
    static int32_t             parts[3][ELEMS];

    (void)state;
    for (int target = 0; target < 3; target++) {
        for (int32_t i = 0; i < ELEMS; i++) {
            parts[0][i] = i;
            parts[1][i] = 2 * i;
            parts[2][i] = 4;
        }
        cx_hostref_reduce(&reducer, parts[target],
                          (const void *const[]){parts[0], parts[1], parts[2]}, 3, ELEMS);
        for (int32_t i = 0; i < ELEMS; i++) {
            assert_int_equal(parts[target][i], 3 * i + 4);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce_adds_in_rank_order),
        cmocka_unit_test(test_reduce_wraps_integers_in_their_width),
        cmocka_unit_test(test_reduce_average_of_integers_truncates_toward_zero),
        cmocka_unit_test(test_reduce_divides_small_integers_exactly),
        cmocka_unit_test(test_reduce_rounds_16_bit_floats_once),
        cmocka_unit_test(test_reduce_may_overwrite_any_of_its_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
