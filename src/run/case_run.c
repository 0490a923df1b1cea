/* SPDX-License-Identifier: Apache-2.0 */
/* The shared part of a case on a rank. */
#include "run/case_run.h"

#include "base/deadline.h"
#include "plugin/plugin.h"
#include "run/agree.h"
#include "run/report.h"
#include "run/run_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cx_case_run_is_orderly(cx_status_t status)
{
    return status != CX_PEER && status != CX_TIMEOUT && status != CX_INTERNAL;
}

cx_status_t cx_case_run_load(cx_case_run_t *run)
{
    CX_TRY(cx_backend_load(run->one->backend, "backend", &run->ops));
    return run->ops->probe(&run->context->core, &run->caps);
}

cx_status_t cx_backend_options_read(const cx_case_t *one, const cx_option_t *rows,
                                    size_t options_bytes, cx_arena_t *arena, void **out)
{
    char  copy[CX_OPTION_TEXT_BYTES_MAX];
    void *options = cx_arena_grab(arena, options_bytes + 1);
    char *rest;

    if (!options) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the options of %s", one->backend);
    }
    CX_TRY(cx_options_defaults(rows, options, arena));
    (void)snprintf(copy, sizeof copy, "%s", one->backend_options);
    for (char *item = strtok_r(copy, ";", &rest); item; item = strtok_r(NULL, ";", &rest)) {
        char              *equals = strchr(item, '=');
        const cx_option_t *row;

        if (equals) {
            *equals = '\0';
        }
        row = equals ? cx_options_find(rows, item) : NULL;
        if (!row) {
            return CX_FAIL(CX_INVALID, "backend-options: backend %s has no option \"%s\"",
                           one->backend, item);
        }
        CX_TRY(cx_option_set(row, options, equals + 1, "backend-options", arena));
    }
    *out = options;
    return CX_OK;
}

static cx_status_t open_locally(cx_case_run_t *run, const cx_core_t *core, const cx_shape_t *shape,
                                cx_session_t **out, double *took_us)
{
    void       *options;
    int64_t     began_ns;
    cx_status_t status;

    CX_TRY(cx_backend_options_read(run->one, run->ops->options, run->ops->options_bytes,
                                   &run->arena, &options));
    cx_rank_context_phase(run->context, "backend open");
    began_ns = cx_now_ns();
    status   = run->ops->open(core, shape, options, out);
    *took_us = (double)(cx_now_ns() - began_ns) / 1e3;
    return status;
}

/* The largest of what the ranks bring. */
static cx_status_t find_slowest(cx_rank_context_t *context, double mine_us, double *slowest_us)
{
    const cx_core_t *core   = &context->core;
    double          *all_us = calloc((size_t)core->rank_count, sizeof *all_us);
    cx_status_t      status;

    if (!all_us) {
        return CX_FAIL(CX_INTERNAL, "out of memory for the times of %d ranks", core->rank_count);
    }
    status      = core->peers_ops->allgather(core->peers, &mine_us, all_us, sizeof mine_us,
                                             cx_rank_context_phase(context, "agreeing"));
    *slowest_us = mine_us;
    for (int32_t rank = 0; rank < core->rank_count && status == CX_OK; rank++) {
        *slowest_us = fmax(*slowest_us, all_us[rank]);
    }
    free(all_us);
    return status;
}

cx_status_t cx_case_run_open(cx_case_run_t *run, const cx_core_t *core, const cx_shape_t *shape,
                             cx_session_t **out)
{
    double own_us = 0;

    run->context->backend_open_us = (double)NAN;
    CX_TRY(cx_agree(run->context, open_locally(run, core, shape, out, &own_us)));
    CX_TRY(find_slowest(run->context, own_us, &own_us));
    if (!run->context->facts.is_virtual_time) {
        run->context->backend_open_us = own_us;
    }
    return CX_OK;
}

void cx_case_run_look(cx_case_run_t *run, cx_block_report_t *report)
{
    cx_guard_limits_t  limits = cx_guard_limits_default;
    cx_guard_t         after;
    cx_guard_finding_t findings[CX_GUARD_KIND_COUNT];
    uint32_t           count;

    if (run->context->facts.is_virtual_time) {
        return;
    }
    /* What the other ranks of this host used is theirs; it is not known here in time. */
    if (run->context->core.local_rank_count > 1) {
        limits.siblings_busy_us = (double)NAN;
    }
    cx_guard_sample(&after);
    count = cx_guard_compare(&run->guard, &after, &limits, findings, CX_GUARD_KIND_COUNT);
    report->is_disturbed = count > 0;
    for (uint32_t i = 0; i < count; i++) {
        run->finding_bits |= cx_finding_bit(findings[i].id);
    }
}

cx_status_t cx_case_run_verdict(cx_rank_context_t *context, const cx_verdict_t *mine, char *detail,
                                size_t detail_bytes)
{
    const cx_core_t *core     = &context->core;
    cx_verdict_t    *verdicts = calloc((size_t)core->rank_count, sizeof *verdicts);
    cx_status_t      status   = CX_OK;
    int32_t          told     = 0;

    if (!verdicts) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %d verdicts", core->rank_count);
    }
    status = core->peers_ops->allgather(core->peers, mine, verdicts, sizeof *verdicts,
                                        cx_rank_context_phase(context, "verdict"));
    for (int32_t rank = 1; rank < core->rank_count && status == CX_OK; rank++) {
        told = cx_verdict_says_more(&verdicts[rank], &verdicts[told]) ? rank : told;
    }
    (void)snprintf(detail, detail_bytes, "%s on rank %d: %s", verdicts[told].kind, told,
                   verdicts[told].text);
    free(verdicts);
    return status;
}

cx_status_t cx_case_run_heed_stop(cx_rank_context_t *context)
{
    cx_status_t status = CX_OK;

    if (atomic_load(&context->board->is_stopping)) {
        status = CX_FAIL(CX_INVALID, CX_INTERRUPTED_TEXT);
    }
    status = cx_agree(context, status);
    context->is_interrupted |= status == CX_INVALID;
    return status;
}
