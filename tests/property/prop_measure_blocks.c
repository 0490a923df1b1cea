/* SPDX-License-Identifier: Apache-2.0 */
/* Laws of blocks, ranks and orders that hold for all of them. Examples are in tests/unit/measure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/order.h"
#include "measure/regimes.h"
#include "support/prop.h"

#include <string.h>

/* A block never gives more samples than were asked for, always one, and the longest that may be
 * gives as many as any. */
static bool blocks_fit(const int64_t *values)
{
    cx_sampling_t sampling   = {.regime = (cx_regime_t)values[0], .stamp_ops = values[3]};
    int64_t       operations = cx_regime_operation_count(&sampling, values[1], values[2]);
    int64_t       samples    = cx_regime_sample_count(&sampling, operations);
    int64_t       most       = cx_regime_sample_count(&sampling, values[2]);

    return operations >= 1 && operations <= values[2] && samples >= 1 && samples <= most &&
           (samples <= values[1] || sampling.regime == CX_REGIME_LOOP_MEAN) &&
           (samples >= values[1] || samples + 1 >= most) &&
           cx_regime_stamp_count(&sampling, operations) <= operations;
}

static void test_blocks_fit(void **state)
{
    static const prop_range_t gen[] = {{"regime", 0, CX_REGIME_COUNT - 1},
                                       {"wanted", 1, 5000},
                                       {"operations_max", 1, CX_BLOCK_STAMP_COUNT_MAX},
                                       {"stamp_ops", 1, 64},
                                       PROP_END};

    (void)state;
    assert_true(prop_holds(gen, blocks_fit));
}

#define RANK_COUNT_MAX 6
#define OPERATION_COUNT 12

/* The samples of ranks 0.. in the order that `seed` gives. */
static bool reduce(const int64_t *values, bool is_permuted, cx_series_t *series)
{
    cx_sampling_t sampling   = {.regime = (cx_regime_t)values[0], .stamp_ops = 1};
    int32_t       rank_count = (int32_t)values[1];
    int64_t       operations = sampling.regime == CX_REGIME_LOOP_MEAN ? 1 : OPERATION_COUNT;
    size_t        order[RANK_COUNT_MAX];

    if (cx_series_init(series, rank_count, OPERATION_COUNT) != CX_OK) {
        return false;
    }
    cx_trial_order((uint64_t)values[2], is_permuted, (size_t)rank_count, order);
    for (int32_t rank = 0; rank < rank_count; rank++) {
        cx_stamp_t stamps[OPERATION_COUNT];

        for (int64_t i = 0; i < operations; i++) {
            uint64_t random = cx_prng_at((uint64_t)values[3], order[rank] * 100 + (uint64_t)i);

            /* Multiples of 1/1024, so that means do not depend on the order of adding either. */
            stamps[i].duration_us = (double)cx_prng_below(random, 60 * 1024) / 1024;
            stamps[i].start_ns    = (int64_t)cx_prng_below(cx_mix64(random), 1000000);
            stamps[i].end_ns      = stamps[i].start_ns + 5000;
        }
        cx_regime_samples(&sampling, stamps, operations, rank, series);
    }
    cx_regime_reduce(&sampling, cx_regime_sample_count(&sampling, operations), series);
    return true;
}

/* Equal but for the rounding of a mean's running sum. */
static bool ranks_may_change_places(const int64_t *values)
{
    cx_series_t one, other;
    bool        is_good = reduce(values, false, &one);

    if (!is_good || !reduce(values, true, &other)) {
        return false;
    }
    for (int64_t i = 0; i < OPERATION_COUNT && is_good; i++) {
        double difference_us = one.reduced_us[i] - other.reduced_us[i];
        bool   is_mean       = values[0] == CX_REGIME_LOOP_MEAN;

        is_good = is_mean ? difference_us < 1e-12 && difference_us > -1e-12
                          : memcmp(&one.reduced_us[i], &other.reduced_us[i], sizeof(double)) == 0;
    }
    cx_series_fini(&one);
    cx_series_fini(&other);
    return is_good;
}

static void test_ranks_may_change_places(void **state)
{
    static const prop_range_t gen[] = {{"regime", 0, CX_REGIME_COUNT - 1},
                                       {"rank_count", 1, RANK_COUNT_MAX},
                                       {"permutation", 0, 1000},
                                       {"seed", 0, 1000000},
                                       PROP_END};

    (void)state;
    assert_true(prop_holds(gen, ranks_may_change_places));
}

static bool orders_are_permutations(const int64_t *values)
{
    size_t count = (size_t)values[2];
    size_t order[300];
    bool   is_there[300] = {false};

    cx_trial_order((uint64_t)values[0], values[1], count, order);
    for (size_t i = 0; i < count; i++) {
        if (order[i] >= count || is_there[order[i]] || (values[1] == 0 && order[i] != i)) {
            return false;
        }
        is_there[order[i]] = true;
    }
    return true;
}

static void test_orders_are_permutations(void **state)
{
    static const prop_range_t gen[] = {
        {"seed", 0, INT64_C(9000000000000000)}, {"launch", 0, 1000}, {"count", 0, 300}, PROP_END};

    (void)state;
    assert_true(prop_holds(gen, orders_are_permutations));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_fit),
        cmocka_unit_test(test_ranks_may_change_places),
        cmocka_unit_test(test_orders_are_permutations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
