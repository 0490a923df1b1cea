/* SPDX-License-Identifier: Apache-2.0 */
/* Enqueued copies and flags of the devices cuda and hip on the stub libraries: what is asked of the
 * kernels, and what is refused. Not the kernels (tests/gpu/device_check.c, on a real GPU). */
#include "bed.h"

#include <string.h>

#define MEMORY_BYTES ((size_t)1 << 16)

static int set_up(void **state)
{
    bed_t *bed;

    if (open_bed(state) != 0) {
        return -1;
    }
    bed = *state;
    if (bed->ops->alloc(bed->device, MEMORY_BYTES, CX_MEMORY_EXPORTABLE, (void **)&bed->to) !=
            CX_OK ||
        bed->ops->alloc(bed->device, MEMORY_BYTES, CX_MEMORY_PLAIN, (void **)&bed->from) != CX_OK) {
        return -1;
    }
    for (size_t i = 0; i < MEMORY_BYTES; i++) {
        bed->from[i] = (unsigned char)(1 + i % 251);
    }
    return 0;
}

static int tear_down(void **state)
{
    bed_t *bed = *state;

    (void)unsetenv("STUB_GPU_SKIP_BYTES");
    bed->ops->free(bed->device, bed->to);
    bed->ops->free(bed->device, bed->from);
    return close_bed(state);
}

/* By engine and by blocks, from odd places, odd numbers of bytes, and nothing beside them. */
static void test_copies_arrive_and_touch_nothing_else(void **state)
{
    static const struct {
        size_t  to, from, bytes;
        int32_t block_count;
    } rows[]         = {{0, 0, MEMORY_BYTES, 0},
                        {0, 0, MEMORY_BYTES, 4},
                        {16, 32, 4099, 1},
                        {3, 3, 1000, 2},
                        {1, 8, 777, 2},
                        {5, 0, 1, 1},
                        {0, 0, 0, 0},
                        {9, 9, 0, 3},
                        {7, 2, 63, 0}};
    const bed_t *bed = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(bed->to, 0, MEMORY_BYTES);
        assert_int_equal(bed->ops->copy_enqueue(bed->device, bed->stream, bed->to + rows[i].to,
                                                bed->from + rows[i].from, rows[i].bytes,
                                                rows[i].block_count),
                         CX_OK);
        assert_int_equal(drain(bed), CX_OK);
        assert_memory_equal(bed->to + rows[i].to, bed->from + rows[i].from, rows[i].bytes);
        for (size_t k = 0; k < MEMORY_BYTES; k++) {
            if (k < rows[i].to || k >= rows[i].to + rows[i].bytes) {
                assert_int_equal(bed->to[k], 0);
            }
        }
    }
}

static void test_several_copies_go_together(void **state)
{
    const bed_t     *bed = *state;
    cx_device_copy_t copies[CX_DEVICE_COPIES_MAX];

    for (int32_t i = 0; i < CX_DEVICE_COPIES_MAX; i++) {
        copies[i] = (cx_device_copy_t){bed->to + 512 * i, bed->from + 7 * i, (size_t)(100 + i)};
    }
    for (int32_t block_count = 0; block_count < 3; block_count++) {
        memset(bed->to, 0, MEMORY_BYTES);
        assert_int_equal(bed->ops->copy_together(bed->device, bed->stream, copies,
                                                 CX_DEVICE_COPIES_MAX, block_count),
                         CX_OK);
        assert_int_equal(drain(bed), CX_OK);
        for (int32_t i = 0; i < CX_DEVICE_COPIES_MAX; i++) {
            assert_memory_equal(copies[i].to, copies[i].from, copies[i].bytes);
            assert_int_equal(((unsigned char *)copies[i].to)[copies[i].bytes], 0);
        }
    }
    assert_int_equal(bed->ops->copy_together(bed->device, bed->stream, NULL, 0, 4), CX_OK);
}

static void test_copies_that_cannot_be_are_refused(void **state)
{
    static const struct {
        int32_t copy_count, block_count;
    } rows[]         = {{CX_DEVICE_COPIES_MAX + 1, 1}, {-1, 1}, {1, -1}, {1, 65537}};
    const bed_t *bed = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(stub_says(bed->ops->copy_together(bed->device, bed->stream, NULL,
                                                      rows[i].copy_count, rows[i].block_count),
                              CX_INVALID, "cannot copy"));
    }
    stub_fault(bed->vendor->launch, "1");
    assert_true(
        stub_says(bed->ops->copy_enqueue(bed->device, bed->stream, bed->to, bed->from, 64, 1),
                  CX_DEVICE, "cannot launch a kernel"));
    stub_fault(bed->vendor == &cuda ? "cuMemcpyAsync" : "hipMemcpyAsync", "1");
    assert_true(
        stub_says(bed->ops->copy_enqueue(bed->device, bed->stream, bed->to, bed->from, 64, 0),
                  CX_DEVICE, "cannot enqueue a copy"));
}

/* What the whole program's test plants (tests/integration/limits.bats). */
static void test_planted_fault_leaves_out_the_end(void **state)
{
    const bed_t *bed = *state;

    (void)setenv("STUB_GPU_SKIP_BYTES", "16", 1);
    assert_int_equal(bed->ops->copy_enqueue(bed->device, bed->stream, bed->to, bed->from, 256, 1),
                     CX_OK);
    assert_int_equal(drain(bed), CX_OK);
    assert_memory_equal(bed->to, bed->from, 240);
    assert_int_equal(bed->to[240], 0);
}

/* On the stub work is done when it is enqueued, so the other side must have answered before: its
 * flag says a round that is far ahead. */
static void test_round_trips_count_on_from_the_last(void **state)
{
    const bed_t        *bed  = *state;
    unsigned long long *own  = (unsigned long long *)(void *)bed->to;
    unsigned long long *peer = own + 16;

    *own = 1000;
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(bed->ops->ping_pong(bed->device, bed->stream,
                                             &(cx_device_ping_pong_t){own, peer, true, 10, 1e6}),
                         CX_OK);
        assert_int_equal(drain(bed), CX_OK);
        assert_int_equal(*peer, 10 * i);
    }
}

static void test_missing_answer_is_reported_once(void **state)
{
    const bed_t        *bed = *state;
    unsigned long long *own = (unsigned long long *)(void *)bed->to;

    assert_int_equal(bed->ops->ping_pong(bed->device, bed->stream,
                                         &(cx_device_ping_pong_t){own, own + 16, false, 1, 1000}),
                     CX_OK);
    assert_true(stub_says(drain(bed), CX_TIMEOUT, "the other device did not answer"));
    assert_int_equal(drain(bed), CX_OK);
    assert_true(
        stub_says(bed->ops->ping_pong(bed->device, bed->stream,
                                      &(cx_device_ping_pong_t){own, own + 16, true, -1, 1000}),
                  CX_INVALID, "round trips"));
    assert_true(
        stub_says(bed->ops->ping_pong(bed->device, bed->stream,
                                      &(cx_device_ping_pong_t){own, own + 16, true, 1, NAN}),
                  CX_INVALID, "round trips"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_BETWEEN(test_copies_arrive_and_touch_nothing_else, set_up, tear_down),
        BOTH_BETWEEN(test_several_copies_go_together, set_up, tear_down),
        BOTH_BETWEEN(test_copies_that_cannot_be_are_refused, set_up, tear_down),
        BOTH_BETWEEN(test_planted_fault_leaves_out_the_end, set_up, tear_down),
        BOTH_BETWEEN(test_round_trips_count_on_from_the_last, set_up, tear_down),
        BOTH_BETWEEN(test_missing_answer_is_reported_once, set_up, tear_down),
    };

    stub_environment();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
