/* SPDX-License-Identifier: Apache-2.0 */
/* Floors: bytes held against messages of a schedule that is known to do the work, times by hand. */
#include "family/collective/floor.h"

#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

#define RANKS_MAX 8
#define ELEMS 840 /* whole parts for any count of ranks up to 8 */

/* What every rank sent and received when somebody did the work, counted message by message. */
typedef struct tally {
    int32_t rank_count;
    double  sent[RANKS_MAX], received[RANKS_MAX];
} tally_t;

static void message(tally_t *tally, int32_t from, int32_t to, double elems)
{
    tally->sent[from] += 4 * elems;
    tally->received[to] += 4 * elems;
}

static void ring(tally_t *tally, int32_t step_count, double elems)
{
    for (int32_t step = 0; step < step_count; step++) {
        for (int32_t rank = 0; rank < tally->rank_count; rank++) {
            message(tally, rank, (rank + 1) % tally->rank_count, elems);
        }
    }
}

/* Everybody from or to the root; `elems` each. */
static void star(tally_t *tally, int32_t root, bool is_inward, double elems)
{
    for (int32_t rank = 0; rank < tally->rank_count; rank++) {
        if (rank != root) {
            message(tally, is_inward ? rank : root, is_inward ? root : rank, elems);
        }
    }
}

/* From the root along all ranks, or, backwards, along all of them to the root. */
static void line(tally_t *tally, int32_t root, bool is_inward, double elems)
{
    for (int32_t i = 0; i + 1 < tally->rank_count; i++) {
        int32_t near = (root + i) % tally->rank_count, far = (near + 1) % tally->rank_count;

        message(tally, is_inward ? far : near, is_inward ? near : far, elems);
    }
}

static void all_pairs(tally_t *tally, const int64_t *counts, double elems)
{
    for (int32_t from = 0; from < tally->rank_count; from++) {
        for (int32_t to = 0; to < tally->rank_count; to++) {
            if (from != to) {
                message(tally, from, to,
                        counts ? (double)counts[from * tally->rank_count + to] : elems);
            }
        }
    }
}

static void run_schedule(tally_t *tally, const cx_floor_work_t *work)
{
    int32_t root = work->shape->root_rank, other_count = tally->rank_count - 1;

    switch (work->shape->op) {
    case CX_COLLECTIVE_ALL_REDUCE: /* reduce_scatter, then all_gather, of parts */
        ring(tally, 2 * other_count, (double)ELEMS / tally->rank_count);
        break;
    case CX_COLLECTIVE_ALL_GATHER:
    case CX_COLLECTIVE_REDUCE_SCATTER:
        ring(tally, other_count, ELEMS);
        break;
    case CX_COLLECTIVE_ALL_TO_ALL:
    case CX_COLLECTIVE_ALL_TO_ALL_V:
        all_pairs(tally, work->shape->op == CX_COLLECTIVE_ALL_TO_ALL_V ? work->counts : NULL,
                  ELEMS);
        break;
    case CX_COLLECTIVE_BROADCAST:
    case CX_COLLECTIVE_REDUCE:
        line(tally, root, work->shape->op == CX_COLLECTIVE_REDUCE, ELEMS);
        break;
    case CX_COLLECTIVE_GATHER:
    case CX_COLLECTIVE_SCATTER:
        star(tally, root, work->shape->op == CX_COLLECTIVE_GATHER, ELEMS);
        break;
    case CX_COLLECTIVE_SEND_RECV:
        ring(tally, 1, ELEMS);
        break;
    default:
        break;
    }
}

/* No rank of a right schedule moves less, and these move no more: the bound is met. */
static void test_bytes_are_those_of_a_schedule_that_does_the_work(void **state)
{
    int64_t counts[RANKS_MAX * RANKS_MAX];

    (void)state;
    for (int i = 0; i < RANKS_MAX * RANKS_MAX; i++) {
        counts[i] = (i * 37) % 11;
    }
    for (int op = 0; op < CX_COLLECTIVE_COUNT; op++) {
        for (int32_t rank_count = 2; rank_count <= RANKS_MAX; rank_count++) {
            cx_shape_t shape = {.op = (cx_collective_t)op, .dtype = CX_DTYPE_FP32, .root_rank = 1};
            cx_floor_work_t work  = {&shape, counts, ELEMS, rank_count, CX_REGIME_ISOLATED};
            tally_t         tally = {.rank_count = rank_count};

            run_schedule(&tally, &work);
            for (int32_t rank = 0; rank < rank_count; rank++) {
                double busier = fmax(tally.sent[rank], tally.received[rank]);

                assert_true(fabs(cx_floor_bytes(&work, rank) - busier) < 1e-6);
            }
        }
    }
}

static void test_nothing_passes_with_one_rank_or_in_a_barrier(void **state)
{
    cx_shape_t      shape = {.op = CX_COLLECTIVE_ALL_REDUCE, .dtype = CX_DTYPE_FP32};
    cx_floor_work_t work  = {&shape, NULL, ELEMS, 1, CX_REGIME_ISOLATED};

    (void)state;
    assert_true(cx_floor_bytes(&work, 0) == 0);
    work.rank_count = 4;
    shape.op        = CX_COLLECTIVE_BARRIER;
    assert_true(cx_floor_bytes(&work, 0) == 0);
    shape.op = CX_COLLECTIVE_ALL_TO_ALL_V; /* whose counts are not known */
    assert_true(isnan(cx_floor_bytes(&work, 0)));
}

/* ---- times ---- */

static const cx_limits_t limits = {.launch_us              = 3,
                                   .launch_chain_us        = 2,
                                   .launch_loop_us         = 1.5,
                                   .graph_launch_us        = 5,
                                   .graph_kernel_us        = 1,
                                   .barrier_us             = 2.5,
                                   .flag_round_trip_us     = 4,
                                   .link_store_bytes_per_s = 300e9,
                                   .link_load_bytes_per_s  = 350e9,
                                   .link_copy_bytes_per_s  = 400e9};

static double floor_of(const cx_limits_t *known, cx_shape_t shape, cx_regime_t regime,
                       const int64_t *counts)
{
    cx_floor_work_t work = {&shape, counts, 1000000, 4, regime};
    double          values[4], scratch[4];

    return cx_floor_us(known, &work, values, scratch);
}

static void test_time_is_start_plus_bytes_over_the_fastest_way(void **state)
{
    static const struct {
        cx_collective_t op;
        cx_regime_t     regime;
        double          us; /* a block takes 10 us at 400 GB/s */
    } rows[] = {
        {CX_COLLECTIVE_ALL_REDUCE, CX_REGIME_ISOLATED, 3 + 15},
        {CX_COLLECTIVE_ALL_REDUCE, CX_REGIME_STEADY, 1 + 15},
        {CX_COLLECTIVE_ALL_REDUCE, CX_REGIME_LOOP_MEAN, 1 + 15},
        {CX_COLLECTIVE_ALL_GATHER, CX_REGIME_ISOLATED, 3 + 30},
        {CX_COLLECTIVE_BROADCAST, CX_REGIME_ISOLATED, 3 + 10},
        {CX_COLLECTIVE_GATHER, CX_REGIME_ISOLATED, 3 + 30},   /* the root's */
        {CX_COLLECTIVE_GATHER, CX_REGIME_STEADY, 1 + 10},     /* of most ranks */
        {CX_COLLECTIVE_SCATTER, CX_REGIME_LOOP_MEAN, 1 + 15}, /* (30 + 3 * 10) / 4 */
        {CX_COLLECTIVE_BARRIER, CX_REGIME_ISOLATED, 3 + 2},
        {CX_COLLECTIVE_BARRIER, CX_REGIME_STEADY, 2},
        {CX_COLLECTIVE_BARRIER, CX_REGIME_LOOP_MEAN, 2}, /* one way of a flag */
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_shape_t shape = {.op = rows[i].op, .dtype = CX_DTYPE_FP32};

        assert_true(fabs(floor_of(&limits, shape, rows[i].regime, NULL) - rows[i].us) < 1e-9);
    }
}

static void test_what_is_not_known_is_no_floor(void **state)
{
    static const int64_t none[16]     = {7, 0, 0, 0, 0, 7};
    cx_shape_t           shape        = {.op = CX_COLLECTIVE_ALL_REDUCE, .dtype = CX_DTYPE_FP32};
    cx_limits_t          without_link = limits, unknown;
    cx_floor_work_t      alone        = {&shape, NULL, 1000000, 1, CX_REGIME_ISOLATED};
    double               values[1], scratch[1];

    (void)state;
    cx_limits_clear(&unknown);
    without_link.link_copy_bytes_per_s  = (double)NAN;
    without_link.link_store_bytes_per_s = (double)NAN;
    without_link.link_load_bytes_per_s  = (double)NAN;
    assert_true(isnan(floor_of(&unknown, shape, CX_REGIME_ISOLATED, NULL)));
    assert_true(isnan(floor_of(&unknown, shape, CX_REGIME_STEADY, NULL)));
    assert_true(isnan(floor_of(&without_link, shape, CX_REGIME_ISOLATED, NULL)));
    assert_true(isnan(cx_floor_us(&limits, &alone, values, scratch)));
    shape.family = CX_FAMILY_LIMITS;
    assert_true(isnan(floor_of(&limits, shape, CX_REGIME_ISOLATED, NULL)));
    shape.family = CX_FAMILY_ALLREDUCE;
    assert_true(floor_of(&limits, shape, CX_REGIME_ISOLATED, NULL) > 0);
    shape = (cx_shape_t){.op = CX_COLLECTIVE_ALL_TO_ALL_V, .dtype = CX_DTYPE_FP32};
    assert_true(isnan(floor_of(&limits, shape, CX_REGIME_ISOLATED, none))); /* only own blocks */
    shape.op = CX_COLLECTIVE_BARRIER;
    assert_true(floor_of(&without_link, shape, CX_REGIME_ISOLATED, NULL) == 5);
    without_link.flag_round_trip_us = (double)NAN;
    assert_true(floor_of(&without_link, shape, CX_REGIME_ISOLATED, NULL) == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_those_of_a_schedule_that_does_the_work),
        cmocka_unit_test(test_nothing_passes_with_one_rank_or_in_a_barrier),
        cmocka_unit_test(test_time_is_start_plus_bytes_over_the_fastest_way),
        cmocka_unit_test(test_what_is_not_known_is_no_floor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
