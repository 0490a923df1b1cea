/* SPDX-License-Identifier: Apache-2.0 */
/* What devices compute (collectivex/content.h) is what the host computes in chunks, for every type,
 * reduction and number of ranks, from any byte on; and it is what it always was. */
#include "collectivex/content.h"

#include "family/collective/recipe.h"
#include "family/common/guard.h"
#include "family/common/pattern.h"
#include "model/case.h"
#include "support/content_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define KEY UINT64_C(0xfedcba987654)
#define FIRST 100
#define ELEMS 300 /* more than a chunk of lanes.c */

/* The bytes of elements [FIRST, FIRST + ELEMS) but for the first `skip` ones. */
static bool is_right(const cx_content_t *content, const unsigned char *right, size_t skip)
{
    cx_content_t  shifted = *content;
    size_t        bytes   = ELEMS * (size_t)content->recipe.elem_bits / 8;
    unsigned char got[ELEMS * 8];

    shifted.first_byte = FIRST * (uint64_t)content->recipe.elem_bits / 8 + skip;
    content_bytes(&shifted, bytes - skip, got);
    return memcmp(got, right + skip, bytes - skip) == 0;
}

static void check_recipe(const cx_recipe_t *recipe)
{
    cx_content_t      content = {.key = KEY, .recipe = *recipe};
    cx_recipe_range_t range   = {FIRST, ELEMS, -1};
    unsigned char     right[ELEMS * 8];

    content.rank = CX_CONTENT_ALL_RANKS;
    cx_recipe_reduce(recipe, KEY, &range, right);
    for (size_t skip = 0; skip < 9; skip++) {
        assert_true(is_right(&content, right, skip));
    }
    right[ELEMS / 2] ^= 1;
    assert_false(is_right(&content, right, 0));
    content.rank = recipe->rank_count - 1;
    cx_recipe_values(recipe, KEY, content.rank, FIRST, ELEMS, right);
    assert_true(is_right(&content, right, 0));
    content.rank = 0;
    cx_recipe_values(recipe, KEY, content.rank, FIRST, ELEMS, right);
    assert_true(is_right(&content, right, 3));
}

static void test_values_and_reductions_are_those_of_the_host(void **state)
{
    static const int32_t many[] = {49, 64, 100, 127, 1000, CX_CONTENT_RANK_WORDS + 3};
    cx_recipe_t          recipe;
    int                  recipe_count = 0;

    (void)state;
    for (int dtype = 0; dtype < CX_DTYPE_COUNT; dtype++) {
        for (int redop = CX_REDOP_SUM; redop < CX_REDOP_COUNT; redop++) {
            for (int32_t i = 0; i < 17 + 6; i++) {
                int32_t rank_count = i < 17 ? i + 1 : many[i - 17];

                if (cx_recipe_make((cx_dtype_t)dtype, (cx_redop_t)redop, rank_count, &recipe)) {
                    check_recipe(&recipe);
                    recipe_count++;
                }
            }
        }
    }
    assert_true(recipe_count > 12 * 5 * 21);
}

/* Small results of large averages are subnormal halves. */
static void test_subnormal_halves_are_exact(void **state)
{
    cx_recipe_t recipe;

    (void)state;
    assert_true(cx_recipe_make(CX_DTYPE_FP16, CX_REDOP_AVG, 1 << 15, &recipe));
    assert_true(cx_recipe_float_bits(&recipe, 0x1p-15) == 0x0200);
    assert_true(cx_recipe_float_bits(&recipe, -0x1p-24) == 0x8001);
    assert_true(cx_recipe_float_bits(&recipe, 0x3ffp-24) == 0x03ff);
    assert_true(cx_recipe_float_bits(&recipe, 0x1p-14) == 0x0400);
    assert_true(cx_recipe_float_bits(&recipe, 0) == 0);
    assert_true(cx_recipe_float_bits(&recipe, -65504) == 0xfbff);
}

static void test_random_bytes_and_poison_are_those_of_the_host(void **state)
{
    cx_content_t  content = {.key = KEY};
    unsigned char right[100], got[100];

    (void)state;
    for (uint64_t first = 0; first < 20; first++) {
        content.first_byte = first;
        content.set_mask   = 0;
        cx_pattern_bytes(KEY, 0, first, sizeof right, right);
        content_bytes(&content, sizeof got, got);
        assert_memory_equal(got, right, sizeof right);
        content.set_mask = CX_POISON_MASK;
        cx_poison_bytes(KEY, first, sizeof right, right);
        content_bytes(&content, sizeof got, got);
        assert_memory_equal(got, right, sizeof right);
    }
}

static uint64_t add_digest(uint64_t sum, const void *out, cx_dtype_t dtype)
{
    return sum * 31 + cx_digest(out, 1000 * cx_dtype_bytes(dtype));
}

/* A change of inputs moves no number of a record, but it must be meant. The sum is that of the
 * first published version, whose values were computed by other code. */
static void test_values_are_what_they_always_were(void **state)
{
    static const int32_t rank_counts[] = {1, 2, 3, 8, 17, 100, 1000};
    unsigned char        out[8000];
    uint64_t             sum = 0;
    cx_recipe_t          recipe;

    (void)state;
    for (int i = 0; i < CX_DTYPE_COUNT * CX_REDOP_COUNT * 7; i++) {
        const cx_dtype_t  dtype      = (cx_dtype_t)(i / (CX_REDOP_COUNT * 7));
        const cx_redop_t  redop      = (cx_redop_t)(i / 7 % CX_REDOP_COUNT);
        const int32_t     rank_count = rank_counts[i % 7];
        cx_recipe_range_t range      = {77, 1000, -1};

        if (redop == CX_REDOP_NONE || !cx_recipe_make(dtype, redop, rank_count, &recipe)) {
            continue;
        }
        cx_recipe_reduce(&recipe, 123, &range, out);
        sum             = add_digest(sum, out, dtype);
        range.skip_rank = 0;
        cx_recipe_reduce(&recipe, 123, &range, out);
        sum = add_digest(sum, out, dtype);
        cx_recipe_values(&recipe, 123, rank_count - 1, 5, 1000, out);
        sum = add_digest(sum, out, dtype);
    }
    assert_true(sum == UINT64_C(0x7f82478c71e8fade));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_reductions_are_those_of_the_host),
        cmocka_unit_test(test_subnormal_halves_are_exact),
        cmocka_unit_test(test_random_bytes_and_poison_are_those_of_the_host),
        cmocka_unit_test(test_values_are_what_they_always_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
