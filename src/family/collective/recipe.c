/* SPDX-License-Identifier: Apache-2.0 */
/* Which exact inputs a type, a reduction and a number of ranks allow. Not the values (lanes.c). */
#include "family/collective/recipe.h"

#include "family/collective/element.h"
#include "model/case.h"

const cx_float_format_t cx_float_formats[CX_DTYPE_COUNT] = {
    [CX_DTYPE_FP16] = {11, 5},
    [CX_DTYPE_BF16] = {8, 8},
    [CX_DTYPE_FP32] = {24, 8},
    [CX_DTYPE_FP64] = {53, 11},
};

bool cx_dtype_is_float(cx_dtype_t dtype)
{
    return cx_float_formats[dtype].significant_bits > 0;
}

bool cx_dtype_is_signed(cx_dtype_t dtype)
{
    return cx_dtype_is_float(dtype) || dtype == CX_DTYPE_INT8 || dtype == CX_DTYPE_INT16 ||
           dtype == CX_DTYPE_INT32 || dtype == CX_DTYPE_INT64;
}

static int32_t log2_floor(uint64_t value)
{
    return 63 - __builtin_clzll(value);
}

/* Split `budget` over the ranks that share an element; taking turns keeps a share at 4 or more
 * while that is possible. */
static uint64_t share_budget(cx_recipe_t *recipe, uint64_t budget)
{
    uint64_t rank_count = (uint64_t)recipe->rank_count;
    uint64_t turns      = 1;

    while (turns < rank_count && budget / ((rank_count + turns - 1) / turns) < 4) {
        turns *= 2;
    }
    recipe->turn_mask = turns - 1;
    return budget / ((rank_count + turns - 1) / turns);
}

/* The first c of 1, 3, 5, 9, 17 ... such that N*c times the rounded reciprocal of N is c in the
 * type's arithmetic: 1 fails for example in fp64 with N = 49, where the product rounds down. What
 * is just above a power of two has more room below it; source: Goldberg, "What every computer
 * scientist should know about floating-point arithmetic", 1991, section 1.2 (wobble). */
static int64_t find_survivor(cx_dtype_t dtype, int32_t rank_count)
{
    const int64_t limit      = INT64_C(1) << cx_float_formats[dtype].significant_bits;
    const double  reciprocal = cx_element_value(dtype, cx_element_round(dtype, 1.0 / rank_count));
    int64_t       c          = 1;

    while (c < limit) {
        const double product = (double)(rank_count * c) * reciprocal;

        if (cx_element_value(dtype, cx_element_round(dtype, product)) == (double)c) {
            break;
        }
        c = c == 1 ? 3 : 2 * c - 1;
    }
    return c;
}

static bool make_count(cx_recipe_t *recipe)
{
    cx_dtype_t dtype  = recipe->dtype;
    uint64_t   budget = 0, share;

    if (!cx_dtype_is_float(dtype)) {
        recipe->unit = recipe->redop == CX_REDOP_AVG ? recipe->rank_count : 1;
        budget = UINT64_MAX >> (64 - (int)cx_dtype_bytes(dtype) * 8 + cx_dtype_is_signed(dtype));
        budget /= (uint64_t)recipe->unit;
    } else {
        budget = UINT64_C(1) << cx_float_formats[dtype].significant_bits;
        if (recipe->redop == CX_REDOP_AVG) {
            const int32_t power    = __builtin_ctz((uint32_t)recipe->rank_count);
            const int64_t survivor = find_survivor(dtype, recipe->rank_count);

            recipe->unit     = (recipe->rank_count >> power) * survivor;
            recipe->scale    = (double)survivor / (double)(1u << power);
            recipe->is_power = recipe->unit > 1;
            budget /= (uint64_t)recipe->unit;
        }
    }
    share = share_budget(recipe, budget);
    if (share == 0) {
        return false;
    }
    recipe->field_bits = log2_floor(share);
    return true;
}

bool cx_recipe_make(cx_dtype_t dtype, cx_redop_t redop, int32_t rank_count, cx_recipe_t *out)
{
    cx_recipe_t recipe = {.dtype         = dtype,
                          .redop         = redop,
                          .rank_count    = rank_count,
                          .elem_bits     = (int32_t)cx_dtype_bytes(dtype) * 8,
                          .exponent_bits = cx_float_formats[dtype].exponent_bits,
                          .sign_mask     = cx_dtype_is_signed(dtype) ? UINT64_MAX : 0,
                          .unit          = 1,
                          .scale         = 1.0};

    if (redop == CX_REDOP_MIN || redop == CX_REDOP_MAX) {
        recipe.kind = CX_RECIPE_ORDER;
    } else if (redop == CX_REDOP_AVG || redop == CX_REDOP_SUM) {
        recipe.kind = CX_RECIPE_COUNT;
        if (!make_count(&recipe)) {
            return false;
        }
    } else if (!cx_dtype_is_float(dtype)) {
        recipe.kind = CX_RECIPE_ODD;
    } else {
        recipe.kind = CX_RECIPE_FACTOR;
        recipe.field_bits =
            (int32_t)share_budget(&recipe, (uint64_t)cx_float_formats[dtype].significant_bits);
    }
    *out = recipe;
    return true;
}
