/* SPDX-License-Identifier: Apache-2.0 */
/* A stage for pairs: two rungs on the slots 0, 1 and 4, 5, 6, phases of 2 (dispatch), 4 (stage) and
 * 8 us (combine), every call written down. Not among real ranks (test_pair_block.c). */
#ifndef TESTS_UNIT_MEASURE_PAIR_STAGE_H
#define TESTS_UNIT_MEASURE_PAIR_STAGE_H

#include "unit/measure/stage.h"

#include "measure/pair_block.h"

#define PAIR_RUNG_COUNT_MAX 2

/**
 * sequence    what was begun, in order: the first letter of its phase and the slot that was used
 *             last before (of the rung, as it is warm)
 * pair_count  that hooks are called with
 */
typedef struct pair_stage {
    cx_pair_job_t      job;
    cx_pair_sampling_t sampling;
    cx_pair_result_t   results[PAIR_RUNG_COUNT_MAX];
    char               sequence[1024];
    size_t             length;
    int64_t            pair_count;
    bool               is_disturbed;
} pair_stage_t;

static pair_stage_t pairs;

static inline cx_status_t pair_before(void *context, int32_t rung, int64_t pair_count)
{
    cx_status_t status = stage_note('F');

    (void)context;
    assert_int_equal(pair_count, pairs.pair_count);
    stage.log[stage.length++] = (char)('0' + rung);
    return status;
}

static inline cx_status_t pair_after(void *context, int32_t rung, int64_t pair_count,
                                     cx_block_report_t *report)
{
    cx_status_t status = stage_note('V');

    (void)context;
    assert_int_equal(pair_count, pairs.pair_count);
    stage.log[stage.length++] = (char)('0' + rung);
    report->verified_count    = pair_count;
    report->wrong_count       = stage.wrong_count;
    report->is_disturbed      = pairs.is_disturbed;
    return status;
}

static inline int64_t pair_phase(void *context, const char *phase)
{
    (void)context;
    assert_true(strlen(phase) < CX_BOARD_PHASE_BYTES);
    if (phase[0] != 'w' && phase[0] != 'e') { /* neither warm-up nor exchange */
        assert_true(pairs.length + 2 < sizeof pairs.sequence);
        pairs.sequence[pairs.length++] = phase[0];
        pairs.sequence[pairs.length++] = (char)('0' + stage.last_slot);
    }
    return 77;
}

/* One rung, or two; ranks but 0 are made up by stage.other_rank. */
static inline cx_pair_job_t *pair_open(cx_regime_t regime, cx_pair_sampling_t sampling,
                                       int32_t rank_count)
{
    static const int64_t phase_ns[CX_PHASE_COUNT] = {0, 2000, 4000, 8000};
    cx_job_t            *job                      = stage_open(1, 0);

    memset(&pairs, 0, sizeof pairs);
    memcpy(stage.phase_ns, phase_ns, sizeof phase_ns);
    stage.backend_ops.wait = NULL;
    stage.rank_count       = rank_count;
    pairs.sampling         = sampling;
    pairs.pair_count =
        regime == CX_REGIME_ISOLATED ? sampling.iters_per_trial : sampling.chain_iters;
    pairs.job = (cx_pair_job_t){.window       = job->window,
                                .peers_ops    = job->peers_ops,
                                .rank_count   = rank_count,
                                .rung_count   = 1,
                                .rungs        = {{0, 2}, {4, 3}},
                                .before_block = pair_before,
                                .after_block  = pair_after,
                                .begin_phase  = pair_phase,
                                .to_common_ns = stage_common_ns};
    for (int i = 0; i < PAIR_RUNG_COUNT_MAX; i++) {
        assert_int_equal(
            cx_pair_result_init(&pairs.results[i], rank_count, &pairs.sampling, regime), CX_OK);
    }
    return &pairs.job;
}

static inline void pair_close(void)
{
    for (int i = 0; i < PAIR_RUNG_COUNT_MAX; i++) {
        cx_pair_result_fini(&pairs.results[i]);
    }
}

#endif
