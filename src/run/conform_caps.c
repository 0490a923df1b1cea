/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of capabilities: what is declared works, what is not declared does no harm. */
#include "run/conform_kit.h"

#include "base/deadline.h"
#include "run/agree.h"

#include <stdlib.h>

#define BARRIER_COUNT 6
#define LATENESS_US 2000

/* Small and odd: one element, a few, and more than a block that travels through control memory. */
static const int64_t block_elems[] = {1, 17, 4099};

/* Every slot is used once and looked at. */
static cx_status_t run_size(cx_trial_t *trial, int64_t elems)
{
    int64_t slot_count;

    CX_TRY(cx_trial_plan(trial, elems));
    CX_TRY(cx_trial_prepare(trial));
    slot_count = trial->workload.point.slot_count;
    CX_TRY(cx_trial_run(trial, slot_count));
    CX_TRY(cx_trial_verify(trial, slot_count));
    cx_trial_release(trial);
    return CX_OK;
}

/* ---- barrier --------------------------------------------------------------------------------- */

typedef struct passage {
    int64_t entered_ns, left_ns; /* common time */
} passage_t;

/* Nobody may leave before the last has come; of the clocks' error the barrier gets the benefit. */
static cx_status_t judge_passages(const cx_conform_t *conform, const passage_t *passages)
{
    int32_t rank_count = conform->context->core.rank_count, last = 0, first = 0;
    double  bound_ns = conform->context->clock.bound_ns;

    for (int32_t rank = 1; rank < rank_count; rank++) {
        last  = passages[rank].entered_ns > passages[last].entered_ns ? rank : last;
        first = passages[rank].left_ns < passages[first].left_ns ? rank : first;
    }
    if ((double)(passages[last].entered_ns - passages[first].left_ns) > bound_ns) {
        return CX_FAIL(CX_INCORRECT, "rank %d left the barrier %.0f us before rank %d came", first,
                       (double)(passages[last].entered_ns - passages[first].left_ns) / 1e3, last);
    }
    return CX_OK;
}

/* One rank comes late. */
static cx_status_t pass_barrier(cx_trial_t *trial, int32_t late_rank, passage_t *passages)
{
    cx_rank_context_t *context = trial->conform->context;
    const cx_core_t   *core    = &context->core;
    passage_t          mine;

    if (core->rank == late_rank) {
        CX_TRY(core->device_ops->spin(core->device, trial->conform->bench.stream, LATENESS_US));
    }
    mine.entered_ns = cx_rank_context_common_ns(context, cx_now_ns());
    CX_TRY(trial->conform->ops->enqueue(trial->session, CX_PHASE_OPERATION, 0,
                                        trial->conform->bench.stream));
    mine.left_ns = cx_rank_context_common_ns(context, cx_now_ns());
    CX_TRY(core->peers_ops->allgather(core->peers, &mine, passages, sizeof mine,
                                      cx_rank_context_phase(context, "barrier")));
    return judge_passages(trial->conform, passages);
}

/* A limit that moves nothing need not be one. */
static bool is_barrier(const cx_case_t *one)
{
    return one->family != CX_FAMILY_LIMITS || one->limits.limit == CX_LIMIT_DEVICE_BARRIER;
}

/* Only where the work is done when enqueue returns, and time is real, do the stamps mean much. */
static cx_status_t try_barrier(cx_trial_t *trial)
{
    const cx_conform_t *conform    = trial->conform;
    int32_t             rank_count = conform->context->core.rank_count;
    passage_t          *passages;
    cx_status_t         status = CX_OK;

    if (conform->caps.moves_no_data || conform->context->facts.is_virtual_time ||
        !conform->context->facts.is_host_ordered || CX_HAS(conform->ops, wait)) {
        return CX_OK;
    }
    passages = calloc((size_t)rank_count, sizeof *passages);
    if (!passages) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d ranks", rank_count);
    }
    CX_TRY_OR(free_passages, cx_trial_plan(trial, 1));
    CX_TRY_OR(free_passages, cx_trial_prepare(trial));
    for (int32_t i = 0; i < BARRIER_COUNT && status == CX_OK; i++) {
        status = pass_barrier(trial, i % rank_count, passages);
    }
    cx_trial_release(trial);

free_passages:
    free(passages);
    return status;
}

/* ---- declared -------------------------------------------------------------------------------- */

static cx_status_t run_sizes(cx_trial_t *trial)
{
    CX_TRY(cx_trial_open(trial));
    if (trial->one.op == CX_COLLECTIVE_BARRIER) {
        CX_TRY(is_barrier(&trial->one) ? try_barrier(trial) : CX_OK);
        return run_size(trial, 1);
    }
    for (size_t i = 0; i < sizeof block_elems / sizeof block_elems[0]; i++) {
        CX_TRY(run_size(trial, block_elems[i]));
    }
    return CX_OK;
}

static cx_status_t try_declared(cx_conform_t *conform, const cx_case_t *one)
{
    cx_trial_t trial;

    cx_trial_init(&trial, conform, one);
    return cx_trial_end(&trial, run_sizes(&trial));
}

cx_status_t cx_conform_declared(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_PAIR, true, try_declared);
}

/* ---- undeclared ------------------------------------------------------------------------------ */

/* The core offers none of these to anybody. A backend that is asked all the same may refuse, with a
 * sentence, or open what will never be used; a crash is what must not come. */
static cx_status_t try_undeclared(cx_conform_t *conform, const cx_case_t *one)
{
    cx_shape_t    shape = cx_case_shape(one);
    cx_session_t *session;
    cx_status_t   status = cx_conform_open(conform, &shape, &session);

    if (status == CX_OK) {
        conform->ops->close(session);
    } else if (cx_conform_is_out_of_step(status)) {
        return status;
    } else if (!cx_detail()->text[0]) {
        status = CX_FAIL(CX_INVALID, "open says %s, without a sentence", cx_status_slug(status));
        return cx_agree(conform->context, status);
    }
    cx_detail_clear();
    return cx_agree(conform->context, CX_OK);
}

cx_status_t cx_conform_undeclared(cx_conform_t *conform)
{
    return cx_conform_each_case(conform, CX_CONFORM_EVERY_PAIR, false, try_undeclared);
}
