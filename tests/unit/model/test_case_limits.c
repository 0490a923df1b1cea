/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of family limits: what they are in the words of operations, their options and names. */
#include "model/case.h"

#include "support/arena.h"
#include "support/expect.h"

static void set(cx_case_t *one, const char *name, const char *text)
{
    EXPECT_OK(cx_option_set(cx_options_find(cx_case_options, name), one, text, "test", &arena));
}

static cx_case_t make(const char *limit)
{
    cx_case_t one;

    memset(&one, 0, sizeof one);
    EXPECT_OK(cx_options_defaults(cx_case_options, &one, &arena));
    set(&one, "family", "limits");
    set(&one, "limit", limit);
    set(&one, "backend", "device");
    set(&one, "device", "host");
    return one;
}

static bool applies(const cx_case_t *one, const char *name)
{
    return cx_case_option_applies(one, cx_options_find(cx_case_options, name));
}

static void test_limits_are_blocks_sent_or_nothing(void **state)
{
    (void)state;
    for (int i = 0; cx_limit_slugs[i]; i++) {
        cx_case_t  one = make(cx_limit_slugs[i]);
        cx_shape_t shape;

        set(&one, "op", "all_reduce");
        set(&one, "redop", "max");
        set(&one, "placement", "in_place");
        EXPECT_OK(cx_case_seal(&one, &arena));
        shape = cx_case_shape(&one);
        assert_int_equal(shape.family, CX_FAMILY_LIMITS);
        assert_int_equal(shape.limit, i);
        assert_int_equal(shape.op, cx_limit_moves_bytes((cx_limit_t)i) ? CX_COLLECTIVE_ALL_TO_ALL_V
                                                                       : CX_COLLECTIVE_BARRIER);
        assert_int_equal(shape.redop, CX_REDOP_NONE);
        assert_int_equal(shape.root_rank, -1);
        assert_false(shape.is_in_place);
    }
}

static void test_options_apply_where_they_mean_something(void **state)
{
    static const struct {
        const char *limit;
        bool        has_size, has_blocks;
    } rows[] = {
        {"copy_engine", true, false},     {"sm_store", true, true},
        {"sm_load", true, true},          {"sm_store_all", true, true},
        {"memory_copy", true, false},     {"flag", false, false},
        {"device_barrier", false, false}, {"launch", false, false},
        {"graph_launch", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t one = make(rows[i].limit);

        assert_int_equal(applies(&one, "sizes"), rows[i].has_size);
        assert_int_equal(applies(&one, "movers"), rows[i].has_size);
        assert_int_equal(applies(&one, "rotate-bytes"), rows[i].has_size);
        assert_int_equal(applies(&one, "blocks"), rows[i].has_blocks);
        assert_true(applies(&one, "budget") && applies(&one, "regime") && applies(&one, "verify"));
        assert_false(applies(&one, "op") || applies(&one, "dtype") || applies(&one, "traffic") ||
                     applies(&one, "root") || applies(&one, "loop-iters") ||
                     applies(&one, "tokens") || applies(&one, "algorithm"));
        set(&one, "blocks", "7");
        set(&one, "movers", "all");
        EXPECT_OK(cx_case_seal(&one, &arena));
        assert_int_equal(one.limits.blocks, rows[i].has_blocks ? 7 : 0);
        assert_int_equal(one.limits.movers, rows[i].has_size ? CX_MOVERS_ALL : CX_MOVERS_ONE);
        assert_string_equal(one.sizes, rows[i].has_size ? "8B:64MiB:x4" : "0B");
    }
}

static void test_other_families_have_none_of_the_options(void **state)
{
    cx_case_t one = make("flag"), twin;

    (void)state;
    set(&one, "family", "collective");
    assert_false(applies(&one, "limit") || applies(&one, "movers") || applies(&one, "blocks"));
    twin = one;
    set(&twin, "limit", "launch");
    EXPECT_OK(cx_case_seal(&one, &arena));
    EXPECT_OK(cx_case_seal(&twin, &arena));
    assert_string_equal(one.digest, twin.digest);
}

static void test_names_say_who_moves_with_how_many_blocks(void **state)
{
    static const struct {
        const char *limit, *movers, *blocks, *name;
    } rows[] = {
        {"sm_store", "all", "8", "limits.sm_store.all.b8.isolated.device.host."},
        {"sm_load", "one", "0", "limits.sm_load.one.ball.isolated.device.host."},
        {"copy_engine", "one", "4", "limits.copy_engine.one.isolated.device.host."},
        {"flag", "all", "4", "limits.flag.isolated.device.host."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_case_t one = make(rows[i].limit);

        set(&one, "movers", rows[i].movers);
        set(&one, "blocks", rows[i].blocks);
        EXPECT_OK(cx_case_seal(&one, &arena));
        assert_memory_equal(one.case_id, rows[i].name, strlen(rows[i].name));
        assert_int_equal(strlen(one.case_id), strlen(rows[i].name) + 8);
        assert_int_equal(cx_case_shape(&one).block_count, one.limits.blocks);
    }
}

static void test_regimes_are_two_with_a_contract_each(void **state)
{
    (void)state;
    for (int i = 0; cx_regime_slugs[i]; i++) {
        cx_case_t one = make("launch");

        set(&one, "regime", cx_regime_slugs[i]);
        if (i == CX_REGIME_ISOLATED || i == CX_REGIME_STEADY) {
            EXPECT_OK(cx_case_seal(&one, &arena));
            assert_memory_equal(cx_case_contract(&one), "limits.", 7);
            assert_string_equal(cx_case_contract(&one) + 7, cx_regime_slugs[i]);
        } else {
            EXPECT_FAIL(CX_INVALID, "family limits has isolated and steady",
                        cx_case_seal(&one, &arena));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_are_blocks_sent_or_nothing),
        cmocka_unit_test(test_options_apply_where_they_mean_something),
        cmocka_unit_test(test_other_families_have_none_of_the_options),
        cmocka_unit_test(test_names_say_who_moves_with_how_many_blocks),
        cmocka_unit_test(test_regimes_are_two_with_a_contract_each),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
