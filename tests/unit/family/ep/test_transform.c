/* SPDX-License-Identifier: Apache-2.0 */
/* The published coefficients of experts, and a transformed row counted by hand. */
#include "family/ep/transform.h"

#include "family/common/halves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is(double got, double right)
{
    return !(got < right) && !(got > right);
}

static void test_golden_coefficients(void **state)
{
    static const struct {
        int64_t expert;
        double  scale, shift, slope;
    } rows[] = {{0, 0.1875, -0.171875, -0.0703125},
                {1, 0.71875, 0.28125, -0.0546875},
                {63, 0.71875, 0.046875, -0.046875},
                {255, 0.03125, -0.25, 0.0703125}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_affine_t affine = {0};

        cx_ep_affine_add(&affine, rows[i].expert, 1);
        assert_true(is(affine.scale, rows[i].scale));
        assert_true(is(affine.shift, rows[i].shift));
        assert_true(is(affine.slope, rows[i].slope));
    }
}

static void test_golden_pattern(void **state)
{
    static const float right[] = {-1, 0.625f, 0.125f, -0.375f, -0.875f};
    float              pattern[40];

    (void)state;
    cx_ep_affine_pattern(40, pattern);
    assert_memory_equal(pattern, right, sizeof right);
    assert_memory_equal(pattern + 17, right, sizeof right);
}

static void test_experts_are_told_apart(void **state)
{
    cx_ep_affine_t first = {0};

    (void)state;
    cx_ep_affine_add(&first, 5, 1);
    for (int64_t expert = 6; expert < 47027; expert++) {
        cx_ep_affine_t other = {0};

        cx_ep_affine_add(&other, expert, 1);
        assert_false(is(first.scale, other.scale) && is(first.shift, other.shift) &&
                     is(first.slope, other.slope));
    }
}

/* Gates as they are published: raw / sum, rounded to float. */
static void test_the_order_of_experts_does_not_matter(void **state)
{
    static const float raws[] = {35428, 10435, 28676, 27840, 10418, 29885, 31268, 44058};
    cx_ep_affine_t     up = {0}, down = {0};

    (void)state;
    for (int i = 0; i < 8; i++) {
        cx_ep_affine_add(&up, i * 31 + 7, (float)((double)raws[i] / 218008.0));
        cx_ep_affine_add(&down, (7 - i) * 31 + 7, (float)((double)raws[7 - i] / 218008.0));
    }
    assert_true(is(up.scale, down.scale));
    assert_true(is(up.shift, down.shift));
    assert_true(is(up.slope, down.slope));
}

/* x * 0.1875 - 0.171875 - 0.0703125 * p: of 1 with p(0) = -1 it is 0.0859375, of -2 with p(1) =
 * 0.625 it is -0.5908203125, which bf16 has as -0.58984375. */
static void test_a_row_counted_by_hand(void **state)
{
    const uint16_t row[]  = {cx_bf16_from_float(1), cx_bf16_from_float(-2)};
    cx_ep_affine_t affine = {0};
    float          pattern[2];
    uint16_t       out[2];

    (void)state;
    cx_ep_affine_add(&affine, 0, 1);
    cx_ep_affine_pattern(2, pattern);
    cx_ep_affine_apply(&affine, pattern, row, 2, out);
    assert_true(is((double)cx_bf16_to_float(out[0]), 0.0859375));
    assert_true(is((double)cx_bf16_to_float(out[1]), -0.58984375));
}

static void test_a_row_may_be_transformed_in_place(void **state)
{
    uint16_t       row[64], out[64];
    cx_ep_affine_t affine = {.scale = 0.5, .shift = 0.25, .slope = -0.125};
    float          pattern[64];

    (void)state;
    for (int i = 0; i < 64; i++) {
        row[i] = cx_bf16_from_float((float)i / 8);
    }
    cx_ep_affine_pattern(64, pattern);
    cx_ep_affine_apply(&affine, pattern, row, 64, out);
    cx_ep_affine_apply(&affine, pattern, row, 64, row);
    assert_memory_equal(row, out, sizeof row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_coefficients),
        cmocka_unit_test(test_golden_pattern),
        cmocka_unit_test(test_experts_are_told_apart),
        cmocka_unit_test(test_the_order_of_experts_does_not_matter),
        cmocka_unit_test(test_a_row_counted_by_hand),
        cmocka_unit_test(test_a_row_may_be_transformed_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
