/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what a backend leaves behind: sessions and sizes, a hundred times if they are quick. */
#include "run/conform_kit.h"

#include "base/deadline.h"
#include "run/agree.h"

#define CYCLE_COUNT_MAX 100
#define BLOCK_ELEMS 4099

/* Of sessions a cycle is a round: one of each operation, so that what only one of them leaves
 * behind is there after each round. Of sizes it is one size of one operation. */
typedef cx_status_t (*cycle_fn)(cx_conform_t *conform, cx_trial_t *trial);

/* What fits into the budget, by what the first cycle took, but not less than count_min. */
typedef struct plan {
    cycle_fn cycle;
    int64_t  warm_up_count, count_min, budget_ns;
} plan_t;

static cx_status_t repeat(cx_conform_t *conform, cx_trial_t *trial, cycle_fn cycle, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        CX_TRY(cycle(conform, trial));
    }
    return CX_OK;
}

/* Rank 0's word counts. */
static cx_status_t choose_count(const cx_conform_t *conform, const plan_t *plan, int64_t first_ns,
                                int64_t *out)
{
    cx_rank_context_t *context = conform->context;
    int64_t            count   = plan->budget_ns / (first_ns + 1);

    count = count < CYCLE_COUNT_MAX ? count : CYCLE_COUNT_MAX;
    *out  = count > plan->count_min ? count : plan->count_min;
    return context->core.peers_ops->broadcast(context->core.peers, out, sizeof *out, 0,
                                              cx_rank_context_phase(context, "cycles"));
}

/* What the first few keep, they may keep: a library is loaded once, a cache is filled once. */
static cx_status_t look_for_leaks(cx_conform_t *conform, cx_trial_t *trial, const plan_t *plan)
{
    int64_t        cycle_count, started_ns = cx_now_ns();
    cx_footprint_t before, after;
    cx_status_t    status;

    CX_TRY(plan->cycle(conform, trial));
    CX_TRY(choose_count(conform, plan, cx_now_ns() - started_ns, &cycle_count));
    CX_TRY(repeat(conform, trial, plan->cycle, plan->warm_up_count));
    status = cx_footprint_take(&before);
    CX_TRY(repeat(conform, trial, plan->cycle, cycle_count));
    if (status == CX_OK) {
        status = cx_footprint_take(&after);
    }
    if (status == CX_OK) {
        status = cx_footprint_compare(&before, &after, cycle_count);
    }
    return cx_agree(conform->context, status);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static cx_status_t open_and_close(cx_conform_t *conform, const cx_case_t *one)
{
    cx_trial_t trial;

    cx_trial_init(&trial, conform, one);
    return cx_trial_end(&trial, cx_trial_open(&trial));
}

static cx_status_t run_round(cx_conform_t *conform, cx_trial_t *trial)
{
    (void)trial;
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, open_and_close);
}

/* A round of communicators between GPUs takes eight seconds; their warm-up was the first. */
cx_status_t cx_conform_open_close(cx_conform_t *conform)
{
    static const plan_t plan = {
        .cycle = run_round, .warm_up_count = 0, .count_min = 2, .budget_ns = 5 * CX_NS_PER_S};

    return look_for_leaks(conform, NULL, &plan);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static cx_status_t prepare_and_release(cx_conform_t *conform, cx_trial_t *trial)
{
    (void)conform;
    CX_TRY(cx_trial_plan(trial, BLOCK_ELEMS));
    CX_TRY(cx_trial_prepare(trial));
    CX_TRY(cx_trial_run(trial, trial->workload.point.slot_count));
    cx_trial_release(trial);
    return CX_OK;
}

static cx_status_t try_sizes(cx_conform_t *conform, const cx_case_t *one)
{
    static const plan_t plan = {.cycle         = prepare_and_release,
                                .warm_up_count = 9,
                                .count_min     = 20,
                                .budget_ns     = CX_NS_PER_S / 4};
    cx_trial_t          trial;
    cx_status_t         status;

    cx_trial_init(&trial, conform, one);
    status = cx_trial_open(&trial);
    if (status == CX_OK) {
        status = look_for_leaks(conform, &trial, &plan);
    }
    return cx_trial_end(&trial, status);
}

cx_status_t cx_conform_prepare_release(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_OPERATION, true, try_sizes);
}
