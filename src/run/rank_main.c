/* SPDX-License-Identifier: Apache-2.0 */
/* The whole life of a rank process. */
#include "run/rank_main.h"

#include "base/log.h"
#include "base/units.h"
#include "launch/local.h"
#include "run/agree.h"
#include "run/plan_text.h"
#include "run/run_case.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define MEETING_TIMEOUT_NS (INT64_C(60) * 1000 * 1000 * 1000)

static cx_status_t read_plan(cx_arena_t *arena, cx_plan_t *plan)
{
    const char *text = getenv(CX_ENV_PLAN_FD);
    int64_t     fd;

    if (!text || cx_units_parse_int(text, &fd) != NULL) {
        return CX_FAIL(CX_INTERNAL, "a rank process was started without a plan");
    }
    return cx_plan_from_fd((int)fd, arena, plan);
}

/* Every supervisor has expanded the same request; a rank with another plan is in another run. */
static cx_status_t compare_plans(cx_rank_context_t *context, const cx_plan_t *plan)
{
    cx_core_t  *core                    = &context->core;
    char        mine[CX_HASH_HEX_BYTES] = "";
    char       *all                     = calloc((size_t)core->rank_count, sizeof mine);
    cx_status_t status;

    if (!all) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d digests", core->rank_count);
    }
    for (size_t i = 0; i < plan->case_count; i++) {
        char both[2 * CX_HASH_HEX_BYTES];

        memcpy(both, mine, sizeof mine);
        memcpy(both + sizeof mine, plan->cases[i].digest, sizeof mine);
        cx_hash_hex(both, sizeof both, mine);
    }
    status = core->peers_ops->allgather(core->peers, mine, all, sizeof mine,
                                        cx_rank_context_phase(context, "comparing plans"));
    for (int32_t rank = 0; rank < core->rank_count && status == CX_OK; rank++) {
        if (strcmp(all + (size_t)rank * sizeof mine, mine) != 0) {
            status = CX_FAIL(CX_PEER, "rank %d was started with another request than rank %d", rank,
                             core->rank);
        }
    }
    free(all);
    return status;
}

static cx_status_t run_cases(cx_rank_context_t *context, const cx_plan_t *plan)
{
    cx_bench_t  bench;
    cx_status_t status = CX_OK;

    cx_bench_init(&bench, context);
    for (size_t i = 0; i < plan->case_count && status == CX_OK && !context->is_interrupted; i++) {
        status = cx_run_case(&bench, &plan->cases[i], (int64_t)i);
    }
    if (status == CX_OK) {
        cx_bench_fini(&bench);
    }
    return status;
}

static cx_status_t live(cx_rank_context_t *context, cx_arena_t *arena)
{
    cx_plan_t plan;

    CX_TRY(read_plan(arena, &plan));
    CX_TRY(cx_rank_context_open(context, MEETING_TIMEOUT_NS));
    CX_TRY(cx_guard_open(NULL));
    CX_TRY(compare_plans(context, &plan));
    return run_cases(context, &plan);
}

int cx_rank_main(void)
{
    static cx_rank_context_t context; /* waiting loops may look at it until the very end */
    cx_arena_t               arena;
    cx_status_t              status;

    /* The supervisor decides when to stop; a Ctrl-C goes to the whole group. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    cx_arena_init(&arena);
    status = live(&context, &arena);
    if (status != CX_OK && context.own) {
        cx_rank_context_give_up(&context, status);
    } else if (status != CX_OK) {
        cx_log(CX_LOG_ERROR, "rank", "%s", cx_detail()->text);
    }
    cx_rank_context_close(&context);
    cx_arena_fini(&arena);
    return status == CX_OK ? 0 : 1;
}
