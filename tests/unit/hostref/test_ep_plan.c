/* SPDX-License-Identifier: Apache-2.0 */
/* What prepare refuses, and how much memory it takes.
 * Not what is dispatched into that memory (test_ep_dispatch.c). */
#include "ep_exercise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* One thing that is wrong with inputs or memory, and words of the refusal. */
typedef struct flaw {
    const char *words;
    int32_t     expert; /* of rank 2, slot 1, token 1, choice 1 */
    bool        is_repeated;
    int64_t     missing_bytes; /* of the region */
} flaw_t;

typedef struct plan {
    const cx_backend_ops_t *ops;
    flaw_t                  flaw;
} plan_t;

/* All ranks refuse alike, release what they took, and could go on. */
static int prepare_flawed(fake_core_t *fake, void *argument)
{
    const plan_t *plan = argument;
    ep_run_t      run;
    int           failed_count;

    if (ep_open(&run, fake, plan->ops, &ep_typical) != CX_OK) {
        return 1;
    }
    if (run.rank == 2 && !plan->flaw.missing_bytes) {
        int32_t *experts = ep_experts(&run, 1) + run.what->topk;

        experts[1] = plan->flaw.is_repeated ? experts[0] : plan->flaw.expert;
    }
    run.point.region_bytes -= (size_t)plan->flaw.missing_bytes;
    failed_count = plan->ops->prepare(run.session, &run.point) != CX_INVALID;
    if (!strstr(fake_detail_text, plan->flaw.words)) {
        failed_count++;
    }
    run.point.region_bytes += (size_t)plan->flaw.missing_bytes;
    /* Peers may still be looking at the experts. */
    failed_count += fake_barrier(&fake->peers, fake->deadline_ns) != CX_OK;
    ep_fill(&run);
    failed_count += plan->ops->prepare(run.session, &run.point) != CX_OK;
    plan->ops->release(run.session);
    return ep_close(&run, failed_count);
}

static void test_prepare_refuses_what_cannot_be_dispatched(void **state)
{
    static const flaw_t flaws[] = {
        {"rank 2, token 1, slot 1: there is no expert 12 of 12", 12, false, 0},
        {"rank 2, token 1, slot 1: there is no expert -1 of 12", -1, false, 0},
        {"rank 2, token 1: slots 0 and 1 have the same expert", 0, true, 0},
        {"do not fit into a region", 0, false, 1024},
    };

    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        plan_t plan = {.ops = *state, .flaw = flaws[i]};

        assert_int_equal(fake_ranks_run(3, EP_BUDGET_NS, prepare_flawed, &plan), 0);
    }
}

/* Memory for the rows that come, not for those that could. */
static int measure_planes(fake_core_t *fake, void *argument)
{
    const plan_t       *plan      = argument;
    const ep_exercise_t what      = {.mode               = CX_EP_MODE_LOW_LATENCY,
                                     .hidden_elems       = 512,
                                     .topk               = 2,
                                     .local_expert_count = 32,
                                     .token_count        = 300,
                                     .slot_count         = 1};
    const size_t        row_bytes = 1024;
    ep_run_t            run;
    cx_ep_view_t        view;
    int                 failed_count = 0;

    if (ep_open(&run, fake, plan->ops, &what) != CX_OK ||
        plan->ops->prepare(run.session, &run.point) != CX_OK) {
        return 1;
    }
    failed_count += plan->ops->inspect(run.session, 0, &view) != CX_OK;
    failed_count += view.row_count != 0 || view.expert_row_capacity == 0;
    for (int32_t i = 0; i < fake->device.export_count; i++) {
        const size_t bytes = fake->device.exports[i].bytes;

        failed_count += fake->device.exports[i].memory != run.point.region &&
                        bytes > (size_t)(2 * 600 * 3) * row_bytes;
    }
    plan->ops->release(run.session);
    return ep_close(&run, failed_count);
}

static void test_prepare_takes_memory_for_the_rows_that_come(void **state)
{
    plan_t plan = {.ops = *state};

    assert_int_equal(fake_ranks_run(2, EP_BUDGET_NS, measure_planes, &plan), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prepare_refuses_what_cannot_be_dispatched),
        cmocka_unit_test(test_prepare_takes_memory_for_the_rows_that_come),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
