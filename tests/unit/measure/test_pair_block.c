/* SPDX-License-Identifier: Apache-2.0 */
/* What both ways to measure pairs share; and both of them among real ranks on the virtual clock:
 * exact samples, and one rank that fails. */
#include "unit/measure/cell.h"
#include "unit/measure/pair_stage.h"
#include "unit/peers/ranks.h"

static void test_warm_pairs_stage_each_slot_once_where_that_is_hoisted(void **state)
{
    static const struct {
        bool        is_hoisted, stages_always;
        const char *log;
    } rows[] = {
        {false, false, "d4t4c4sd5t5c5sd6t6c6sd4t4c4s"},
        {true, false, "d4t4c4sd5t5c5sd6t6c6sd4c4s"},
        {true, true, "d4t4c4sd5t5c5sd6t6c6sd4t4c4s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_pair_job_t *job = pair_open(
            CX_REGIME_STEADY, (cx_pair_sampling_t){.chain_iters = 2, .chain_trial_count = 1}, 1);

        job->is_hoisted = rows[i].is_hoisted;
        assert_int_equal(cx_pair_warm(job, 1, 4, rows[i].stages_always), CX_OK);
        assert_string_equal(stage.log, rows[i].log);
        pair_close();
    }
}

static void test_warming_is_for_callers_too(void **state)
{
    cx_pair_job_t *job = pair_open(
        CX_REGIME_STEADY, (cx_pair_sampling_t){.chain_iters = 2, .chain_trial_count = 1}, 1);

    (void)state;
    job->is_hoisted = true;
    assert_int_equal(cx_pairs_warm(job, 0, 3), CX_OK);
    assert_string_equal(stage.log, "d0t0c0sd1t1c1sd0c0s");
    assert_int_equal(atomic_load(&stage.board.operation_index), 3);
    stage.fails = 'c';
    assert_int_equal(cx_pairs_warm(job, 0, 3), CX_BACKEND);
    pair_close();
}

static void test_spread_is_slowest_less_fastest(void **state)
{
    static const double values[3][2] = {{7, 1}, {4, 2}, {9, 9}};
    cx_series_t         series, spread;

    (void)state;
    assert_int_equal(cx_series_init(&series, 3, 4), CX_OK);
    assert_int_equal(cx_series_init(&spread, 1, 4), CX_OK);
    spread.count = 1;
    for (int rank = 0; rank < 3; rank++) {
        series.rank_us[rank * 4 + 2] = values[rank][0];
        series.rank_us[rank * 4 + 3] = values[rank][1];
    }
    cx_pair_spread_append(&series, 2, 2, &spread);
    assert_int_equal(spread.count, 3);
    assert_true(spread.reduced_us[1] == 5);
    assert_true(spread.reduced_us[2] == 8);
    cx_series_fini(&series);
    cx_series_fini(&spread);
}

/* ---- among real ranks ------------------------------------------------------------------------ */

/* A backend whose phases take the script of its rank, and that fails at one of its enqueues. */
struct cx_session {
    const cx_core_t *core;
    const double    *phase_us; /* dispatch, stage, combine */
    int64_t          enqueue_count, fail_at;
};

static cx_status_t script_enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                                  cx_stream_t *stream)
{
    const cx_core_t *core = session->core;

    (void)slot_index;
    if (session->enqueue_count++ == session->fail_at) {
        return CX_FAIL(CX_BACKEND, "rank %d cannot go on", core->rank);
    }
    return core->device_ops->spin(core->device, stream,
                                  session->phase_us[phase - CX_PHASE_DISPATCH]);
}

static const cx_backend_ops_t script_ops = {.abi         = CX_BACKEND_ABI,
                                            .struct_size = sizeof script_ops,
                                            .name        = "script",
                                            .enqueue     = script_enqueue};

static cx_status_t before_pairs(void *context, int32_t rung, int64_t pair_count)
{
    (void)rung;
    return cell_before(context, pair_count);
}

static cx_status_t after_pairs(void *context, int32_t rung, int64_t pair_count,
                               cx_block_report_t *report)
{
    (void)rung;
    return cell_after(context, pair_count, report);
}

static cx_regime_t among_regime; /* of the running test; ranks are forked after it is set */
static int64_t     among_fail_at;

static const cx_pair_sampling_t among_sampling = {.iters_per_trial   = 2,
                                                  .trial_count       = 2,
                                                  .warmup_count      = 1,
                                                  .chain_iters       = 4,
                                                  .chain_trial_count = 2,
                                                  .chain_drop_count  = 1};

/* Pairs of 14, 22 and 11.5 us. */
static cx_status_t measure_pairs(cell_t *cell, cx_pair_result_t *result)
{
    static const double scripts[3][3] = {{2, 4, 8}, {8, 4, 10}, {3, 4, 4.5}};
    int32_t             rank          = cell->core.rank;
    cx_session_t        session       = {
                     .core = &cell->core, .phase_us = scripts[rank], .fail_at = rank == 1 ? among_fail_at : -1};
    cx_pair_job_t job = {.window       = cell->job.window,
                         .peers_ops    = cell->job.peers_ops,
                         .peers        = cell->job.peers,
                         .rank         = rank,
                         .rank_count   = cell->core.rank_count,
                         .rung_count   = 1,
                         .rungs        = {{0, 2}},
                         .before_block = before_pairs,
                         .after_block  = after_pairs,
                         .begin_phase  = cell_phase,
                         .to_common_ns = cell_common_ns,
                         .context      = cell};

    job.window.backend_ops = &script_ops;
    job.window.session     = &session;
    return among_regime == CX_REGIME_ISOLATED ? cx_measure_components(&job, &among_sampling, result)
                                              : cx_measure_chains(&job, &among_sampling, result);
}

static cx_status_t measure_among(world_t *world)
{
    double          *values = world->outcome->values;
    cx_pair_result_t result;
    cx_status_t      status;
    cell_t           cell;

    CX_TRY(cell_open(&cell, world->ops, world->peers, "sim", "1us", 1));
    CX_TRY(cx_pair_result_init(&result, 3, &among_sampling, among_regime));
    status = measure_pairs(&cell, &result);
    if (among_regime == CX_REGIME_ISOLATED) {
        values[0] = result.series[CX_COMPONENT_ROUNDTRIP].reduced_us[3];
        values[1] = result.series[CX_COMPONENT_DISPATCH].reduced_us[3];
        values[2] = result.series[CX_COMPONENT_COMBINE].reduced_us[3];
    } else {
        values[0] = result.series[CX_COMPONENT_PAIR_PERIOD].reduced_us[5];
        values[1] = result.series[CX_COMPONENT_DISPATCH_FLOOR].reduced_us[5];
        values[2] = result.series[CX_COMPONENT_COMBINE_FLOOR].reduced_us[5];
    }
    values[3] = result.spread.reduced_us[3];
    values[4] = (double)result.verified_count;
    values[5] = (double)result.timed_count;
    values[6] = (double)result.series[CX_COMPONENT_ROUNDTRIP].count;
    values[7] = (double)result.series[CX_COMPONENT_PAIR_PERIOD].count;
    cx_pair_result_fini(&result);
    cell_close(&cell);
    return status;
}

static void test_all_ranks_have_the_same_numbers(void **state)
{
    static const double wanted[2][8] = {{22, 8, 10, 10.5, 12, 12, 4, 0},
                                        {14, 2, 4.5, 10.5, 24, 24, 0, 6}};

    (void)state;
    among_fail_at = -1;
    for (among_regime = CX_REGIME_ISOLATED; among_regime <= CX_REGIME_STEADY; among_regime++) {
        outcome_t outcomes[3];

        run_ranks(SOCKETS, 3, measure_among, 1, outcomes);
        expect(outcomes, 3, CX_OK, "");
        for (int rank = 0; rank < 3; rank++) {
            for (int i = 0; i < 8; i++) {
                assert_true(outcomes[rank].values[i] ==
                            wanted[among_regime == CX_REGIME_STEADY][i]);
            }
        }
    }
}

/* Where the others come to the exchange they learn why; where they are still before an alignment
 * they learn that rank 1 is not there. Nobody waits for a deadline. */
static void test_no_rank_waits_for_one_that_failed(void **state)
{
    static const struct {
        cx_regime_t regime;
        int64_t     fail_at;
        cx_status_t status; /* rank 1's words are the detail of all */
    } rows[] = {
        {CX_REGIME_ISOLATED, 1, CX_PEER},    /* in the warm-up */
        {CX_REGIME_ISOLATED, 7, CX_BACKEND}, /* in the last roundtrip of the trial */
        {CX_REGIME_STEADY, 2, CX_PEER},
        {CX_REGIME_STEADY, 20, CX_BACKEND}, /* in the period chain */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        outcome_t outcomes[3];

        among_regime  = rows[i].regime;
        among_fail_at = rows[i].fail_at;
        run_ranks(SOCKETS, 3, measure_among, 1, outcomes);
        for (int rank = 0; rank < 3; rank++) {
            assert_int_equal(outcomes[rank].wait_status, 0);
            assert_int_equal(outcomes[rank].status, rows[i].status);
            assert_non_null(strstr(outcomes[rank].text, "rank 1 c")); /* cannot go on, or called */
            assert_true(outcomes[rank].values[6] + outcomes[rank].values[7] == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warm_pairs_stage_each_slot_once_where_that_is_hoisted),
        cmocka_unit_test(test_warming_is_for_callers_too),
        cmocka_unit_test(test_spread_is_slowest_less_fastest),
        cmocka_unit_test(test_all_ranks_have_the_same_numbers),
        cmocka_unit_test(test_no_rank_waits_for_one_that_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
