/* SPDX-License-Identifier: Apache-2.0 */
/* The experts of the oracle at work: from received rows to the rows that combine reads.
 * Not the function of an expert (transform.c). */
#include "base/fail.h"
#include "family/ep/reader.h"
#include "family/ep/transform.h"

#include <string.h>

/* The gate that a received row names for an expert; false when it names none. */
static bool find_gate(const cx_ep_view_t *view, int64_t topk, int64_t at, int64_t expert,
                      float *gate_out)
{
    for (int64_t i = at * topk; i < (at + 1) * topk; i++) {
        if (view->row_experts[i] == expert) {
            *gate_out = view->row_gates[i];
            return true;
        }
    }
    return false;
}

/* What the row's experts on this rank do together, each with the gate that came with the row. */
static bool sum_experts(const cx_ep_reader_t *reader, int64_t token, int64_t at,
                        cx_ep_affine_t *out)
{
    const cx_ep_trace_t *trace = &reader->truth->work->physical;

    if (!reader->view->row_experts || !reader->view->row_gates) {
        return false;
    }
    for (int64_t slot = 0; slot < trace->topk; slot++) {
        const int64_t expert = trace->experts[token * trace->topk + slot];
        float         gate;

        if (!cx_ep_reader_is_local(reader, expert)) {
            continue;
        }
        if (!find_gate(reader->view, trace->topk, at, expert, &gate)) {
            return false;
        }
        cx_ep_affine_add(out, expert, gate);
    }
    return true;
}

/* False when it cannot be told what to do with the row. */
static bool affine_of(cx_ep_reader_t *reader, int64_t list, int64_t at, cx_ep_affine_t *out)
{
    const int64_t token = cx_ep_reader_token(reader, at);

    *out = (cx_ep_affine_t){0};
    if (token < 0) {
        return false;
    }
    if (reader->truth->caps.layout == CX_EP_LAYOUT_TOKEN_RANK) {
        return sum_experts(reader, token, at, out);
    }
    cx_ep_affine_add(out, reader->first_expert + list, 1);
    return true;
}

static void apply_list(cx_ep_reader_t *reader, int64_t list, const float *pattern, uint16_t *values)
{
    const cx_ep_view_t *view  = reader->view;
    const int64_t       elems = reader->row.hidden_elems;
    const int64_t       count = cx_ep_reader_readable(reader, list);

    for (int64_t k = 0; k < count; k++) {
        const int64_t  at = cx_ep_reader_at(reader, list, k);
        cx_ep_affine_t affine;

        if (affine_of(reader, list, at, &affine)) {
            /* Read before it is written: both may be one row. */
            cx_ep_reader_values(reader, at, values);
            cx_ep_affine_apply(&affine, pattern, values, elems, values);
            memcpy((unsigned char *)view->staged + (size_t)at * view->staged_stride_bytes, values,
                   (size_t)elems * sizeof *values);
        }
    }
}

cx_status_t cx_ep_apply_experts(const cx_ep_truth_t *truth, const cx_ep_view_t *view)
{
    const size_t   elems = (size_t)truth->problem->hidden_elems;
    cx_ep_reader_t reader;
    uint16_t      *values;
    float         *pattern;
    cx_arena_t     arena;
    cx_status_t    status;

    cx_arena_init(&arena);
    CX_TRY_OR(fini_arena, cx_ep_reader_init(truth, view, &arena, &reader));
    values  = cx_arena_grab(&arena, elems * sizeof *values);
    pattern = cx_arena_grab(&arena, elems * sizeof *pattern);
    if (!values || !pattern) {
        status = CX_FAIL(CX_RESOURCE, "out of memory for a row of an expert");
        goto fini_arena;
    }
    cx_ep_affine_pattern((int64_t)elems, pattern);
    for (int64_t list = 0; view->staged && list < reader.list_count; list++) {
        apply_list(&reader, list, pattern, values);
    }
fini_arena:
    cx_arena_fini(&arena);
    return status;
}
