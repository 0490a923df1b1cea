/* SPDX-License-Identifier: Apache-2.0 */
/* A trace file gives back what was written, and nothing else is taken for one. */
#include "family/ep/trace.h"

#include "unit/family/ep/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t experts[] = {5, 1, 7, 0, 2, 3};
static float   gates[]   = {0.25f, 0.75f, 0.5f, 0.5f, 1.0f / 3, 2.0f / 3};

static unsigned char *encode(bool has_weights, cx_arena_t *arena, size_t *byte_count)
{
    const cx_ep_trace_t trace = {3, 2, 8, experts, has_weights ? gates : NULL};
    unsigned char      *bytes;

    assert_int_equal(cx_ep_trace_encode(&trace, arena, &bytes, byte_count), CX_OK);
    return bytes;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    for (int has_weights = 0; has_weights < 2; has_weights++) {
        cx_ep_trace_t  trace;
        cx_arena_t     arena;
        size_t         byte_count;
        unsigned char *bytes;

        cx_arena_init(&arena);
        bytes = encode(has_weights == 1, &arena, &byte_count);
        assert_int_equal(byte_count, 32 + 24 + 24 * has_weights + 16);
        assert_int_equal(
            cx_ep_trace_read(files_write("t.cxtrace", bytes, byte_count), 8, &arena, &trace),
            CX_OK);
        assert_int_equal(trace.token_count, 3);
        assert_int_equal(trace.topk, 2);
        assert_memory_equal(trace.experts, experts, sizeof experts);
        if (has_weights) {
            assert_memory_equal(trace.weights, gates, sizeof gates);
        } else {
            assert_null(trace.weights);
        }
        cx_arena_fini(&arena);
    }
}

static void test_every_damaged_byte_and_length_is_seen(void **state)
{
    cx_ep_trace_t  trace;
    cx_arena_t     arena;
    size_t         byte_count;
    unsigned char *bytes;

    (void)state;
    cx_arena_init(&arena);
    bytes = encode(true, &arena, &byte_count);
    for (size_t i = 0; i < byte_count; i++) {
        bytes[i] ^= 0x40;
        assert_int_equal(
            cx_ep_trace_read(files_write("t.cxtrace", bytes, byte_count), 8, &arena, &trace),
            CX_INVALID);
        bytes[i] ^= 0x40;
        assert_int_equal(cx_ep_trace_read(files_write("t.cxtrace", bytes, i), 8, &arena, &trace),
                         CX_INVALID);
        cx_detail_clear();
    }
    cx_arena_fini(&arena);
}

static void test_experts_must_be_distinct_and_there(void **state)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"0,1,2\n1,3,3\n", "token 1: expert 3 stands twice"},
        {"0,1,8\n", "token 0: there is no expert 8 among 8"},
        {"0,-1,2\n", "there is no expert -1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_trace_t trace;
        cx_arena_t    arena;

        cx_arena_init(&arena);
        assert_int_equal(cx_ep_trace_read(files_text("t.csv", rows[i].text), 8, &arena, &trace),
                         CX_INVALID);
        assert_non_null(strstr(cx_detail()->text, rows[i].word));
        cx_detail_clear();
        cx_arena_fini(&arena);
    }
}

static void test_another_number_of_experts_is_refused(void **state)
{
    cx_ep_trace_t  trace;
    cx_arena_t     arena;
    size_t         byte_count;
    unsigned char *bytes;

    (void)state;
    cx_arena_init(&arena);
    bytes = encode(false, &arena, &byte_count);
    assert_int_equal(
        cx_ep_trace_read(files_write("t.cxtrace", bytes, byte_count), 16, &arena, &trace),
        CX_INVALID);
    assert_non_null(strstr(cx_detail()->text, "of 8 experts, the workload of 16"));
    cx_detail_clear();
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_every_damaged_byte_and_length_is_seen),
        cmocka_unit_test(test_experts_must_be_distinct_and_there),
        cmocka_unit_test(test_another_number_of_experts_is_refused),
    };

    return cmocka_run_group_tests(tests, files_open, files_close);
}
