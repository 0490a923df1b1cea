/* SPDX-License-Identifier: Apache-2.0 */
/* Tests contrasts: ratios where both were measured, and an order only where intervals allow one. */
#include "judge/sensitivity.h"

#include "support/expect.h"

#include <math.h>

static const cx_measured_t uniform[] = {
    {1, 10.0, 9.9, 10.1}, {8, 20.0, 19.0, 21.0}, {64, 40.0, 39.0, 41.0}};

static cx_measured_ladder_t ladder(const cx_measured_t *points, int64_t count)
{
    return (cx_measured_ladder_t){count, points};
}

static void test_ratios_and_their_sizes(void **state)
{
    (void)state;
    static const cx_measured_t zipf[] = {
        {64, 100.0, 98.0, 102.0}, {8, 30.0, 20.5, 33.0}, {1, 9.0, 8.9, 9.1}, {512, 900, 890, 910}};
    const cx_measured_ladder_t base = ladder(uniform, 3), other = ladder(zipf, 4);
    const cx_contrast_t        contrast = cx_contrast_ladders(&base, &other);

    assert_int_equal(contrast.rung_count, 3);
    assert_true(contrast.ratio_max == 2.5);
    assert_int_equal(contrast.ratio_max_rung, 64);
    assert_true(contrast.is_max_settled);
    assert_true(contrast.ratio_min == 0.9);
    assert_int_equal(contrast.ratio_min_rung, 1);
    assert_true(contrast.is_min_settled);
    assert_int_equal(contrast.slower_count, 1); /* at 8 the intervals overlap */
    assert_int_equal(contrast.faster_count, 1);
}

static void test_touching_and_unknown_intervals_give_no_order(void **state)
{
    (void)state;
    static const cx_measured_t touching[] = {{1, 10.2, 10.1, 10.3}};
    static const cx_measured_t unknown[]  = {{1, 20.0, (double)NAN, (double)NAN}};
    const cx_measured_t *const both[]     = {touching, unknown};

    for (int i = 0; i < 2; i++) {
        const cx_measured_ladder_t base = ladder(uniform, 3), other = ladder(both[i], 1);
        const cx_contrast_t        contrast = cx_contrast_ladders(&base, &other);

        assert_int_equal(contrast.rung_count, 1);
        assert_int_equal(contrast.slower_count + contrast.faster_count, 0);
        assert_false(contrast.is_max_settled);
        assert_true(contrast.ratio_max > 1);
    }
}

static void test_sizes_without_a_median_do_not_count(void **state)
{
    (void)state;
    static const cx_measured_t failed[] = {{1, (double)NAN, (double)NAN, (double)NAN},
                                           {2, 5.0, 4.0, 6.0}};
    const cx_measured_ladder_t base = ladder(uniform, 3), other = ladder(failed, 2);
    const cx_contrast_t        contrast = cx_contrast_ladders(&base, &other);

    assert_int_equal(contrast.rung_count, 0);
    assert_true(isnan(contrast.ratio_min) && isnan(contrast.ratio_max));
    assert_false(contrast.is_min_settled || contrast.is_max_settled);
}

static void test_the_worst_of_several(void **state)
{
    (void)state;
    static const cx_measured_t mild[]    = {{1, 11.0, 10.9, 11.1}};
    static const cx_measured_t harsh[]   = {{64, 80.0, 79.0, 81.0}};
    static const cx_measured_t foreign[] = {{3, 900.0, 899.0, 901.0}};
    const cx_measured_ladder_t base      = ladder(uniform, 3);
    const cx_measured_ladder_t others[]  = {ladder(foreign, 1), ladder(mild, 1), ladder(harsh, 1)};
    cx_contrast_t              contrast  = {.ratio_max = (double)NAN};

    assert_int_equal(cx_sensitivity_worst(&base, others, 3, &contrast), 2);
    assert_true(contrast.ratio_max == 2.0);
    assert_int_equal(cx_sensitivity_worst(&base, others, 2, &contrast), 1);
    assert_int_equal(cx_sensitivity_worst(&base, others, 1, &contrast), -1);
    assert_int_equal(cx_sensitivity_worst(&base, others, 0, &contrast), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratios_and_their_sizes),
        cmocka_unit_test(test_touching_and_unknown_intervals_give_no_order),
        cmocka_unit_test(test_sizes_without_a_median_do_not_count),
        cmocka_unit_test(test_the_worst_of_several),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
