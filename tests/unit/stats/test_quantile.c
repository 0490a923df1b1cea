/* SPDX-License-Identifier: Apache-2.0 */
/* Tests order statistics against integer arithmetic and GSL's sort.
 * Not their intervals (test_ci.c). */
#include "stats/quantile.h"

#include "series.h"

#include <gsl/gsl_sort.h>
#include <string.h>

static void test_sort_agrees_with_gsl(void **state)
{
    (void)state;
    gsl_rng *generator = new_generator();
    double   ours[1000], theirs[1000];

    for (int64_t i = 0; i < LENGTH(ours); i++) {
        ours[i] = (double)gsl_rng_uniform_int(generator, 300) - 150.0;
    }
    memcpy(theirs, ours, sizeof ours);
    gsl_sort(theirs, 1, (size_t)LENGTH(theirs));
    cx_sort(ours, LENGTH(ours));
    assert_memory_equal(ours, theirs, sizeof ours);
    gsl_rng_free(generator);
}

static void test_sort_copy_leaves_its_input_alone(void **state)
{
    (void)state;
    const double values[] = {3.0, 1.0, 2.0};
    double       sorted[3];

    cx_sort_copy(values, 3, sorted);
    assert_near(values[0], 3.0, 0.0);
    for (int64_t i = 0; i < 3; i++) {
        assert_near(sorted[i], (double)(i + 1), 0.0);
    }
}

static void test_sorting_nothing_touches_nothing(void **state)
{
    (void)state;
    cx_sort(NULL, 0);
    cx_sort_copy(NULL, 0, NULL);
}

static void test_quantile_of_one_sample_is_that_sample(void **state)
{
    (void)state;
    const double sorted[] = {7.5};

    for (int64_t percent = 0; percent <= 100; percent++) {
        assert_near(cx_quantile_nearest_rank(sorted, 1, (double)percent / 100.0), 7.5, 0.0);
    }
}

static void test_quantile_of_nothing_is_nan(void **state)
{
    (void)state;
    assert_nan(cx_quantile_nearest_rank(NULL, 0, 0.5));
}

static void test_quantile_of_known_samples(void **state)
{
    (void)state;
    static const double five[] = {15.0, 20.0, 35.0, 40.0, 50.0};
    static const struct {
        double q, expected;
    } rows[] = {
        {0.0, 15.0}, {0.05, 15.0}, {0.2, 15.0}, {0.2001, 20.0}, {0.3, 20.0},
        {0.4, 20.0}, {0.5, 35.0},  {0.8, 40.0}, {0.99, 50.0},   {1.0, 50.0},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_near(cx_quantile_nearest_rank(five, 5, rows[i].q), rows[i].expected, 0.0);
    }
}

/* in doubles 0.07 * 100 > 7: the rank must be 7 all the same */
static void test_rank_of_whole_percent_is_exact_at_every_count(void **state)
{
    (void)state;
    static double sorted[2000];

    fill_count_up(sorted, LENGTH(sorted));
    for (int64_t count = 1; count <= LENGTH(sorted); count++) {
        for (int64_t percent = 1; percent <= 99; percent++) {
            const int64_t rank = (percent * count + 99) / 100;
            const double  q    = (double)percent / 100.0;

            assert_near(cx_quantile_nearest_rank(sorted, count, q), (double)rank, 0.0);
        }
    }
}

static void test_percentile_is_supported_once_it_is_not_the_extreme(void **state)
{
    (void)state;
    static const struct {
        double  q;
        int64_t first_count;
    } rows[] = {{0.5, 1}, {0.75, 4}, {0.9, 10}, {0.95, 20}, {0.99, 100}, {0.999, 1000}, {0.25, 5}};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        for (int64_t count = 0; count <= 2000; count++) {
            assert_int_equal(cx_quantile_is_supported(count, rows[i].q),
                             count >= rows[i].first_count);
        }
    }
}

static void test_supported_upper_percentile_is_below_the_maximum(void **state)
{
    (void)state;
    static double sorted[500];

    fill_count_up(sorted, LENGTH(sorted));
    for (int64_t count = 2; count <= LENGTH(sorted); count++) {
        const double p99 = cx_quantile_nearest_rank(sorted, count, 0.99);

        assert_int_equal(cx_quantile_is_supported(count, 0.99), p99 < (double)count);
    }
}

static void test_thinning_a_short_array_copies_it(void **state)
{
    (void)state;
    const double values[] = {4.0, 2.0, 9.0};
    double       out[3];

    assert_int_equal(cx_thin(values, 3, 8, out), 3);
    assert_memory_equal(out, values, sizeof values);
}

static void test_thinning_takes_the_middle_of_even_stretches(void **state)
{
    (void)state;
    double values[10];

    fill_count_up(values, 10);
    assert_int_equal(cx_thin(values, 10, 2, values), 2);
    assert_near(values[0], 3.0, 0.0);
    assert_near(values[1], 8.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort_agrees_with_gsl),
        cmocka_unit_test(test_sort_copy_leaves_its_input_alone),
        cmocka_unit_test(test_sorting_nothing_touches_nothing),
        cmocka_unit_test(test_quantile_of_one_sample_is_that_sample),
        cmocka_unit_test(test_quantile_of_nothing_is_nan),
        cmocka_unit_test(test_quantile_of_known_samples),
        cmocka_unit_test(test_rank_of_whole_percent_is_exact_at_every_count),
        cmocka_unit_test(test_percentile_is_supported_once_it_is_not_the_extreme),
        cmocka_unit_test(test_supported_upper_percentile_is_below_the_maximum),
        cmocka_unit_test(test_thinning_a_short_array_copies_it),
        cmocka_unit_test(test_thinning_takes_the_middle_of_even_stretches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
