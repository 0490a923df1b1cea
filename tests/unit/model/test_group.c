/* SPDX-License-Identifier: Apache-2.0 */
/* Tests collecting the settings of a group. */
#include "model/group.h"

#include "support/arena.h"
#include "support/expect.h"

static const cx_axis_t *axis_of(const cx_group_t *group, const char *name)
{
    return &group->axes[cx_options_find(cx_case_options, name) - cx_case_options];
}

static cx_status_t set(cx_group_t *group, const char *name, const char *text)
{
    const cx_setting_t setting = {name, text, "here", CX_ORIGIN_COMMAND};

    return cx_group_set(group, &setting, &arena);
}

static void test_only_axes_are_split_at_commas(void **state)
{
    (void)state;
    cx_group_t group = {.extras = NULL};

    EXPECT_OK(set(&group, "dtype", "fp32,bf16"));
    EXPECT_OK(set(&group, "sizes", "8B,16B"));
    assert_int_equal(axis_of(&group, "dtype")->value_count, 2);
    assert_string_equal(axis_of(&group, "dtype")->texts[1], "bf16");
    assert_int_equal(axis_of(&group, "sizes")->value_count, 1);
    assert_string_equal(axis_of(&group, "sizes")->texts[0], "8B,16B");
    EXPECT_OK(set(&group, "dtype", "int8"));
    assert_int_equal(axis_of(&group, "dtype")->value_count, 1);
    EXPECT_FAIL(CX_INVALID, "here: dtype: an empty value", set(&group, "dtype", "fp32,,bf16"));
}

static void test_unknown_names_are_kept_for_the_backend(void **state)
{
    (void)state;
    cx_group_t group = {.extras = NULL};

    EXPECT_OK(set(&group, "mine-depth", "1"));
    EXPECT_OK(set(&group, "mine-width", "2"));
    EXPECT_OK(set(&group, "mine-depth", "3"));
    assert_string_equal(group.extras->name, "mine-width");
    assert_string_equal(group.extras->next->text, "3");
    assert_null(group.extras->next->next);
}

static void test_a_map_is_read_with_places(void **state)
{
    (void)state;
    static const char text[] = "op: [reduce, gather]\nseed: 4\n";
    cx_group_t        group  = {.extras = NULL};
    cx_node_t        *root;

    EXPECT_OK(cx_document_parse("g.yaml", text, sizeof text - 1, &arena, &root));
    EXPECT_OK(cx_group_read(&group, root, "g.yaml", &arena));
    assert_int_equal(axis_of(&group, "op")->value_count, 2);
    assert_string_equal(axis_of(&group, "seed")->place, "g.yaml:2:7");
    assert_int_equal(axis_of(&group, "seed")->origin, CX_ORIGIN_SUITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_axes_are_split_at_commas),
        cmocka_unit_test(test_unknown_names_are_kept_for_the_backend),
        cmocka_unit_test(test_a_map_is_read_with_places),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
