/* SPDX-License-Identifier: Apache-2.0 */
/* A backend inside the test, right for one rank, with a switch for every promise it can break; and
 * a rank that puts it to a check of the conformance suite. */
#ifndef TESTS_UNIT_RUN_MOCK_H
#define TESTS_UNIT_RUN_MOCK_H

#include "unit/run/kit.h"

#include "run/conform_kit.h"

#include <fcntl.h>

struct cx_session {
    const cx_core_t  *core;
    const cx_point_t *point;
    cx_shape_t        shape;
    void             *memory;
    int64_t           call_count;
};

typedef struct mock_options {
    int64_t depth;
} mock_options_t;

/* What the backend does wrong; all zero: nothing. */
typedef struct mock {
    cx_status_t probe_status, enqueue_status;
    bool        probe_varies, probe_is_mute, open_is_mute, leaks_heap, leaks_descriptor, leaks_size;
    bool        accepts_all, prepare_is_mute, ignores_device, leaks_on_failure, uses_no_device;
    const char *enqueue_text;
    uint64_t    tidy_ops, refused_limits; /* which leak no descriptor; which open refuses */
    int64_t     wrong_call;               /* every so many calls are wrong; 0: none */
    int64_t     probe_count, open_count;
    int64_t     good_count; /* first calls of a session, before enqueue_status holds */
    bool (*is_wrong)(const cx_shape_t *shape); /* NULL: of no shape */
    void (*in_window)(void);
} mock_t;

static mock_t    mock;
static cx_caps_t mock_caps;

static const cx_option_t mock_rows[] = {
    CX_OPTION_INT(mock_options_t, depth, "mock-depth", CX_OPTION_KEY, "4", 1, 64, "Some depth."),
    CX_OPTION_END,
};

static inline cx_status_t mock_probe(const cx_core_t *core, cx_caps_t *caps)
{
    (void)core;
    mock.probe_count++;
    if (mock.probe_status != CX_OK) {
        return mock.probe_is_mute ? mock.probe_status
                                  : CX_FAIL(mock.probe_status, "there is no mock");
    }
    *caps = mock_caps;
    if (mock.probe_varies) {
        caps->rank_count_max = (int32_t)mock.probe_count;
    }
    return CX_OK;
}

static inline cx_status_t mock_open(const cx_core_t *core, const cx_shape_t *shape,
                                    const void *options, cx_session_t **out)
{
    cx_session_t *session;
    cx_status_t   status = CX_OK;
    void         *memory = NULL;

    (void)options;
    if (shape->family == CX_FAMILY_LIMITS) {
        if (mock.refused_limits & CX_BIT(shape->limit)) {
            return mock.open_is_mute ? CX_UNSUPPORTED : CX_FAIL(CX_UNSUPPORTED, "no such limit");
        }
    } else if (!(mock_caps.collectives & CX_BIT(shape->op))) {
        return mock.open_is_mute ? CX_UNSUPPORTED : CX_FAIL(CX_UNSUPPORTED, "no such operation");
    }
    if (mock.leaks_on_failure) {
        (void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (!mock.uses_no_device) {
        status = core->device_ops->alloc(core->device, 4096, CX_MEMORY_PLAIN, &memory);
    }
    if (status != CX_OK && !mock.ignores_device) {
        return status;
    }
    session = calloc(1, sizeof *session);
    assert_non_null(session);
    *session = (cx_session_t){.core = core, .shape = *shape, .memory = memory};
    *out     = session;
    mock.open_count++;
    return CX_OK;
}

static inline cx_status_t mock_prepare(cx_session_t *session, const cx_point_t *point)
{
    bool is_possible =
        session->shape.op == CX_COLLECTIVE_BARRIER ||
        (point->region && point->elems >= 0 && (uint64_t)point->elems <= point->region_bytes);

    if (!is_possible && !mock.accepts_all) {
        return mock.prepare_is_mute ? CX_INVALID : CX_FAIL(CX_INVALID, "that does not fit");
    }
    session->point = point;
    if (mock.leaks_size) {
        (void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    return CX_OK;
}

/* With one rank every operation is a copy, and a broadcast not even that. */
static inline cx_status_t mock_enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                                       cx_stream_t *stream)
{
    size_t bytes = (size_t)session->point->elems * cx_dtype_bytes(session->shape.dtype);

    (void)phase;
    (void)stream;
    session->call_count++;
    if (mock.in_window) {
        mock.in_window();
    }
    if (mock.enqueue_status != CX_OK && session->call_count > mock.good_count) {
        return CX_FAIL(mock.enqueue_status, "%s", mock.enqueue_text);
    }
    if (session->shape.op != CX_COLLECTIVE_BARRIER) {
        const cx_slot_t *slot = &session->point->slots[slot_index];

        memmove(slot->recv, slot->send, bytes);
        if ((mock.wrong_call > 0 && session->call_count % mock.wrong_call == 0) ||
            (mock.is_wrong && mock.is_wrong(&session->shape))) {
            ((unsigned char *)slot->recv)[bytes - 1] ^= 1;
        }
    }
    return CX_OK;
}

static inline void mock_release(cx_session_t *session)
{
    session->point = NULL;
}

static inline void mock_close(cx_session_t *session)
{
    if (session->memory) {
        session->core->device_ops->free(session->core->device, session->memory);
    }
    if (mock.leaks_descriptor && !(mock.tidy_ops & CX_BIT(session->shape.op))) {
        (void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (!mock.leaks_heap) {
        free(session);
    }
}

static const cx_backend_ops_t mock_right = {
    .abi           = CX_BACKEND_ABI,
    .struct_size   = sizeof(cx_backend_ops_t),
    .name          = "mock",
    .summary       = "for one test",
    .options       = mock_rows,
    .options_bytes = sizeof(mock_options_t),
    .probe         = mock_probe,
    .open          = mock_open,
    .prepare       = mock_prepare,
    .enqueue       = mock_enqueue,
    .release       = mock_release,
    .close         = mock_close,
};

static const cx_caps_t mock_right_caps = {
    .families    = CX_BIT(CX_FAMILY_COLLECTIVE),
    .collectives = CX_BIT(CX_COLLECTIVE_ALL_REDUCE) | CX_BIT(CX_COLLECTIVE_ALL_GATHER) |
                   CX_BIT(CX_COLLECTIVE_BARRIER),
    .in_place_collectives = CX_BIT(CX_COLLECTIVE_ALL_REDUCE),
    .dtypes               = CX_BIT(CX_DTYPE_FP32) | CX_BIT(CX_DTYPE_INT8),
    .reduce_dtypes        = CX_BIT(CX_DTYPE_FP32) | CX_BIT(CX_DTYPE_INT8),
    .redops               = CX_BIT(CX_REDOP_SUM) | CX_BIT(CX_REDOP_MAX),
    .devices              = "host sim",
};

/* ---- a rank and its check -------------------------------------------------------------------- */

typedef struct mock_rank {
    kit_alone_t      kit;
    cx_conform_t     conform;
    cx_backend_ops_t ops; /* the test may change it */
    char             said[CX_CONFORM_REASON_BYTES + 16];
} mock_rank_t;

static inline void mock_rank_open(mock_rank_t *rank)
{
    memset(rank, 0, sizeof *rank);
    mock      = (mock_t){0};
    mock_caps = mock_right_caps;
    rank->ops = mock_right;
    kit_alone_open(&rank->kit);
    cx_arena_init(&rank->conform.arena);
    rank->conform.context  = &rank->kit.context;
    rank->conform.backend  = "mock";
    rank->conform.device   = "";
    rank->conform.settings = json_object();
    rank->conform.ops      = &rank->ops;
    cx_bench_init(&rank->conform.bench, &rank->kit.context);
}

static inline void mock_rank_close(mock_rank_t *rank)
{
    cx_bench_fini(&rank->conform.bench);
    json_decref((json_t *)(uintptr_t)rank->conform.settings);
    cx_arena_fini(&rank->conform.arena);
    kit_alone_close(&rank->kit);
    cx_detail_clear();
}

/* What a check says: "ok", "skipped: ..." or the words of its failure. */
static inline const char *mock_rank_check(mock_rank_t *rank,
                                          cx_status_t (*check)(cx_conform_t *conform))
{
    cx_status_t status;

    cx_detail_clear();
    rank->conform.skipped[0] = '\0';
    status                   = check(&rank->conform);
    (void)snprintf(rank->said, sizeof rank->said, "%s%s",
                   status == CX_OK && rank->conform.skipped[0] ? "skipped: " : "",
                   status != CX_OK            ? cx_detail()->text
                   : rank->conform.skipped[0] ? rank->conform.skipped
                                              : "ok");
    cx_detail_clear();
    return rank->said;
}

/* Fails, with what was said, unless the check says something with `words` in it. */
static inline void mock_rank_expect(mock_rank_t *rank, cx_status_t (*check)(cx_conform_t *conform),
                                    const char  *words)
{
    const char *said = mock_rank_check(rank, check);

    if (!strstr(said, words)) {
        fail_msg("said \"%s\", not \"%s\"", said, words);
    }
}

#endif
