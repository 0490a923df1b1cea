/* SPDX-License-Identifier: Apache-2.0 */
/* The untimed probe of an all-reduce: run it, take digests, hold one output against the bounds. */
#include "run/allreduce_probe.h"

#include "collectivex/digest.h"
#include "family/collective/accumulation.h"
#include "run/agree.h"

#include <stdlib.h>

#define RUN_COUNT 4

/* What a rank finds out, told to all. */
typedef struct finding {
    uint64_t digests[RUN_COUNT]; /* of its output, run by run */
    int32_t  accumulation;
} finding_t;

typedef struct probe {
    cx_case_run_t    *shared;
    cx_session_t     *session;
    const cx_point_t *point;
    const cx_slot_t  *slot;
    size_t            bytes;                       /* of either buffer of the slot */
    unsigned char    *scratch, *inputs, *poisoned; /* owned, `bytes` each; the slot as found */
    finding_t         own;
} probe_t;

static cx_status_t copy(const probe_t *probe, void *to, const void *from)
{
    const cx_core_t *core = &probe->shared->context->core;

    return core->device_ops->copy(core->device, to, from, probe->bytes);
}

static void *send_of(const probe_t *probe)
{
    return (void *)(uintptr_t)probe->slot->send;
}

static cx_status_t take_slot(probe_t *probe)
{
    const cx_case_t *one = probe->shared->one;

    probe->scratch  = malloc(probe->bytes);
    probe->inputs   = malloc(probe->bytes);
    probe->poisoned = malloc(probe->bytes);
    if (!probe->scratch || !probe->inputs || !probe->poisoned) {
        return CX_FAIL(CX_RESOURCE, "out of memory for three buffers of %zu bytes", probe->bytes);
    }
    CX_TRY(copy(probe, probe->inputs, probe->slot->send));
    CX_TRY(copy(probe, probe->poisoned, probe->slot->recv));
    cx_accumulation_fill((cx_dtype_t)one->dtype, (uint64_t)one->seed,
                         probe->shared->context->core.rank, probe->point->elems, probe->scratch);
    return copy(probe, send_of(probe), probe->scratch);
}

static cx_status_t give_slot_back(probe_t *probe)
{
    CX_TRY(copy(probe, send_of(probe), probe->inputs));
    return copy(probe, probe->slot->recv, probe->poisoned);
}

static cx_status_t take_digest(const probe_t *probe, uint64_t *out)
{
    const cx_core_t       *core = &probe->shared->context->core;
    const cx_device_ops_t *ops  = core->device_ops;

    if (CX_DEVICE_HAS(ops, digest)) {
        return ops->digest(core->device, probe->shared->bench->stream, probe->slot->recv,
                           probe->bytes, out);
    }
    CX_TRY(copy(probe, probe->scratch, probe->slot->recv));
    *out = cx_digest(probe->scratch, probe->bytes);
    return CX_OK;
}

/* From poison, so that an operation that does nothing does not repeat the last one's output. */
static cx_status_t run_once(const probe_t *probe, uint64_t *digest)
{
    cx_case_run_t   *shared      = probe->shared;
    cx_stream_t     *stream      = shared->bench->stream;
    const cx_core_t *core        = &shared->context->core;
    const int64_t    deadline_ns = cx_rank_context_phase(shared->context, "accumulation probe");

    CX_TRY(copy(probe, probe->slot->recv, probe->poisoned));
    CX_TRY(shared->ops->enqueue(probe->session, CX_PHASE_OPERATION, 0, stream));
    if (CX_HAS(shared->ops, wait)) {
        CX_TRY(shared->ops->wait(probe->session, CX_PHASE_OPERATION));
    }
    CX_TRY(core->device_ops->synchronize(core->device, stream, deadline_ns));
    return take_digest(probe, digest);
}

static cx_status_t judge_output(probe_t *probe)
{
    const cx_case_t *one = probe->shared->one;

    CX_TRY(copy(probe, probe->scratch, probe->slot->recv));
    probe->own.accumulation = (int32_t)cx_accumulation_judge(
        (cx_dtype_t)one->dtype, (uint64_t)one->seed, probe->shared->context->core.rank_count,
        probe->point->elems, probe->scratch);
    return CX_OK;
}

/* The least that any rank proves; equal in every run, on every rank. */
static void conclude(const finding_t *findings, int32_t rank_count, cx_row_t *row)
{
    int32_t least = CX_ACCUMULATION_EXACT;

    row->is_rank_equal = 1;
    row->is_repeatable = 1;
    for (int32_t rank = 0; rank < rank_count; rank++) {
        const finding_t *one = &findings[rank];

        least = one->accumulation > least ? one->accumulation : least;
        for (int i = 0; i < RUN_COUNT; i++) {
            row->is_rank_equal &= one->digests[i] == findings[0].digests[i];
            row->is_repeatable &= one->digests[i] == one->digests[0];
        }
    }
    row->accumulation = cx_accumulation_slug((cx_accumulation_t)least);
}

/* Nobody touches a slot of ours after this. */
static cx_status_t tell_all(const probe_t *probe, cx_row_t *row)
{
    const cx_core_t *core     = &probe->shared->context->core;
    finding_t       *findings = calloc((size_t)core->rank_count, sizeof *findings);
    cx_status_t      status;

    if (!findings) {
        return CX_FAIL(CX_INTERNAL, "out of memory for what %d ranks found", core->rank_count);
    }
    CX_TRY_OR(free_findings, core->peers_ops->allgather(
                                 core->peers, &probe->own, findings, sizeof *findings,
                                 cx_rank_context_phase(probe->shared->context, "agreeing")));
    conclude(findings, core->rank_count, row);

free_findings:
    free(findings);
    return status;
}

static cx_status_t probe_slot(probe_t *probe, cx_row_t *row)
{
    cx_rank_context_t *context = probe->shared->context;

    CX_TRY(cx_agree(context, take_slot(probe)));
    for (int i = 0; i < RUN_COUNT; i++) {
        CX_TRY(cx_agree(context, run_once(probe, &probe->own.digests[i])));
    }
    CX_TRY(cx_agree(context, judge_output(probe)));
    CX_TRY(tell_all(probe, row));
    return cx_agree(context, give_slot_back(probe));
}

cx_status_t cx_allreduce_probe(cx_case_run_t *shared, cx_session_t *session,
                               const cx_point_t *point, cx_row_t *row)
{
    probe_t     probe = {.shared  = shared,
                         .session = session,
                         .point   = point,
                         .slot    = point->slots,
                         .bytes   = (size_t)point->message_bytes};
    cx_status_t status;

    if (shared->caps.moves_no_data) {
        return CX_OK;
    }
    status = probe_slot(&probe, row);
    free(probe.scratch);
    free(probe.inputs);
    free(probe.poisoned);
    return status;
}
