/* SPDX-License-Identifier: Apache-2.0 */
/* A workload in every form holds the same numbers and its digest. */
#include "cli/workload_forms.h"

#include "base/file.h"
#include "unit/family/ep/workloads.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct shown {
    cx_arena_t   arena;
    cx_ep_work_t work;
    const char  *bytes;
    size_t       byte_count;
} shown_t;

static cx_status_t show(cx_workload_request_t request, cx_ep_workload_t workload, shown_t *out)
{
    cx_arena_init(&out->arena);
    assert_int_equal(cx_ep_work_build(&workload, &out->arena, &out->work), CX_OK);
    return cx_workload_form(&request, &out->work, &out->arena, &out->bytes, &out->byte_count);
}

static void test_routing_as_csv_is_index_and_experts(void **state)
{
    shown_t shown;

    (void)state;
    assert_int_equal(show((cx_workload_request_t){CX_WORKLOAD_ROUTING, CX_WORKLOAD_CSV, NULL, -1},
                          ep_v3(2, 1), &shown),
                     CX_OK);
    assert_int_equal(shown.byte_count, strlen("0,180,34,145,49,232,21,192,77\n"
                                              "1,93,198,152,37,21,184,119,48\n"));
    assert_memory_equal(shown.bytes,
                        "0,180,34,145,49,232,21,192,77\n1,93,198,152,37,21,184,119,48\n",
                        shown.byte_count);
    cx_arena_fini(&shown.arena);
}

static void test_one_rank_keeps_global_indices(void **state)
{
    shown_t shown;

    (void)state;
    assert_int_equal(show((cx_workload_request_t){CX_WORKLOAD_ROUTING, CX_WORKLOAD_CSV, NULL, 1},
                          ep_v3(2, 1), &shown),
                     CX_OK);
    assert_memory_equal(shown.bytes, "1,93,198,152,37,21,184,119,48\n", shown.byte_count);
    cx_arena_fini(&shown.arena);
}

static void test_json_holds_description_digest_and_data(void **state)
{
    static const cx_ep_shape_t shape = {.name = "deepseek-v3", .version = 1, .is_to_verify = true};

    (void)state;
    for (int what = 0; what < CX_WORKLOAD_WHAT_COUNT; what++) {
        shown_t       shown;
        json_t       *document;
        const json_t *data;

        assert_int_equal(
            show((cx_workload_request_t){(cx_workload_what_t)what, CX_WORKLOAD_JSON, &shape, -1},
                 ep_v3(4, 2), &shown),
            CX_OK);
        document = json_loadb(shown.bytes, shown.byte_count, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(document);
        assert_string_equal(json_string_value(json_object_get(document, "digest")),
                            shown.work.digest);
        assert_true(json_is_true(json_object_get(json_object_get(document, "shape"), "to_verify")));
        assert_int_equal(
            json_integer_value(json_object_get(json_object_get(document, "workload"), "ep")), 4);
        data = json_object_get(document, cx_workload_what_slugs[what]);
        if (what == CX_WORKLOAD_STATS) {
            assert_int_equal(json_integer_value(json_object_get(data, "assignments")), 64);
        } else {
            assert_int_equal(json_array_size(data), 8);
            assert_int_equal(json_array_size(json_array_get(data, 7)),
                             what == CX_WORKLOAD_ACTIVATIONS ? 7168 : 8);
        }
        json_decref(document);
        cx_arena_fini(&shown.arena);
    }
}

static void test_npy_is_a_header_and_the_bytes(void **state)
{
    static const char header[] = "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 8), }";
    shown_t           shown;

    (void)state;
    assert_int_equal(show((cx_workload_request_t){CX_WORKLOAD_ROUTING, CX_WORKLOAD_NPY, NULL, -1},
                          ep_v3(2, 1), &shown),
                     CX_OK);
    assert_int_equal(shown.byte_count, 128 + 2 * 8 * 8);
    assert_memory_equal(shown.bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    assert_memory_equal(shown.bytes + 10, header, sizeof header - 1);
    assert_int_equal(shown.bytes[127], '\n');
    assert_memory_equal(shown.bytes + 128, shown.work.trace.experts, 128);
    cx_arena_fini(&shown.arena);
    assert_int_equal(show((cx_workload_request_t){CX_WORKLOAD_WEIGHTS, CX_WORKLOAD_NPY, NULL, -1},
                          ep_v3(2, 1), &shown),
                     CX_OK);
    assert_memory_equal(shown.bytes + 128, shown.work.trace.weights, 64);
    cx_arena_fini(&shown.arena);
}

static void test_a_trace_file_replays_as_the_same_routing_and_gates(void **state)
{
    char             path[] = "/tmp/collectivex-trace-XXXXXX";
    int              fd     = mkstemp(path);
    cx_ep_workload_t again  = ep_v3(2, 4);
    cx_ep_work_t     replayed;
    shown_t          shown;

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(show((cx_workload_request_t){CX_WORKLOAD_ROUTING, CX_WORKLOAD_TRACE, NULL, -1},
                          ep_v3(2, 8), &shown),
                     CX_OK);
    assert_int_equal(cx_file_write(path, shown.bytes, shown.byte_count), CX_OK);
    again.routing    = CX_EP_ROUTING_TRACE;
    again.trace_path = path;
    assert_int_equal(cx_ep_work_build(&again, &shown.arena, &replayed), CX_OK);
    assert_memory_equal(replayed.trace.experts, shown.work.trace.experts, 8 * 8 * 8);
    assert_memory_equal(replayed.trace.weights, shown.work.trace.weights, 8 * 8 * 4);
    again.redundant_count = 32; /* plans from the second half */
    assert_int_equal(cx_ep_work_build(&again, &shown.arena, &replayed), CX_OK);
    again.tokens = 5;
    assert_int_equal(cx_ep_work_build(&again, &shown.arena, &replayed), CX_INVALID);
    assert_non_null(strstr(cx_detail()->text, "has 16 tokens, the workload needs 20"));
    cx_detail_clear();
    (void)unlink(path);
    cx_arena_fini(&shown.arena);
}

static void test_stats_as_csv_are_names_and_values(void **state)
{
    shown_t shown;

    (void)state;
    assert_int_equal(show((cx_workload_request_t){CX_WORKLOAD_STATS, CX_WORKLOAD_CSV, NULL, -1},
                          ep_v3(8, 128), &shown),
                     CX_OK);
    assert_non_null(strstr(shown.bytes, "\ncopies,5400\n"));
    assert_non_null(strstr(shown.bytes, "\npayload_bytes.bf16.copy_bytes,77414400\n"));
    assert_non_null(strstr(shown.bytes, "\nfanout_histogram,0,"));
    cx_arena_fini(&shown.arena);
}

static void test_forms_that_make_no_sense_are_refused(void **state)
{
    static const cx_workload_request_t rows[] = {
        {CX_WORKLOAD_STATS, CX_WORKLOAD_NPY, NULL, -1},
        {CX_WORKLOAD_WEIGHTS, CX_WORKLOAD_TRACE, NULL, -1},
        {CX_WORKLOAD_ROUTING, CX_WORKLOAD_TRACE, NULL, 0},
        {CX_WORKLOAD_ROUTING, CX_WORKLOAD_CSV, NULL, 2},
        {CX_WORKLOAD_ACTIVATIONS, CX_WORKLOAD_CSV, NULL, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shown_t shown;

        assert_int_equal(show(rows[i], ep_v3(2, i == 4 ? 8192 : 8), &shown), CX_INVALID);
        assert_true(cx_detail()->text[0] != '\0');
        cx_detail_clear();
        cx_arena_fini(&shown.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routing_as_csv_is_index_and_experts),
        cmocka_unit_test(test_one_rank_keeps_global_indices),
        cmocka_unit_test(test_json_holds_description_digest_and_data),
        cmocka_unit_test(test_npy_is_a_header_and_the_bytes),
        cmocka_unit_test(test_a_trace_file_replays_as_the_same_routing_and_gates),
        cmocka_unit_test(test_stats_as_csv_are_names_and_values),
        cmocka_unit_test(test_forms_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
