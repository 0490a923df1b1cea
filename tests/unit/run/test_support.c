/* SPDX-License-Identifier: Apache-2.0 */
/* Requests against declared capabilities: each can fail on its own, with words that say what. */
#include "run/support.h"

#include "support/expect.h"

static const cx_backend_ops_t ops = {.name = "tested"};

static const cx_caps_t modest = {.families    = CX_BIT(CX_FAMILY_COLLECTIVE),
                                 .collectives = CX_BIT(CX_COLLECTIVE_ALL_REDUCE) |
                                                CX_BIT(CX_COLLECTIVE_ALL_GATHER) |
                                                CX_BIT(CX_COLLECTIVE_BARRIER),
                                 .in_place_collectives = CX_BIT(CX_COLLECTIVE_ALL_REDUCE),
                                 .dtypes         = CX_BIT(CX_DTYPE_FP32) | CX_BIT(CX_DTYPE_INT8),
                                 .reduce_dtypes  = CX_BIT(CX_DTYPE_FP32),
                                 .redops         = CX_BIT(CX_REDOP_SUM),
                                 .rank_count_min = 2,
                                 .rank_count_max = 4,
                                 .devices        = "host  simulator"};

#define OP(name) CX_COLLECTIVE_##name

static void test_the_table_of_requests(void **state)
{
    static const struct {
        cx_shape_t  shape;
        int32_t     rank_count;
        const char *device;
        int32_t     host_count;
        const char *words; /* NULL: supported */
    } rows[] = {
        {{.op = OP(ALL_REDUCE), .dtype = CX_DTYPE_FP32, .redop = CX_REDOP_SUM}, 2, "host", 1, NULL},
        {{.op = OP(ALL_REDUCE), .dtype = CX_DTYPE_FP32, .redop = CX_REDOP_SUM, .is_in_place = true},
         4,
         "simulator",
         1,
         NULL},
        {{.op = OP(ALL_GATHER), .dtype = CX_DTYPE_INT8}, 3, "host", 1, NULL},
        {{.op = OP(BARRIER), .dtype = CX_DTYPE_FP64}, 3, "host", 1, NULL}, /* moves nothing */
        {{.family = CX_FAMILY_COUNT, .op = OP(BARRIER)}, 3, "host", 1, "has no barrier"},
        {{.op = OP(GATHER), .dtype = CX_DTYPE_FP32}, 2, "host", 1, "tested has no gather"},
        {{.op = OP(ALL_GATHER), .dtype = CX_DTYPE_FP32, .is_in_place = true},
         2,
         "host",
         1,
         "tested has no all_gather in place"},
        {{.op = OP(ALL_GATHER), .dtype = CX_DTYPE_BF16}, 2, "host", 1, "does not move bf16"},
        {{.op = OP(ALL_REDUCE), .dtype = CX_DTYPE_INT8, .redop = CX_REDOP_SUM},
         2,
         "host",
         1,
         "does not reduce int8 with sum"},
        {{.op = OP(ALL_REDUCE), .dtype = CX_DTYPE_FP32, .redop = CX_REDOP_MAX},
         2,
         "host",
         1,
         "does not reduce fp32 with max"},
        {{.op = OP(ALL_GATHER), .dtype = CX_DTYPE_FP32},
         2,
         "sim",
         1,
         "works on device host  simulator, not on sim"},
        {{.op = OP(ALL_GATHER), .dtype = CX_DTYPE_FP32},
         1,
         "host",
         1,
         "works with 2 to 4 ranks, not with 1"},
        {{.op = OP(ALL_GATHER), .dtype = CX_DTYPE_FP32}, 5, "host", 1, "not with 5"},
        {{.op = OP(ALL_GATHER), .dtype = CX_DTYPE_FP32},
         4,
         "host",
         2,
         "works within one host, the ranks are on 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_core_t core = {.rank_count = rows[i].rank_count};

        cx_detail_clear();
        expect_status(cx_backend_supports(&ops, &modest, &rows[i].shape, &core, rows[i].device,
                                          rows[i].host_count),
                      rows[i].words ? CX_UNSUPPORTED : CX_OK, rows[i].words ? rows[i].words : "",
                      __FILE__, (int)i);
    }
}

static void test_the_table_of_algorithms(void **state)
{
    static const struct {
        cx_algorithm_t algorithm;
        const char    *words; /* NULL: supported */
    } rows[] = {
        {CX_ALGORITHM_DEFAULT, NULL},
        {CX_ALGORITHM_RING, NULL},
        {CX_ALGORITHM_TREE, "backend tested 2.1 has no algorithm tree; it has default, ring"},
    };
    cx_caps_t  caps  = modest;
    cx_core_t  core  = {.rank_count = 2};
    cx_shape_t shape = {.family = CX_FAMILY_ALLREDUCE,
                        .op     = OP(ALL_REDUCE),
                        .dtype  = CX_DTYPE_FP32,
                        .redop  = CX_REDOP_SUM};

    (void)state;
    EXPECT_FAIL(CX_UNSUPPORTED, "backend tested is not in family allreduce",
                cx_backend_supports(&ops, &caps, &shape, &core, "host", 1));
    (void)snprintf(caps.library_version, sizeof caps.library_version, "2.1");
    caps.families |= CX_BIT(CX_FAMILY_ALLREDUCE);
    caps.algorithms = CX_BIT(CX_ALGORITHM_RING);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_detail_clear();
        shape.algorithm = rows[i].algorithm;
        expect_status(cx_backend_supports(&ops, &caps, &shape, &core, "host", 1),
                      rows[i].words ? CX_UNSUPPORTED : CX_OK, rows[i].words ? rows[i].words : "",
                      __FILE__, (int)i);
    }
    shape.algorithm = CX_ALGORITHM_DEFAULT;
    shape.dtype     = CX_DTYPE_BF16;
    EXPECT_FAIL(CX_UNSUPPORTED, "does not move bf16",
                cx_backend_supports(&ops, &caps, &shape, &core, "host", 1));
}

static void test_what_is_not_limited_is_supported(void **state)
{
    cx_caps_t  caps  = modest;
    cx_core_t  core  = {.rank_count = 5000};
    cx_shape_t shape = {.op = OP(ALL_GATHER), .dtype = CX_DTYPE_FP32};

    (void)state;
    caps.rank_count_min = caps.rank_count_max = 0;
    caps.spans_hosts                          = true;
    EXPECT_OK(cx_backend_supports(&ops, &caps, &shape, &core, "host", 100));
    caps.devices = NULL;
    EXPECT_FAIL(CX_UNSUPPORTED, "not on host",
                cx_backend_supports(&ops, &caps, &shape, &core, "host", 1));
}

static cx_status_t begin(cx_device_t *device, cx_stream_t *stream)
{
    (void)device;
    (void)stream;
    return CX_OK;
}

static void give_back(cx_device_t *device, cx_graph_t *graph)
{
    (void)device;
    (void)graph;
}

static cx_status_t wait_for_work(cx_session_t *session, cx_phase_t phase)
{
    (void)session;
    (void)phase;
    return CX_OK;
}

static void test_the_table_of_captures(void **state)
{
    static const cx_device_ops_t with_graphs    = {.name        = "gpu",
                                                   .struct_size = sizeof with_graphs,
                                                   .graph_begin = begin,
                                                   .graph_free  = give_back};
    static const cx_device_ops_t without_graphs = {.name        = "host",
                                                   .struct_size = sizeof without_graphs};
    static const cx_device_ops_t older          = {
                 .name        = "old",
                 .struct_size = offsetof(cx_device_ops_t, graph_begin),
                 .graph_begin = begin,
    };
    static const cx_backend_ops_t ordered = {.name = "tested", .struct_size = sizeof ordered};
    static const cx_backend_ops_t waiting = {
        .name = "tested", .struct_size = sizeof waiting, .wait = wait_for_work};
    static const struct {
        const cx_device_ops_t  *device_ops;
        const cx_backend_ops_t *ops;
        bool                    can_capture;
        const char             *words; /* NULL: it can */
    } rows[] = {
        {&with_graphs, &ordered, true, NULL},
        {&without_graphs, &ordered, true, "device host has no graphs; use regime steady"},
        {&older, &ordered, true, "device old has no graphs"},
        {&with_graphs, &ordered, false, "backend tested 1.2 cannot be captured in a graph"},
        {&with_graphs, &waiting, true, "tested does work that is not ordered on the stream"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_caps_t caps = {.library_version = "1.2", .can_capture = rows[i].can_capture};

        cx_detail_clear();
        expect_status(cx_backend_captures(rows[i].ops, &caps, rows[i].device_ops),
                      rows[i].words ? CX_UNSUPPORTED : CX_OK, rows[i].words ? rows[i].words : "",
                      __FILE__, (int)i);
    }
}

static cx_status_t inspect(cx_session_t *session, int32_t slot_index, cx_ep_view_t *view)
{
    (void)session;
    (void)slot_index;
    (void)view;
    return CX_OK;
}

static void test_the_table_of_expert_parallelism(void **state)
{
    static const cx_backend_ops_t ep_ops = {
        .name = "tested", .struct_size = sizeof ep_ops, .inspect = inspect};
    static const struct {
        cx_ep_problem_t         problem;
        const cx_backend_ops_t *ops;
        const char             *words; /* NULL: supported */
    } rows[] = {
        {{.dispatch_codec = CX_CODEC_BF16}, &ep_ops, NULL},
        {{.dispatch_codec = CX_CODEC_MXFP8}, &ep_ops, NULL},
        {{.dispatch_codec = CX_CODEC_BF16}, &ops, "tested has no expert parallelism"},
        {{.mode = CX_EP_MODE_LOW_LATENCY}, &ep_ops, "has no mode low-latency, only normal"},
        {{.dispatch_codec = CX_CODEC_NVFP4},
         &ep_ops,
         "does not dispatch nvfp4 in mode normal; it can bf16, mxfp8"},
        {{.combine_codec = CX_CODEC_MXFP8},
         &ep_ops,
         "does not combine mxfp8 in mode normal; it can bf16"},
    };
    cx_caps_t caps = {.families = CX_BIT(CX_FAMILY_EP), .devices = "host"};
    cx_core_t core = {.rank_count = 2};

    (void)state;
    caps.ep[CX_EP_MODE_NORMAL] =
        (cx_ep_caps_t){.is_supported    = true,
                       .dispatch_codecs = CX_BIT(CX_CODEC_BF16) | CX_BIT(CX_CODEC_MXFP8),
                       .combine_codecs  = CX_BIT(CX_CODEC_BF16)};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_shape_t shape = {.family = CX_FAMILY_EP, .ep = rows[i].problem};

        cx_detail_clear();
        expect_status(cx_backend_supports(rows[i].ops, &caps, &shape, &core, "host", 1),
                      rows[i].words ? CX_UNSUPPORTED : CX_OK, rows[i].words ? rows[i].words : "",
                      __FILE__, (int)i);
    }
}

static void test_the_table_of_limits(void **state)
{
    cx_caps_t caps = {
        .families = CX_BIT(CX_FAMILY_LIMITS), .limits = CX_BIT(CX_LIMIT_FLAG), .devices = "host"};
    cx_core_t  core  = {.rank_count = 2};
    cx_shape_t shape = {.family = CX_FAMILY_LIMITS, .limit = CX_LIMIT_FLAG};

    (void)state;
    EXPECT_OK(cx_backend_supports(&ops, &caps, &shape, &core, "host", 1));
    EXPECT_FAIL(CX_UNSUPPORTED, "tested has no limit flag",
                cx_backend_supports(&ops, &modest, &shape, &core, "host", 1));
    shape.limit = CX_LIMIT_SM_LOAD;
    EXPECT_FAIL(CX_UNSUPPORTED, "tested has no limit sm_load",
                cx_backend_supports(&ops, &caps, &shape, &core, "host", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_of_limits),
        cmocka_unit_test(test_the_table_of_requests),
        cmocka_unit_test(test_the_table_of_captures),
        cmocka_unit_test(test_the_table_of_algorithms),
        cmocka_unit_test(test_what_is_not_limited_is_supported),
        cmocka_unit_test(test_the_table_of_expert_parallelism),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
