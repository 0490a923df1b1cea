/* SPDX-License-Identifier: Apache-2.0 */
/* The limits, on a device whose every cost is written down here. */
#include "measure/limits.h"

#include "unit/measure/stage.h"

#include <math.h>

#define HALF_BYTES ((size_t)64 << 20)
#define RANK_COUNT 3

/* An event 0.5 us, a kernel 1 us, in a graph 0.25 us, a graph's launch 2 us; a barrier 3 us, a
 * round trip 4 us; links by way; the device's memory 1 TB/s each way. */
static void       *regions[RANK_COUNT];
static bool        is_capturing;
static int         captured_count, round_trip_calls, copy_calls;
static cx_status_t copy_status;

static char *start_of(int32_t rank)
{
    return (char *)0x100000000 + (uintptr_t)rank * 0x100000000;
}

static int32_t owner_of(const void *address)
{
    return (int32_t)((uintptr_t)address / 0x100000000) - 1;
}

static cx_status_t kernel(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    (void)device;
    (void)stream;
    if (is_capturing) {
        captured_count++;
        return CX_OK;
    }
    stage.now_ns += 1000 + (int64_t)(spin_us * 1e3);
    return stage_note('p');
}

static cx_status_t meet(cx_device_t *device, cx_stream_t *stream,
                        const cx_device_barrier_t *barrier)
{
    (void)device;
    (void)stream;
    assert_int_equal(barrier->rank_count, RANK_COUNT);
    stage.now_ns += 3000;
    return CX_OK;
}

static double rate_of(const void *to, const void *from, int32_t block_count)
{
    if (owner_of(to) == 0 && owner_of(from) == 0) {
        return 1e12;
    }
    assert_int_equal(owner_of(to) + owner_of(from), 1); /* rank 0 and its next */
    if (block_count == 0) {
        return 400e9;
    }
    return (owner_of(to) == 1 ? 300e9 : 350e9) - 1e9 * fabs(block_count - 64.0);
}

static cx_status_t copy(cx_device_t *device, cx_stream_t *stream, void *to, const void *from,
                        size_t bytes, int32_t block_count)
{
    (void)device;
    (void)stream;
    copy_calls++;
    assert_true(((uintptr_t)to & 0xffffffff) == HALF_BYTES);
    assert_true(((uintptr_t)from & 0xffffffff) == 0 && bytes <= HALF_BYTES);
    stage.now_ns += (int64_t)((double)bytes / rate_of(to, from, block_count) * 1e9);
    return copy_status == CX_OK ? CX_OK : CX_FAIL(copy_status, "no copies");
}

static cx_status_t volley(cx_device_t *device, cx_stream_t *stream,
                          const cx_device_ping_pong_t *asked)
{
    (void)device;
    (void)stream;
    round_trip_calls++;
    assert_true(asked->begins && asked->timeout_us > 0);
    assert_ptr_equal(asked->own_flag, start_of(0) + 2 * HALF_BYTES);
    assert_ptr_equal(asked->peer_flag, start_of(1) + 2 * HALF_BYTES);
    stage.now_ns += 4000 * asked->round_count;
    return CX_OK;
}

static cx_status_t begin(cx_device_t *device, cx_stream_t *stream)
{
    (void)device;
    (void)stream;
    is_capturing   = true;
    captured_count = 0;
    return CX_OK;
}

static cx_status_t end(cx_device_t *device, cx_stream_t *stream, cx_graph_t **out)
{
    (void)device;
    (void)stream;
    is_capturing = false;
    *out         = (cx_graph_t *)(void *)&captured_count;
    return CX_OK;
}

static cx_status_t launch(cx_device_t *device, cx_graph_t *graph, cx_stream_t *stream)
{
    (void)device;
    (void)graph;
    (void)stream;
    stage.now_ns += 2000 + 250 * captured_count;
    return CX_OK;
}

static void drop(cx_device_t *device, cx_graph_t *graph)
{
    (void)device;
    assert_non_null(graph);
    captured_count = 0;
}

static cx_device_ops_t           ops;
static const cx_device_barrier_t barrier = {.rank_count = RANK_COUNT};

/* The other ranks see the same, but rank 2 the links a tenth faster and its launches slower. */
static void other_rank(int32_t rank, void *message, size_t bytes)
{
    cx_limits_t *limits = message;

    assert_int_equal(bytes, sizeof *limits);
    if (rank == 2) {
        limits->link_store_bytes_per_s *= 1.1;
        limits->launch_us *= 2;
        limits->flag_round_trip_us = (double)NAN; /* it has nobody */
    }
}

static cx_job_t *open_stage(void)
{
    cx_job_t *job = stage_open(1, 1000);

    ops              = stage_device_ops;
    ops.spin         = kernel;
    ops.barrier      = meet;
    ops.copy_enqueue = copy;
    ops.ping_pong    = volley;
    ops.graph_begin  = begin;
    ops.graph_end    = end;
    ops.graph_launch = launch;
    ops.graph_free   = drop;
    for (int32_t rank = 0; rank < RANK_COUNT; rank++) {
        regions[rank] = start_of(rank);
    }
    job->window.device_ops = &ops;
    job->window.barrier    = &barrier;
    stage.mark_ns          = 500;
    stage.rank_count       = RANK_COUNT;
    stage.other_rank       = other_rank;
    copy_status            = CX_OK;
    round_trip_calls = copy_calls = 0;
    return job;
}

static const cx_limits_region_t region = {regions, HALF_BYTES};

static void expect_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-4 * expected)) {
        fail_msg("%g is not %g", value, expected);
    }
}

static void test_every_limit_is_what_the_device_costs(void **state)
{
    cx_limits_t limits;

    (void)state;
    assert_int_equal(cx_limits_measure(open_stage(), &region, &limits), CX_OK);
    expect_near(limits.launch_us, 1.5);       /* a stamp and a kernel */
    expect_near(limits.launch_chain_us, 1.5); /* likewise */
    expect_near(limits.launch_loop_us, 1 + 0.5 / 128);
    expect_near(limits.graph_launch_us, 0.5 + 2 + 0.25);
    expect_near(limits.graph_kernel_us, 0.25 + 2.5 / 128);
    expect_near(limits.barrier_us, 3 + 0.5 / 64);
    expect_near(limits.flag_round_trip_us, 4 + 0.5 / 100);
    assert_true(fabs(limits.link_copy_bytes_per_s / 400e9 - 1) < 0.01);
    assert_true(fabs(limits.link_store_bytes_per_s / 330e9 - 1) < 0.01); /* rank 2, 64 blocks */
    assert_true(fabs(limits.link_load_bytes_per_s / 350e9 - 1) < 0.01);
    assert_true(fabs(limits.memory_copy_bytes_per_s / 2e12 - 1) < 0.01); /* read and written */
}

/* A device that does without: what it cannot do is unknown, all else is measured. */
static void test_what_a_device_cannot_do_is_unknown(void **state)
{
    cx_job_t   *job = open_stage();
    cx_limits_t limits;

    (void)state;
    copy_status = CX_UNSUPPORTED;
    assert_int_equal(cx_limits_measure(job, &region, &limits), CX_OK);
    assert_true(isnan(limits.link_copy_bytes_per_s) && isnan(limits.memory_copy_bytes_per_s));
    expect_near(limits.launch_us, 1.5);
    assert_int_equal(cx_detail()->status, CX_OK);
    job                 = open_stage();
    ops.ping_pong       = NULL;
    ops.graph_begin     = NULL;
    job->window.barrier = NULL;
    assert_int_equal(cx_limits_measure(job, &region, &limits), CX_OK);
    assert_true(isnan(limits.flag_round_trip_us) && isnan(limits.barrier_us));
    assert_true(isnan(limits.graph_launch_us) && isnan(limits.graph_kernel_us));
    expect_near(limits.launch_us, 1.5);
}

static void test_without_memory_of_others_nothing_of_links_is_touched(void **state)
{
    cx_limits_t limits;

    (void)state;
    assert_int_equal(cx_limits_measure(open_stage(), NULL, &limits), CX_OK);
    assert_int_equal(copy_calls + round_trip_calls, 0);
    assert_true(isnan(limits.link_store_bytes_per_s) && isnan(limits.flag_round_trip_us));
    expect_near(limits.launch_us, 1.5);
}

static cx_status_t take_no_time(cx_device_t *device, cx_stream_t *stream, double spin_us)
{
    (void)device;
    (void)stream;
    (void)spin_us;
    return CX_OK;
}

static void test_a_clock_that_stands_has_measured_nothing(void **state)
{
    cx_job_t   *job = open_stage();
    cx_limits_t limits;

    (void)state;
    ops.spin      = take_no_time;
    stage.mark_ns = 0;
    assert_int_equal(cx_limits_measure(job, NULL, &limits), CX_OK);
    assert_true(isnan(limits.launch_us) && isnan(limits.launch_chain_us));
    assert_true(isnan(limits.launch_loop_us));
}

static void test_failures_leave_the_result_alone(void **state)
{
    static const char fails[] = "psx";

    (void)state;
    for (const char *letter = fails; *letter; letter++) {
        cx_job_t   *job    = open_stage();
        cx_limits_t limits = {.launch_us = 42};

        stage.fails = *letter;
        assert_int_equal(cx_limits_measure(job, &region, &limits), CX_BACKEND);
        assert_true(limits.launch_us == 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_limit_is_what_the_device_costs),
        cmocka_unit_test(test_what_a_device_cannot_do_is_unknown),
        cmocka_unit_test(test_without_memory_of_others_nothing_of_links_is_touched),
        cmocka_unit_test(test_a_clock_that_stands_has_measured_nothing),
        cmocka_unit_test(test_failures_leave_the_result_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
