/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the spread over launches on numbers worked out by hand.
 * Not a summary of one launch (test_summary.c). */
#include "stats/launches.h"

#include "series.h"

static void test_spread_of_known_launches(void **state)
{
    (void)state;
    static const double medians[] = {104.0, 100.0, 96.0};
    static const double stddevs[] = {3.0, 4.0, 5.0};
    double              scratch[3];
    cx_launch_spread_t  spread;

    cx_launch_spread(medians, stddevs, 3, scratch, &spread);
    assert_int_equal(spread.launch_count, 3);
    assert_near(spread.median, 100.0, 0.0);
    assert_near(spread.min, 96.0, 0.0);
    assert_near(spread.max, 104.0, 0.0);
    assert_near(spread.spread_ratio, 0.08, 1e-15);
    assert_near(spread.between_ratio, 0.04, 1e-15);
    assert_near(spread.within_ratio, sqrt(50.0 / 3.0) / 100.0, 1e-15);
}

static void test_one_launch_shows_no_spread_between(void **state)
{
    (void)state;
    const double       median = 50.0, stddev = 2.0;
    double             scratch[1];
    cx_launch_spread_t spread;

    cx_launch_spread(&median, &stddev, 1, scratch, &spread);
    assert_near(spread.median, 50.0, 0.0);
    assert_nan(spread.spread_ratio);
    assert_nan(spread.between_ratio);
    assert_near(spread.within_ratio, 0.04, 1e-15);
}

static void test_no_launch_is_unknown(void **state)
{
    (void)state;
    cx_launch_spread_t spread;

    cx_launch_spread(NULL, NULL, 0, NULL, &spread);
    assert_int_equal(spread.launch_count, 0);

    const double unknown[] = {spread.median,       spread.min,           spread.max,
                              spread.spread_ratio, spread.between_ratio, spread.within_ratio};
    for (int64_t i = 0; i < LENGTH(unknown); i++) {
        assert_nan(unknown[i]);
    }
}

static void test_unknown_deviation_of_a_launch_hides_only_the_within_part(void **state)
{
    (void)state;
    static const double medians[] = {10.0, 12.0};
    const double        stddevs[] = {1.0, NAN};
    double              scratch[2];
    cx_launch_spread_t  spread;

    cx_launch_spread(medians, stddevs, 2, scratch, &spread);
    assert_nan(spread.within_ratio);
    assert_near(spread.spread_ratio, 0.2, 1e-15);
    assert_near(spread.between_ratio, sqrt(2.0) / 10.0, 1e-15);
}

static void test_equal_launches_have_no_spread(void **state)
{
    (void)state;
    static const double medians[] = {0.1, 0.1, 0.1, 0.1};
    static const double stddevs[] = {0.0, 0.0, 0.0, 0.0};
    double              scratch[4];
    cx_launch_spread_t  spread;

    cx_launch_spread(medians, stddevs, 4, scratch, &spread);
    assert_near(spread.spread_ratio, 0.0, 0.0);
    assert_near(spread.between_ratio, 0.0, 0.0);
    assert_near(spread.within_ratio, 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spread_of_known_launches),
        cmocka_unit_test(test_one_launch_shows_no_spread_between),
        cmocka_unit_test(test_no_launch_is_unknown),
        cmocka_unit_test(test_unknown_deviation_of_a_launch_hides_only_the_within_part),
        cmocka_unit_test(test_equal_launches_have_no_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
