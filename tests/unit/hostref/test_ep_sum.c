/* SPDX-License-Identifier: Apache-2.0 */
/* The weighted sum against one element after the other, at lengths around its pieces.
 * Not which rows are summed (test_ep_combine.c). */
#include "../../../backends/hostref/ep_sum.c"

#include "family/common/halves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ROW_COUNT_MAX 9
#define ELEM_COUNT_MAX (2 * CHUNK_ELEMS + 77)

static uint16_t rows[ROW_COUNT_MAX][ELEM_COUNT_MAX];

/* Fractions of all bits and exponents of a wide range, both signs. */
static void fill_rows(void)
{
    uint32_t word = 12345;

    for (size_t r = 0; r < ROW_COUNT_MAX; r++) {
        for (size_t i = 0; i < ELEM_COUNT_MAX; i++) {
            word       = word * 1664525u + 1013904223u;
            rows[r][i] = (uint16_t)((word >> 16 & 0x807fu) | ((110u + (word >> 8) % 30u) << 7));
        }
    }
}

static uint16_t sum_of(const cx_hostref_ep_summand_t *summands, int64_t count, size_t index)
{
    volatile float acc = 0.0f, product;

    for (int64_t i = 0; i < count; i++) {
        product = summands[i].gate * cx_bf16_to_float(summands[i].row[index]);
        acc     = acc + product;
    }
    return cx_bf16_from_float(acc);
}

static void test_sum_rounds_as_defined_at_every_length(void **state)
{
    static const size_t elem_counts[] = {
        1, 3, 31, 128, CHUNK_ELEMS - 1, CHUNK_ELEMS, CHUNK_ELEMS + 1, ELEM_COUNT_MAX};
    cx_hostref_ep_summand_t summands[ROW_COUNT_MAX];
    uint16_t                out[ELEM_COUNT_MAX + 1];

    (void)state;
    fill_rows();
    for (int64_t i = 0; i < ROW_COUNT_MAX; i++) {
        summands[i] = (cx_hostref_ep_summand_t){rows[i], 0x1.234568p-3f * (float)(i + 1), 0};
    }
    for (int64_t count = 1; count <= ROW_COUNT_MAX; count++) {
        for (size_t i = 0; i < sizeof elem_counts / sizeof *elem_counts; i++) {
            const size_t elem_count = elem_counts[i];

            out[elem_count] = 0x1234;
            cx_hostref_ep_sum(summands, count, elem_count, out);
            for (size_t at = 0; at < elem_count; at++) {
                assert_int_equal(out[at], sum_of(summands, count, at));
            }
            assert_int_equal(out[elem_count], 0x1234);
        }
    }
}

static void test_sum_of_negative_zeros_is_zero(void **state)
{
    static const uint16_t         zeros[4]   = {0x8000, 0x8000, 0x8000, 0x8000};
    const cx_hostref_ep_summand_t summands[] = {{zeros, 1.0f, 0}, {zeros, 1.0f, 0}};
    uint16_t                      out[4];

    (void)state;
    cx_hostref_ep_sum(summands, 1, 4, out);
    assert_int_equal(out[0], 0);
    cx_hostref_ep_sum(summands, 2, 4, out);
    assert_int_equal(out[3], 0);
}

static void test_sum_keeps_what_is_not_finite(void **state)
{
    static const uint16_t         values[]   = {0x7f80, 0xff80, 0x7fc1, 0x7f7f};
    const cx_hostref_ep_summand_t summands[] = {{values, 1.0f, 0}, {values, 1.0f, 0}};
    uint16_t                      out[4];

    (void)state;
    cx_hostref_ep_sum(summands, 2, 4, out);
    assert_int_equal(out[0], 0x7f80);
    assert_int_equal(out[1], 0xff80);
    assert_int_equal(out[2], 0x7fc1);
    assert_int_equal(out[3], 0x7f80); /* too large */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sum_rounds_as_defined_at_every_length),
        cmocka_unit_test(test_sum_of_negative_zeros_is_zero),
        cmocka_unit_test(test_sum_keeps_what_is_not_finite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
