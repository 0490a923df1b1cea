/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions computed in the wrong type are recognised, with C's own arithmetic as the mistake. */
#include "family/collective/diagnose.h"

#include "family/collective/inputs.h"
#include "family/collective/oracle.h"
#include "family/common/halves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ELEMS 200
#define RANK_COUNT_MAX 8

typedef union buffer {
    int8_t   i8[ELEMS];
    int16_t  i16[ELEMS];
    int32_t  i32[ELEMS];
    uint32_t u32[ELEMS];
    uint16_t half[ELEMS];
    float    f32[ELEMS];
    double   f64[ELEMS];
} buffer_t;

static buffer_t sent[RANK_COUNT_MAX], recv;

static void verify(cx_dtype_t dtype, cx_redop_t redop, int32_t rank_count,
                   void (*reduce)(int32_t rank_count), cx_verdict_t *out)
{
    cx_shape_t shape = {
        .op = CX_COLLECTIVE_ALL_REDUCE, .dtype = dtype, .redop = redop, .root_rank = -1};
    cx_collective_data_t data = {.shape = &shape, .elems = ELEMS, .rank_count = rank_count};

    for (int32_t rank = 0; rank < rank_count; rank++) {
        data.rank = rank;
        cx_collective_fill(&data, 0, &sent[rank]);
    }
    reduce(rank_count);
    assert_int_equal(cx_collective_verify(&data, 0, &recv, &sent[rank_count - 1], out), CX_OK);
}

static void sum_fp32_in_bf16(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        float acc = 0.0f;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            float value = cx_bf16_to_float(cx_bf16_from_float(sent[rank].f32[i]));

            acc = cx_bf16_to_float(cx_bf16_from_float(acc + value));
        }
        recv.f32[i] = acc;
    }
}

static void sum_fp32_in_bf16_backwards(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        float acc = 0.0f;

        for (int32_t rank = rank_count - 1; rank >= 0; rank--) {
            float value = cx_bf16_to_float(cx_bf16_from_float(sent[rank].f32[i]));

            acc = cx_bf16_to_float(cx_bf16_from_float(acc + value));
        }
        recv.f32[i] = acc;
    }
}

static void store_fp64_as_fp32(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        double acc = 0.0;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            acc += sent[rank].f64[i];
        }
        recv.f64[i] = (double)(float)acc;
    }
}

static void sum_int32_in_int16(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        int16_t acc = 0;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            acc = (int16_t)(acc + (int16_t)sent[rank].i32[i]);
        }
        recv.i32[i] = acc;
    }
}

static void max_uint32_as_signed(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        recv.i32[i] = sent[0].i32[i];
        for (int32_t rank = 1; rank < rank_count; rank++) {
            recv.i32[i] = sent[rank].i32[i] > recv.i32[i] ? sent[rank].i32[i] : recv.i32[i];
        }
    }
}

static void min_int8_as_unsigned(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        recv.i8[i] = sent[0].i8[i];
        for (int32_t rank = 1; rank < rank_count; rank++) {
            recv.i8[i] =
                (uint8_t)sent[rank].i8[i] < (uint8_t)recv.i8[i] ? sent[rank].i8[i] : recv.i8[i];
        }
    }
}

static void prod_int32_in_int8(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        int8_t acc = 1;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            acc = (int8_t)(acc * (int8_t)sent[rank].i32[i]);
        }
        recv.i32[i] = acc;
    }
}

/* A format that is no dtype: fp32 cut to 10 bits of mantissa, as tensor cores read it. */
static float cut_to_tf32(float value)
{
    return cx_float_from_bits(cx_float_bits(value) & 0xffffe000u);
}

static void sum_fp32_in_tf32(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        float acc = 0.0f;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            acc = cut_to_tf32(acc + cut_to_tf32(sent[rank].f32[i]));
        }
        recv.f32[i] = acc;
    }
}

static void sum_fp16_in_bf16(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        float acc = 0.0f;

        for (int32_t rank = 0; rank < rank_count; rank++) {
            float value = cx_fp16_to_float(sent[rank].half[i]);

            acc = cx_bf16_to_float(
                cx_bf16_from_float(acc + cx_bf16_to_float(cx_bf16_from_float(value))));
        }
        recv.half[i] = cx_fp16_from_float(acc);
    }
}

static const struct {
    cx_dtype_t dtype;
    cx_redop_t redop;
    int32_t    rank_count;
    void (*reduce)(int32_t rank_count);
    const char *words;
} rows[] = {
    {CX_DTYPE_FP32, CX_REDOP_SUM, 2, sum_fp32_in_bf16, "reduced in bf16 instead of fp32"},
    {CX_DTYPE_FP32, CX_REDOP_SUM, 8, sum_fp32_in_bf16, "reduced in bf16 instead of fp32"},
    {CX_DTYPE_FP32, CX_REDOP_SUM, 8, sum_fp32_in_bf16_backwards, "reduced in bf16 instead of fp32"},
    {CX_DTYPE_FP32, CX_REDOP_SUM, 8, sum_fp32_in_tf32,
     "reduced in a type narrower than fp32: off by up to 1 in "},
    {CX_DTYPE_FP64, CX_REDOP_SUM, 5, store_fp64_as_fp32, "reduced in fp32 instead of fp64"},
    {CX_DTYPE_FP16, CX_REDOP_SUM, 4, sum_fp16_in_bf16, "reduced in bf16 instead of fp16"},
    {CX_DTYPE_INT32, CX_REDOP_SUM, 3, sum_int32_in_int16, "reduced in int16 instead of int32"},
    {CX_DTYPE_INT32, CX_REDOP_PROD, 3, prod_int32_in_int8, "reduced in int8 instead of int32"},
    {CX_DTYPE_UINT32, CX_REDOP_MAX, 4, max_uint32_as_signed, "reduced in int32 instead of uint32"},
    {CX_DTYPE_INT8, CX_REDOP_MIN, 4, min_int8_as_unsigned, "reduced in uint8 instead of int8"},
};

static void test_the_wrong_type_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_verdict_t verdict;

        verify(rows[i].dtype, rows[i].redop, rows[i].rank_count, rows[i].reduce, &verdict);
        if (strcmp(verdict.kind, "wrong-type") != 0 || !strstr(verdict.text, rows[i].words)) {
            fail_msg("row %zu: %s: %s", i, verdict.kind, verdict.text);
        }
    }
}

static void double_the_sum(int32_t rank_count)
{
    for (int i = 0; i < ELEMS; i++) {
        recv.f32[i] = 0.0f;
        for (int32_t rank = 0; rank < rank_count; rank++) {
            recv.f32[i] += 2.0f * sent[rank].f32[i];
        }
    }
}

static void test_other_mistakes_are_not_blamed_on_the_type(void **state)
{
    cx_verdict_t verdict;

    (void)state;
    verify(CX_DTYPE_FP32, CX_REDOP_SUM, 4, double_the_sum, &verdict);
    assert_string_equal(verdict.kind, "corrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_wrong_type_is_named),
        cmocka_unit_test(test_other_mistakes_are_not_blamed_on_the_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
