/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reading below a root, with planted files. */
#include "target/root.h"

#include "tree.h"

#include "base/fail.h"

static void test_missing_root_is_invalid(void **state)
{
    (void)state;
    cx_root_t root = {.fd = -7};

    cx_detail_clear();
    assert_int_equal(cx_root_open("/nowhere/at/all", &root), CX_INVALID);
    assert_int_equal(root.fd, -7);
    assert_non_null(strstr(cx_detail()->text, "/nowhere/at/all"));
}

static void test_only_the_slash_is_the_running_machine(void **state)
{
    (void)state;
    cx_root_t root;

    assert_int_equal(cx_root_open(NULL, &root), CX_OK);
    assert_true(root.is_live);
    cx_root_close(&root);
    assert_int_equal(cx_root_open("/", &root), CX_OK);
    assert_true(root.is_live);
    cx_root_close(&root);
    assert_int_equal(cx_root_open("/tmp", &root), CX_OK);
    assert_false(root.is_live);
    cx_root_close(&root);
}

static void test_text_is_trimmed_and_cut(void **state)
{
    const char *tree = *state;
    char        text[6];
    cx_root_t   root;

    tree_write(tree, "a/one", "abc \n\n");
    tree_write(tree, "a/long", "abcdefgh");
    tree_write(tree, "a/empty", "");
    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    assert_true(cx_root_text(&root, text, sizeof text, "%s/one", "a"));
    assert_string_equal(text, "abc");
    assert_true(cx_root_text(&root, text, sizeof text, "a/long"));
    assert_string_equal(text, "abcde");
    assert_true(cx_root_text(&root, text, sizeof text, "a/empty"));
    assert_string_equal(text, "");
    assert_false(cx_root_text(&root, text, sizeof text, "a/none"));
    assert_string_equal(text, "");
    assert_false(cx_root_text(&root, text, sizeof text, "a"));
    cx_root_close(&root);
}

static void test_int_reads_numbers_and_nothing_else(void **state)
{
    const char *tree = *state;
    static const struct {
        const char *text;
        int64_t     value;
    } rows[] = {
        {"42\n", 42}, {"0x10de\n", 0x10de}, {"-1\n", -1},  {"-5", -1},
        {"", -1},     {"max\n", -1},        {"12 34", -1}, {"99999999999999999999", -1},
        {"0", 0},
    };
    cx_root_t root;

    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        tree_write(tree, "number", rows[i].text);
        assert_int_equal(cx_root_int(&root, "number"), rows[i].value);
    }
    assert_int_equal(cx_root_int(&root, "missing"), -1);
    cx_root_close(&root);
}

static void test_link_is_the_targets_last_name_even_if_it_dangles(void **state)
{
    const char *tree = *state;
    char        name[16], target[64];
    cx_root_t   root;

    tree_link(tree, "dev/driver", "../../bus/pci/drivers/mlx5_core");
    tree_link(tree, "dev/plain", "mlx4");
    tree_write(tree, "dev/file", "");
    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    assert_true(cx_root_link(&root, name, sizeof name, "dev/driver"));
    assert_string_equal(name, "mlx5_core");
    assert_true(cx_root_link(&root, name, sizeof name, "dev/plain"));
    assert_string_equal(name, "mlx4");
    assert_false(cx_root_link(&root, name, sizeof name, "dev/file"));
    assert_string_equal(name, "");
    assert_true(cx_root_link_target(&root, target, sizeof target, "dev/driver"));
    assert_string_equal(target, "../../bus/pci/drivers/mlx5_core");
    assert_false(cx_root_link_target(&root, target, sizeof target, "dev/file"));
    assert_string_equal(target, "");
    cx_root_close(&root);
}

static void join_name(const char *name, void *context)
{
    strncat(context, name, 8);
    strncat(context, " ", 2);
}

static void test_each_goes_in_byte_order_without_hidden_names(void **state)
{
    const char *tree       = *state;
    char        names[128] = "";
    cx_root_t   root;

    tree_write(tree, "d/b", "");
    tree_write(tree, "d/a", "");
    tree_write(tree, "d/B", "");
    tree_write(tree, "d/.hidden", "");
    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    cx_root_each(&root, "d", join_name, names);
    assert_string_equal(names, "B a b ");
    cx_root_each(&root, "missing", join_name, names);
    assert_string_equal(names, "B a b ");
    assert_true(cx_root_has(&root, "d/a"));
    assert_false(cx_root_has(&root, "d/c"));
    cx_root_close(&root);
}

static void test_cpu_list_is_counted_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        int32_t     count;
    } rows[] = {
        {"", 0},          {"0", 1},    {"0-3", 4},  {"0-3,8", 5},
        {"0-3,16-19", 8}, {"5-5", 1},  {"3-1", -1}, {"a", -1},
        {"0-", -1},       {"0,", -1},  {",0", -1},  {"0 1", -1},
        {"-1", -1},       {"1-x", -1}, {"0;1", -1}, {"0-99999999999", -1},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_int_equal(cx_cpu_list_count(rows[i].list), rows[i].count);
    }
}

static void test_line_value_needs_the_label_at_the_start_of_a_line(void **state)
{
    (void)state;
    const char *text = "x flags: no\nMemTotal:   12 kB\nflags\t\t: fpu vme\nlast=1";
    char        value[32];

    assert_true(cx_line_value(text, "MemTotal", value, sizeof value));
    assert_string_equal(value, "12 kB");
    assert_true(cx_line_value(text, "flags", value, sizeof value));
    assert_string_equal(value, "fpu vme");
    assert_true(cx_line_value(text, "last=", value, sizeof value));
    assert_string_equal(value, "1");
    assert_false(cx_line_value(text, "12 kB", value, sizeof value));
    assert_string_equal(value, "");
    assert_false(cx_line_value("", "x", value, sizeof value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_root_is_invalid),
        cmocka_unit_test(test_only_the_slash_is_the_running_machine),
        TREE_TEST(test_text_is_trimmed_and_cut),
        TREE_TEST(test_int_reads_numbers_and_nothing_else),
        TREE_TEST(test_link_is_the_targets_last_name_even_if_it_dangles),
        TREE_TEST(test_each_goes_in_byte_order_without_hidden_names),
        cmocka_unit_test(test_cpu_list_is_counted_or_refused),
        cmocka_unit_test(test_line_value_needs_the_label_at_the_start_of_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
