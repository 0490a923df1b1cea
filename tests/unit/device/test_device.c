/* SPDX-License-Identifier: Apache-2.0 */
/* The backend device between forked ranks on host memory: which bytes each limit moves, flags, and
 * what it says of a device that lacks something. Not how long anything takes. */
#include "support/fake_core.h"
#include "support/open_plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BUDGET_NS INT64_C(60000000000)
#define RANKS 3
#define SLOTS 2
#define SLOT_BYTES 4096
#define RECV_OFFSET 2048
#define ELEMS_MAX 32

/* ---- a device of the host that also copies together and counts what it is asked -------------- */

static cx_device_ops_t device_ops;
static int32_t         last_block_count, together_count, launch_count;

static cx_status_t copy_together(cx_device_t *device, cx_stream_t *stream,
                                 const cx_device_copy_t *copies, int32_t copy_count,
                                 int32_t block_count)
{
    (void)device;
    (void)stream;
    for (int32_t i = 0; i < copy_count; i++) {
        memcpy(copies[i].to, copies[i].from, copies[i].bytes);
    }
    if (copy_count > 0) { /* open asks with none whether it can be */
        together_count++;
        last_block_count = block_count;
    }
    return CX_OK;
}

static cx_status_t begin_graph(cx_device_t *device, cx_stream_t *stream)
{
    (void)device;
    (void)stream;
    return CX_OK;
}

static cx_status_t end_graph(cx_device_t *device, cx_stream_t *stream, cx_graph_t **out)
{
    static char graph;

    (void)device;
    (void)stream;
    if (out) {
        *out = (cx_graph_t *)(void *)&graph;
    }
    return CX_OK;
}

static cx_status_t launch_graph(cx_device_t *device, cx_graph_t *graph, cx_stream_t *stream)
{
    (void)device;
    (void)stream;
    launch_count++;
    return graph ? CX_OK : CX_DEVICE;
}

static void free_graph(cx_device_t *device, cx_graph_t *graph)
{
    (void)device;
    (void)graph;
}

/* The real host device, with what only accelerators have put on top of it. */
static cx_status_t open_host(fake_core_t *fake, bool is_able)
{
    const cx_device_ops_t *host = plugin_open_device("cx-device-host.so");

    if (!host) {
        return CX_INTERNAL;
    }
    device_ops = *host;
    if (is_able) {
        device_ops.copy_together = copy_together;
        device_ops.graph_begin   = begin_graph;
        device_ops.graph_end     = end_graph;
        device_ops.graph_launch  = launch_graph;
        device_ops.graph_free    = free_graph;
    }
    fake->core.device_ops = &device_ops;
    return device_ops.open(&fake->core, 0, &fake->core.device);
}

/* ---- moving -----------------------------------------------------------------------------------
 */

typedef struct move {
    cx_limit_t limit;
    int64_t    counts[RANKS * RANKS];
    int32_t    block_count;
} move_t;

static unsigned char byte_of(int32_t rank, int32_t slot_index, size_t index)
{
    return (unsigned char)(1 + rank * 80 + slot_index * 40 + (int32_t)index % 37);
}

/* What the rank must have received in a slot: blocks in the order of their senders. */
static int count_wrong(const move_t *move, const unsigned char *recv, int32_t rank,
                       int32_t slot_index)
{
    int    wrong_count = 0;
    size_t at          = 0;

    for (int32_t sender = 0; sender < RANKS; sender++) {
        size_t bytes = (size_t)move->counts[sender * RANKS + rank] * sizeof(float), before = 0;

        for (int32_t other = 0; other < rank; other++) {
            before += (size_t)move->counts[sender * RANKS + other] * sizeof(float);
        }
        for (size_t i = 0; i < bytes; i++) {
            wrong_count += recv[at++] != byte_of(sender, slot_index, before + i);
        }
    }
    for (; at < SLOT_BYTES - RECV_OFFSET; at++) {
        wrong_count += recv[at] != 0;
    }
    return wrong_count;
}

static int move_all(fake_core_t *fake, void *argument)
{
    const move_t           *move  = argument;
    const cx_backend_ops_t *ops   = plugin_open_backend("cx-backend-device.so");
    cx_shape_t              shape = {.family      = CX_FAMILY_LIMITS,
                                     .op          = CX_COLLECTIVE_ALL_TO_ALL_V,
                                     .dtype       = CX_DTYPE_FP32,
                                     .root_rank   = -1,
                                     .limit       = move->limit,
                                     .block_count = move->block_count};
    cx_slot_t               slots[SLOTS];
    unsigned char          *region;
    cx_point_t              point = {.slot_count   = SLOTS,
                                     .slots        = slots,
                                     .region_bytes = SLOTS * SLOT_BYTES,
                                     .counts       = move->counts};
    cx_session_t           *session;
    int                     wrong_count = 0;

    if (!ops || open_host(fake, true) != CX_OK ||
        device_ops.alloc(fake->core.device, point.region_bytes, CX_MEMORY_EXPORTABLE,
                         &point.region) != CX_OK ||
        ops->open(&fake->core, &shape, NULL, &session) != CX_OK) {
        return 1;
    }
    region = point.region;
    for (int32_t i = 0; i < SLOTS; i++) {
        slots[i] = (cx_slot_t){.send_offset = (size_t)i * SLOT_BYTES,
                               .recv_offset = (size_t)i * SLOT_BYTES + RECV_OFFSET};
        for (size_t k = 0; k < RANKS * ELEMS_MAX * sizeof(float); k++) {
            region[slots[i].send_offset + k] = byte_of(fake->core.rank, i, k);
        }
    }
    if (ops->prepare(session, &point) != CX_OK ||
        fake_barrier(&fake->peers, fake->deadline_ns) != CX_OK ||
        ops->enqueue(session, CX_PHASE_OPERATION, 1, NULL) != CX_OK ||
        fake_barrier(&fake->peers, fake->deadline_ns) != CX_OK) {
        return 1;
    }
    wrong_count += count_wrong(move, region + slots[1].recv_offset, fake->core.rank, 1);
    for (size_t k = 0; k < SLOT_BYTES - RECV_OFFSET; k++) { /* a slot that was not asked for */
        wrong_count += region[slots[0].recv_offset + k] != 0;
    }
    wrong_count += together_count > 0 && last_block_count != move->block_count;
    ops->release(session);
    ops->close(session);
    return wrong_count;
}

static void test_limits_move_what_the_counts_say(void **state)
{
    static move_t rows[] = {
        {CX_LIMIT_COPY_ENGINE, {0, 5, 0, 0, 0, 0, 0, 0, 0}, 0},
        {CX_LIMIT_COPY_ENGINE, {0, 5, 0, 0, 0, 5, 5, 0, 0}, 0},
        {CX_LIMIT_SM_STORE, {0, 32, 0, 0, 0, 32, 32, 0, 0}, 8},
        {CX_LIMIT_SM_LOAD, {0, 0, 7, 7, 0, 0, 0, 7, 0}, 0},
        {CX_LIMIT_SM_LOAD, {0, 0, 0, 9, 0, 0, 0, 0, 0}, 2},
        {CX_LIMIT_SM_STORE_ALL, {0, 11, 11, 11, 0, 11, 11, 11, 0}, 3},
        {CX_LIMIT_MEMORY_COPY, {6, 0, 0, 0, 6, 0, 0, 0, 6}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(fake_ranks_run(RANKS, BUDGET_NS, move_all, &rows[i]), 0);
    }
}

/* ---- flags ------------------------------------------------------------------------------------
 */

/* Ranks 0 and 1 make the round trips; rank 2 passes by. */
static int bounce(fake_core_t *fake, void *argument)
{
    const cx_backend_ops_t *ops   = plugin_open_backend("cx-backend-device.so");
    cx_shape_t              shape = {
                     .family = CX_FAMILY_LIMITS, .op = CX_COLLECTIVE_BARRIER, .limit = CX_LIMIT_FLAG};
    cx_point_t    point = {.slot_count = 1};
    cx_session_t *session;
    int           failed_count = 0;

    (void)argument;
    if (!ops || open_host(fake, false) != CX_OK ||
        ops->open(&fake->core, &shape, NULL, &session) != CX_OK ||
        ops->prepare(session, &point) != CX_OK) {
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        failed_count += ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL) != CX_OK;
    }
    failed_count += fake_barrier(&fake->peers, fake->deadline_ns) != CX_OK;
    ops->release(session);
    ops->close(session);
    return failed_count;
}

static void test_flag_is_between_the_first_two_ranks(void **state)
{
    (void)state;
    assert_int_equal(fake_ranks_run(RANKS, BUDGET_NS, bounce, NULL), 0);
}

/* ---- one rank ---------------------------------------------------------------------------------
 */

static fake_core_t             fake;
static const cx_backend_ops_t *ops;

static int set_up(void **state)
{
    (void)state;
    fake_core_init(&fake, NULL, 0, 1, BUDGET_NS);
    ops          = plugin_open_backend("cx-backend-device.so");
    launch_count = 0;
    return ops ? 0 : -1;
}

static void test_caps_are_family_limits_alone(void **state)
{
    cx_caps_t caps;

    (void)state;
    assert_int_equal(ops->probe(&fake.core, &caps), CX_OK);
    assert_int_equal(caps.families, CX_BIT(CX_FAMILY_LIMITS));
    assert_int_equal(caps.limits, CX_BIT(CX_LIMIT_COUNT) - 1);
    assert_int_equal(caps.collectives, 0);
    assert_int_equal(caps.memory, CX_MEMORY_EXPORTABLE);
    assert_false(caps.moves_no_data || caps.spans_hosts);
}

static cx_status_t open_limit(cx_limit_t limit, cx_session_t **out)
{
    cx_shape_t shape = {.family = CX_FAMILY_LIMITS, .limit = limit};

    fake_detail_text[0] = '\0';
    return ops->open(&fake.core, &shape, NULL, out);
}

static void test_what_the_device_lacks_is_said(void **state)
{
    static const struct {
        cx_limit_t  limit;
        int32_t     rank_count;
        bool        is_able;
        const char *words;
    } rows[] = {
        {CX_LIMIT_SM_STORE, 2, false, "sm_store: device host has no kernels that copy"},
        {CX_LIMIT_SM_LOAD, 2, false, "sm_load: device host has no kernels"},
        {CX_LIMIT_SM_STORE_ALL, 2, false, "sm_store_all: device host has no kernels"},
        {CX_LIMIT_DEVICE_BARRIER, 2, false, "device host has no barrier of its own"},
        {CX_LIMIT_LAUNCH, 2, true, "device host has no launches"},
        {CX_LIMIT_GRAPH_LAUNCH, 1, false, "device host has no graphs"},
        {CX_LIMIT_COPY_ENGINE, 1, false, "copy_engine is between ranks"},
        {CX_LIMIT_FLAG, 1, true, "flag is between ranks"},
        {CX_LIMIT_SM_STORE, 1, true, "sm_store is between ranks"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_session_t *session;

        fake_core_init(&fake, NULL, 0, rows[i].rank_count, BUDGET_NS);
        assert_int_equal(open_host(&fake, rows[i].is_able), CX_OK);
        assert_int_equal(open_limit(rows[i].limit, &session), CX_UNSUPPORTED);
        assert_non_null(strstr(fake_detail_text, rows[i].words));
        device_ops.close(fake.core.device);
    }
}

static void test_bare_device_has_no_limit_but_launches(void **state)
{
    (void)state;
    fake_core_init(&fake, NULL, 0, 2, BUDGET_NS);
    for (int limit = 0; limit < CX_LIMIT_COUNT; limit++) {
        cx_session_t *session;

        assert_int_equal(open_limit((cx_limit_t)limit, &session), CX_UNSUPPORTED);
        assert_non_null(strstr(fake_detail_text, "has no"));
    }
}

static void test_graph_is_captured_once_and_launched_each_time(void **state)
{
    cx_point_t    point = {.slot_count = 1};
    cx_session_t *session;

    (void)state;
    assert_int_equal(open_host(&fake, true), CX_OK);
    assert_int_equal(open_limit(CX_LIMIT_GRAPH_LAUNCH, &session), CX_OK);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(ops->prepare(session, &point), CX_OK);
        assert_int_equal(ops->enqueue(session, CX_PHASE_OPERATION, 0, NULL), CX_OK);
        assert_int_equal(launch_count, i);
        ops->release(session);
    }
    ops->close(session);
    device_ops.close(fake.core.device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_move_what_the_counts_say),
        cmocka_unit_test(test_flag_is_between_the_first_two_ranks),
        cmocka_unit_test_setup(test_caps_are_family_limits_alone, set_up),
        cmocka_unit_test_setup(test_what_the_device_lacks_is_said, set_up),
        cmocka_unit_test_setup(test_bare_device_has_no_limit_but_launches, set_up),
        cmocka_unit_test_setup(test_graph_is_captured_once_and_launched_each_time, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
