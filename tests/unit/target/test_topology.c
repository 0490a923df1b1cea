/* SPDX-License-Identifier: Apache-2.0 */
/* Tests counting a topology from an exported file, and that bad files are refused. */
#include "target/topology.h"

#include "machine.h"

#include "base/fail.h"

static void test_exported_server_is_counted(void **state)
{
    (void)state;
    char          path[PATH_MAX];
    cx_topology_t topology;

    assert_int_equal(
        cx_topology_open(machine_path("server-2socket", "topology.xml", path), false, &topology),
        CX_OK);
    assert_int_equal(topology.socket_count, 2);
    assert_int_equal(topology.core_count, 16);
    assert_int_equal(topology.numa_node_count, 2);
    assert_int_equal(topology.last_cache_bytes, 105 << 20);
    assert_string_equal(json_string_value(json_object_get(topology.summary, "source")), "xml");
    assert_int_equal(json_array_size(json_object_get(topology.summary, "caches")), 3);
    cx_topology_close(&topology);
    assert_null(topology.summary);
}

static void test_running_machine_is_discovered(void **state)
{
    (void)state;
    cx_topology_t topology;

    assert_int_equal(cx_topology_open(NULL, true, &topology), CX_OK);
    assert_true(topology.numa_node_count >= 1);
    assert_string_equal(json_string_value(json_object_get(topology.summary, "source")), "native");
    cx_topology_close(&topology);
}

static void test_capture_without_a_file_is_unknown(void **state)
{
    (void)state;
    cx_topology_t topology;

    assert_int_equal(cx_topology_open(NULL, false, &topology), CX_OK);
    assert_int_equal(topology.core_count, -1);
    assert_int_equal(topology.last_cache_bytes, -1);
    assert_true(json_is_null(json_object_get(topology.summary, "source")));
    cx_topology_close(&topology);
}

static void test_bad_files_are_invalid(void **state)
{
    (void)state;
    char          tree[TREE_BYTES];
    char          path[PATH_MAX];
    cx_topology_t topology = {.core_count = 7};

    tree_make(tree);
    tree_write(tree, "empty.xml", "");
    tree_write(tree, "text.xml", "not xml at all");
    static const char *const names[] = {"empty.xml", "text.xml", "missing.xml"};

    for (int64_t i = 0; i < LENGTH(names); i++) {
        cx_detail_clear();
        assert_int_equal(cx_topology_open(tree_path(tree, names[i], path), true, &topology),
                         CX_INVALID);
        assert_non_null(strstr(cx_detail()->text, names[i]));
        assert_int_equal(topology.core_count, 7);
    }
    tree_remove(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exported_server_is_counted),
        cmocka_unit_test(test_running_machine_is_discovered),
        cmocka_unit_test(test_capture_without_a_file_is_unknown),
        cmocka_unit_test(test_bad_files_are_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
