/* SPDX-License-Identifier: Apache-2.0 */
/* Received rows between the backend's memory and the host's. */
#include "run/ep_view.h"

#include "base/prng.h"
#include "collectivex/digest.h"
#include "family/common/codec_recipe.h"
#include "family/common/guard.h"
#include "family/ep/reader.h"

#include <stdlib.h>
#include <string.h>

enum { PART_PAYLOAD, PART_SCALES, PART_STAGED, PART_EXPERTS, PART_GATES, PART_COUNTS };

#define POISON_SEED UINT64_C(0x7a11ed0005eed5)

static bool is_by_expert(const cx_ep_plan_t *plan)
{
    return plan->caps.layout == CX_EP_LAYOUT_TOKEN_EXPERT;
}

static int64_t local_expert_count(const cx_ep_plan_t *plan)
{
    return plan->problem.expert_count / plan->ranks.rank_count;
}

/* Rows lie in lists: one, or (token-expert) one per local expert. */
static int64_t list_count(const cx_ep_host_view_t *view)
{
    return is_by_expert(view->slots->plan) ? local_expert_count(view->slots->plan) : 1;
}

/* Rows of a list that can be real: no more than there are tokens, whatever the backend says. */
static int64_t rows_of_list(const cx_ep_host_view_t *view, int64_t list)
{
    const cx_ep_plan_t *plan  = view->slots->plan;
    const cx_ep_work_t *work  = cx_ep_plan_work_of(plan, view->slot_index);
    int64_t             count = view->device.row_count;
    int64_t             most  = work->first_tokens[plan->ranks.rank_count];

    if (is_by_expert(plan)) {
        count = view->host.expert_row_counts ? view->host.expert_row_counts[list] : 0;
        most  = view->device.expert_row_capacity < most ? view->device.expert_row_capacity : most;
    }
    return count < 0 ? 0 : count < most ? count : most;
}

/* ---- rows in both memories ------------------------------------------------------------------ */

/* A plane of rows: payload, scales or staged. */
typedef struct plane {
    char  *device, *host;
    size_t stride_bytes;
} plane_t;

static plane_t plane_of(const cx_ep_host_view_t *view, int part)
{
    const cx_ep_view_t *device = &view->device, *host = &view->host;

    switch (part) {
    case PART_PAYLOAD:
        return (plane_t){device->payload, host->payload, device->payload_stride_bytes};
    case PART_SCALES:
        return (plane_t){device->scales, host->scales, device->scale_stride_bytes};
    default:
        return (plane_t){device->staged, host->staged, device->staged_stride_bytes};
    }
}

static cx_status_t copy_plane(const cx_ep_host_view_t *view, const plane_t *plane, bool to_host)
{
    const cx_core_t *core = view->slots->core;

    for (int64_t list = 0; list < list_count(view); list++) {
        size_t bytes = (size_t)rows_of_list(view, list) * plane->stride_bytes;
        char  *device =
            plane->device + (size_t)(list * view->device.expert_row_capacity) * plane->stride_bytes;
        char *host =
            plane->host + (size_t)(list * view->host.expert_row_capacity) * plane->stride_bytes;

        if (bytes > 0) {
            CX_TRY(core->device_ops->copy(core->device, to_host ? host : device,
                                          to_host ? device : host, bytes));
        }
    }
    return CX_OK;
}

static cx_status_t copy_part(cx_ep_host_view_t *view, int part, const void *device, size_t bytes)
{
    const cx_core_t *core = view->slots->core;

    view->parts[part] = malloc(bytes + 1);
    if (!view->parts[part]) {
        return CX_FAIL(CX_RESOURCE, "out of memory for %zu received bytes", bytes);
    }
    return device && bytes > 0
               ? core->device_ops->copy(core->device, view->parts[part], device, bytes)
               : CX_OK;
}

static cx_status_t copy_rows(cx_ep_host_view_t *view, int part, void **host_out)
{
    plane_t plane = plane_of(view, part);

    if (!plane.device) {
        return CX_OK;
    }
    CX_TRY(copy_part(view, part, NULL,
                     (size_t)(list_count(view) * view->host.expert_row_capacity) *
                         plane.stride_bytes));
    *host_out  = view->parts[part];
    plane.host = view->parts[part];
    return copy_plane(view, &plane, true);
}

/* Everything into memory of our own; lists become as long as the longest of them. */
static cx_status_t copy_all(cx_ep_host_view_t *view)
{
    const cx_ep_plan_t *plan   = view->slots->plan;
    cx_ep_view_t       *host   = &view->host;
    const size_t        locals = (size_t)local_expert_count(plan);
    size_t              list_bytes;

    CX_TRY(copy_part(view, PART_COUNTS, view->device.expert_row_counts, locals * sizeof(int32_t)));
    host->expert_row_counts   = view->parts[PART_COUNTS];
    host->expert_row_capacity = 0;
    for (int64_t list = 0; list < list_count(view); list++) {
        int64_t count = rows_of_list(view, list);

        host->expert_row_capacity =
            count > host->expert_row_capacity ? count : host->expert_row_capacity;
    }
    CX_TRY(copy_rows(view, PART_PAYLOAD, &host->payload));
    CX_TRY(copy_rows(view, PART_SCALES, &host->scales));
    host->staged = host->payload;
    if (view->device.staged != view->device.payload) {
        CX_TRY(copy_rows(view, PART_STAGED, &host->staged));
    }
    if (is_by_expert(plan)) {
        return CX_OK;
    }
    list_bytes = (size_t)rows_of_list(view, 0) * (size_t)plan->problem.topk * sizeof(int32_t);
    CX_TRY(copy_part(view, PART_EXPERTS, view->device.row_experts, list_bytes));
    CX_TRY(copy_part(view, PART_GATES, view->device.row_gates, list_bytes));
    host->row_experts = view->parts[PART_EXPERTS];
    host->row_gates   = view->parts[PART_GATES];
    return CX_OK;
}

cx_status_t cx_ep_view_open(const cx_backend_ops_t *ops, cx_session_t *session,
                            const cx_ep_slots_t *slots, int32_t slot_index, cx_ep_host_view_t *out)
{
    cx_ep_host_view_t view = {.slots = slots, .slot_index = slot_index};
    cx_status_t       status;

    view.device.struct_size = sizeof view.device;
    CX_TRY(ops->inspect(session, slot_index, &view.device));
    view.host = view.device;
    if (slots->mirror) {
        CX_TRY_OR(close_view, copy_all(&view));
    }
    *out = view;
    return CX_OK;

close_view:
    cx_ep_view_close(&view);
    return status;
}

void cx_ep_view_close(cx_ep_host_view_t *view)
{
    for (int part = 0; part < CX_EP_VIEW_PART_COUNT; part++) {
        free(view->parts[part]);
        view->parts[part] = NULL;
    }
}

cx_status_t cx_ep_view_store_staged(const cx_ep_host_view_t *view)
{
    plane_t plane = plane_of(view, PART_STAGED);

    return view->slots->mirror ? copy_plane(view, &plane, false) : CX_OK;
}

/* ---- poison --------------------------------------------------------------------------------- */

static cx_status_t poison_plane(const cx_ep_host_view_t *view, int part, size_t row_bytes)
{
    plane_t plane = plane_of(view, part);

    if (!plane.host || row_bytes == 0) {
        return CX_OK;
    }
    for (int64_t list = 0; list < list_count(view); list++) {
        for (int64_t k = 0; k < rows_of_list(view, list); k++) {
            size_t at = (size_t)(list * view->host.expert_row_capacity + k);

            cx_poison(plane.host + at * plane.stride_bytes, row_bytes, POISON_SEED + at);
        }
    }
    return view->slots->mirror ? copy_plane(view, &plane, false) : CX_OK;
}

cx_status_t cx_ep_view_poison(const cx_ep_host_view_t *view, bool with_staged)
{
    const cx_ep_problem_t *problem = &view->slots->plan->problem;
    const int64_t          hidden  = problem->hidden_elems;
    const cx_codec_t       codec   = problem->dispatch_codec;

    CX_TRY(poison_plane(view, PART_PAYLOAD, (size_t)cx_codec_payload_bytes(codec, hidden)));
    CX_TRY(poison_plane(view, PART_SCALES, (size_t)cx_codec_scale_bytes(codec, hidden)));
    if (with_staged && view->device.staged != view->device.payload) {
        CX_TRY(poison_plane(view, PART_STAGED, (size_t)hidden * sizeof(uint16_t)));
    }
    return CX_OK;
}

/* ---- digests -------------------------------------------------------------------------------- */

/* A row's share: what it holds, and in which list it lies. */
static uint64_t digest_row(const void *payload, size_t payload_bytes, const void *scales,
                           size_t scale_bytes, int64_t list)
{
    uint64_t digest = cx_digest(payload, payload_bytes);

    if (scale_bytes > 0) {
        digest = cx_mix64(digest) + cx_digest(scales, scale_bytes);
    }
    return cx_mix64(digest + (uint64_t)list);
}

/* A row more or fewer in a list is another number, whatever its bytes. */
static uint64_t digest_count(int64_t list, int64_t row_count)
{
    return cx_mix64(((uint64_t)list << 32) + (uint64_t)row_count);
}

cx_status_t cx_ep_view_digest(const cx_ep_host_view_t *view, uint64_t *out)
{
    cx_ep_truth_t  truth = cx_ep_slots_truth(view->slots, view->slot_index);
    uint64_t       sum   = 0;
    cx_arena_t     arena;
    cx_ep_reader_t reader;
    cx_status_t    status;

    cx_arena_init(&arena);
    CX_TRY_OR(free_arena, cx_ep_reader_init(&truth, &view->host, &arena, &reader));
    for (int64_t list = 0; list < reader.list_count; list++) {
        int64_t readable = cx_ep_reader_readable(&reader, list);

        sum += digest_count(list, cx_ep_reader_claimed(&reader, list));
        for (int64_t k = 0; k < readable; k++) {
            int64_t at = cx_ep_reader_at(&reader, list, k);

            sum +=
                digest_row(cx_ep_reader_payload(&reader, at), (size_t)reader.row.payload_bytes,
                           cx_ep_reader_scales(&reader, at), (size_t)reader.row.scale_bytes, list);
        }
    }
    *out = sum;

free_arena:
    cx_arena_fini(&arena);
    return status;
}

/* Adds a token's rows on this rank, one per list it is in. */
static void add_token(const cx_ep_truth_t *truth, int64_t token, cx_ep_row_t *row,
                      int64_t *list_rows, uint64_t *sum)
{
    const cx_ep_trace_t *trace     = &truth->work->physical;
    const int64_t        locals    = trace->expert_count / truth->work->workload.rank_count;
    const bool           by_expert = truth->caps.layout == CX_EP_LAYOUT_TOKEN_EXPERT;
    bool                 is_filled = false;

    for (int64_t j = 0; j < trace->topk; j++) {
        int64_t expert = trace->experts[token * trace->topk + j];
        int64_t list   = by_expert ? expert % locals : 0;

        if (expert / locals != truth->rank || (is_filled && !by_expert)) {
            continue;
        }
        if (!is_filled) {
            cx_ep_row_fill(row, &truth->activation, token);
            is_filled = true;
        }
        list_rows[list]++;
        *sum += digest_row(row->payload, (size_t)row->payload_bytes, row->scales,
                           (size_t)row->scale_bytes, list);
    }
}

cx_status_t cx_ep_view_digest_expected(const cx_ep_truth_t *truth, uint64_t *out)
{
    const int64_t rank_count = truth->work->workload.rank_count;
    const int64_t lists      = truth->caps.layout == CX_EP_LAYOUT_TOKEN_EXPERT
                                   ? truth->work->physical.expert_count / rank_count
                                   : 1;
    uint64_t      sum        = 0;
    cx_arena_t    arena;
    cx_ep_row_t   row;
    int64_t      *list_rows;
    cx_status_t   status;

    cx_arena_init(&arena);
    CX_TRY_OR(free_arena, cx_ep_row_init(truth, truth->problem->dispatch_codec, &arena, &row));
    list_rows = cx_arena_grab(&arena, (size_t)lists * sizeof *list_rows);
    if (!list_rows) {
        CX_TRY_OR(free_arena, CX_FAIL(CX_RESOURCE, "out of memory for a digest"));
    }
    for (int64_t token = 0; token < truth->work->first_tokens[rank_count]; token++) {
        add_token(truth, token, &row, list_rows, &sum);
    }
    for (int64_t list = 0; list < lists; list++) {
        sum += digest_count(list, list_rows[list]);
    }
    *out = sum;

free_arena:
    cx_arena_fini(&arena);
    return status;
}
