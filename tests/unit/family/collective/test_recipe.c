/* SPDX-License-Identifier: Apache-2.0 */
/* Which inputs are chosen: never beyond the type's budget, and as wide as it allows. */
#include "family/collective/recipe.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Ranks that share an element at most. */
static int64_t sharing_ranks(const cx_recipe_t *recipe)
{
    int64_t turns = (int64_t)recipe->turn_mask + 1;

    return (recipe->rank_count + turns - 1) / turns;
}

static void test_float_sums_need_no_more_than_the_significand(void **state)
{
    static const cx_dtype_t floats[] = {CX_DTYPE_FP16, CX_DTYPE_BF16, CX_DTYPE_FP32, CX_DTYPE_FP64};
    cx_recipe_t             recipe;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int32_t bits = cx_float_formats[floats[i]].significant_bits;

        for (int32_t rank_count = 1; rank_count <= 1024; rank_count++) {
            double largest;

            assert_true(cx_recipe_make(floats[i], CX_REDOP_SUM, rank_count, &recipe));
            largest = ldexp((double)sharing_ranks(&recipe), recipe.field_bits);
            assert_true(largest <= ldexp(1.0, bits));
            assert_true(largest > ldexp(1.0, bits - 3)); /* wide: most of it is used */
            assert_true(recipe.field_bits >= 2);
            assert_true(cx_recipe_make(floats[i], CX_REDOP_PROD, rank_count, &recipe));
            assert_true(sharing_ranks(&recipe) * recipe.field_bits <= bits);
            assert_true(recipe.field_bits >= 4);
        }
    }
}

static void test_averages_divide_within_the_type(void **state)
{
    cx_recipe_t recipe;

    (void)state;
    for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
        double limit = cx_dtype_is_float((cx_dtype_t)dtype)
                           ? ldexp(1.0, cx_float_formats[dtype].significant_bits)
                           : 127.0; /* of the smallest integer */

        for (int32_t rank_count = 1; rank_count <= 94; rank_count++) {
            assert_true(cx_recipe_make((cx_dtype_t)dtype, CX_REDOP_AVG, rank_count, &recipe));
            if (cx_dtype_is_float((cx_dtype_t)dtype) || dtype == CX_DTYPE_INT8) {
                assert_true(ldexp((double)(sharing_ranks(&recipe) * recipe.unit),
                                  recipe.field_bits) <= limit);
            }
            assert_true(recipe.scale * rank_count == (double)recipe.unit || recipe.scale == 1.0);
        }
    }
}

static void test_what_cannot_be_averaged_exactly_has_no_recipe(void **state)
{
    static const struct {
        cx_dtype_t dtype;
        int32_t    rank_count;
        bool       exists;
    } rows[] = {
        {CX_DTYPE_INT8, 127, true},   {CX_DTYPE_INT8, 128, false},  {CX_DTYPE_UINT8, 255, true},
        {CX_DTYPE_UINT8, 256, false}, {CX_DTYPE_INT16, 1024, true}, {CX_DTYPE_BF16, 95, false},
        {CX_DTYPE_BF16, 256, true},   {CX_DTYPE_BF16, 257, false},  {CX_DTYPE_BF16, 1000, true},
        {CX_DTYPE_BF16, 1023, false}, {CX_DTYPE_FP16, 413, false},  {CX_DTYPE_FP16, 768, true},
        {CX_DTYPE_FP64, 49, true},
    };
    cx_recipe_t recipe;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(cx_recipe_make(rows[i].dtype, CX_REDOP_AVG, rows[i].rank_count, &recipe),
                         rows[i].exists);
    }
}

static void test_kinds_follow_type_and_reduction(void **state)
{
    cx_recipe_t recipe;

    (void)state;
    assert_true(cx_recipe_make(CX_DTYPE_INT32, CX_REDOP_SUM, 4, &recipe));
    assert_int_equal(recipe.kind, CX_RECIPE_COUNT);
    assert_int_equal(recipe.unit, 1);
    assert_true(cx_recipe_make(CX_DTYPE_UINT8, CX_REDOP_PROD, 4, &recipe));
    assert_int_equal(recipe.kind, CX_RECIPE_ODD);
    assert_true(cx_recipe_make(CX_DTYPE_BF16, CX_REDOP_PROD, 4, &recipe));
    assert_int_equal(recipe.kind, CX_RECIPE_FACTOR);
    assert_true(cx_recipe_make(CX_DTYPE_FP64, CX_REDOP_MIN, 4, &recipe));
    assert_int_equal(recipe.kind, CX_RECIPE_ORDER);
    assert_true(cx_recipe_make(CX_DTYPE_FP32, CX_REDOP_AVG, 4, &recipe));
    assert_false(recipe.is_power);
    assert_true(cx_recipe_make(CX_DTYPE_FP32, CX_REDOP_AVG, 6, &recipe));
    assert_true(recipe.is_power);
    assert_int_equal(recipe.unit, 3);
    assert_true(recipe.scale == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_float_sums_need_no_more_than_the_significand),
        cmocka_unit_test(test_averages_divide_within_the_type),
        cmocka_unit_test(test_what_cannot_be_averaged_exactly_has_no_recipe),
        cmocka_unit_test(test_kinds_follow_type_and_reduction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
