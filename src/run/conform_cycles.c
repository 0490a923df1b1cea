/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what a backend leaves behind: sessions and sizes, a hundred times if they are quick. */
#include "run/conform_kit.h"

#include "base/deadline.h"
#include "run/agree.h"

#define WARM_UP_COUNT 10
#define CYCLE_COUNT_MAX 100
#define CYCLE_COUNT_MIN 20
#define BUDGET_NS (3 * CX_NS_PER_S) /* a communicator between GPUs takes half a second to open */
#define BLOCK_ELEMS 4099

typedef cx_status_t (*cycle_fn)(cx_trial_t *trial);

static cx_status_t repeat(cx_trial_t *trial, cycle_fn cycle, int64_t cycle_count)
{
    for (int64_t i = 0; i < cycle_count; i++) {
        CX_TRY(cycle(trial));
    }
    return CX_OK;
}

/* As many as fit into the budget by what the warm-up took; rank 0's word counts. */
static cx_status_t choose_count(const cx_trial_t *trial, int64_t warm_up_ns, int64_t *out)
{
    cx_rank_context_t *context = trial->conform->context;
    int64_t            count   = BUDGET_NS * WARM_UP_COUNT / (warm_up_ns + 1);

    count = count < CYCLE_COUNT_MAX ? count : CYCLE_COUNT_MAX;
    *out  = count > CYCLE_COUNT_MIN ? count : CYCLE_COUNT_MIN;
    return context->core.peers_ops->broadcast(context->core.peers, out, sizeof *out, 0,
                                              cx_rank_context_phase(context, "cycles"));
}

/* What the first few keep, they may keep: a library is loaded once, a cache is filled once. */
static cx_status_t look_for_leaks(cx_trial_t *trial, cycle_fn cycle)
{
    int64_t        cycle_count, started_ns = cx_now_ns();
    cx_footprint_t before, after;
    cx_status_t    status;

    CX_TRY(repeat(trial, cycle, WARM_UP_COUNT));
    CX_TRY(choose_count(trial, cx_now_ns() - started_ns, &cycle_count));
    status = cx_footprint_take(&before);
    CX_TRY(repeat(trial, cycle, cycle_count));
    if (status == CX_OK) {
        status = cx_footprint_take(&after);
    }
    if (status == CX_OK) {
        status = cx_footprint_compare(&before, &after, cycle_count);
    }
    return cx_agree(trial->conform->context, status);
}

static cx_status_t open_and_close(cx_trial_t *trial)
{
    return cx_trial_end(trial, cx_trial_open(trial));
}

static cx_status_t prepare_and_release(cx_trial_t *trial)
{
    CX_TRY(cx_trial_plan(trial, BLOCK_ELEMS));
    CX_TRY(cx_trial_prepare(trial));
    CX_TRY(cx_trial_run(trial, trial->workload.point.slot_count));
    cx_trial_release(trial);
    return CX_OK;
}

static cx_status_t try_sessions(cx_conform_t *conform, const cx_case_t *one)
{
    cx_trial_t trial;

    cx_trial_init(&trial, conform, one);
    return look_for_leaks(&trial, open_and_close);
}

static cx_status_t try_sizes(cx_conform_t *conform, const cx_case_t *one)
{
    cx_trial_t  trial;
    cx_status_t status;

    cx_trial_init(&trial, conform, one);
    status = cx_trial_open(&trial);
    if (status == CX_OK) {
        status = look_for_leaks(&trial, prepare_and_release);
    }
    return cx_trial_end(&trial, status);
}

cx_status_t cx_conform_open_close(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, try_sessions);
}

cx_status_t cx_conform_prepare_release(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, try_sizes);
}
