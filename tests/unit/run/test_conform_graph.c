/* SPDX-License-Identifier: Apache-2.0 */
/* Backends that say they can be captured: one that can, and those that cannot after all. */
#include "unit/run/mock.h"

#define SLOTS_MAX 64

/* What the device under the mock has captured. */
static struct {
    cx_session_t *session;
    int32_t       slots[SLOTS_MAX];
    int32_t       slot_count;
    int64_t       launch_count, good_launch_count, open_count;
    bool          is_capturing, is_deaf; /* deaf: to a capture, so that operations run at once */
} tape;

static cx_status_t graph_begin(cx_device_t *device, cx_stream_t *stream)
{
    (void)device;
    (void)stream;
    tape.is_capturing = true;
    tape.slot_count   = 0;
    return CX_OK;
}

static cx_status_t graph_end(cx_device_t *device, cx_stream_t *stream, cx_graph_t **out)
{
    (void)device;
    (void)stream;
    tape.is_capturing = false;
    if (out) {
        *out = (cx_graph_t *)(void *)&tape;
        tape.open_count++;
    }
    return CX_OK;
}

static cx_status_t graph_launch(cx_device_t *device, cx_graph_t *graph, cx_stream_t *stream)
{
    (void)device;
    assert_ptr_equal(graph, &tape);
    if (++tape.launch_count > tape.good_launch_count) {
        return CX_OK;
    }
    for (int32_t i = 0; i < tape.slot_count; i++) {
        CX_TRY(mock_enqueue(tape.session, CX_PHASE_OPERATION, tape.slots[i], stream));
    }
    return CX_OK;
}

static void graph_free(cx_device_t *device, cx_graph_t *graph)
{
    (void)device;
    assert_ptr_equal(graph, &tape);
    tape.open_count--;
}

static cx_status_t enqueue(cx_session_t *session, cx_phase_t phase, int32_t slot_index,
                           cx_stream_t *stream)
{
    if (!tape.is_capturing || tape.is_deaf) {
        return mock_enqueue(session, phase, slot_index, stream);
    }
    assert_in_range(tape.slot_count, 0, SLOTS_MAX - 1);
    tape.session                  = session;
    tape.slots[tape.slot_count++] = slot_index;
    return mock.enqueue_status;
}

static cx_status_t wait_for_work(cx_session_t *session, cx_phase_t phase)
{
    (void)session;
    (void)phase;
    return CX_OK;
}

typedef struct bed {
    mock_rank_t     rank;
    cx_device_ops_t device_ops;
} bed_t;

/* On the host device with the tape's graphs. */
static void open_bed(bed_t *bed)
{
    cx_core_t *core = &bed->rank.kit.context.core;

    memset(&tape, 0, sizeof tape);
    tape.good_launch_count = INT64_MAX;
    mock_rank_open(&bed->rank);
    mock_caps.can_capture = true;
    bed->rank.ops.enqueue = enqueue;
    EXPECT_OK(cx_conform_probe(&bed->rank.conform));
    bed->device_ops              = *core->device_ops;
    bed->device_ops.graph_begin  = graph_begin;
    bed->device_ops.graph_end    = graph_end;
    bed->device_ops.graph_launch = graph_launch;
    bed->device_ops.graph_free   = graph_free;
    core->device_ops             = &bed->device_ops;
}

static void close_bed(bed_t *bed)
{
    assert_int_equal(tape.open_count, 0);
    mock_rank_close(&bed->rank);
}

static void test_a_backend_that_can_be_captured_passes(void **state)
{
    bed_t bed;

    (void)state;
    open_bed(&bed);
    mock_rank_expect(&bed.rank, cx_conform_captured, "ok");
    assert_int_equal(tape.launch_count, 2 * 3); /* operations of the mock */
    close_bed(&bed);
}

static void test_work_that_is_done_at_the_capture_is_found(void **state)
{
    bed_t bed;

    (void)state;
    open_bed(&bed);
    tape.is_deaf = true;
    mock_rank_expect(&bed.rank, cx_conform_captured,
                     "2 of 3 cases, the first: all_reduce fp32 sum: 4099 elements in a block: ");
    close_bed(&bed);
}

static void test_a_second_replay_that_does_nothing_is_found(void **state)
{
    bed_t bed;

    (void)state;
    open_bed(&bed);
    tape.good_launch_count = 1;
    mock_rank_expect(&bed.rank, cx_conform_captured, "2 of 3 cases, the first: all_reduce");
    close_bed(&bed);
}

static void test_one_wrong_operation_of_a_replay_is_found(void **state)
{
    bed_t bed;

    (void)state;
    open_bed(&bed);
    mock.wrong_call = 13; /* one ahead, eight of the first replay, and then some */
    mock_rank_expect(&bed.rank, cx_conform_captured, "cases, the first: all_reduce");
    close_bed(&bed);
}

static void test_work_off_the_stream_is_no_graph(void **state)
{
    bed_t bed;

    (void)state;
    open_bed(&bed);
    bed.rank.ops.wait = wait_for_work;
    mock_rank_expect(&bed.rank, cx_conform_captured,
                     "mock does work that is not ordered on the stream");
    close_bed(&bed);
}

static void test_what_cannot_be_captured_is_not_asked(void **state)
{
    bed_t bed;

    (void)state;
    open_bed(&bed);
    bed.device_ops.graph_begin = NULL;
    mock_rank_expect(&bed.rank, cx_conform_captured, "skipped: device host has no graphs");
    bed.rank.conform.caps.can_capture = false;
    mock_rank_expect(&bed.rank, cx_conform_captured,
                     "skipped: the backend does not say that it can be captured");
    close_bed(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_backend_that_can_be_captured_passes),
        cmocka_unit_test(test_work_that_is_done_at_the_capture_is_found),
        cmocka_unit_test(test_a_second_replay_that_does_nothing_is_found),
        cmocka_unit_test(test_one_wrong_operation_of_a_replay_is_found),
        cmocka_unit_test(test_work_off_the_stream_is_no_graph),
        cmocka_unit_test(test_what_cannot_be_captured_is_not_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
