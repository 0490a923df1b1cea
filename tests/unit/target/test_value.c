/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that what is unknown is null, and that lost memory is not mistaken for it. */
#include "target/value.h"

#include "tree.h"

static void test_unknown_is_null(void **state)
{
    (void)state;
    json_t *text   = cx_value_text("abc");
    json_t *number = cx_value_int(0);

    assert_string_equal(json_string_value(text), "abc");
    assert_true(json_is_integer(number));
    assert_true(json_is_null(cx_value_text(NULL)));
    assert_true(json_is_null(cx_value_text("\xff\xfe")));
    assert_true(json_is_null(cx_value_int(-1)));
    json_decref(text);
    json_decref(number);
}

static void test_files_and_links_are_read_or_null(void **state)
{
    (void)state;
    char      tree[TREE_BYTES];
    cx_root_t root;

    tree_make(tree);
    tree_write(tree, "a/mtu", "1500\n");
    tree_link(tree, "a/driver", "../x/mlx5_core");
    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    json_t *mtu    = cx_value_file_text(&root, "%s/mtu", "a");
    json_t *driver = cx_value_link(&root, "%s/driver", "a");

    assert_string_equal(json_string_value(mtu), "1500");
    assert_string_equal(json_string_value(driver), "mlx5_core");
    assert_true(json_is_null(cx_value_file_text(&root, "none")));
    assert_true(json_is_null(cx_value_link(&root, "none")));
    json_decref(mtu);
    json_decref(driver);
    cx_root_close(&root);
    tree_remove(tree);
}

static void test_list_that_lost_an_item_is_lost(void **state)
{
    (void)state;
    json_t *list = json_array();

    cx_value_append(&list, json_integer(1));
    assert_int_equal(json_array_size(list), 1);
    cx_value_append(&list, NULL);
    assert_null(list);
    cx_value_append(&list, json_integer(2));
    assert_null(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_is_null),
        cmocka_unit_test(test_files_and_links_are_read_or_null),
        cmocka_unit_test(test_list_that_lost_an_item_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
