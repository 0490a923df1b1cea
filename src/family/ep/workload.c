/* SPDX-License-Identifier: Apache-2.0 */
/* From a description to a workload with its digest. Not the parts (routing.c, weights.c, eplb.c,
 * placement.c). */
#include "family/ep/workload.h"

#include "base/text.h"
#include "family/ep/placement.h"
#include "family/ep/routing.h"
#include "family/ep/stats.h"
#include "family/ep/weights.h"
#include "model/options.h"

#include <math.h>

#define IDENTITY_BYTES_MAX 8192

int64_t cx_ep_first_token(const cx_ep_workload_t *workload, int64_t rank)
{
    const int64_t tokens = workload->tokens, rank_count = workload->rank_count;

    if (workload->uneven == CX_EP_UNEVEN_EMPTY_RANK) {
        return rank > 0 ? (rank - 1) * tokens : 0;
    }
    if (workload->uneven == CX_EP_UNEVEN_LINEAR && rank_count > 1) {
        /* Rank q has tokens (1/2 + q / (N-1)) tokens; this is the sum over q < rank, floored, so
         * that nothing is lost and all ranks together have N * tokens. */
        return tokens * rank * (rank_count + rank - 2) / (2 * (rank_count - 1));
    }
    return rank * tokens;
}

/* The trace to replay; `recorded` stays NULL for every other routing. */
static cx_status_t read_recorded(const cx_ep_workload_t *workload, cx_arena_t *arena,
                                 cx_ep_trace_t *recorded)
{
    const int64_t token_count  = cx_ep_first_token(workload, workload->rank_count);
    const int64_t needed_count = workload->redundant_count > 0 ? 2 * token_count : token_count;

    CX_TRY(cx_ep_trace_read(workload->trace_path, workload->expert_count, arena, recorded));
    if (recorded->topk != workload->topk) {
        return CX_FAIL(CX_INVALID, "%s: the trace has %lld experts per token, topk is %lld",
                       workload->trace_path, (long long)recorded->topk, (long long)workload->topk);
    }
    if (recorded->token_count < needed_count) {
        return CX_FAIL(CX_INVALID, "%s: the trace has %lld tokens, the workload needs %lld%s",
                       workload->trace_path, (long long)recorded->token_count,
                       (long long)needed_count,
                       workload->redundant_count > 0 ? " (EPLB plans from the second half)" : "");
    }
    return CX_OK;
}

static cx_status_t route_all(const cx_ep_router_t *router, int64_t first_token, bool has_weights,
                             cx_arena_t *arena, cx_ep_trace_t *out)
{
    const cx_ep_workload_t *workload = &router->workload;

    *out = (cx_ep_trace_t){.token_count  = cx_ep_first_token(workload, workload->rank_count),
                           .topk         = workload->topk,
                           .expert_count = workload->expert_count};
    CX_TRY(cx_ep_trace_grab(arena, has_weights, out));
    cx_ep_route(router, first_token, out->token_count, out->experts);
    if (has_weights) {
        cx_ep_weights(router, first_token, out->token_count, out->weights);
    }
    return CX_OK;
}

/* Plans from other traffic than is measured: another seed, or the tokens behind in a file. */
static cx_status_t balance(const cx_ep_trace_t *recorded, cx_arena_t *arena, cx_ep_work_t *work)
{
    cx_ep_workload_t planned = work->workload;
    cx_ep_router_t   router;
    cx_ep_trace_t    trace;
    int64_t         *loads;

    planned.seed = planned.plan_seed;
    CX_TRY(cx_ep_router_init(&planned, recorded, arena, &router));
    CX_TRY(route_all(&router, recorded ? work->trace.token_count : 0, false, arena, &trace));
    loads = cx_arena_grab(arena, (size_t)planned.expert_count * sizeof *loads);
    if (!loads) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the load of experts");
    }
    cx_ep_expert_loads(&trace, loads);
    work->eplb.expert_count    = planned.expert_count;
    work->eplb.rank_count      = planned.rank_count;
    work->eplb.redundant_count = planned.redundant_count;
    CX_TRY(cx_ep_eplb_plan(loads, &work->eplb, arena));
    /* The planning trace has the size of the measured one and is not needed any more. */
    work->physical              = work->trace;
    work->physical.expert_count = work->eplb.physical_count;
    work->physical.experts      = trace.experts;
    for (int64_t i = 0; i < trace.token_count * trace.topk; i++) {
        trace.experts[i] = cx_ep_eplb_physical(&work->eplb, i / trace.topk, work->trace.experts[i]);
    }
    return CX_OK;
}

static cx_status_t place(cx_arena_t *arena, cx_ep_work_t *work)
{
    const cx_ep_workload_t *workload = &work->workload;
    const size_t            ranks    = (size_t)workload->rank_count;
    int64_t                *copies   = NULL;

    work->position_ranks = cx_arena_grab(arena, ranks * sizeof *work->position_ranks);
    if (workload->placement == CX_EP_PLACEMENT_ADVERSARIAL) {
        copies = cx_arena_grab(arena, ranks * ranks * sizeof *copies);
    }
    if (!work->position_ranks || (workload->placement == CX_EP_PLACEMENT_ADVERSARIAL && !copies)) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a placement");
    }
    if (copies) {
        cx_ep_pair_copies(&work->physical, work->first_tokens, workload->rank_count, copies);
    }
    return cx_ep_place_ranks((cx_ep_placement_t)workload->placement,
                             &(cx_ep_places_t){.rank_count        = workload->rank_count,
                                               .domain_rank_count = workload->domain_rank_count,
                                               .copies            = copies},
                             arena, work->position_ranks);
}

/* Digests of the bytes, then of everything: version, every option that is part of it, and those. */
static cx_status_t digest(cx_ep_work_t *work)
{
    const size_t count = (size_t)work->trace.token_count * (size_t)work->trace.topk;
    cx_text_t    text;

    (void)cx_hash_hex(work->trace.experts, count * sizeof *work->trace.experts,
                      work->routing_digest);
    (void)cx_hash_hex(work->trace.weights, count * sizeof *work->trace.weights,
                      work->weights_digest);
    cx_text_init(&text, IDENTITY_BYTES_MAX);
    cx_text_format(&text, "ep-workload %d\n", CX_EP_WORKLOAD_VERSION);
    for (const cx_option_t *row = cx_ep_workload_options; row->name; row++) {
        char key[64], value[CX_OPTION_TEXT_BYTES_MAX];

        if (row->role == CX_OPTION_KEY) {
            cx_text_format(&text, "%s=%s\n", cx_option_key(row, key, sizeof key),
                           cx_option_print(row, &work->workload, value, sizeof value));
        }
    }
    cx_text_format(&text, "routing_digest=%s\nweights_digest=%s\n", work->routing_digest,
                   work->weights_digest);
    if (work->workload.redundant_count > 0) {
        cx_text_format(&text, "eplb_digest=%s\n", work->eplb.digest);
    }
    if (text.is_cut) {
        cx_text_fini(&text);
        return CX_FAIL(CX_RESOURCE, "out of memory for a digest");
    }
    (void)cx_hash_hex(text.bytes, text.length, work->digest);
    cx_text_fini(&text);
    return CX_OK;
}

cx_status_t cx_ep_work_build(const cx_ep_workload_t *workload, cx_arena_t *arena, cx_ep_work_t *out)
{
    cx_ep_work_t         work     = {.workload = *workload};
    cx_ep_trace_t        file     = {0};
    const cx_ep_trace_t *recorded = NULL;
    cx_ep_router_t       router;

    CX_TRY(cx_ep_workload_check(workload));
    if (workload->routing == CX_EP_ROUTING_TRACE) {
        CX_TRY(read_recorded(workload, arena, &file));
        recorded = &file;
    }
    work.first_tokens =
        cx_arena_grab(arena, ((size_t)workload->rank_count + 1) * sizeof *work.first_tokens);
    if (!work.first_tokens) {
        return CX_FAIL(CX_RESOURCE, "out of memory for a workload");
    }
    for (int64_t r = 0; r <= workload->rank_count; r++) {
        work.first_tokens[r] = cx_ep_first_token(workload, r);
    }
    CX_TRY(cx_ep_router_init(workload, recorded, arena, &router));
    CX_TRY(route_all(&router, 0, true, arena, &work.trace));
    work.physical = work.trace;
    if (workload->redundant_count > 0) {
        CX_TRY(balance(recorded, arena, &work));
    }
    CX_TRY(place(arena, &work));
    CX_TRY(digest(&work));
    *out = work;
    return CX_OK;
}
