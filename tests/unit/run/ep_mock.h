/* SPDX-License-Identifier: Apache-2.0 */
/* A running case of one rank on a backend inside the test: every token goes to this rank, so that
 * dispatch copies rows, and combine copies them back. With switches for what it can do wrong. */
#ifndef TESTS_UNIT_RUN_EP_MOCK_H
#define TESTS_UNIT_RUN_EP_MOCK_H

#include "unit/run/ep_kit.h"

#include "run/ep_run.h"

#define EP_MOCK_SLOT_COUNT_MAX 128

typedef struct ep_mock_rows {
    uint16_t *rows; /* bf16 [T][hidden] */
    int32_t  *experts;
    float    *gates;
    int32_t   counts[12];
    int64_t   row_count;
} ep_mock_rows_t;

/* Calls are counted from 1; 0: never. */
typedef struct ep_mock_faults {
    int64_t     skipped_dispatch, skipped_combine, flipped_combine, lost_row;
    cx_status_t inspect_status;
    bool        is_reversed; /* no fault: rows in another order */
} ep_mock_faults_t;

struct cx_session {
    const cx_ep_slot_t *slots;
    int64_t             hidden, topk, dispatch_count, combine_count;
    ep_mock_rows_t      received[EP_MOCK_SLOT_COUNT_MAX];
    ep_mock_faults_t    faults;
};

typedef struct ep_mock {
    kit_alone_t         alone;
    ep_kit_t            kit;
    cx_bench_t          bench;
    cx_case_run_t       shared;
    cx_ep_run_t         run;
    cx_session_t        session;
    cx_ep_findings_t    findings[4];
    cx_ep_expectation_t expectations[EP_MOCK_SLOT_COUNT_MAX];
} ep_mock_t;

static inline void ep_mock_dispatch(cx_session_t *session, int32_t slot_index)
{
    const cx_ep_slot_t *slot     = &session->slots[slot_index];
    ep_mock_rows_t     *received = &session->received[slot_index];
    int64_t             count    = slot->token_counts[0];

    if (++session->dispatch_count == session->faults.skipped_dispatch) {
        return;
    }
    memset(received->counts, 0, sizeof received->counts);
    for (int64_t i = 0; i < count; i++) {
        int64_t at = session->faults.is_reversed ? count - 1 - i : i;

        memcpy(received->rows + at * session->hidden, slot->x + i * session->hidden,
               (size_t)session->hidden * sizeof *slot->x);
        for (int64_t k = 0; k < session->topk; k++) {
            received->experts[at * session->topk + k] = slot->experts[i * session->topk + k];
            received->gates[at * session->topk + k]   = slot->gates[i * session->topk + k];
            received->counts[slot->experts[i * session->topk + k]]++;
        }
    }
    received->row_count = count - (session->dispatch_count == session->faults.lost_row);
}

static inline void ep_mock_combine(cx_session_t *session, int32_t slot_index)
{
    const cx_ep_slot_t   *slot     = &session->slots[slot_index];
    const ep_mock_rows_t *received = &session->received[slot_index];
    int64_t               count    = slot->token_counts[0];

    if (++session->combine_count == session->faults.skipped_combine) {
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t at = session->faults.is_reversed ? count - 1 - i : i;

        memcpy(slot->combined + i * session->hidden, received->rows + at * session->hidden,
               (size_t)session->hidden * sizeof *slot->combined);
    }
    if (session->combine_count == session->faults.flipped_combine) {
        slot->combined[count * session->hidden - 1] ^= 1;
    }
}

static inline cx_status_t ep_mock_enqueue(cx_session_t *session, cx_phase_t phase,
                                          int32_t slot_index, cx_stream_t *stream)
{
    (void)stream;
    if (phase == CX_PHASE_DISPATCH) {
        ep_mock_dispatch(session, slot_index);
    } else if (phase == CX_PHASE_COMBINE) {
        ep_mock_combine(session, slot_index);
    }
    return CX_OK;
}

static inline cx_status_t ep_mock_inspect(cx_session_t *session, int32_t slot_index,
                                          cx_ep_view_t *view)
{
    ep_mock_rows_t *received  = &session->received[slot_index];
    size_t          row_bytes = (size_t)session->hidden * sizeof *received->rows;

    if (session->faults.inspect_status != CX_OK) {
        return CX_FAIL(session->faults.inspect_status, "the mock does not look");
    }
    *view = (cx_ep_view_t){.struct_size          = sizeof *view,
                           .row_count            = received->row_count,
                           .payload              = received->rows,
                           .staged               = received->rows,
                           .payload_stride_bytes = row_bytes,
                           .staged_stride_bytes  = row_bytes,
                           .row_experts          = received->experts,
                           .row_gates            = received->gates,
                           .expert_row_counts    = received->counts,
                           .wire_bytes           = 0};
    return CX_OK;
}

static const cx_backend_ops_t ep_mock_ops = {.abi         = CX_BACKEND_ABI,
                                             .struct_size = sizeof ep_mock_ops,
                                             .name        = "mock",
                                             .enqueue     = ep_mock_enqueue,
                                             .inspect     = ep_mock_inspect};

static inline void ep_mock_grab(ep_mock_t *mock)
{
    cx_session_t *session = &mock->session;
    cx_arena_t   *arena   = &mock->kit.arena;

    session->slots  = mock->run.slots.slots;
    session->hidden = mock->run.plan.problem.hidden_elems;
    session->topk   = mock->run.plan.problem.topk;
    for (int32_t i = 0; i < mock->run.plan.slot_count; i++) {
        size_t          count = (size_t)session->slots[i].token_counts[0];
        ep_mock_rows_t *rows  = &session->received[i];

        rows->rows    = cx_arena_grab(arena, count * (size_t)session->hidden * sizeof(uint16_t));
        rows->experts = cx_arena_grab(arena, count * (size_t)session->topk * sizeof(int32_t));
        rows->gates   = cx_arena_grab(arena, count * (size_t)session->topk * sizeof(float));
    }
}

/* The case is planned, its memory filled, and what is right is known; nothing has run. */
static inline void ep_mock_open(ep_mock_t *mock, const char *words, bool is_host_ordered)
{
    cx_ep_run_t *run = &mock->run;
    cx_job_t     job;

    memset(mock, 0, sizeof *mock);
    kit_alone_open(&mock->alone);
    ep_kit_open(&mock->kit, words, &ep_kit_token_rank, 0, 1);
    cx_bench_init(&mock->bench, &mock->alone.context);
    EXPECT_OK(cx_bench_device(&mock->bench, "host"));
    mock->shared = (cx_case_run_t){.bench   = &mock->bench,
                                   .context = &mock->alone.context,
                                   .one     = &mock->kit.one,
                                   .ops     = &ep_mock_ops};
    cx_arena_init(&mock->shared.arena);
    run->shared       = &mock->shared;
    run->context      = &mock->alone.context;
    run->one          = &mock->kit.one;
    run->plan         = mock->kit.plan;
    run->session      = &mock->session;
    run->sampling     = &cx_pair_samplings[CX_PAIR_PROFILE_FAST];
    run->findings     = mock->findings;
    run->expectations = mock->expectations;
    EXPECT_OK(cx_ep_slots_open(&run->context->core, &run->plan, CX_MEMORY_PLAIN, is_host_ordered,
                               &mock->kit.arena, &run->slots));
    EXPECT_OK(cx_ep_slots_fill(&run->slots));
    for (int rung = 0; rung < 4; rung++) {
        for (int pass = 0; pass < CX_EP_PASS_COUNT; pass++) {
            cx_ep_report_init(&mock->findings[rung].reports[pass]);
        }
    }
    ep_mock_grab(mock);
    EXPECT_OK(cx_ep_pass_expect(run));
    cx_bench_job(&mock->bench, &job);
    run->job.window             = job.window;
    run->job.window.backend_ops = &ep_mock_ops;
    run->job.window.session     = &mock->session;
}

static inline void ep_mock_close(ep_mock_t *mock)
{
    cx_ep_slots_close(&mock->run.slots);
    cx_bench_fini(&mock->bench);
    cx_arena_fini(&mock->shared.arena);
    ep_kit_close(&mock->kit);
    kit_alone_close(&mock->alone);
}

/* Pairs of a rung as a timed block would run them. */
static inline void ep_mock_pairs(ep_mock_t *mock, int32_t rung, int64_t count)
{
    const cx_ep_rung_t *step = &mock->run.plan.rungs[rung];

    for (int64_t i = 0; i < count; i++) {
        int32_t slot = step->first_slot + (int32_t)(i % step->slot_count);

        ep_mock_dispatch(&mock->session, slot);
        ep_mock_combine(&mock->session, slot);
    }
}

#endif
