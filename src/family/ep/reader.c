/* SPDX-License-Identifier: Apache-2.0 */
/* Rows out of a view, within bounds. Not the judgement of them. */
#include "family/ep/reader.h"

#include "base/fail.h"

#include <string.h>

/* Also what a list of the view may hold. */
static void count_due(cx_ep_reader_t *reader)
{
    const cx_ep_trace_t *trace         = &reader->truth->work->physical;
    const bool           is_token_rank = reader->truth->caps.layout == CX_EP_LAYOUT_TOKEN_RANK;

    for (int64_t token = 0; token < trace->token_count; token++) {
        int64_t local_count = 0;

        for (int64_t slot = 0; slot < trace->topk; slot++) {
            const int64_t expert = trace->experts[token * trace->topk + slot];

            if (cx_ep_reader_is_local(reader, expert)) {
                local_count++;
                reader->due_experts[expert - reader->first_expert]++;
            }
        }
        reader->due_row_count += is_token_rank ? local_count > 0 : local_count;
    }
    if (is_token_rank) {
        reader->due_rows[0] = reader->due_row_count;
    } else {
        reader->due_rows = reader->due_experts;
    }
}

static bool has_rows(const cx_ep_reader_t *reader)
{
    const cx_ep_view_t *view = reader->view;
    const cx_ep_row_t  *row  = &reader->row;

    if (!view->payload || view->payload_stride_bytes < (size_t)row->payload_bytes ||
        reader->row_capacity < 0 || reader->row_capacity > CX_EP_TOKEN_COUNT_MAX) {
        return false;
    }
    return row->scale_bytes == 0 ||
           (view->scales && view->scale_stride_bytes >= (size_t)row->scale_bytes);
}

cx_status_t cx_ep_reader_init(const cx_ep_truth_t *truth, const cx_ep_view_t *view,
                              cx_arena_t *arena, cx_ep_reader_t *out)
{
    const bool     is_token_rank = truth->caps.layout == CX_EP_LAYOUT_TOKEN_RANK;
    cx_ep_reader_t reader        = {.truth = truth, .view = view};

    CX_TRY(cx_ep_caps_check(&truth->caps));
    CX_TRY(cx_ep_row_init(truth, truth->problem->dispatch_codec, arena, &reader.row));
    reader.expert_count = truth->work->physical.expert_count / truth->work->workload.rank_count;
    reader.first_expert = truth->rank * reader.expert_count;
    reader.list_count   = is_token_rank ? 1 : reader.expert_count;
    reader.row_capacity = is_token_rank ? 0 : view->expert_row_capacity;
    reader.due_experts =
        cx_arena_grab(arena, (size_t)reader.expert_count * sizeof *reader.due_experts);
    reader.due_rows = cx_arena_grab(arena, sizeof *reader.due_rows);
    if (!reader.due_experts || !reader.due_rows) {
        return CX_FAIL(CX_RESOURCE, "out of memory for the rows that are due");
    }
    count_due(&reader);
    reader.has_rows = has_rows(&reader);
    *out            = reader;
    return CX_OK;
}

int64_t cx_ep_reader_claimed(const cx_ep_reader_t *reader, int64_t list)
{
    if (reader->truth->caps.layout == CX_EP_LAYOUT_TOKEN_RANK) {
        return reader->view->row_count;
    }
    return reader->view->expert_row_counts ? reader->view->expert_row_counts[list] : 0;
}

/* Nobody says how much memory a token-rank view has, but what is due must fit. */
int64_t cx_ep_reader_readable(const cx_ep_reader_t *reader, int64_t list)
{
    const int64_t claimed = cx_ep_reader_claimed(reader, list);
    const int64_t max     = reader->truth->caps.layout == CX_EP_LAYOUT_TOKEN_RANK
                                ? reader->due_row_count
                                : reader->row_capacity;

    if (!reader->has_rows || claimed < 0) {
        return 0;
    }
    return claimed < max ? claimed : max;
}

const unsigned char *cx_ep_reader_payload(const cx_ep_reader_t *reader, int64_t at)
{
    return (const unsigned char *)reader->view->payload +
           (size_t)at * reader->view->payload_stride_bytes;
}

const unsigned char *cx_ep_reader_scales(const cx_ep_reader_t *reader, int64_t at)
{
    if (reader->row.scale_bytes == 0) {
        return NULL;
    }
    return (const unsigned char *)reader->view->scales +
           (size_t)at * reader->view->scale_stride_bytes;
}

static void decode(cx_ep_reader_t *reader, int64_t at, int64_t elems, uint16_t *values)
{
    cx_ep_row_t *row = &reader->row;

    if (row->scale_bytes > 0) {
        memcpy(row->scales, cx_ep_reader_scales(reader, at), (size_t)row->scale_bytes);
    }
    cx_ep_row_decode(row, cx_ep_reader_payload(reader, at), row->scales, elems, values);
}

void cx_ep_reader_values(cx_ep_reader_t *reader, int64_t at, uint16_t *values_out)
{
    decode(reader, at, reader->row.hidden_elems, values_out);
}

int64_t cx_ep_reader_token(cx_ep_reader_t *reader, int64_t at)
{
    uint32_t id;

    decode(reader, at, cx_ep_row_prefix_elems(reader->row.codec), reader->row.values);
    if (!cx_ep_source_id(reader->row.values, &id) ||
        id >= reader->truth->work->physical.token_count) {
        return -1;
    }
    return id;
}

int64_t cx_ep_reader_slot(const cx_ep_reader_t *reader, int64_t token, int64_t expert)
{
    const cx_ep_trace_t *trace = &reader->truth->work->physical;

    for (int64_t slot = 0; slot < trace->topk; slot++) {
        if (trace->experts[token * trace->topk + slot] == expert) {
            return slot;
        }
    }
    return -1;
}

int64_t cx_ep_reader_local_count(const cx_ep_reader_t *reader, int64_t token)
{
    const cx_ep_trace_t *trace = &reader->truth->work->physical;
    int64_t              count = 0;

    for (int64_t slot = 0; slot < trace->topk; slot++) {
        count += cx_ep_reader_is_local(reader, trace->experts[token * trace->topk + slot]);
    }
    return count;
}
