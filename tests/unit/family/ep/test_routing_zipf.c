/* SPDX-License-Identifier: Apache-2.0 */
/* Zipf draws have the popularity, the fan-out and the imbalance that were computed for them
 * elsewhere, whatever the exponent. */
#include "family/ep/routing.h"

#include "unit/family/ep/workloads.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN_COUNT 8192

static int64_t experts[TOKEN_COUNT * 8];

static void draw(double exponent, int64_t *experts_out)
{
    cx_ep_workload_t workload = ep_v3(8, 1024);
    cx_arena_t       arena;

    workload.routing       = CX_EP_ROUTING_ZIPF;
    workload.zipf_exponent = exponent;
    cx_arena_init(&arena);
    ep_route(&workload, &arena, 0, TOKEN_COUNT, experts_out);
    cx_arena_fini(&arena);
}

/* Fan-out per token and busiest rank over mean, of 8 ranks. */
static void measure(const int64_t *rows, double *fanout, double *imbalance)
{
    int64_t loads[8] = {0}, copies = 0, max = 0;

    for (int token = 0; token < TOKEN_COUNT; token++) {
        int ranks = 0;

        for (int slot = 0; slot < 8; slot++) {
            int64_t rank = rows[8 * token + slot] / 32;

            loads[rank]++;
            ranks |= 1 << rank;
        }
        copies += __builtin_popcount((unsigned)ranks);
    }
    for (int r = 0; r < 8; r++) {
        max = loads[r] > max ? loads[r] : max;
    }
    *fanout    = (double)copies / TOKEN_COUNT;
    *imbalance = (double)max / TOKEN_COUNT;
}

static void test_fanout_falls_and_imbalance_grows_with_the_exponent(void **state)
{
    static const struct {
        double exponent, fanout, imbalance;
    } rows[] = {{0, 5.295, 1.0}, {0.5, 4.83, 2.53}, {1, 3.46, 4.88}, {2, 1.56, 7.39}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double fanout, imbalance;

        draw(rows[i].exponent, experts);
        measure(experts, &fanout, &imbalance);
        assert_true(fabs(fanout - rows[i].fanout) < 0.03);
        assert_true(fabs(imbalance - rows[i].imbalance) < 0.03);
    }
}

static void test_the_first_slot_has_the_popularity_of_the_law(void **state)
{
    int64_t counts[256] = {0};
    double  harmonic    = 0;

    (void)state;
    draw(1, experts);
    for (int token = 0; token < TOKEN_COUNT; token++) {
        counts[experts[8 * token]]++;
    }
    for (int e = 0; e < 256; e++) {
        harmonic += 1.0 / (e + 1);
    }
    for (int e = 0; e < 8; e++) {
        double expected = TOKEN_COUNT / harmonic / (e + 1);

        assert_true(fabs((double)counts[e] - expected) < 5 * sqrt(expected));
    }
}

static void test_the_steepest_law_still_ends(void **state)
{
    (void)state;
    draw(64, experts);
    for (int token = 0; token < TOKEN_COUNT; token++) {
        assert_int_equal(experts[8 * token], 0);
    }
}

static void test_sums_are_of_whole_weights_of_at_least_one(void **state)
{
    uint64_t sums[5];

    (void)state;
    cx_ep_zipf_sums(2, 4, sums);
    assert_int_equal(sums[0], 0);
    assert_int_equal(sums[1], UINT64_C(1) << 40);
    assert_int_equal(sums[2] - sums[1], UINT64_C(1) << 38);
    assert_int_equal(sums[3] - sums[2], (UINT64_C(1) << 40) / 9);
    cx_ep_zipf_sums(64, 4, sums);
    assert_int_equal(sums[4] - sums[3], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fanout_falls_and_imbalance_grows_with_the_exponent),
        cmocka_unit_test(test_the_first_slot_has_the_popularity_of_the_law),
        cmocka_unit_test(test_the_steepest_law_still_ends),
        cmocka_unit_test(test_sums_are_of_whole_weights_of_at_least_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
