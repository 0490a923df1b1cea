/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions are exact: the same bits in every order of the type's own arithmetic, for all types,
 * reductions and rank counts; and they would not be in a narrower type. */
#include "family/collective/recipe.h"

#include "base/prng.h"
#include "family/collective/element.h"
#include "model/case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY UINT64_C(0x1234567)
#define RANK_COUNT_MAX 1000
#define ELEM_COUNT_MAX 4096

static const int32_t rank_counts[] = {1, 2, 3, 4, 7, 8, 16, 49, 64, 127, 1000};

/* A number as the type's arithmetic sees it. */
typedef union number {
    double  f;
    int64_t i;
} number_t;

static number_t decode(cx_dtype_t dtype, uint64_t bits)
{
    number_t number;

    if (cx_dtype_is_float(dtype)) {
        number.f = cx_element_value(dtype, bits);
    } else {
        number.i = cx_element_wrap(dtype, bits);
    }
    return number;
}

/* Operations of the halves and of fp32 in double, rounded: double has more than twice their
 * digits, so this is the correctly rounded operation (Figueroa, 1995). */
static number_t round_number(cx_dtype_t dtype, number_t number)
{
    if (cx_dtype_is_float(dtype)) {
        return decode(dtype, cx_element_round(dtype, number.f));
    }
    number.i = cx_element_wrap(dtype, (uint64_t)number.i);
    return number;
}

static number_t combine(cx_dtype_t dtype, cx_redop_t redop, number_t a, number_t b)
{
    number_t out;

    if (redop == CX_REDOP_MIN || redop == CX_REDOP_MAX) {
        bool is_less = cx_dtype_is_float(dtype)    ? a.f < b.f
                       : cx_dtype_is_signed(dtype) ? a.i < b.i
                                                   : (uint64_t)a.i < (uint64_t)b.i;
        return is_less == (redop == CX_REDOP_MIN) ? a : b;
    }
    if (cx_dtype_is_float(dtype)) {
        out.f = redop == CX_REDOP_PROD ? a.f * b.f : a.f + b.f;
    } else {
        uint64_t left = (uint64_t)a.i, right = (uint64_t)b.i;

        out.i = (int64_t)(redop == CX_REDOP_PROD ? left * right : left + right);
    }
    return round_number(dtype, out);
}

static number_t divide(cx_dtype_t dtype, number_t number, int32_t rank_count)
{
    if (cx_dtype_is_float(dtype)) {
        number.f /= rank_count;
    } else if (cx_dtype_is_signed(dtype)) {
        number.i /= rank_count;
    } else {
        number.i = (int64_t)((uint64_t)number.i / (uint64_t)rank_count);
    }
    return round_number(dtype, number);
}

/* As libraries scale before they sum: times the reciprocal, which is rounded itself. */
static number_t times_reciprocal(cx_dtype_t dtype, number_t number, int32_t rank_count)
{
    number_t reciprocal = {.f = 1.0 / rank_count};

    reciprocal = round_number(dtype, reciprocal);
    number.f *= reciprocal.f;
    return round_number(dtype, number);
}

/* Reduce in an order: one after the other, or always two at random until one is left. */
static number_t fold(cx_dtype_t dtype, cx_redop_t redop, const number_t *values, int32_t count,
                     uint64_t order)
{
    number_t left[RANK_COUNT_MAX];

    memcpy(left, values, (size_t)count * sizeof *left);
    while (count > 1) {
        int32_t a = 0, b = 1;

        if (order == 1) {
            a = count - 1;
            b = count - 2;
        } else if (order > 1) {
            a = (int32_t)cx_prng_below(cx_prng_at(order, (uint64_t)count), (uint64_t)count);
            b = (a + 1 +
                 (int32_t)cx_prng_below(cx_prng_at(~order, (uint64_t)count), (uint64_t)count - 1)) %
                count;
        }
        left[a] = combine(dtype, redop, left[a], left[b]);
        left[b] = left[count - 1];
        if (a == count - 1) {
            left[b] = left[a];
        }
        count--;
    }
    return left[0];
}

static uint64_t encode(cx_dtype_t dtype, number_t number)
{
    return cx_dtype_is_float(dtype)
               ? cx_element_round(dtype, number.f)
               : (uint64_t)number.i & (UINT64_MAX >> (64 - 8 * (int)cx_dtype_bytes(dtype)));
}

static void check_elem(const cx_recipe_t *recipe, number_t *values, uint64_t right)
{
    const cx_dtype_t dtype      = recipe->dtype;
    const cx_redop_t redop      = recipe->redop;
    const int32_t    rank_count = recipe->rank_count;

    for (uint64_t order = 0; order < 4; order++) {
        number_t result = fold(dtype, redop, values, rank_count, order);

        if (redop == CX_REDOP_AVG) {
            result = divide(dtype, result, rank_count);
        }
        assert_true(encode(dtype, result) == right);
    }
    if (redop == CX_REDOP_AVG) {
        number_t scaled[RANK_COUNT_MAX];

        for (int32_t rank = 0; rank < rank_count; rank++) {
            scaled[rank] = divide(dtype, values[rank], rank_count);
        }
        assert_true(encode(dtype, fold(dtype, redop, scaled, rank_count, 2)) == right);
        for (int32_t rank = 0; rank < rank_count && cx_dtype_is_float(dtype); rank++) {
            scaled[rank] = times_reciprocal(dtype, values[rank], rank_count);
        }
        assert_true(encode(dtype, fold(dtype, redop, scaled, rank_count, 2)) == right);
    }
}

static unsigned char inputs[RANK_COUNT_MAX][64 * 8], result[ELEM_COUNT_MAX * 8];

static void check_exact(const cx_recipe_t *recipe, int64_t elem_count)
{
    const size_t      elem_bytes = cx_dtype_bytes(recipe->dtype);
    cx_recipe_range_t range      = {100, elem_count, -1};
    number_t          values[RANK_COUNT_MAX];

    for (int32_t rank = 0; rank < recipe->rank_count; rank++) {
        cx_recipe_values(recipe, KEY, rank, 100, elem_count, inputs[rank]);
    }
    cx_recipe_reduce(recipe, KEY, &range, result);
    for (int64_t i = 0; i < elem_count; i++) {
        for (int32_t rank = 0; rank < recipe->rank_count; rank++) {
            uint64_t bits = cx_element_bits(recipe->dtype, inputs[rank] + (size_t)i * elem_bytes);

            values[rank] = decode(recipe->dtype, bits);
            assert_true(!cx_dtype_is_float(recipe->dtype) || isfinite(values[rank].f));
            assert_true(!cx_dtype_is_float(recipe->dtype) || values[rank].f != 0.0 ||
                        !signbit(values[rank].f));
        }
        check_elem(recipe, values, cx_element_bits(recipe->dtype, result + (size_t)i * elem_bytes));
    }
}

static void test_every_reduction_is_exact_in_every_order(void **state)
{
    cx_recipe_t recipe;

    (void)state;
    for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
        for (int redop = CX_REDOP_SUM; redop < CX_REDOP_COUNT; redop++) {
            for (size_t n = 0; n < sizeof rank_counts / sizeof rank_counts[0]; n++) {
                if (cx_recipe_make((cx_dtype_t)dtype, (cx_redop_t)redop, rank_counts[n], &recipe)) {
                    check_exact(&recipe, rank_counts[n] > 100 ? 12 : 64);
                }
            }
        }
    }
}

/* Dividing by N is where single rank counts are special: 49 in fp64, 41 in fp32, 95 in bf16. */
static void test_averages_are_exact_for_every_rank_count(void **state)
{
    cx_recipe_t recipe;

    (void)state;
    for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
        for (int32_t rank_count = 1; rank_count <= 300; rank_count++) {
            if (cx_recipe_make((cx_dtype_t)dtype, CX_REDOP_AVG, rank_count, &recipe)) {
                check_exact(&recipe, 2);
            }
        }
    }
}

static void test_a_stretch_does_not_depend_on_where_it_is_cut(void **state)
{
    static unsigned char part[64 * 8], whole[700 * 8];
    cx_recipe_t          recipe;

    (void)state;
    for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
        const size_t      elem_bytes = cx_dtype_bytes((cx_dtype_t)dtype);
        cx_recipe_range_t range      = {3, 700, -1};

        assert_true(cx_recipe_make((cx_dtype_t)dtype, CX_REDOP_MAX, 3, &recipe));
        cx_recipe_reduce(&recipe, KEY, &range, whole);
        for (int64_t first = 250; first < 262; first++) {
            range = (cx_recipe_range_t){3 + first, 1 + first % 64, -1};
            memset(part, 0xee, sizeof part);
            cx_recipe_reduce(&recipe, KEY, &range, part);
            assert_memory_equal(part, whole + (size_t)first * elem_bytes,
                                (size_t)range.elem_count * elem_bytes);
            if (range.elem_count < 64) {
                assert_int_equal(part[(size_t)range.elem_count * elem_bytes], 0xee);
            }
        }
    }
}

static void test_no_contribution_can_be_left_out_unseen(void **state)
{
    static unsigned char without[512 * 8];
    cx_recipe_t          recipe;

    (void)state;
    for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
        for (int redop = CX_REDOP_SUM; redop < CX_REDOP_COUNT; redop++) {
            if (!cx_recipe_make((cx_dtype_t)dtype, (cx_redop_t)redop, 17, &recipe)) {
                continue;
            }
            for (int32_t rank = 0; rank < 17; rank++) {
                cx_recipe_range_t range = {0, 512, -1};

                cx_recipe_reduce(&recipe, KEY, &range, result);
                range.skip_rank = rank;
                cx_recipe_reduce(&recipe, KEY, &range, without);
                assert_memory_not_equal(result, without, 512 * cx_dtype_bytes((cx_dtype_t)dtype));
            }
        }
    }
}

/* The share of elements that a narrower type gets wrong when it adds in rank order. */
static double wrong_ratio(const cx_recipe_t *recipe, cx_dtype_t narrow)
{
    const size_t      elem_bytes  = cx_dtype_bytes(recipe->dtype);
    cx_recipe_range_t range       = {0, 64, -1};
    int32_t           wrong_count = 0;

    for (int32_t rank = 0; rank < recipe->rank_count; rank++) {
        cx_recipe_values(recipe, KEY, rank, 0, 64, inputs[rank]);
    }
    cx_recipe_reduce(recipe, KEY, &range, result);
    for (size_t i = 0; i < 64; i++) {
        number_t acc = {.i = 0};

        for (int32_t rank = 0; rank < recipe->rank_count; rank++) {
            uint64_t bits  = cx_element_bits(recipe->dtype, inputs[rank] + i * elem_bytes);
            number_t value = round_number(narrow, decode(recipe->dtype, bits));

            acc = rank == 0 ? value : combine(narrow, recipe->redop, acc, value);
        }
        wrong_count +=
            encode(recipe->dtype, acc) != cx_element_bits(recipe->dtype, result + i * elem_bytes);
    }
    return wrong_count / 64.0;
}

static void test_a_narrower_type_is_wrong_almost_everywhere(void **state)
{
    static const struct {
        cx_dtype_t dtype, narrow;
        cx_redop_t redop;
    } rows[] = {
        {CX_DTYPE_FP32, CX_DTYPE_BF16, CX_REDOP_SUM},
        {CX_DTYPE_FP32, CX_DTYPE_FP16, CX_REDOP_SUM},
        {CX_DTYPE_FP64, CX_DTYPE_FP32, CX_REDOP_SUM},
        {CX_DTYPE_INT32, CX_DTYPE_INT16, CX_REDOP_SUM},
        {CX_DTYPE_INT64, CX_DTYPE_INT32, CX_REDOP_SUM},
        {CX_DTYPE_UINT16, CX_DTYPE_UINT8, CX_REDOP_PROD},
        {CX_DTYPE_FP32, CX_DTYPE_BF16, CX_REDOP_MAX},
        {CX_DTYPE_FP32, CX_DTYPE_BF16, CX_REDOP_PROD},
        {CX_DTYPE_FP64, CX_DTYPE_BF16, CX_REDOP_AVG},
    };
    static const int32_t counts[] = {2, 8, 64};
    cx_recipe_t          recipe;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t n = 0; n < 3; n++) {
            assert_true(cx_recipe_make(rows[i].dtype, rows[i].redop, counts[n], &recipe));
            if (wrong_ratio(&recipe, rows[i].narrow) < 0.75) {
                fail_msg("row %zu, %d ranks: only %g wrong", i, counts[n],
                         wrong_ratio(&recipe, rows[i].narrow));
            }
        }
    }
}

static void test_signed_and_unsigned_order_differ(void **state)
{
    cx_recipe_t recipe;

    (void)state;
    assert_true(cx_recipe_make(CX_DTYPE_UINT32, CX_REDOP_MAX, 2, &recipe));
    assert_true(wrong_ratio(&recipe, CX_DTYPE_INT32) > 0.25);
    assert_true(cx_recipe_make(CX_DTYPE_INT8, CX_REDOP_MIN, 2, &recipe));
    assert_true(wrong_ratio(&recipe, CX_DTYPE_UINT8) > 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reduction_is_exact_in_every_order),
        cmocka_unit_test(test_averages_are_exact_for_every_rank_count),
        cmocka_unit_test(test_a_stretch_does_not_depend_on_where_it_is_cut),
        cmocka_unit_test(test_no_contribution_can_be_left_out_unseen),
        cmocka_unit_test(test_a_narrower_type_is_wrong_almost_everywhere),
        cmocka_unit_test(test_signed_and_unsigned_order_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
