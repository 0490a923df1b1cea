/* SPDX-License-Identifier: Apache-2.0 */
/* A stage for windows: device, backend and peers that do nothing but write down who was called, on
 * a clock that only operations move. Not the real plugins (cell.h). */
#ifndef TESTS_UNIT_MEASURE_STAGE_H
#define TESTS_UNIT_MEASURE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/point.h"
#include "measure/regimes.h"

#include <stdio.h>
#include <string.h>

#define STAGE_STAMP_COUNT 1024

struct cx_events {
    int64_t ns[STAGE_STAMP_COUNT];
};

/* What the captured operations take. */
struct cx_graph {
    int64_t ns;
};

/**
 * log          one letter per call: F before_block · V after_block · b barrier · x exchange ·
 *              [ audit in · ] audit out · m mark · w wait · p spin · s synchronize · ( begin and )
 *              end of a capture, / one that is thrown away · g graph launched · f graph freed · and
 *              for an enqueue, followed by its slot: e operation · d dispatch · t stage · c combine
 * fails        the call that fails, by its letter, the fail_index-th time; 0: none
 * step_ns      what an enqueue takes, and phase_ns more by phase
 * growth_ns    so much more each time that a phase is enqueued again
 * mark_ns      what a mark takes once it has stamped
 * other_rank   ranks but 0 are not there: what they would send is a copy of rank 0's message which
 *              this changes
 */
typedef struct stage {
    char       log[8192];
    size_t     length;
    char       fails;
    int        fail_index;
    int64_t    now_ns, step_ns, mark_ns, growth_ns;
    int64_t    phase_ns[CX_PHASE_COUNT], enqueue_counts[CX_PHASE_COUNT];
    cx_phase_t last_phase;
    int32_t    last_slot;
    int32_t    rank_count;
    void (*other_rank)(int32_t rank, void *message, size_t bytes);
    int64_t          violation_count, wrong_count;
    int64_t          violations_per_window;
    const char      *phases[256];
    int              phase_count;
    cx_board_rank_t  board;
    cx_events_t      events;
    cx_graph_t       graph;
    bool             is_capturing;
    cx_backend_ops_t backend_ops;
    cx_job_t         job;
    _Alignas(16) char gather[1 << 20];
} stage_t;

static stage_t stage;

static inline cx_status_t stage_note(char letter)
{
    assert_true(stage.length + 2 < sizeof stage.log);
    stage.log[stage.length++] = letter;
    if (letter == stage.fails && stage.fail_index-- == 0) {
        return CX_FAIL(CX_BACKEND, "call %c failed", letter);
    }
    return CX_OK;
}

static inline void stage_mark(cx_device_t *device, cx_stream_t *stream, cx_events_t *events,
                              int64_t index)
{
    (void)device;
    (void)stream;
    (void)stage_note('m');
    assert_in_range(index, 0, STAGE_STAMP_COUNT - 1);
    events->ns[index] = stage.now_ns;
    stage.now_ns += stage.mark_ns;
}

static inline double stage_elapsed_us(const cx_events_t *events, int64_t from, int64_t to)
{
    return (double)(events->ns[to] - events->ns[from]) / 1e3;
}

static inline int64_t stage_event_ns(const cx_events_t *events, int64_t index)
{
    return events->ns[index];
}

static inline int64_t stage_now_ns(const cx_device_t *device)
{
    (void)device;
    return stage.now_ns;
}

static inline cx_status_t stage_spin(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    (void)device;
    (void)stream;
    stage.now_ns += (int64_t)(spin_us * 1e3);
    return stage_note('p');
}

static inline cx_status_t stage_synchronize(cx_device_t *device, cx_stream_t *stream,
                                            int64_t deadline_ns)
{
    (void)device;
    (void)stream;
    assert_int_equal(deadline_ns, 77);
    return stage_note('s');
}

static inline cx_status_t stage_enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                                        cx_stream_t *stream)
{
    static const char letters[CX_PHASE_COUNT] = {
        [CX_PHASE_OPERATION] = 'e',
        [CX_PHASE_DISPATCH]  = 'd',
        [CX_PHASE_STAGE]     = 't',
        [CX_PHASE_COMBINE]   = 'c',
    };
    cx_status_t status = stage_note(letters[phase]);

    (void)session;
    (void)stream;
    stage.log[stage.length++] = (char)('0' + slot_index);
    stage.last_phase          = phase;
    stage.last_slot           = slot_index;
    *(stage.is_capturing ? &stage.graph.ns : &stage.now_ns) +=
        stage.step_ns + stage.phase_ns[phase] + stage.growth_ns * stage.enqueue_counts[phase]++;
    return status;
}

/* Nobody waits for anything but what was enqueued last. */
static inline cx_status_t stage_wait(cx_session_t *session, cx_phase_t phase)
{
    (void)session;
    assert_int_equal(phase, stage.last_phase);
    return stage_note('w');
}

static inline cx_status_t stage_graph_begin(cx_device_t *device, cx_stream_t *stream)
{
    (void)device;
    (void)stream;
    stage.graph.ns     = 0;
    stage.is_capturing = true;
    return stage_note('(');
}

static inline cx_status_t stage_graph_end(cx_device_t *device, cx_stream_t *stream,
                                          cx_graph_t **out)
{
    cx_status_t status = stage_note(out ? ')' : '/');

    (void)device;
    (void)stream;
    assert_true(stage.is_capturing);
    stage.is_capturing = false;
    if (out && status == CX_OK) {
        *out = &stage.graph;
    }
    return status;
}

static inline cx_status_t stage_graph_launch(cx_device_t *device, cx_graph_t *graph,
                                             cx_stream_t *stream)
{
    (void)device;
    (void)stream;
    stage.now_ns += graph->ns;
    return stage_note('g');
}

static inline void stage_graph_free(cx_device_t *device, cx_graph_t *graph)
{
    (void)device;
    assert_ptr_equal(graph, &stage.graph);
    (void)stage_note('f');
}

static inline int32_t stage_rank(const cx_peers_t *peers)
{
    (void)peers;
    return 0;
}

static inline int32_t stage_rank_count(const cx_peers_t *peers)
{
    (void)peers;
    return stage.rank_count;
}

static inline cx_status_t stage_barrier(cx_peers_t *peers, int64_t deadline_ns)
{
    (void)peers;
    assert_int_equal(deadline_ns, 77);
    return stage_note('b');
}

static inline cx_status_t stage_allgather(cx_peers_t *peers, const void *mine, void *all,
                                          size_t bytes_each, int64_t deadline_ns)
{
    (void)peers;
    assert_int_equal(deadline_ns, 77);
    assert_true((size_t)stage.rank_count * bytes_each <= sizeof stage.gather);
    memmove(all, mine, bytes_each);
    for (int32_t rank = 1; rank < stage.rank_count; rank++) {
        void *message = (char *)all + (size_t)rank * bytes_each;

        memcpy(message, all, bytes_each);
        stage.other_rank(rank, message, bytes_each);
    }
    return stage_note('x');
}

static inline void stage_enter(void)
{
    (void)stage_note('[');
}

static inline void stage_leave(void)
{
    stage.violation_count += stage.violations_per_window;
    (void)stage_note(']');
}

static inline int64_t stage_violation_count(void)
{
    return stage.violation_count;
}

static inline cx_status_t stage_before(void *context, int64_t operation_count)
{
    (void)context;
    (void)operation_count;
    return stage_note('F');
}

static inline cx_status_t stage_after(void *context, int64_t operation_count,
                                      cx_block_report_t *report)
{
    (void)context;
    report->verified_count += operation_count;
    report->wrong_count += stage.wrong_count;
    return stage_note('V');
}

static inline int64_t stage_phase(void *context, const char *phase)
{
    (void)context;
    if (stage.phase_count < 256) {
        stage.phases[stage.phase_count++] = phase;
    }
    return 77;
}

static inline int64_t stage_common_ns(void *context, int64_t local_ns)
{
    (void)context;
    return local_ns + 1000000;
}

static const cx_device_ops_t stage_device_ops = {.abi          = CX_DEVICE_ABI,
                                                 .struct_size  = sizeof stage_device_ops,
                                                 .name         = "stage",
                                                 .synchronize  = stage_synchronize,
                                                 .mark         = stage_mark,
                                                 .elapsed_us   = stage_elapsed_us,
                                                 .event_ns     = stage_event_ns,
                                                 .now_ns       = stage_now_ns,
                                                 .spin         = stage_spin,
                                                 .graph_begin  = stage_graph_begin,
                                                 .graph_end    = stage_graph_end,
                                                 .graph_launch = stage_graph_launch,
                                                 .graph_free   = stage_graph_free};

static const cx_peers_ops_t stage_peers_ops = {.name       = "stage",
                                               .rank       = stage_rank,
                                               .rank_count = stage_rank_count,
                                               .barrier    = stage_barrier,
                                               .allgather  = stage_allgather};

/* A fresh stage; an operation takes `step_ns`. */
static inline cx_job_t *stage_open(int32_t slot_count, int64_t step_ns)
{
    memset(&stage, 0, sizeof stage);
    cx_detail_clear();
    stage.step_ns     = step_ns;
    stage.rank_count  = 1;
    stage.backend_ops = (cx_backend_ops_t){.abi         = CX_BACKEND_ABI,
                                           .struct_size = sizeof stage.backend_ops,
                                           .name        = "stage",
                                           .enqueue     = stage_enqueue,
                                           .wait        = stage_wait};
    stage.job         = (cx_job_t){.window              = {.device_ops            = &stage_device_ops,
                                                           .events                = &stage.events,
                                                           .backend_ops           = &stage.backend_ops,
                                                           .slot_count            = slot_count,
                                                           .stamp_operation_count = 1,
                                                           .board                 = &stage.board,
                                                           .audit = {stage_enter, stage_leave, stage_violation_count}},
                                   .peers_ops           = &stage_peers_ops,
                                   .before_block        = stage_before,
                                   .after_block         = stage_after,
                                   .begin_phase         = stage_phase,
                                   .to_common_ns        = stage_common_ns,
                                   .gather              = stage.gather,
                                   .operation_count_max = slot_count};
    return &stage.job;
}

#endif
