/* SPDX-License-Identifier: Apache-2.0 */
/* Slots that the device fills and verifies: planted faults are found there and named in the same
 * words as on the host, nothing is copied while all is right, and devices that cannot are not
 * asked. On the stub, whose memory the test can reach. */
#include "run/workload_device.h"

#include "family/collective/inputs.h"
#include "unit/gpu/stub.h"
#include "unit/run/kit.h"

static cx_arena_t             arena;
static cx_core_t              core;
static cx_workload_t          workload;
static cx_region_t            region;
static const cx_device_ops_t *stub_ops;
static cx_device_ops_t        ops; /* the stub's, with what a test replaces */
static int                    copy_count, wait_count;

static cx_status_t counted_copy(cx_device_t *device, void *to, const void *from, size_t bytes)
{
    copy_count++;
    return stub_ops->copy(device, to, from, bytes);
}

static cx_status_t counted_verify(cx_device_t *device, cx_stream_t *stream, const cx_span_t *spans,
                                  int64_t span_count, cx_difference_t *out)
{
    wait_count++;
    return stub_ops->verify(device, stream, spans, span_count, out);
}

static cx_status_t counted_synchronize(cx_device_t *device, cx_stream_t *stream,
                                       int64_t deadline_ns)
{
    wait_count++;
    return stub_ops->synchronize(device, stream, deadline_ns);
}

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    stub_ops = plugin_open_device(cuda.plugin);
    assert_non_null(stub_ops);
    ops             = *stub_ops;
    ops.copy        = counted_copy;
    ops.verify      = counted_verify;
    ops.synchronize = counted_synchronize;
    core            = (cx_core_t){.struct_size      = sizeof core,
                                  .rank_count       = 1,
                                  .local_rank_count = 1,
                                  .device_ops       = &ops,
                                  .fail             = cx_fail_plugin,
                                  .is_over          = kit_is_over,
                                  .deadline_ns      = kit_deadline_ns};
    EXPECT_OK(ops.open(&core, 0, &core.device));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unsetenv("STUB_GPU_SUSPECTS");
    cx_workload_release(&workload);
    cx_region_close(&region);
    stub_ops->close(core.device);
    cx_arena_fini(&arena);
    return 0;
}

/* A point of 3 ranks, filled, of which this is rank 1. */
static void open_filled(const char *words, int64_t bytes)
{
    cx_case_t one = kit_case(&arena, words);
    char      reason[128];

    cx_workload_release(&workload);
    cx_region_close(&region);
    core.rank       = 1;
    core.rank_count = 3;
    EXPECT_OK(cx_workload_plan(&core, &one, bytes, &workload, reason, sizeof reason));
    EXPECT_OK(cx_region_open(&core, workload.layout.region_bytes, CX_MEMORY_PLAIN, &region));
    copy_count = 0;
    wait_count = 0;
    EXPECT_OK(cx_workload_fill(&workload, &region));
}

static int64_t recv_elems(void)
{
    return cx_collective_place(&workload.data).recv_elems;
}

/* What a backend would have done. */
static void receive(int32_t slot_index)
{
    if (workload.slots[slot_index].recv) {
        cx_collective_expect(&workload.data, slot_index, 0, recv_elems(),
                             workload.slots[slot_index].recv);
    }
}

static cx_block_report_t verified(int64_t operation_count)
{
    cx_block_report_t report = {0};

    EXPECT_OK(cx_workload_verify(&workload, operation_count, &report));
    return report;
}

static const char *const requests[] = {
    "op=all_reduce redop=avg dtype=bf16",
    "op=all_gather dtype=uint8",
    "op=reduce_scatter redop=prod dtype=fp64",
    "op=all_to_all dtype=int16",
    "op=all_to_all_v traffic-skew=0.5",
    "op=broadcast root=0",
    "op=broadcast root=1",
    "op=gather root=1",
    "op=gather root=0",
    "op=scatter root=2",
    "op=send_recv",
    "op=all_reduce placement=in_place",
    "op=all_gather placement=in_place",
    "op=all_to_all placement=in_place",
    "op=reduce redop=max root=0 placement=in_place",
};

static void test_right_outputs_pass_without_a_copy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char words[128];

        (void)snprintf(words, sizeof words, "%s buffers=hot", requests[i]);
        open_filled(words, 3000);
        assert_non_null(workload.spans);
        for (int round = 0; round < 2; round++) {
            receive(0);
            receive(1);
            assert_int_equal(verified(2).verified_count, 2);
            assert_true(workload.wrong.is_right);
        }
        assert_int_equal(copy_count, 0);
        assert_null(workload.mirror);
    }
}

/* The host's own opinion of inputs, guards and poison that the device has written. */
static void test_the_host_agrees_with_what_the_device_has_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char words[128];

        (void)snprintf(words, sizeof words, "%s buffers=hot", requests[i]);
        open_filled(words, 2000);
        cx_workload_device_close(&workload); /* from here on as on a device of the host's memory */
        receive(0);
        assert_int_equal(verified(1).wrong_count, 0);
        assert_int_equal(verified(2).wrong_count, recv_elems() > 0 ? 2 : 0);
        assert_true(recv_elems() == 0 || strcmp(workload.wrong.kind, "never-written") == 0);
    }
}

/* ---- planted faults ---- */

static char *recv_at(int32_t slot_index, int64_t byte)
{
    return (char *)workload.slots[slot_index].recv + byte;
}

static void skip_chunk(void) /* of 512 bytes, in the middle */
{
    static char poison[512];

    memcpy(poison, recv_at(1, 1024), sizeof poison);
    receive(1);
    memcpy(recv_at(1, 1024), poison, sizeof poison);
}

static void skip_all(void) /* what the round before left there is gone */
{
    receive(1);
    assert_int_equal(verified(2).wrong_count, 0);
    receive(0);
}

static void keep_other_slot(void)
{
    cx_collective_expect(&workload.data, 0, 0, recv_elems(), recv_at(1, 0));
}

static void flip_last_bit(void)
{
    receive(1);
    *recv_at(1, recv_elems() * 4 - 1) ^= (char)0x80;
}

static void overrun(void)
{
    receive(1);
    *recv_at(1, recv_elems() * 4 + 100) ^= 1;
}

static void underrun(void)
{
    receive(1);
    *recv_at(1, -1) ^= 1;
}

static void change_input(void)
{
    receive(1);
    ((char *)region.memory)[workload.slots[1].send_offset + 4] ^= 1;
}

static void test_planted_faults_are_caught_and_named(void **state)
{
    static const struct {
        void (*plant)(void);
        const char *kind, *text;
    } faults[] = {
        {skip_chunk, "never-written", "element 256 (byte 1024)"},
        {skip_all, "never-written", "never written"},
        {keep_other_slot, "stale", "data of slot 0"},
        {flip_last_bit, "bit-flip", "bit 7 of byte 3"},
        {overrun, "guard", "guard after the receive buffer of slot 1"},
        {underrun, "guard", "guard before the receive buffer of slot 1"},
        {change_input, "input-modified", "input modified; element 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        open_filled("op=all_reduce buffers=hot", 64 << 10);
        receive(0);
        faults[i].plant();
        assert_int_equal(verified(2).wrong_count, 1);
        assert_string_equal(workload.wrong.kind, faults[i].kind);
        assert_non_null(strstr(workload.wrong.text, faults[i].text));
        assert_int_equal(copy_count, 1); /* of the one slot */
    }
}

static void test_outputs_are_poisoned_or_filled_again(void **state)
{
    (void)state;
    open_filled("op=all_reduce buffers=hot", 4096);
    receive(0);
    receive(1);
    assert_int_equal(verified(2).wrong_count, 0);
    assert_int_equal(verified(2).wrong_count, 2);
    open_filled("op=all_reduce buffers=hot placement=in_place", 4096);
    receive(3);
    assert_int_equal(verified(4).wrong_count, 3);
    receive(0);
    assert_int_equal(verified(1).wrong_count, 0);
    open_filled("op=all_reduce buffers=hot verify=false", 4096);
    receive(0);
    assert_int_equal(verified(2).verified_count, 0);
    assert_memory_not_equal(workload.slots[0].recv, workload.slots[0].send, 4096);
}

/* 1024 slots of 8 bytes: 6 spans each, of which at most 2048 are verified at once. */
static void test_many_small_slots_take_few_waits(void **state)
{
    (void)state;
    open_filled("op=all_reduce dtype=fp32 rotate-bytes=1MiB", 8);
    assert_int_equal(workload.point.slot_count, CX_WORKLOAD_SLOT_COUNT_MAX);
    assert_int_equal(wait_count, 1);
    for (int32_t i = 0; i < workload.point.slot_count; i++) {
        receive(i);
    }
    *recv_at(1023, 7) ^= 1;
    wait_count = 0;
    assert_int_equal(verified(1 << 20).wrong_count, 1);
    assert_in_range(wait_count, 2, 6);
    assert_string_equal(workload.wrong.kind, "bit-flip");
}

static void test_a_device_the_host_disagrees_with_is_reported(void **state)
{
    cx_block_report_t report = {0};

    (void)state;
    open_filled("op=all_reduce buffers=hot", 4096);
    receive(0);
    assert_int_equal(setenv("STUB_GPU_SUSPECTS", "1", 1), 0);
    EXPECT_FAIL(CX_INTERNAL, "device and host disagree: in slot 0 the device found",
                cx_workload_verify(&workload, 1, &report));
}

/* ---- devices that cannot ---- */

static cx_status_t refusing_fill(cx_device_t *device, cx_stream_t *stream, const cx_span_t *spans,
                                 int64_t span_count)
{
    (void)device;
    (void)stream;
    (void)spans;
    (void)span_count;
    return CX_FAIL(CX_UNSUPPORTED, "built without kernels");
}

static cx_status_t failing_fill(cx_device_t *device, cx_stream_t *stream, const cx_span_t *spans,
                                int64_t span_count)
{
    if (span_count > 0) {
        return CX_FAIL(CX_DEVICE, "the launch failed");
    }
    return stub_ops->fill(device, stream, spans, span_count);
}

static void test_without_kernels_a_mirror_does_it(void **state)
{
    (void)state;
    ops.fill = refusing_fill;
    open_filled("op=all_reduce buffers=hot", 4096);
    assert_null(workload.spans);
    assert_non_null(workload.mirror);
    assert_string_equal(cx_detail()->text, "");
    receive(0);
    assert_int_equal(verified(2).wrong_count, 1);
    assert_string_equal(workload.wrong.kind, "never-written");
}

static void test_a_failing_device_fails_the_point(void **state)
{
    cx_block_report_t report = {0};

    (void)state;
    open_filled("op=all_reduce buffers=hot", 4096);
    ops.fill = failing_fill;
    EXPECT_FAIL(CX_DEVICE, "the launch failed", cx_workload_verify(&workload, 1, &report));
    EXPECT_FAIL(CX_DEVICE, "the launch failed", cx_workload_fill(&workload, &region));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_right_outputs_pass_without_a_copy),
        TEST(test_the_host_agrees_with_what_the_device_has_written),
        TEST(test_planted_faults_are_caught_and_named),
        TEST(test_outputs_are_poisoned_or_filled_again),
        TEST(test_many_small_slots_take_few_waits),
        TEST(test_a_device_the_host_disagrees_with_is_reported),
        TEST(test_without_kernels_a_mirror_does_it),
        TEST(test_a_failing_device_fails_the_point),
    };

    stub_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
