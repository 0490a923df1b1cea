/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over blocks: exact series on the virtual clock, every way to stop, and every way to
 * fail, alone and among ranks. */
#include "unit/measure/cell.h"
#include "unit/measure/stage.h"
#include "unit/peers/ranks.h"

#include "stats/spread.h"

#define SCRIPT "12.5us,13us,40.25us"
static const double script_us[] = {12.5, 13, 40.25};

static double step_us(int64_t index)
{
    return script_us[index % 3];
}

static void test_isolated_gives_the_script_back_exactly(void **state)
{
    cx_sampling_t sampling = cell_sampling(CX_REGIME_ISOLATED, 100);
    cx_outcome_t  outcome;
    cell_t        cell;

    (void)state;
    assert_int_equal(cell_open_alone(&cell, "sim", SCRIPT, 100), CX_OK);
    assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
    assert_int_equal(cell.series.count, 100);
    for (int64_t i = 0; i < 100; i++) {
        assert_true(cell.series.rank_us[i] == step_us(i));
        assert_true(cell.series.reduced_us[i] == step_us(i));
        assert_true(cell.series.arrival_us[i] == 0 && cell.series.exit_us[i] == 0);
    }
    assert_int_equal(outcome.stop, CX_STOP_SAMPLES_MAX);
    assert_int_equal(outcome.timed_count, 100);
    assert_int_equal(outcome.verified_count, 100);
    assert_int_equal(outcome.block_count, 3); /* 8, then 32, then the rest */
    cell_close_alone(&cell);
}

/* Samples end exactly at the limit, also where a short last block spares less of its head. */
static void test_steady_gives_the_script_without_heads(void **state)
{
    static const struct {
        int64_t limit, block_operations[3];
    } rows[] = {{12, {10, 5, 0}}, {9, {10, 2, 0}}, {1, {2, 0, 0}}, {46, {10, 34, 8}}};

    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        cx_sampling_t sampling = cell_sampling(CX_REGIME_STEADY, rows[k].limit);
        int64_t       sample = 0, operation = 0;
        cx_outcome_t  outcome;
        cell_t        cell;

        assert_int_equal(cell_open_alone(&cell, "sim", SCRIPT, rows[k].limit), CX_OK);
        assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
        assert_int_equal(cell.series.count, rows[k].limit);
        for (int block = 0; block < 3 && rows[k].block_operations[block]; block++) {
            int64_t count = rows[k].block_operations[block];

            for (int64_t i = count >= 8 ? 2 : 1; i < count; i++) {
                assert_true(cell.series.reduced_us[sample] == step_us(operation + i));
                sample++;
            }
            operation += count;
        }
        assert_int_equal(sample, rows[k].limit);
        assert_int_equal(outcome.timed_count, operation);
        cell_close_alone(&cell);
    }
}

/* The first block, of eight samples and a head of two, says how long an operation takes. */
static void test_stamps_are_as_far_apart_as_the_device_wants(void **state)
{
    static const struct {
        double  interval_us;
        int64_t most, operations, block_count, timed_count;
    } rows[] = {
        {0, 4096, 1, 2, 10 + 14},                 /* as close as may be */
        {13, 4096, 1, 2, 10 + 14},                /* that is far enough: the block stays */
        {13.5, 4096, 2, 2, 10 + 20 + 28},         /* and here it is no sample */
        {100, 4096, 8, 2, 10 + 80 + 112},         /* over 13 us */
        {1e9, 4096, 64, 2, 10 + 640 + 896},       /* never more */
        {1e9, 80, 10, 4, 10 + 80 + 80 + 80 + 30}, /* or a block would have no samples */
        {1e9, 10, 1, 3, 10 + 10 + 5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_sampling_t sampling = cell_sampling(CX_REGIME_STEADY, 20);
        cx_outcome_t  outcome;
        cell_t        cell;

        sampling.stamp_interval_us = rows[i].interval_us;
        assert_int_equal(cell_open_alone(&cell, "sim", "13us", 20), CX_OK);
        cell.job.operation_count_max = rows[i].most;
        assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
        assert_int_equal(cell.series.count, 20);
        for (int64_t k = 0; k < 20; k++) {
            assert_true(cell.series.reduced_us[k] == 13);
        }
        assert_int_equal(outcome.sample_operation_count, rows[i].operations);
        assert_int_equal(outcome.block_count, rows[i].block_count);
        assert_int_equal(outcome.timed_count, rows[i].timed_count);
        assert_int_equal(sampling.stamp_ops, 1);
        cell_close_alone(&cell);
    }
}

/* The one that was disturbed counts for neither the spacing nor the samples. */
static void test_a_disturbed_first_block_is_measured_again(void **state)
{
    cx_sampling_t sampling = cell_sampling(CX_REGIME_STEADY, 20);
    cx_outcome_t  outcome;
    cell_t        cell;

    (void)state;
    sampling.stamp_interval_us = 100;
    sampling.budget_us         = 1;
    assert_int_equal(cell_open_alone(&cell, "sim", "13us", 20), CX_OK);
    cell.disturbed_count = 1;
    assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
    assert_int_equal(outcome.repeated_block_count, 1);
    assert_int_equal(outcome.sample_operation_count, 8);
    assert_int_equal(cell.series.count, 8); /* the budget ends it after one more */
    cell_close_alone(&cell);
}

/* So the row has its samples, and says what is wrong. */
static void test_a_wrong_first_block_is_kept(void **state)
{
    cx_sampling_t sampling = cell_sampling(CX_REGIME_STEADY, 20);
    cx_outcome_t  outcome;
    cell_t        cell;

    (void)state;
    sampling.stamp_interval_us = 100;
    assert_int_equal(cell_open_alone(&cell, "sim", "13us", 20), CX_OK);
    cell.wrong_in_block = 0;
    assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
    assert_int_equal(outcome.stop, CX_STOP_FAILURE);
    assert_int_equal(cell.series.count, 8);
    assert_int_equal(outcome.sample_operation_count, 1);
    cell_close_alone(&cell);
}

static void test_loop_mean_gives_the_mean_of_each_loop(void **state)
{
    cx_sampling_t sampling = cell_sampling(CX_REGIME_LOOP_MEAN, 6);
    cx_outcome_t  outcome;
    cell_t        cell;

    (void)state;
    assert_int_equal(cell_open_alone(&cell, "sim", SCRIPT, 6), CX_OK);
    cell.job.operation_count_max = 5; /* one untimed, four timed */
    assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
    for (int64_t i = 0; i < 6; i++) {
        double sum_us = 0;

        for (int64_t k = 1; k < 5; k++) {
            sum_us += step_us(5 * i + k);
        }
        assert_true(cell.series.reduced_us[i] == sum_us / 4);
    }
    assert_int_equal(outcome.block_count, 6);
    assert_int_equal(outcome.timed_count, 30);
    cell_close_alone(&cell);
}

/* A graph of four, captured behind one operation; neither that nor the first replay is timed. */
static void test_graph_gives_the_mean_of_its_operations(void **state)
{
    cx_sampling_t sampling = cell_sampling(CX_REGIME_GRAPH, 100);
    const double  mean_us  = (step_us(1) + step_us(2) + step_us(3) + step_us(4)) / 4;
    cx_outcome_t  outcome;
    cell_t        cell;

    (void)state;
    assert_int_equal(cell_open_alone(&cell, "sim", SCRIPT, 100), CX_OK);
    cell.job.operation_count_max = 4 * CX_BLOCK_STAMP_COUNT_MAX;
    assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
    assert_int_equal(cell.series.count, 100);
    for (int64_t i = 0; i < 100; i++) {
        assert_true(cell.series.reduced_us[i] == mean_us);
    }
    assert_int_equal(outcome.timed_count, 400);
    assert_int_equal(outcome.verified_count, 400);
    assert_int_equal(outcome.sample_operation_count, 4);
    assert_int_equal(outcome.block_count, 3); /* 8, then 32, then the rest */
    assert_null(cell.job.window.graph);
    cell_close_alone(&cell);
}

/* ---- among ranks ----------------------------------------------------------------------------- */

static const char *const rank_scripts[] = {"12.5us,20us", "13us,19us", "40.25us,1us"};
static const double      rank_us[3][2]  = {{12.5, 20}, {13, 19}, {40.25, 1}};

static cx_regime_t among_regime; /* of the running test; ranks are forked after it is set */

static double expected_us(int64_t step)
{
    double a = rank_us[0][step % 2], b = rank_us[1][step % 2], c = rank_us[2][step % 2];
    double most  = a > b ? (a > c ? a : c) : (b > c ? b : c);
    double least = a < b ? (a < c ? a : c) : (b < c ? b : c);

    if (among_regime == CX_REGIME_ISOLATED) {
        return most;
    }
    if (among_regime == CX_REGIME_GRAPH) {
        return (rank_us[0][0] + rank_us[0][1]) / 2; /* between 16 and 20.625 */
    }
    return among_regime == CX_REGIME_STEADY ? a + b + c - most - least : 0;
}

static cx_status_t compare_among(const cell_t *cell)
{
    static const double sums_us[] = {20 + 12.5 + 20, 19 + 13 + 19, 1 + 40.25 + 1};
    const cx_series_t  *series    = &cell->series;
    const double        mean_us =
        cx_mean((const double[]){sums_us[0] / 3, sums_us[1] / 3, sums_us[2] / 3}, 3);

    for (int64_t i = 0; i < series->count; i++) {
        double want_us = among_regime == CX_REGIME_LOOP_MEAN ? mean_us : expected_us(i);

        if (series->reduced_us[i] != want_us) {
            return CX_FAIL(CX_INTERNAL, "sample %d is %.17g, expected %.17g", (int)i,
                           series->reduced_us[i], want_us);
        }
    }
    return CX_OK;
}

/* Even numbers of operations per block, so that the two steps stay in phase in every regime; a loop
 * leaves out the first. */
static cx_status_t measure_among(world_t *world)
{
    cx_sampling_t sampling = cell_sampling(among_regime, 40);
    cx_outcome_t  outcome;
    cell_t        cell;

    CX_TRY(
        cell_open(&cell, world->ops, world->peers, "sim", rank_scripts[world->meeting.rank], 40));
    cell.job.operation_count_max =
        among_regime == CX_REGIME_LOOP_MEAN ? 4 : CX_BLOCK_STAMP_COUNT_MAX;
    CX_TRY(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome));
    world->outcome->values[0] = (double)cell.series.count;
    world->outcome->values[1] = (double)outcome.timed_count;
    world->outcome->values[2] = cell.series.arrival_us[2 * 40 + 1];
    world->outcome->values[3] = cell.series.exit_us[2 * 40];
    CX_TRY(compare_among(&cell));
    cell_close(&cell);
    return CX_OK;
}

static void test_each_regime_reduces_over_ranks_in_its_way(void **state)
{
    (void)state;
    for (among_regime = CX_REGIME_ISOLATED; among_regime < CX_REGIME_COUNT; among_regime++) {
        outcome_t outcomes[3];

        run_ranks(SOCKETS, 3, measure_among, 1, outcomes);
        expect(outcomes, 3, CX_OK, "");
        assert_true(outcomes[0].values[0] == 40);
        assert_true(outcomes[0].values[1] == outcomes[2].values[1]);
        if (among_regime == CX_REGIME_ISOLATED) {
            /* Rank 2's clock: 40.25 after one step, where rank 0's is at 12.5. */
            assert_true(outcomes[1].values[2] == 27.75);
            assert_true(outcomes[1].values[3] == 27.75);
        }
    }
}

static cx_status_t failing_status[3]; /* of the running row, by rank */

static cx_status_t measure_failing(world_t *world)
{
    static const char *const words[]  = {"words of 0", "words of 1", "words of 2"};
    cx_sampling_t            sampling = cell_sampling(CX_REGIME_STEADY, 40);
    cx_outcome_t             outcome;
    cx_status_t              status;
    cell_t                   cell;

    CX_TRY(cell_open(&cell, world->ops, world->peers, "sim", SCRIPT, 40));
    cell.words        = words[world->meeting.rank];
    cell.after_status = failing_status[world->meeting.rank];
    status            = cx_measure_point(&cell.job, &sampling, &cell.series, &outcome);
    cell_close(&cell);
    return status;
}

static void test_a_rank_with_a_reason_of_its_own_speaks_for_all(void **state)
{
    static const struct {
        cx_status_t status[3];
        int         speaker;
    } rows[] = {
        {{CX_OK, CX_BACKEND, CX_OK}, 1},          {{CX_TIMEOUT, CX_OK, CX_DEVICE}, 2},
        {{CX_PEER, CX_TIMEOUT, CX_BACKEND}, 2},   {{CX_PEER, CX_BACKEND, CX_DEVICE}, 1},
        {{CX_TIMEOUT, CX_PEER, CX_TIMEOUT}, 0},   {{CX_OK, CX_PEER, CX_TIMEOUT}, 1},
        {{CX_DEVICE, CX_BACKEND, CX_TIMEOUT}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int       speaker = rows[i].speaker;
        char      words[32];
        outcome_t outcomes[3];

        memcpy(failing_status, rows[i].status, sizeof failing_status);
        run_ranks(SOCKETS, 3, measure_failing, 1, outcomes);
        (void)snprintf(words, sizeof words, "words of %d", speaker);
        expect(outcomes, 3, rows[i].status[speaker], words);
        for (int rank = 0; rank < 3; rank++) {
            assert_int_equal(strncmp(outcomes[rank].text, "rank ", 5) == 0, rank != speaker);
        }
    }
}

/* ---- the ways to stop ------------------------------------------------------------------------ */

static void test_stopping(void **state)
{
    static const struct {
        const char *script;
        double      budget_us, target_ratio;
        int64_t     warmup_min, samples_max, wrong_in_block;
        cx_stop_t   stop;
        bool        is_settled;
        int64_t     count, discarded;
    } rows[] = {
        {"10us", 1e12, 0.01, 0, 1000, -1, CX_STOP_TARGET, true, 40, 0},
        /* The first block, of 8, is not the budget's; the next lasts 20 ms. */
        {"1ms", 5000, 0, 0, 1000, -1, CX_STOP_BUDGET, true, 29, 0},
        /* Nothing but warm-up: four times the budget, not settled. */
        {"1ms", 5000, 0, 500, 1000, -1, CX_STOP_BUDGET, false, 29, 29},
        {"1ms", 1e12, 0, 3, 50, -1, CX_STOP_SAMPLES_MAX, true, 50, 3},
        {"10us", 1e12, 0, 0, 1000, 1, CX_STOP_FAILURE, true, 40, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_sampling_t sampling = {.regime       = CX_REGIME_ISOLATED,
                                  .stamp_ops    = 1,
                                  .budget_us    = rows[i].budget_us,
                                  .target_ratio = rows[i].target_ratio,
                                  .samples_min  = 30,
                                  .samples_max  = rows[i].samples_max,
                                  .warmup_min   = rows[i].warmup_min};
        cx_outcome_t  outcome;
        cell_t        cell;

        assert_int_equal(cell_open_alone(&cell, "sim", rows[i].script, 1000), CX_OK);
        cell.wrong_in_block = rows[i].wrong_in_block;
        assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
        assert_string_equal(cx_stop_slug(outcome.stop), cx_stop_slug(rows[i].stop));
        assert_int_equal(cell.series.count, rows[i].count);
        assert_int_equal(outcome.is_settled, rows[i].is_settled);
        assert_int_equal(outcome.discarded_count, rows[i].discarded);
        assert_int_equal(outcome.wrong_count, rows[i].wrong_in_block >= 0);
        cell_close_alone(&cell);
    }
}

/* A quarter of the blocks, and one more, may be repeated; what stays disturbed beyond is counted.
 */
static void test_disturbed_blocks_are_repeated_up_to_the_limit(void **state)
{
    static const struct {
        int64_t disturbed, blocks, repeated, kept_disturbed;
    } rows[] = {{0, 20, 0, 0}, {1, 20, 1, 0}, {2, 20, 1, 1}, {1000, 20, 6, 20}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_sampling_t sampling = cell_sampling(CX_REGIME_LOOP_MEAN, rows[i].blocks);
        cx_outcome_t  outcome;
        cell_t        cell;

        assert_int_equal(cell_open_alone(&cell, "sim", SCRIPT, rows[i].blocks), CX_OK);
        cell.job.operation_count_max = 3;
        cell.disturbed_count         = rows[i].disturbed;
        assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
        assert_int_equal(outcome.block_count, rows[i].blocks);
        assert_int_equal(outcome.repeated_block_count, rows[i].repeated);
        assert_int_equal(outcome.disturbed_block_count, rows[i].kept_disturbed);
        assert_int_equal(outcome.timed_count, 3 * (rows[i].blocks + rows[i].repeated));
        cell_close_alone(&cell);
    }
}

/* ---- call by call ---------------------------------------------------------------------------- */

static void test_filling_and_verifying_stay_outside_the_windows(void **state)
{
    static const struct {
        cx_regime_t regime;
        const char *log;
    } rows[] = {
        {CX_REGIME_ISOLATED, "Fb[me0wm]sb[me1wm]sb[me2wm]sVx"},
        {CX_REGIME_STEADY, "Fb[me0me1me2me3wm]sVx"},
        {CX_REGIME_GRAPH, "e0wsV(e0e1e2e3)xmgmsVxFbmgmsVxFbmgmsVxFbmgmsVxf"},
        {CX_REGIME_LOOP_MEAN, "Fe0wsb[me1e2e3wm]sVxFe0wsb[me1e2e3wm]sVxFe0wsb[me1e2e3wm]sVx"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_job_t     *job      = stage_open(4, 1000);
        cx_sampling_t sampling = cell_sampling(rows[i].regime, 3);
        cx_outcome_t  outcome;
        cx_series_t   series;

        assert_int_equal(cx_series_init(&series, 1, 3), CX_OK);
        assert_int_equal(cx_measure_point(job, &sampling, &series, &outcome), CX_OK);
        assert_string_equal(stage.log, rows[i].log);
        assert_string_equal(stage.phases[1], "exchange");
        cx_series_fini(&series);
    }
}

static void slow_host(int32_t rank, void *message, size_t bytes)
{
    cx_block_header_t *header = message;

    assert_true(bytes >= sizeof *header);
    header->enqueue_us *= rank + 1;
}

/* Of three ranks the last needs three times as long. */
static void test_the_slowest_host_says_what_enqueuing_takes(void **state)
{
    static const struct {
        cx_regime_t regime;
        bool        is_timed;
        double      us;
    } rows[] = {{CX_REGIME_STEADY, true, 3},
                {CX_REGIME_LOOP_MEAN, true, 3},
                {CX_REGIME_ISOLATED, true, 0},
                {CX_REGIME_STEADY, false, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_job_t     *job      = stage_open(4, 1000);
        cx_sampling_t sampling = cell_sampling(rows[i].regime, 9);
        cx_outcome_t  outcome;
        cx_series_t   series;

        stage.rank_count          = 3;
        stage.other_rank          = slow_host;
        sampling.is_enqueue_timed = rows[i].is_timed;
        assert_int_equal(cx_series_init(&series, 3, 9), CX_OK);
        assert_int_equal(cx_measure_point(job, &sampling, &series, &outcome), CX_OK);
        assert_true(outcome.block_count > 1);
        assert_true(outcome.enqueue_us_mean == rows[i].us);
        cx_series_fini(&series);
    }
}

static void test_forbidden_things_inside_windows_are_counted(void **state)
{
    cx_job_t     *job      = stage_open(4, 1000);
    cx_sampling_t sampling = cell_sampling(CX_REGIME_ISOLATED, 3);
    cx_outcome_t  outcome;
    cx_series_t   series;

    (void)state;
    stage.violations_per_window = 2;
    stage.violation_count       = 100; /* what was before is not this point's */
    assert_int_equal(cx_series_init(&series, 1, 3), CX_OK);
    assert_int_equal(cx_measure_point(job, &sampling, &series, &outcome), CX_OK);
    assert_int_equal(outcome.violation_count, 6);
    cx_series_fini(&series);
}

static void test_every_failing_call_ends_the_point_with_its_words(void **state)
{
    static const struct {
        char        fails;
        const char *log, *words;
    } rows[] = {
        {'F', "Fx", "call F failed"},           {'b', "Fbx", "call b failed"},
        {'e', "Fb[me0m]x", "call e failed"},    {'V', "Fb[me0wm]sVx", "call V failed"},
        {'x', "Fb[me0wm]sVx", "call x failed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_job_t     *job      = stage_open(1, 1000);
        cx_sampling_t sampling = cell_sampling(CX_REGIME_ISOLATED, 3);
        cx_outcome_t  outcome  = {.timed_count = -7};
        cx_series_t   series;

        stage.fails = rows[i].fails;
        assert_int_equal(cx_series_init(&series, 1, 3), CX_OK);
        assert_int_equal(cx_measure_point(job, &sampling, &series, &outcome), CX_BACKEND);
        assert_string_equal(cx_detail()->text, rows[i].words);
        assert_string_equal(stage.log, rows[i].log);
        assert_int_equal(series.count, 0);
        assert_int_equal(outcome.timed_count, -7);
        cx_series_fini(&series);
    }
}

/* So no rank replays what another could not capture. */
static void test_a_capture_that_fails_is_told_before_anything_is_replayed(void **state)
{
    static const struct {
        char        fails;
        int         fail_index;
        const char *log;
    } rows[] = {{'e', 1, "e0wsV(e0/x"}, {'x', 0, "e0wsV(e0)xf"}, {'g', 0, "e0wsV(e0)xmgmxf"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_job_t     *job      = stage_open(1, 1000);
        cx_sampling_t sampling = cell_sampling(CX_REGIME_GRAPH, 3);
        cx_outcome_t  outcome;
        cx_series_t   series;

        stage.fails      = rows[i].fails;
        stage.fail_index = rows[i].fail_index;
        assert_int_equal(cx_series_init(&series, 1, 3), CX_OK);
        assert_int_equal(cx_measure_point(job, &sampling, &series, &outcome), CX_BACKEND);
        assert_string_equal(stage.log, rows[i].log);
        cx_series_fini(&series);
    }
}

static void test_how_long_a_block_may_be(void **state)
{
    static const struct {
        cx_regime_t regime;
        int32_t     slots;
        bool        once;
        int64_t     most;
    } rows[] = {
        {CX_REGIME_ISOLATED, 2, false, 4096},    {CX_REGIME_ISOLATED, 2, true, 2},
        {CX_REGIME_STEADY, 1, false, 4096},      {CX_REGIME_STEADY, 16, true, 16},
        {CX_REGIME_STEADY, 5000, true, 4096},    {CX_REGIME_LOOP_MEAN, 1, false, 50001},
        {CX_REGIME_LOOP_MEAN, 1024, true, 1024}, {CX_REGIME_GRAPH, 2, false, 20 * 4096},
        {CX_REGIME_GRAPH, 1024, true, 20},       {CX_REGIME_GRAPH, 2, true, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_sampling_t sampling = {.regime = rows[i].regime, .loop_iters = 50000, .stamp_ops = 20};

        assert_int_equal(cx_block_operation_count_max(&sampling, rows[i].slots, rows[i].once),
                         rows[i].most);
    }
    assert_int_equal(cx_block_message_bytes(10) - cx_block_message_bytes(9), sizeof(cx_stamp_t));
}

/* Long operations get short blocks, so that the budget is looked at often enough. */
static void test_blocks_last_about_twenty_milliseconds(void **state)
{
    cx_sampling_t sampling = cell_sampling(CX_REGIME_ISOLATED, 1000);
    cx_outcome_t  outcome;
    cell_t        cell;

    (void)state;
    assert_int_equal(cell_open_alone(&cell, "sim", "5ms", 1000), CX_OK);
    sampling.samples_max = 58;
    assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
    assert_int_equal(outcome.block_count, 11); /* 8, then 5 at a time */
    cell_close_alone(&cell);
}

static void test_real_time_is_not_shorter_than_the_script(void **state)
{
    cx_sampling_t sampling = cell_sampling(CX_REGIME_ISOLATED, 20);
    cx_outcome_t  outcome;
    cell_t        cell;

    (void)state;
    assert_int_equal(cell_open_alone(&cell, "host", "20us", 20), CX_OK);
    assert_int_equal(cx_measure_point(&cell.job, &sampling, &cell.series, &outcome), CX_OK);
    for (int64_t i = 0; i < 20; i++) {
        assert_true(cell.series.reduced_us[i] >= 20);
    }
    cell_close_alone(&cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isolated_gives_the_script_back_exactly),
        cmocka_unit_test(test_steady_gives_the_script_without_heads),
        cmocka_unit_test(test_stamps_are_as_far_apart_as_the_device_wants),
        cmocka_unit_test(test_a_disturbed_first_block_is_measured_again),
        cmocka_unit_test(test_a_wrong_first_block_is_kept),
        cmocka_unit_test(test_loop_mean_gives_the_mean_of_each_loop),
        cmocka_unit_test(test_graph_gives_the_mean_of_its_operations),
        cmocka_unit_test(test_each_regime_reduces_over_ranks_in_its_way),
        cmocka_unit_test(test_a_rank_with_a_reason_of_its_own_speaks_for_all),
        cmocka_unit_test(test_stopping),
        cmocka_unit_test(test_disturbed_blocks_are_repeated_up_to_the_limit),
        cmocka_unit_test(test_filling_and_verifying_stay_outside_the_windows),
        cmocka_unit_test(test_the_slowest_host_says_what_enqueuing_takes),
        cmocka_unit_test(test_forbidden_things_inside_windows_are_counted),
        cmocka_unit_test(test_every_failing_call_ends_the_point_with_its_words),
        cmocka_unit_test(test_a_capture_that_fails_is_told_before_anything_is_replayed),
        cmocka_unit_test(test_how_long_a_block_may_be),
        cmocka_unit_test(test_blocks_last_about_twenty_milliseconds),
        cmocka_unit_test(test_real_time_is_not_shorter_than_the_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
