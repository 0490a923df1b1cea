/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the expansion of requests: cross products, layers, duplicates, and what is refused. */
#include "model/plan.h"

#include "support/arena.h"
#include "support/expect.h"

typedef struct knobs {
    int64_t depth;
} knobs_t;

static const cx_option_t knob_rows[] = {
    CX_OPTION_INT(knobs_t, depth, "mine-depth", CX_OPTION_KEY, "2", 1, 9, ""),
    CX_OPTION_END,
};

/* "mine" has an option of its own, "plain" has none, others do not exist. */
static cx_status_t rows_of(void *context, const char *backend, const char *place,
                           const cx_option_t **rows_out, size_t *options_bytes_out)
{
    (void)context;
    if (strcmp(backend, "mine") != 0 && strcmp(backend, "plain") != 0) {
        return CX_FAIL(CX_INVALID, "%s: no backend %s", place, backend);
    }
    *rows_out          = strcmp(backend, "mine") == 0 ? knob_rows : NULL;
    *options_bytes_out = sizeof(knobs_t);
    return CX_OK;
}

static cx_status_t auto_choice(void *context, cx_family_t family, cx_plan_choice_t *in_out)
{
    (void)context;
    if (strcmp(in_out->backend, "auto") == 0) {
        in_out->backend = family == CX_FAMILY_EP ? "mine" : "plain";
    }
    if (strcmp(in_out->device, "auto") == 0) {
        in_out->device = "host";
    }
    return CX_OK;
}

static cx_status_t check_device(void *context, const char *device, const char *place)
{
    (void)context;
    return strcmp(device, "cudaa") == 0 ? CX_FAIL(CX_INVALID, "%s: no device %s", place, device)
                                        : CX_OK;
}

static cx_status_t shape_of(void *context, const char *shape, const char *place,
                            cx_plan_shape_t *out)
{
    (void)context;
    if (strcmp(shape, "deepseek-v3") != 0) {
        return CX_FAIL(CX_INVALID, "%s: shape: no shape %s", place, shape);
    }
    *out = (cx_plan_shape_t){.hidden_elems = 7168, .topk = 8, .expert_count = 256};
    return CX_OK;
}

static cx_status_t expand(const char *suite, const cx_setting_t *overrides, size_t count,
                          cx_plan_t *plan)
{
    cx_plan_request_t request = {.suite_path     = "s.yaml",
                                 .overrides      = overrides,
                                 .override_count = count,
                                 .auto_choice    = auto_choice,
                                 .backend_rows   = rows_of,
                                 .check_device   = check_device,
                                 .shape_numbers  = shape_of};
    cx_node_t        *root;

    if (suite) {
        CX_TRY(cx_document_parse("s.yaml", suite, strlen(suite), &arena, &root));
        request.suite = root;
    }
    return cx_plan_expand(&request, &arena, plan);
}

static void test_no_request_is_one_case_of_defaults(void **state)
{
    (void)state;
    cx_plan_t plan;

    EXPECT_OK(expand(NULL, NULL, 0, &plan));
    assert_int_equal(plan.case_count, 1);
    assert_string_equal(plan.cases[0].backend, "plain");
    assert_string_equal(plan.cases[0].device, "host");
    assert_string_equal(plan.suite, "command line");
}

static void test_an_allreduce_has_defaults_of_its_own(void **state)
{
    (void)state;
    cx_plan_t plan;

    EXPECT_OK(expand("cases:\n  - {family: allreduce, algorithm: [default, ring]}\n"
                     "  - {family: allreduce, dtype: fp32, sizes: 8B}\n",
                     NULL, 0, &plan));
    assert_int_equal(plan.case_count, 3);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(plan.cases[i].dtype, CX_DTYPE_BF16);
        assert_string_equal(plan.cases[i].sizes, CX_CASE_ALLREDUCE_SIZES);
    }
    assert_int_equal(plan.cases[1].algorithm, CX_ALGORITHM_RING);
    assert_int_equal(plan.cases[2].dtype, CX_DTYPE_FP32);
    assert_string_equal(plan.cases[2].sizes, "8B");
    EXPECT_FAIL(CX_INVALID, "has all_reduce alone",
                expand("cases:\n  - {family: allreduce, op: gather}\n", NULL, 0, &plan));
}

static void test_lists_multiply(void **state)
{
    (void)state;
    cx_plan_t plan;

    EXPECT_OK(expand("suite: s\nsummary: t\ndefaults: {dtype: [fp32, bf16]}\ncases:\n"
                     "  - {op: [all_reduce, all_gather], placement: [in_place, out_of_place]}\n"
                     "  - op: broadcast\n    root: 1\n",
                     NULL, 0, &plan));
    assert_int_equal(plan.case_count, 2 * 2 * 2 + 2);
    assert_string_equal(plan.suite, "s");
    assert_string_equal(plan.summary, "t");
    assert_int_equal(plan.cases[8].root, 1);
}

static void test_equal_cases_are_one(void **state)
{
    (void)state;
    cx_plan_t plan;

    /* The reduction means nothing for a gather, so its two values are one case. */
    EXPECT_OK(expand("cases:\n  - {op: [all_gather, all_reduce], redop: [sum, max]}\n"
                     "  - {op: all_reduce}\n",
                     NULL, 0, &plan));
    assert_int_equal(plan.case_count, 3);
}

static void test_many_cases_stay_distinct(void **state)
{
    (void)state;
    cx_plan_t plan;

    EXPECT_OK(
        expand("cases: [{op: [all_reduce, reduce, reduce_scatter], redop: [sum, prod, min, "
               "max, avg], dtype: [int8, uint8, int32, int64, fp16, bf16, fp32, fp64], regime: "
               "[isolated, steady, loop_mean], placement: [in_place, out_of_place]}]",
               NULL, 0, &plan));
    assert_int_equal(plan.case_count, 3 * 5 * 8 * 3 * 2);
    for (size_t i = 1; i < plan.case_count; i++) {
        assert_string_not_equal(plan.cases[i].case_id, plan.cases[i - 1].case_id);
    }
}

static void test_later_layers_win_and_are_remembered(void **state)
{
    (void)state;
    const cx_setting_t overrides[] = {
        {"dtype", "fp16", "CX_DTYPE", CX_ORIGIN_ENVIRONMENT},
        {"seed", "9", "CX_SEED", CX_ORIGIN_ENVIRONMENT},
        {"dtype", "fp64,int8", "command line", CX_ORIGIN_COMMAND},
    };
    size_t    dtype = (size_t)(cx_options_find(cx_case_options, "dtype") - cx_case_options);
    size_t    seed  = (size_t)(cx_options_find(cx_case_options, "seed") - cx_case_options);
    cx_plan_t plan;

    EXPECT_OK(expand("cases: [{op: all_reduce, dtype: bf16, seed: 3}]", overrides,
                     LENGTH(overrides), &plan));
    assert_int_equal(plan.case_count, 2);
    assert_int_equal(plan.cases[0].dtype, CX_DTYPE_FP64);
    assert_int_equal(plan.cases[1].dtype, CX_DTYPE_INT8);
    assert_int_equal(plan.cases[0].seed, 9);
    assert_int_equal(plan.cases[0].origins[dtype], CX_ORIGIN_COMMAND);
    assert_int_equal(plan.cases[0].origins[seed], CX_ORIGIN_ENVIRONMENT);
}

static void test_options_of_a_backend(void **state)
{
    (void)state;
    const cx_setting_t override = {"mine-depth", "3", "command line", CX_ORIGIN_COMMAND};
    cx_plan_t          plan;

    EXPECT_OK(expand("cases: [{backend: mine}]", &override, 1, &plan));
    assert_string_equal(plan.cases[0].backend_options, "mine-depth=3");
    EXPECT_FAIL(CX_INVALID, "outside 1..9",
                expand("cases: [{backend: mine, mine_depth: 11}]", NULL, 0, &plan));
    EXPECT_FAIL(CX_INVALID,
                "command line: unknown option \"mine-depth\"; see: collectivex list options",
                expand("cases: [{backend: plain}]", &override, 1, &plan));
}

static void test_what_is_refused_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *suite, *words;
    } rows[] = {
        {"x", "s.yaml:1:1: expected the keys"},
        {"suite: s", "no cases"},
        {"cases: []", "no cases"},
        {"cases: [x]", "expected a map of options"},
        {"cases: {}", "no cases"},
        {"cases: 1", "s.yaml:1:8: cases: expected a map or a list"},
        {"case: [{}]", "unknown key \"case\"; did you mean \"cases\"?"},
        {"suite: [a]\ncases: [{}]", "suite: expected a text"},
        {"defaults: [a]\ncases: [{}]", "s.yaml:1:11: defaults: expected a map"},
        {"cases: [{opp: all_reduce}]", "s.yaml:1:15: unknown option \"opp\"; did you mean \"op\"?"},
        {"cases: [{op: allreduce}]", "s.yaml:1:14: op: unknown value \"allreduce\"; did you mean"},
        {"cases: [{op: []}]", "an empty list"},
        {"cases: [{op: [[a]]}]", "plain values"},
        {"cases: [{only_on: [cuda, cudaa]}]", "s.yaml:1:19: no device cudaa"},
        {"defaults: {only_on: cudaa}\ncases: [{op: reduce}]", "s.yaml:1:21: no device cudaa"},
        {"cases: [{only_on: \"cuda,\"}]", "s.yaml:1:19: only_on: an empty value"},
        {"cases: [{op: {a: b}}]", "expected a value or a list"},
        {"cases: [{op: \"all_reduce,\"}]", "an empty value"},
        {"cases: [{sizes: 12}]", "s.yaml:1:17: sizes: expected a size with a unit"},
        {"cases: [{backend: other}]", "s.yaml:1:19: no backend other"},
        {"cases: [{op: all_to_all_v, traffic: t, traffic_skew: 2}]", "not both"},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_plan_t plan = {.case_count = 7};

        EXPECT_FAIL(CX_INVALID, rows[i].words, expand(rows[i].suite, NULL, 0, &plan));
        assert_int_equal(plan.case_count, 7);
    }
}

static void test_an_option_that_means_nothing_is_refused_only_when_asked_for(void **state)
{
    (void)state;
    const cx_setting_t command     = {"root", "1", "command line", CX_ORIGIN_COMMAND};
    const cx_setting_t environment = {"root", "1", "CX_ROOT", CX_ORIGIN_ENVIRONMENT};
    cx_plan_t          plan;

    EXPECT_FAIL(CX_INVALID, "command line: root means nothing", expand(NULL, &command, 1, &plan));
    EXPECT_OK(expand(NULL, &environment, 1, &plan));
    EXPECT_OK(expand("cases: [{op: [all_reduce, reduce]}]", &command, 1, &plan));
    assert_int_equal(plan.cases[0].root, 0);
    assert_int_equal(plan.cases[1].root, 1);
}

static void test_a_shape_gives_the_numbers_that_are_not_given(void **state)
{
    static const struct {
        const char *suite;
        const char *shape;
        int64_t     hidden, topk, experts, seed;
    } rows[] = {
        {"cases: [{family: ep}]", "deepseek-v3", 7168, 8, 256, 67},
        {"cases: [{family: ep, topk: 4, seed: 1}]", "deepseek-v3", 7168, 4, 256, 1},
        {"cases: [{family: ep, hidden: 64, topk: 4, experts: 16}]", "custom", 64, 4, 16, 67},
        {"cases: [{family: ep, hidden: 64, topk: 4, experts: 16, shape: deepseek-v3}]",
         "deepseek-v3", 64, 4, 16, 67},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cx_case_t *one;
        cx_plan_t        plan;

        EXPECT_OK(expand(rows[i].suite, NULL, 0, &plan));
        one = plan.cases;
        assert_string_equal(one->ep.shape, rows[i].shape);
        assert_string_equal(one->backend, "mine"); /* what auto is for this family */
        assert_int_equal(one->ep.hidden_elems, rows[i].hidden);
        assert_int_equal(one->ep.topk, rows[i].topk);
        assert_int_equal(one->ep.expert_count, rows[i].experts);
        assert_int_equal(one->seed, rows[i].seed);
    }
}

static void test_families_stand_in_one_suite(void **state)
{
    cx_plan_t plan;

    (void)state;
    EXPECT_OK(expand("defaults: {sizes: 8B, budget: 1s}\n"
                     "cases: [{op: gather}, {family: ep, mode: [normal, low-latency]}]",
                     NULL, 0, &plan));
    assert_int_equal(plan.case_count, 3);
    assert_string_equal(plan.cases[0].backend, "plain");
    assert_int_equal(plan.cases[0].seed, 1);
    assert_int_equal(plan.cases[2].ep.mode, CX_EP_MODE_LOW_LATENCY);
}

static void test_what_is_wrong_with_expert_parallelism_has_a_place(void **state)
{
    static const cx_setting_t sizes = {"sizes", "8B", "command line", CX_ORIGIN_COMMAND};
    static const struct {
        const char *suite, *words;
    } rows[] = {
        {"cases: [{family: ep, shape: deepsek}]", "s.yaml:1:29: shape: no shape deepsek"},
        {"cases: [{family: ep, tokens: 0}]", "s.yaml:1:30: tokens: 0 is outside"},
        {"cases: [{family: ep, regime: loop_mean}]", "family ep has no loop_mean"},
        {"cases: [{family: ep, routing: unifor}]", "did you mean \"uniform\""},
        {"cases: [{family: ep, precision: e4m3fn-block}]", "did you mean \"e4m3fn-block128\""},
        {"cases: [{family: epp}]", "family: unknown value"},
    };
    cx_plan_t plan;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        EXPECT_FAIL(CX_INVALID, rows[i].words, expand(rows[i].suite, NULL, 0, &plan));
    }
    EXPECT_FAIL(CX_INVALID, "command line: sizes means nothing for any case of this request",
                expand("cases: [{family: ep}]", &sizes, 1, &plan));
}

static void test_groups_have_cases_on_their_devices_alone(void **state)
{
    static const cx_setting_t cuda = {"device", "cuda", "command line", CX_ORIGIN_COMMAND};
    static const cx_setting_t hip  = {"device", "hip", "command line", CX_ORIGIN_COMMAND};
    static const char        *suite =
        "cases: [{op: gather}, {op: scatter, only_on: [cuda, hip]}, {op: reduce, only_on: host}]";
    cx_plan_t plan;

    (void)state;
    EXPECT_OK(expand(suite, NULL, 0, &plan));
    assert_int_equal(plan.case_count, 2);
    assert_int_equal(plan.cases[0].op, CX_COLLECTIVE_GATHER);
    assert_int_equal(plan.cases[1].op, CX_COLLECTIVE_REDUCE);
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(expand(suite, i == 0 ? &cuda : &hip, 1, &plan));
        assert_int_equal(plan.case_count, 2);
        assert_int_equal(plan.cases[1].op, CX_COLLECTIVE_SCATTER);
    }
    /* Part of a name is not the name, and what is left out is not looked at. */
    EXPECT_OK(
        expand("cases: [{op: gather}, {op: scatter, only_on: hos, my-option: 3}]", NULL, 0, &plan));
    assert_int_equal(plan.case_count, 1);
    assert_int_equal(expand("cases: [{op: scatter, only_on: cuda}]", NULL, 0, &plan), CX_INVALID);
    assert_non_null(strstr(cx_detail()->text, "no case is left"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_have_cases_on_their_devices_alone),
        cmocka_unit_test(test_no_request_is_one_case_of_defaults),
        cmocka_unit_test(test_an_allreduce_has_defaults_of_its_own),
        cmocka_unit_test(test_lists_multiply),
        cmocka_unit_test(test_equal_cases_are_one),
        cmocka_unit_test(test_many_cases_stay_distinct),
        cmocka_unit_test(test_later_layers_win_and_are_remembered),
        cmocka_unit_test(test_options_of_a_backend),
        cmocka_unit_test(test_what_is_refused_and_where),
        cmocka_unit_test(test_an_option_that_means_nothing_is_refused_only_when_asked_for),
        cmocka_unit_test(test_a_shape_gives_the_numbers_that_are_not_given),
        cmocka_unit_test(test_families_stand_in_one_suite),
        cmocka_unit_test(test_what_is_wrong_with_expert_parallelism_has_a_place),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
