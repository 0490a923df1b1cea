/* SPDX-License-Identifier: Apache-2.0 */
/* One case from start to end, of any family: the device, the family's part, how it ended. */
#include "run/run_case.h"

#include "run/agree.h"
#include "run/collective_case.h"
#include "run/ep_case.h"
#include "run/report.h"

#include <string.h>

/* What a rank does in a case of each family. */
static cx_status_t (*const run_family[CX_FAMILY_COUNT])(cx_case_run_t *run) = {
    [CX_FAMILY_COLLECTIVE] = cx_collective_case_run,
    [CX_FAMILY_EP]         = cx_ep_case_run,
    [CX_FAMILY_ALLREDUCE]  = cx_collective_case_run,
    [CX_FAMILY_LIMITS]     = cx_collective_case_run,
};

static cx_status_t run_whole(cx_case_run_t *run)
{
    if (run->context->host_count > 1) {
        CX_TRY(cx_rank_context_clock(run->context));
    }
    CX_TRY(cx_agree(run->context, cx_bench_device(run->bench, run->one->device)));
    return run_family[run->one->family](run);
}

cx_status_t cx_run_case(cx_bench_t *bench, const cx_case_t *one, int64_t case_index)
{
    cx_case_run_t run;
    cx_status_t   status;

    memset(&run, 0, sizeof run);
    cx_detail_clear();
    run.bench               = bench;
    run.context             = bench->context;
    run.one                 = one;
    run.case_index          = case_index;
    run.context->timeout_ns = (int64_t)(one->timeout_us * 1e3);
    atomic_store(&run.context->own->case_index, case_index);
    status = cx_case_run_heed_stop(run.context);
    if (status != CX_OK) {
        return cx_case_run_is_orderly(status) ? CX_OK : status;
    }
    cx_arena_init(&run.arena);
    status = run_whole(&run);
    if (cx_case_run_is_orderly(status)) {
        status = cx_report_case_end(run.context, case_index, status);
        cx_arena_fini(&run.arena);
    }
    return status;
}
