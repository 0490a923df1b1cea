/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reductions over ranks on small matrices worked out by hand.
 * Not the choice of a reduction. */
#include "stats/ranks.h"

#include "series.h"

/* 4 ranks, 3 samples each */
static const double samples[] = {
    1.0, 20.0, 300.0, /* rank 0 */
    2.0, 10.0, 100.0, /* rank 1 */
    4.0, 40.0, 200.0, /* rank 2 */
    5.0, 30.0, 800.0, /* rank 3 */
};

static void test_reduction_of_a_known_matrix(void **state)
{
    (void)state;
    static const struct {
        cx_rank_reduction_t how;
        double              expected[3];
    } rows[] = {
        {CX_RANK_REDUCTION_MAX, {5.0, 40.0, 800.0}},
        {CX_RANK_REDUCTION_MIN, {1.0, 10.0, 100.0}},
        {CX_RANK_REDUCTION_MEAN, {3.0, 25.0, 350.0}},
        {CX_RANK_REDUCTION_MEDIAN, {2.0, 20.0, 200.0}},
    };

    assert_int_equal(LENGTH(rows), CX_RANK_REDUCTION_COUNT);
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        double scratch[4], out[3];

        cx_reduce_ranks(samples, 4, 3, rows[i].how, scratch, out);
        for (int64_t k = 0; k < 3; k++) {
            assert_near(out[k], rows[i].expected[k], 1e-12);
        }
    }
}

static void test_every_reduction_of_one_rank_is_that_rank(void **state)
{
    (void)state;
    for (int how = 0; how < CX_RANK_REDUCTION_COUNT; how++) {
        double scratch[1], out[3];

        cx_reduce_ranks(samples, 1, 3, (cx_rank_reduction_t)how, scratch, out);
        assert_memory_equal(out, samples, sizeof out);
    }
}

static void test_order_of_ranks_does_not_matter(void **state)
{
    (void)state;
    static const int64_t order[]   = {3, 0, 4, 2, 1};
    gsl_rng             *generator = new_generator();
    double               given[50], shuffled[50];

    for (int64_t i = 0; i < 50; i++) {
        given[i] = gsl_ran_lognormal(generator, 0.0, 20.0); /* so that sums round differently */
    }
    for (int64_t i = 0; i < 50; i++) {
        shuffled[i] = given[order[i / 10] * 10 + i % 10];
    }
    for (int how = 0; how < CX_RANK_REDUCTION_COUNT; how++) {
        double scratch[5], one[10], other[10];

        cx_reduce_ranks(given, 5, 10, (cx_rank_reduction_t)how, scratch, one);
        cx_reduce_ranks(shuffled, 5, 10, (cx_rank_reduction_t)how, scratch, other);
        assert_memory_equal(one, other, sizeof one);
    }
    gsl_rng_free(generator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduction_of_a_known_matrix),
        cmocka_unit_test(test_every_reduction_of_one_rank_is_that_rank),
        cmocka_unit_test(test_order_of_ranks_does_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
