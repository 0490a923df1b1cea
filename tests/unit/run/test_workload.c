/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of a point: their number, their places, their inputs, and that a wrong output, a lost one
 * and an overrun are seen. What is right is the family's (tests/unit/family). */
#include "run/workload.h"

#include "plugin/plugin.h"
#include "unit/run/kit.h"

#include <math.h>

static cx_arena_t    arena;
static cx_core_t     core;
static cx_workload_t workload;
static char          reason[128];

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    core = (cx_core_t){.struct_size = sizeof core,
                       .rank_count  = 1,
                       .fail        = cx_fail_plugin,
                       .is_over     = kit_is_over,
                       .deadline_ns = kit_deadline_ns};
    EXPECT_OK(cx_device_load("host", "test", &core.device_ops));
    EXPECT_OK(core.device_ops->open(&core, 0, &core.device));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cx_workload_release(&workload);
    core.device_ops->close(core.device);
    cx_arena_fini(&arena);
    return 0;
}

static cx_status_t plan(const char *words, int32_t rank, int32_t rank_count, int64_t bytes)
{
    cx_case_t one = kit_case(&arena, words);

    cx_workload_release(&workload);
    core.rank       = rank;
    core.rank_count = rank_count;
    return cx_workload_plan(&core, &one, bytes, &workload, reason, sizeof reason);
}

static void test_how_many_slots(void **state)
{
    static const struct {
        const char *words;
        int64_t     bytes;
        int32_t     slots;
    } rows[] = {
        {"rotate-bytes=64MiB", 8, CX_WORKLOAD_SLOT_COUNT_MAX},
        {"rotate-bytes=64MiB", 64 << 20, 2}, /* two at least, whatever was asked */
        {"rotate-bytes=0B", 8, 2},
        {"buffers=hot", 8, 2},
        {"buffers=hot regime=graph graph-ops=1", 8, 1}, /* a graph comes to no others */
        {"rotate-bytes=64MiB regime=graph graph-ops=20", 8, 20},
        {"rotate-bytes=64MiB regime=graph graph-ops=20 placement=in_place", 16 << 20, 3},
        {"buffers=hot placement=in_place", 8, 16}, /* an operation uses its slot up */
        {"op=barrier", 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_OK(plan(rows[i].words, 0, 2, rows[i].bytes));
        assert_string_equal(reason, "");
        assert_int_equal(workload.point.slot_count, rows[i].slots);
    }
    EXPECT_OK(plan("rotate-bytes=1MiB", 0, 2, 4096));
    assert_in_range(workload.point.slot_count, 100, 128);
}

static void test_every_rank_has_the_same_region(void **state)
{
    static const char *const words[] = {
        "op=all_gather rotate-bytes=64KiB", "op=gather root=1 rotate-bytes=64KiB",
        "op=broadcast root=2 buffers=hot", "op=all_to_all_v traffic-skew=0.5 rotate-bytes=64KiB",
        "op=reduce_scatter placement=in_place"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        cx_collective_layout_t first = {0};

        for (int32_t rank = 0; rank < 3; rank++) {
            EXPECT_OK(plan(words[i], rank, 3, 3000));
            if (rank == 0) {
                first = workload.layout;
            }
            assert_memory_equal(&workload.layout, &first, sizeof first);
        }
    }
}

/* Slots lie in their region, one behind the other, with their own inputs. */
static void test_slots_lie_apart_in_their_region(void **state)
{
    cx_region_t region;

    (void)state;
    EXPECT_OK(plan("op=all_gather rotate-bytes=64KiB", 0, 2, 4096));
    EXPECT_OK(cx_region_open(&core, workload.layout.region_bytes, CX_MEMORY_PLAIN, &region));
    EXPECT_OK(cx_workload_fill(&workload, &region));
    assert_ptr_equal(workload.point.region, region.memory);
    for (int32_t i = 0; i < workload.point.slot_count; i++) {
        const cx_slot_t *slot = &workload.slots[i];

        assert_ptr_equal(slot->send, (char *)region.memory + slot->send_offset);
        assert_ptr_equal(slot->recv, (char *)region.memory + slot->recv_offset);
        assert_true(slot->recv_offset >= slot->send_offset + 2048);
        assert_true(slot->recv_offset + 4096 <= region.bytes);
        if (i > 0) {
            assert_true(slot->send_offset >= workload.slots[i - 1].recv_offset + 4096);
            assert_true(memcmp(slot->send, workload.slots[i - 1].send, 2048) != 0);
        }
    }
    cx_region_close(&region);
    cx_region_close(&region);
}

static void test_sizes_too_small_are_left_out_with_a_reason(void **state)
{
    (void)state;
    EXPECT_OK(plan("op=all_gather dtype=fp64", 0, 4, 31));
    assert_string_equal(reason, "less than one fp64 element in each block of 4 ranks");
    EXPECT_OK(plan("op=all_gather dtype=fp64", 0, 4, 32));
    assert_string_equal(reason, "");
    assert_int_equal(workload.point.elems, 1);
    assert_int_equal(workload.point.message_bytes, 32);
    assert_true(workload.busbw_factor == 0.75);
}

static void test_traffic_files_are_read_or_refused(void **state)
{
    (void)state;
    EXPECT_OK(plan("op=all_to_all_v traffic-skew=0.5", 1, 3, 3000));
    assert_non_null(workload.point.counts);
    EXPECT_FAIL(CX_INVALID, "/proc/nonexistent/traffic",
                plan("op=all_to_all_v traffic=/proc/nonexistent/traffic", 1, 3, 3000));
    assert_null(workload.counts);
}

/* ---- verification: one rank, whose all-reduce is a copy ----------------------------------------
 */

static cx_region_t region;

static cx_block_report_t verified(int64_t operation_count)
{
    cx_block_report_t report = {0};

    EXPECT_OK(cx_workload_verify(&workload, operation_count, &report));
    return report;
}

static void copy_slot(int32_t index)
{
    memcpy(workload.slots[index].recv, workload.slots[index].send, 256);
}

static void open_filled(const char *words)
{
    EXPECT_OK(plan(words, 0, 1, 256));
    EXPECT_OK(cx_region_open(&core, workload.layout.region_bytes, CX_MEMORY_PLAIN, &region));
    EXPECT_OK(cx_workload_fill(&workload, &region));
}

static void test_right_outputs_pass_once(void **state)
{
    cx_block_report_t report;

    (void)state;
    open_filled("buffers=hot");
    copy_slot(0);
    copy_slot(1);
    report = verified(5); /* the second slot's last of five is what is left there */
    assert_int_equal(report.verified_count, 2);
    assert_int_equal(report.wrong_count, 0);
    assert_true(workload.wrong.is_right);
    /* The outputs are poisoned again: an operation that does nothing cannot pass. */
    report = verified(2);
    assert_int_equal(report.wrong_count, 2);
    assert_false(workload.wrong.is_right);
    cx_region_close(&region);
}

static void test_only_used_slots_are_looked_at(void **state)
{
    (void)state;
    open_filled("buffers=hot");
    copy_slot(0);
    assert_int_equal(verified(1).verified_count, 1);
    assert_int_equal(verified(0).verified_count, 0);
    cx_region_close(&region);
}

static void test_one_bit_an_overrun_and_a_changed_input_are_wrong(void **state)
{
    (void)state;
    for (int fault = 0; fault < 3; fault++) {
        char *end;

        open_filled("buffers=hot");
        copy_slot(0);
        copy_slot(1);
        end = (char *)workload.slots[1].recv + 256;
        if (fault == 0) {
            end[-1] ^= 1;
        } else if (fault == 1) {
            end[0]++;
        } else {
            ((char *)region.memory)[workload.slots[1].send_offset]++;
        }
        assert_int_equal(verified(2).wrong_count, 1);
        assert_false(workload.wrong.is_right);
        assert_true(strlen(workload.wrong.text) > 10);
        cx_region_close(&region);
    }
}

/* A device whose memory the host must not touch: what the host sees went through its copy. */
static const cx_device_ops_t *host_ops;
static int                    copy_count, copies_allowed;

static void far_facts(const cx_device_t *device, cx_device_facts_t *out)
{
    host_ops->facts(device, out);
    out->is_host_ordered = false;
}

static cx_status_t far_copy(cx_device_t *device, void *to, const void *from, size_t bytes)
{
    if (copy_count++ >= copies_allowed) {
        return CX_FAIL(CX_DEVICE, "the copy failed");
    }
    return host_ops->copy(device, to, from, bytes);
}

static void test_far_memory_is_filled_and_verified_through_a_mirror(void **state)
{
    static const char *const words[] = {"buffers=hot", "buffers=hot placement=in_place",
                                        "rotate-bytes=1MiB"};
    cx_device_ops_t          far;

    (void)state;
    host_ops        = core.device_ops;
    far             = *host_ops;
    far.facts       = far_facts;
    far.copy        = far_copy;
    core.device_ops = &far;
    copies_allowed  = 1 << 20;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        copy_count = 0;
        open_filled(words[i]);
        assert_int_equal(copy_count, workload.point.slot_count);
        if (i != 1) {
            copy_slot(0);
            copy_slot(1);
        }
        assert_int_equal(verified(2).wrong_count, 0);
        ((char *)workload.slots[1].recv)[7]++;
        assert_int_equal(verified(2).wrong_count, i == 1 ? 1 : 2);
        ((char *)workload.slots[1].recv)[256]++;
        assert_true(verified(2).wrong_count > 0);
        cx_region_close(&region);
    }
    copies_allowed = 0;
    EXPECT_OK(plan("buffers=hot", 0, 1, 256));
    EXPECT_OK(cx_region_open(&core, workload.layout.region_bytes, CX_MEMORY_PLAIN, &region));
    copy_count = 0;
    EXPECT_FAIL(CX_DEVICE, "the copy failed", cx_workload_fill(&workload, &region));
    cx_region_close(&region);
    core.device_ops = host_ops;
}

static void test_in_place_inputs_are_fresh_again(void **state)
{
    char before[256];

    (void)state;
    open_filled("buffers=hot placement=in_place");
    memcpy(before, workload.slots[3].recv, sizeof before);
    assert_int_equal(verified(16).wrong_count, 0); /* one rank: the sum is what is there */
    memset(workload.slots[3].recv, 0, 256);
    assert_int_equal(verified(16).wrong_count, 1);
    assert_memory_equal(workload.slots[3].recv, before, sizeof before);
    cx_region_close(&region);
}

static void test_without_verification_outputs_are_poisoned_all_the_same(void **state)
{
    cx_block_report_t report;

    (void)state;
    open_filled("buffers=hot verify=false");
    copy_slot(0);
    report = verified(2);
    assert_int_equal(report.verified_count, 0);
    assert_int_equal(report.wrong_count, 0);
    assert_true(memcmp(workload.slots[0].recv, workload.slots[0].send, 256) != 0);
    cx_region_close(&region);
}

static void test_a_barrier_has_nothing_to_fill(void **state)
{
    (void)state;
    EXPECT_OK(plan("op=barrier", 0, 1, 0));
    EXPECT_OK(cx_region_open(&core, 0, CX_MEMORY_PLAIN, &region));
    assert_null(region.memory);
    EXPECT_OK(cx_workload_fill(&workload, &region));
    assert_int_equal(verified(7).verified_count, 0);
    cx_region_close(&region);
}

static void test_memory_that_is_not_there_is_said_so(void **state)
{
    (void)state;
    EXPECT_FAIL(CX_RESOURCE, "", cx_region_open(&core, (size_t)1 << 60, CX_MEMORY_PLAIN, &region));
}

static void test_limits_have_their_traffic_and_sizes(void **state)
{
    static const struct {
        const char *words;
        int64_t     sent_bytes, received_bytes, message_bytes; /* of rank 1 of 3 */
    } rows[] = {
        {"family=limits limit=copy_engine", 0, 1200, 1200},
        {"family=limits limit=sm_load", 1200, 0, 1200},
        {"family=limits limit=sm_store movers=all", 1200, 1200, 1200},
        {"family=limits limit=sm_store_all movers=all", 1200, 1200, 1200},
        {"family=limits limit=memory_copy movers=all", 1200, 1200, 1200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t sent = 0, received = 0;

        EXPECT_OK(plan(rows[i].words, 1, 3, 1200));
        assert_string_equal(reason, "");
        for (int32_t rank = 0; rank < 3; rank++) {
            sent += workload.counts[3 + rank] * 4;
            received += workload.counts[3 * rank + 1] * 4;
        }
        assert_int_equal(sent, rows[i].sent_bytes);
        assert_int_equal(received, rows[i].received_bytes);
        assert_int_equal(workload.point.message_bytes, rows[i].message_bytes);
        assert_true(isnan(workload.busbw_factor));
    }
    EXPECT_OK(plan("family=limits limit=flag", 0, 2, 0));
    assert_string_equal(reason, "");
    assert_int_equal(workload.layout.region_bytes, 0);
    EXPECT_OK(plan("family=limits limit=sm_store", 0, 2, 3));
    assert_non_null(strstr(reason, "less than one"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_limits_have_their_traffic_and_sizes),
        TEST(test_how_many_slots),
        TEST(test_every_rank_has_the_same_region),
        TEST(test_slots_lie_apart_in_their_region),
        TEST(test_sizes_too_small_are_left_out_with_a_reason),
        TEST(test_traffic_files_are_read_or_refused),
        TEST(test_right_outputs_pass_once),
        TEST(test_only_used_slots_are_looked_at),
        TEST(test_one_bit_an_overrun_and_a_changed_input_are_wrong),
        TEST(test_far_memory_is_filled_and_verified_through_a_mirror),
        TEST(test_in_place_inputs_are_fresh_again),
        TEST(test_without_verification_outputs_are_poisoned_all_the_same),
        TEST(test_a_barrier_has_nothing_to_fill),
        TEST(test_memory_that_is_not_there_is_said_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
