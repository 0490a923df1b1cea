/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what follows from a case: neutral values, names, digest, contract. */
#include "model/case.h"

#include "support/arena.h"
#include "support/expect.h"

static void set(cx_case_t *one, const char *name, const char *text)
{
    EXPECT_OK(cx_option_set(cx_options_find(cx_case_options, name), one, text, "test", &arena));
}

static cx_case_t make(const char *op)
{
    cx_case_t one;

    memset(&one, 0, sizeof one);
    EXPECT_OK(cx_options_defaults(cx_case_options, &one, &arena));
    set(&one, "op", op);
    set(&one, "backend", "hostref");
    set(&one, "device", "host");
    return one;
}

static void test_options_without_meaning_become_neutral(void **state)
{
    (void)state;
    cx_case_t gather = make("gather"), reduce = make("all_reduce"), barrier = make("barrier");
    ptrdiff_t redop = cx_options_find(cx_case_options, "redop") - cx_case_options;

    set(&gather, "redop", "max");
    gather.origins[redop] = CX_ORIGIN_COMMAND;
    set(&reduce, "root", "3");
    set(&barrier, "dtype", "fp64");
    EXPECT_OK(cx_case_seal(&gather, &arena));
    EXPECT_OK(cx_case_seal(&reduce, &arena));
    EXPECT_OK(cx_case_seal(&barrier, &arena));
    assert_int_equal(gather.redop, CX_REDOP_NONE);
    assert_int_equal(gather.origins[redop], CX_ORIGIN_DEFAULT);
    assert_int_equal(reduce.root, 0);
    assert_int_equal(reduce.redop, CX_REDOP_SUM);
    assert_int_equal(barrier.dtype, CX_DTYPE_FP32);
    assert_string_equal(barrier.sizes, "0B");
}

static void test_equal_work_has_one_digest(void **state)
{
    (void)state;
    cx_case_t a = make("gather"), b = make("gather"), c = make("gather");

    set(&b, "redop", "max");
    set(&c, "root", "1");
    EXPECT_OK(cx_case_seal(&a, &arena));
    EXPECT_OK(cx_case_seal(&b, &arena));
    EXPECT_OK(cx_case_seal(&c, &arena));
    assert_string_equal(a.digest, b.digest);
    assert_string_equal(a.case_id, b.case_id);
    assert_string_not_equal(a.digest, c.digest);
    assert_string_not_equal(a.case_id, c.case_id);
}

static void test_sealing_twice_changes_nothing(void **state)
{
    (void)state;
    for (int i = 0; cx_collective_slugs[i]; i++) {
        cx_case_t once = make(cx_collective_slugs[i]), twice;

        EXPECT_OK(cx_case_seal(&once, &arena));
        twice = once;
        EXPECT_OK(cx_case_seal(&twice, &arena));
        assert_string_equal(once.digest, twice.digest);
    }
}

static void test_the_name_is_readable(void **state)
{
    (void)state;
    cx_case_t one = make("all_reduce"), other = make("broadcast");

    EXPECT_OK(cx_case_seal(&one, &arena));
    EXPECT_OK(cx_case_seal(&other, &arena));
    assert_memory_equal(one.case_id, "all_reduce.fp32.sum.out_of_place.isolated.hostref.host.", 55);
    assert_memory_equal(one.case_id + 55, one.digest, 8);
    assert_memory_equal(other.case_id, "broadcast.fp32.out_of_place.isolated.hostref.host.", 50);
}

static void test_the_longest_options_all_count(void **state)
{
    (void)state;
    cx_case_t one = make("all_to_all_v"), other;
    char      text[CX_OPTION_TEXT_BYTES_MAX];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    set(&one, "backend", text);
    set(&one, "device", text);
    set(&one, "traffic", text);
    set(&one, "backend-options", text);
    other                 = one;
    text[sizeof text - 2] = 'y';
    set(&other, "backend-options", text);
    EXPECT_OK(cx_case_seal(&one, &arena));
    EXPECT_OK(cx_case_seal(&other, &arena));
    assert_string_not_equal(one.digest, other.digest);
}

static void test_shape_and_contract(void **state)
{
    (void)state;
    cx_case_t  one = make("broadcast");
    cx_shape_t shape;

    set(&one, "root", "2");
    set(&one, "placement", "in_place");
    set(&one, "regime", "steady");
    EXPECT_OK(cx_case_seal(&one, &arena));
    shape = cx_case_shape(&one);
    assert_int_equal(shape.root_rank, 2);
    assert_true(shape.is_in_place);
    assert_int_equal(shape.redop, CX_REDOP_NONE);
    assert_string_equal(cx_case_contract(&one), "collective.steady");
    one = make("all_reduce");
    EXPECT_OK(cx_case_seal(&one, &arena));
    assert_int_equal(cx_case_shape(&one).root_rank, -1);
    assert_true(strlen(cx_regime_text(CX_REGIME_STEADY)) > 10);
}

/* An option that came with a regime is in the identity of its cases alone. */
static void test_operations_of_a_graph_count_in_regime_graph(void **state)
{
    static const struct {
        const char *regime;
        bool        is_other;
    } rows[] = {{"isolated", false}, {"steady", false}, {"loop_mean", false}, {"graph", true}};
    const cx_option_t *row = cx_options_find(cx_case_options, "graph-ops");

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t one = make("all_reduce"), other = make("all_reduce");

        set(&one, "regime", rows[i].regime);
        set(&other, "regime", rows[i].regime);
        set(&other, "graph-ops", "7");
        assert_int_equal(cx_case_option_is_own(&one, row), rows[i].is_other);
        EXPECT_OK(cx_case_seal(&one, &arena));
        EXPECT_OK(cx_case_seal(&other, &arena));
        assert_int_equal(strcmp(one.digest, other.digest) != 0, rows[i].is_other);
        assert_int_equal(other.graph_ops, rows[i].is_other ? 7 : 20);
    }
}

static cx_case_t make_ep(void)
{
    cx_case_t one = make("all_reduce");

    set(&one, "family", "ep");
    set(&one, "hidden", "7168");
    set(&one, "topk", "8");
    set(&one, "experts", "256");
    return one;
}

static void test_the_name_of_expert_parallelism(void **state)
{
    (void)state;
    cx_case_t plain = make_ep(), other = make_ep();

    EXPECT_OK(cx_case_seal(&plain, &arena));
    assert_memory_equal(plain.case_id, "ep.deepseek-v3.normal.bf16.uniform.isolated.hostref.host.",
                        57);
    assert_memory_equal(plain.case_id + 57, plain.digest, 8);
    set(&other, "shape", "models/my model.json");
    set(&other, "mode", "low-latency");
    set(&other, "precision", "nvfp4");
    set(&other, "combine-precision", "mxfp8");
    set(&other, "routing", "zipf");
    set(&other, "eplb", "32");
    set(&other, "sampling", "fast");
    set(&other, "regime", "steady");
    EXPECT_OK(cx_case_seal(&other, &arena));
    assert_memory_equal(other.case_id,
                        "ep.my-model.low-latency.nvfp4-mxfp8.zipf-eplb.steady-fast.hostref.host.",
                        71);
}

static void test_each_family_has_its_own_options(void **state)
{
    static const struct {
        const char *option, *text;
        bool        counts_for_ep, counts_for_collective;
    } rows[] = {
        {"seed", "9", true, true},
        {"rotate-bytes", "1MiB", true, true},
        {"dtype", "bf16", false, true},
        {"sizes", "8B", false, true},
        {"samples-max", "7", false, true},
        {"budget", "1s", false, true},
        {"tokens", "8", true, false},
        {"mode", "low-latency", true, false},
        {"hidden", "256", true, false},
        {"precision", "mxfp8", true, false},
        {"sampling", "fast", true, false},
        {"uneven", "linear", true, false},
        {"zipf-exponent", "2", false, false}, /* means something for routing zipf alone */
        {"eplb-seed", "5", false, false},
        {"consume", "dequant", false, false},
        {"hot-expert", "5", false, false},
        {"trace", "file", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t ep = make_ep(), changed_ep = make_ep();
        cx_case_t collective = make("all_reduce"), changed = make("all_reduce");

        set(&changed_ep, rows[i].option, rows[i].text);
        set(&changed, rows[i].option, rows[i].text);
        EXPECT_OK(cx_case_seal(&ep, &arena));
        EXPECT_OK(cx_case_seal(&changed_ep, &arena));
        EXPECT_OK(cx_case_seal(&collective, &arena));
        EXPECT_OK(cx_case_seal(&changed, &arena));
        assert_int_equal(strcmp(ep.digest, changed_ep.digest) != 0, rows[i].counts_for_ep);
        assert_int_equal(strcmp(collective.digest, changed.digest) != 0,
                         rows[i].counts_for_collective);
    }
}

static void test_options_that_depend_on_others(void **state)
{
    static const struct {
        const char *option, *text, *needs, *value;
    } rows[] = {
        {"zipf-exponent", "2", "routing", "zipf"},    {"hot-expert", "5", "routing", "hotspot"},
        {"trace", "file", "routing", "trace"},        {"eplb-seed", "5", "eplb", "32"},
        {"consume", "dequant", "precision", "mxfp8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t one = make_ep(), other = make_ep();

        set(&one, rows[i].needs, rows[i].value);
        set(&other, rows[i].needs, rows[i].value);
        set(&other, rows[i].option, rows[i].text);
        EXPECT_OK(cx_case_seal(&one, &arena));
        EXPECT_OK(cx_case_seal(&other, &arena));
        assert_string_not_equal(one.digest, other.digest);
    }
}

static void test_contracts_and_shape_of_expert_parallelism(void **state)
{
    cx_case_t one = make_ep();

    (void)state;
    set(&one, "mode", "low-latency");
    set(&one, "precision", "mxfp8");
    EXPECT_OK(cx_case_seal(&one, &arena));
    assert_string_equal(cx_case_contract(&one), "ep.isolated.exact");
    assert_int_equal(cx_case_shape(&one).family, CX_FAMILY_EP);
    assert_int_equal(cx_case_shape(&one).root_rank, -1);
    assert_int_equal(cx_case_shape(&one).ep.mode, CX_EP_MODE_LOW_LATENCY);
    assert_int_equal(cx_case_shape(&one).ep.dispatch_codec, CX_CODEC_MXFP8);
    assert_int_equal(cx_case_shape(&one).ep.hidden_elems, 7168);
    set(&one, "regime", "steady");
    set(&one, "sampling", "fast");
    assert_string_equal(cx_case_contract(&one), "ep.steady.fast");
    set(&one, "regime", "loop_mean");
    EXPECT_FAIL(CX_INVALID, "family ep has no loop_mean", cx_case_seal(&one, &arena));
    set(&one, "regime", "graph");
    EXPECT_FAIL(CX_INVALID, "family ep has no graph", cx_case_seal(&one, &arena));
}

/* ---- family allreduce ----------------------------------------------------------------------- */

static cx_case_t make_allreduce(const char *option, const char *text)
{
    cx_case_t one = make("all_reduce");

    set(&one, "family", "allreduce");
    if (option) {
        set(&one, option, text);
    }
    return one;
}

static void test_an_allreduce_has_a_name_a_contract_and_an_algorithm(void **state)
{
    cx_case_t one = make_allreduce("algorithm", "two-shot");

    (void)state;
    set(&one, "dtype", "bf16");
    EXPECT_OK(cx_case_seal(&one, &arena));
    assert_memory_equal(one.case_id, "allreduce.bf16.two-shot.isolated.hostref.host.", 46);
    assert_string_equal(cx_case_contract(&one), "allreduce.isolated");
    assert_int_equal(cx_case_shape(&one).family, CX_FAMILY_ALLREDUCE);
    assert_int_equal(cx_case_shape(&one).op, CX_COLLECTIVE_ALL_REDUCE);
    assert_int_equal(cx_case_shape(&one).algorithm, CX_ALGORITHM_TWO_SHOT);
    set(&one, "regime", "steady");
    assert_string_equal(cx_case_contract(&one), "allreduce.steady");
}

static void test_an_algorithm_counts_in_its_family_alone(void **state)
{
    cx_case_t one = make_allreduce(NULL, NULL), other = make_allreduce("algorithm", "ring");
    cx_case_t plain = make("all_reduce"), asked = make("all_reduce");

    (void)state;
    set(&asked, "algorithm", "ring");
    EXPECT_OK(cx_case_seal(&one, &arena));
    EXPECT_OK(cx_case_seal(&other, &arena));
    EXPECT_OK(cx_case_seal(&plain, &arena));
    EXPECT_OK(cx_case_seal(&asked, &arena));
    assert_string_not_equal(one.digest, other.digest);
    assert_string_equal(plain.digest, asked.digest);
    assert_int_equal(asked.algorithm, CX_ALGORITHM_DEFAULT);
}

static void test_an_allreduce_is_one_operation(void **state)
{
    static const struct {
        const char *option, *text, *words;
    } rows[] = {
        {"op", "broadcast", "op: family allreduce has all_reduce alone; broadcast is of family"},
        {"redop", "max", "redop: family allreduce sums; max is of family collective"},
        {"placement", "in_place", "placement: family allreduce is out of place"},
        {"regime", "loop_mean", "regime: family allreduce has no loop_mean"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t one = make_allreduce(rows[i].option, rows[i].text);

        EXPECT_FAIL(CX_INVALID, rows[i].words, cx_case_seal(&one, &arena));
    }
}

static void test_vocabularies(void **state)
{
    (void)state;
    assert_int_equal(cx_dtype_bytes(CX_DTYPE_BF16), 2);
    assert_int_equal(cx_dtype_bytes(CX_DTYPE_FP64), 8);
    assert_true(cx_collective_reduces(CX_COLLECTIVE_REDUCE_SCATTER));
    assert_false(cx_collective_reduces(CX_COLLECTIVE_ALL_GATHER));
    assert_true(cx_collective_is_rooted(CX_COLLECTIVE_SCATTER));
    assert_false(cx_collective_is_rooted(CX_COLLECTIVE_ALL_REDUCE));
    assert_true(cx_options_count(cx_case_options) <= CX_CASE_OPTION_COUNT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_without_meaning_become_neutral),
        cmocka_unit_test(test_equal_work_has_one_digest),
        cmocka_unit_test(test_sealing_twice_changes_nothing),
        cmocka_unit_test(test_the_name_is_readable),
        cmocka_unit_test(test_the_longest_options_all_count),
        cmocka_unit_test(test_shape_and_contract),
        cmocka_unit_test(test_operations_of_a_graph_count_in_regime_graph),
        cmocka_unit_test(test_the_name_of_expert_parallelism),
        cmocka_unit_test(test_each_family_has_its_own_options),
        cmocka_unit_test(test_options_that_depend_on_others),
        cmocka_unit_test(test_an_allreduce_has_a_name_a_contract_and_an_algorithm),
        cmocka_unit_test(test_an_algorithm_counts_in_its_family_alone),
        cmocka_unit_test(test_an_allreduce_is_one_operation),
        cmocka_unit_test(test_contracts_and_shape_of_expert_parallelism),
        cmocka_unit_test(test_vocabularies),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
