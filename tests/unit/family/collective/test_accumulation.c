/* SPDX-License-Identifier: Apache-2.0 */
/* What outputs prove: planted ways of summing are told apart, and nothing is claimed of the rest.
 */
#include "family/collective/accumulation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "family/collective/element.h"
#include "family/collective/recipe.h"
#include "model/case.h"

#define SEED 7
#define RANK_COUNT_MAX 64

typedef enum how {
    IN_FP32,      /* rank by rank */
    IN_FP32_BACK, /* from the last rank on */
    IN_TREE,      /* two halves, each rank by rank, in fp32 */
    IN_DTYPE,     /* rounded at every step */
    IN_LESS,      /* through three bits of fraction */
    WITHOUT_LAST, /* one rank's part is lost */
} how_t;

static double cut(double value)
{
    float    narrow = (float)value;
    uint32_t bits;

    memcpy(&bits, &narrow, sizeof bits);
    bits &= 0xfff00000u;
    memcpy(&narrow, &bits, sizeof bits);
    return (double)narrow;
}

static double add(double a, double b, cx_dtype_t dtype, how_t how)
{
    switch (how) {
    case IN_DTYPE:
        return cx_element_value(dtype, cx_element_round(dtype, a + b));
    case IN_LESS:
        return cut(a + b);
    default:
        return (double)((float)a + (float)b);
    }
}

static double sum(const double *parts, int32_t rank_count, cx_dtype_t dtype, how_t how)
{
    double  total = parts[how == IN_FP32_BACK ? rank_count - 1 : 0];
    int32_t count = how == WITHOUT_LAST ? rank_count - 1 : rank_count;

    if (how == IN_TREE && rank_count > 2) {
        const int32_t half = rank_count / 2;

        return add(sum(parts, half, dtype, IN_FP32),
                   sum(parts + half, rank_count - half, dtype, IN_FP32), dtype, IN_FP32);
    }
    for (int32_t i = 1; i < count; i++) {
        total = add(total, parts[how == IN_FP32_BACK ? count - 1 - i : i], dtype, how);
    }
    return total;
}

/* Everybody's inputs and their sum, in memory of its own. */
static void *make_output(cx_dtype_t dtype, int32_t rank_count, int64_t elem_count, how_t how)
{
    const size_t   elem_bytes = cx_dtype_bytes(dtype), bytes = (size_t)elem_count * elem_bytes;
    unsigned char *inputs = malloc(bytes * (size_t)rank_count), *output = malloc(bytes);

    assert_non_null(inputs);
    assert_non_null(output);
    for (int32_t rank = 0; rank < rank_count; rank++) {
        cx_accumulation_fill(dtype, SEED, rank, elem_count, inputs + (size_t)rank * bytes);
    }
    for (int64_t i = 0; i < elem_count; i++) {
        double   parts[RANK_COUNT_MAX];
        uint64_t bits = 0;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            const uint64_t one =
                cx_element_bits(dtype, inputs + (size_t)rank * bytes + (size_t)i * elem_bytes);

            parts[rank] = cx_dtype_is_float(dtype) ? cx_element_value(dtype, one) : 0;
            bits += how == WITHOUT_LAST && rank == rank_count - 1 ? 0 : one;
        }
        if (dtype == CX_DTYPE_FP64) {
            bits = cx_element_round(dtype, parts[0] + parts[rank_count - 1]);
        } else if (cx_dtype_is_float(dtype)) {
            bits = cx_element_round(dtype, sum(parts, rank_count, dtype, how));
        }
        memcpy(output + (size_t)i * elem_bytes, &bits, elem_bytes);
    }
    free(inputs);
    return output;
}

static cx_accumulation_t judge(cx_dtype_t dtype, int32_t rank_count, int64_t elem_count, how_t how)
{
    void             *output = make_output(dtype, rank_count, elem_count, how);
    cx_accumulation_t found  = cx_accumulation_judge(dtype, SEED, rank_count, elem_count, output);

    free(output);
    return found;
}

static void test_ways_of_summing_are_told_apart(void **state)
{
    static const struct {
        cx_dtype_t        dtype;
        int32_t           rank_count;
        how_t             how;
        cx_accumulation_t want;
    } rows[] = {
        {CX_DTYPE_BF16, 4, IN_FP32, CX_ACCUMULATION_FP32},
        {CX_DTYPE_BF16, 4, IN_FP32_BACK, CX_ACCUMULATION_FP32},
        {CX_DTYPE_BF16, 5, IN_TREE, CX_ACCUMULATION_FP32},
        {CX_DTYPE_BF16, 64, IN_TREE, CX_ACCUMULATION_FP32},
        {CX_DTYPE_BF16, 3, IN_DTYPE, CX_ACCUMULATION_DTYPE},
        {CX_DTYPE_BF16, 64, IN_DTYPE, CX_ACCUMULATION_DTYPE},
        {CX_DTYPE_BF16, 3, IN_LESS, CX_ACCUMULATION_UNKNOWN},
        {CX_DTYPE_BF16, 8, WITHOUT_LAST, CX_ACCUMULATION_UNKNOWN},
        {CX_DTYPE_FP16, 8, IN_FP32, CX_ACCUMULATION_FP32},
        {CX_DTYPE_FP16, 3, IN_DTYPE, CX_ACCUMULATION_DTYPE},
        {CX_DTYPE_FP16, 3, IN_LESS, CX_ACCUMULATION_UNKNOWN},
        {CX_DTYPE_FP32, 8, IN_FP32_BACK, CX_ACCUMULATION_FP32},
        {CX_DTYPE_FP32, 3, IN_LESS, CX_ACCUMULATION_UNKNOWN},
        {CX_DTYPE_INT32, 8, IN_FP32, CX_ACCUMULATION_EXACT},
        {CX_DTYPE_UINT8, 8, IN_FP32, CX_ACCUMULATION_EXACT},
        {CX_DTYPE_INT64, 8, IN_FP32, CX_ACCUMULATION_EXACT},
        {CX_DTYPE_INT8, 8, WITHOUT_LAST, CX_ACCUMULATION_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cx_accumulation_t found = judge(rows[i].dtype, rows[i].rank_count, 512, rows[i].how);

        if (found != rows[i].want) {
            fail_msg("row %zu: %d instead of %d", i, (int)found, (int)rows[i].want);
        }
    }
}

/* All orders of two agree, so that there is nothing to say but whether it was rounded once. */
static void test_two_ranks_round_once_or_prove_nothing(void **state)
{
    static const cx_dtype_t dtypes[] = {CX_DTYPE_BF16, CX_DTYPE_FP16, CX_DTYPE_FP32, CX_DTYPE_FP64};

    (void)state;
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        for (int32_t rank_count = 1; rank_count <= 2; rank_count++) {
            if (dtypes[i] != CX_DTYPE_FP64 || rank_count == 2) {
                assert_int_equal(judge(dtypes[i], rank_count, 512, IN_DTYPE),
                                 CX_ACCUMULATION_EXACT);
            }
        }
    }
    assert_int_equal(judge(CX_DTYPE_BF16, 2, 512, IN_LESS), CX_ACCUMULATION_UNKNOWN);
    assert_int_equal(judge(CX_DTYPE_FP64, 3, 512, IN_DTYPE), CX_ACCUMULATION_UNKNOWN);
}

static void test_one_element_off_anywhere_is_seen(void **state)
{
    const int64_t elem_count = 3 * CX_ACCUMULATION_TILE_ELEMS / 2;
    const int64_t places[]   = {0, CX_ACCUMULATION_TILE_ELEMS - 1, CX_ACCUMULATION_TILE_ELEMS,
                                elem_count - 1};
    uint16_t     *output     = make_output(CX_DTYPE_BF16, 4, elem_count, IN_FP32);

    (void)state;
    assert_int_equal(cx_accumulation_judge(CX_DTYPE_BF16, SEED, 4, elem_count, output),
                     CX_ACCUMULATION_FP32);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const uint16_t held = output[places[i]];

        output[places[i]] ^= 1;
        assert_true(cx_accumulation_judge(CX_DTYPE_BF16, SEED, 4, elem_count, output) >
                    CX_ACCUMULATION_FP32);
        output[places[i]] = 0x7fc0; /* a NaN */
        assert_int_equal(cx_accumulation_judge(CX_DTYPE_BF16, SEED, 4, elem_count, output),
                         CX_ACCUMULATION_UNKNOWN);
        output[places[i]] = held;
    }
    free(output);
}

/* A few elements are right in any way of summing, now and then. */
static void test_few_elements_prove_nothing(void **state)
{
    (void)state;
    assert_int_equal(judge(CX_DTYPE_BF16, 4, CX_ACCUMULATION_ELEMS_MIN - 1, IN_FP32),
                     CX_ACCUMULATION_UNKNOWN);
    assert_int_equal(judge(CX_DTYPE_BF16, 4, CX_ACCUMULATION_ELEMS_MIN, IN_FP32),
                     CX_ACCUMULATION_FP32);
    assert_int_equal(judge(CX_DTYPE_BF16, 4, CX_ACCUMULATION_ELEMS_MIN, IN_DTYPE),
                     CX_ACCUMULATION_DTYPE);
}

static void test_inputs_repeat_and_differ_by_rank_and_seed(void **state)
{
    static uint16_t one[CX_ACCUMULATION_TILE_ELEMS + 9], other[CX_ACCUMULATION_TILE_ELEMS + 9];

    (void)state;
    cx_accumulation_fill(CX_DTYPE_BF16, SEED, 0, CX_ACCUMULATION_TILE_ELEMS + 9, one);
    assert_memory_equal(one, one + CX_ACCUMULATION_TILE_ELEMS, 9 * sizeof *one);
    cx_accumulation_fill(CX_DTYPE_BF16, SEED, 1, CX_ACCUMULATION_TILE_ELEMS + 9, other);
    assert_memory_not_equal(one, other, sizeof one);
    cx_accumulation_fill(CX_DTYPE_BF16, SEED + 1, 0, CX_ACCUMULATION_TILE_ELEMS + 9, other);
    assert_memory_not_equal(one, other, sizeof one);
}

static void test_slugs_are_those_of_records(void **state)
{
    (void)state;
    assert_string_equal(cx_accumulation_slug(CX_ACCUMULATION_EXACT), "exact");
    assert_string_equal(cx_accumulation_slug(CX_ACCUMULATION_DTYPE), "dtype");
    assert_null(cx_accumulation_slug(CX_ACCUMULATION_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways_of_summing_are_told_apart),
        cmocka_unit_test(test_two_ranks_round_once_or_prove_nothing),
        cmocka_unit_test(test_one_element_off_anywhere_is_seen),
        cmocka_unit_test(test_few_elements_prove_nothing),
        cmocka_unit_test(test_inputs_repeat_and_differ_by_rank_and_seed),
        cmocka_unit_test(test_slugs_are_those_of_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
