/* SPDX-License-Identifier: Apache-2.0 */
/* Tests which devices are listed and what of them, on a captured server. */
#include "target/devices.h"

#include "machine.h"

static const char *text_of(const json_t *list, size_t row, const char *key)
{
    return json_string_value(json_object_get(json_array_get(list, row), key));
}

static void test_pci_lists_what_moves_or_computes(void **state)
{
    (void)state;
    static const struct {
        const char *address, *class_name, *vendor_id, *driver;
    } rows[] = {
        {"0000:03:00.0", "display", "1a03", "ast"},
        {"0000:19:00.0", "infiniband", "15b3", "mlx5_core"},
        {"0000:1b:00.0", "3d", "10de", "nvidia"},
        {"0000:9a:00.0", "ethernet", "15b3", "mlx5_core"},
        {"0000:9b:00.0", "accelerator", "1002", "amdgpu"},
    };
    cx_root_t root;

    machine_open("server-2socket", &root);
    json_t *list = cx_devices_pci(&root);

    assert_int_equal(json_array_size(list), LENGTH(rows));
    for (size_t i = 0; i < (size_t)LENGTH(rows); i++) {
        assert_string_equal(text_of(list, i, "address"), rows[i].address);
        assert_string_equal(text_of(list, i, "class"), rows[i].class_name);
        assert_string_equal(text_of(list, i, "vendor_id"), rows[i].vendor_id);
        assert_string_equal(text_of(list, i, "driver"), rows[i].driver);
    }
    json_decref(list);
    cx_root_close(&root);
}

static void test_nics_are_those_with_hardware_and_have_no_address(void **state)
{
    (void)state;
    static const char *const names[] = {"bond0", "ens1np0", "ens2np0", "ib0"};
    cx_root_t                root;

    machine_open("server-2socket", &root);
    json_t *list = cx_devices_nics(&root);

    assert_int_equal(json_array_size(list), LENGTH(names));
    for (size_t i = 0; i < (size_t)LENGTH(names); i++) {
        assert_string_equal(text_of(list, i, "name"), names[i]);
    }
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(list, 1), "speed_mbit_per_s")), 100000);
    assert_true(json_is_null(json_object_get(json_array_get(list, 2), "speed_mbit_per_s")));
    char *text = json_dumps(list, 0);

    assert_null(strstr(text, "02:00:5e"));
    free(text);
    json_decref(list);
    cx_root_close(&root);
}

static void test_infiniband_has_a_row_per_port(void **state)
{
    (void)state;
    char      tree[TREE_BYTES];
    cx_root_t root;

    tree_make(tree);
    tree_write(tree, "sys/class/infiniband/mlx5_0/ports/1/rate", "400 Gb/sec (4X NDR)\n");
    tree_write(tree, "sys/class/infiniband/mlx5_0/ports/2/rate", "200 Gb/sec (4X HDR)\n");
    tree_write(tree, "sys/class/infiniband/mlx5_1/fw_ver", "28.1\n"); /* no port: no row */
    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    json_t *list = cx_devices_infiniband(&root);

    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(list, 1, "name"), "mlx5_0");
    assert_string_equal(text_of(list, 1, "rate"), "200 Gb/sec (4X HDR)");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 1), "port_index")), 2);
    assert_true(json_is_null(json_object_get(json_array_get(list, 1), "firmware")));
    json_decref(list);
    cx_root_close(&root);
    tree_remove(tree);
}

static void test_machine_without_devices_has_empty_lists(void **state)
{
    (void)state;
    char      tree[TREE_BYTES];
    cx_root_t root;

    tree_make(tree);
    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    json_t *lists[] = {cx_devices_pci(&root), cx_devices_nics(&root), cx_devices_infiniband(&root)};

    for (int64_t i = 0; i < LENGTH(lists); i++) {
        assert_true(json_is_array(lists[i]));
        assert_int_equal(json_array_size(lists[i]), 0);
        json_decref(lists[i]);
    }
    cx_root_close(&root);
    tree_remove(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pci_lists_what_moves_or_computes),
        cmocka_unit_test(test_nics_are_those_with_hardware_and_have_no_address),
        cmocka_unit_test(test_infiniband_has_a_row_per_port),
        cmocka_unit_test(test_machine_without_devices_has_empty_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
