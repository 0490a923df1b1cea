/* SPDX-License-Identifier: Apache-2.0 */
/* Tests limits of both versions of control groups, with planted hierarchies. */
#include "target/cgroup.h"

#include "tree.h"

#define V1 "sys/fs/cgroup/"

static json_t *describe(const char *tree)
{
    cx_root_t root;

    assert_int_equal(cx_root_open(tree, &root), CX_OK);
    json_t *out = cx_cgroup_describe(&root);

    assert_non_null(out);
    cx_root_close(&root);
    return out;
}

static void assert_described(const char *tree, const char *expected_text)
{
    json_t *out      = describe(tree);
    json_t *expected = json_loads(expected_text, 0, NULL);

    assert_non_null(expected);
    if (!json_equal(out, expected)) {
        char *text = json_dumps(out, 0);

        fail_msg("%s is not %s", text, expected_text);
    }
    json_decref(out);
    json_decref(expected);
}

static void test_no_control_group_is_unknown(void **state)
{
    const char *tree = *state;

    assert_described(tree,
                     "{\"version\": null, \"quota_cpus\": null, \"memory_limit_bytes\": null, "
                     "\"cpuset_cpus\": null}");
}

static void test_lowest_limit_on_the_way_up_holds_in_version_2(void **state)
{
    const char *tree = *state;

    tree_write(tree, "proc/self/cgroup", "0::/a/b\n");
    tree_write(tree, V1 "cgroup.controllers", "cpu\n");
    tree_write(tree, V1 "a/b/cpu.max", "300000 100000\n");
    tree_write(tree, V1 "a/cpu.max", "150000 100000\n");
    tree_write(tree, V1 "a/b/memory.max", "max\n");
    tree_write(tree, V1 "a/memory.max", "4096\n");
    tree_write(tree, V1 "a/cpuset.cpus.effective", "0-1\n");
    assert_described(tree, "{\"version\": 2, \"quota_cpus\": 1.5, \"memory_limit_bytes\": 4096, "
                           "\"cpuset_cpus\": \"0-1\"}");
    tree_write(tree, V1 "a/cpu.max", "max 100000\n");
    tree_write(tree, V1 "a/memory.max", "max\n");
    assert_described(tree, "{\"version\": 2, \"quota_cpus\": 3.0, \"memory_limit_bytes\": null, "
                           "\"cpuset_cpus\": \"0-1\"}");
}

static void test_version_1_reads_each_controllers_own_hierarchy(void **state)
{
    const char *tree = *state;

    tree_write(tree, "proc/self/cgroup", "4:memory:/job\n2:cpuset:/\n1:cpu,cpuacct:/job\n0::/x\n");
    tree_write(tree, V1 "cpu/job/cpu.cfs_quota_us", "50000\n");
    tree_write(tree, V1 "cpu/job/cpu.cfs_period_us", "100000\n");
    tree_write(tree, V1 "memory/memory.limit_in_bytes", "9223372036854771712\n");
    tree_write(tree, V1 "memory/job/memory.limit_in_bytes", "1048576\n");
    tree_write(tree, V1 "cpuset/cpuset.effective_cpus", "0-7\n");
    assert_described(tree, "{\"version\": 1, \"quota_cpus\": 0.5, \"memory_limit_bytes\": 1048576, "
                           "\"cpuset_cpus\": \"0-7\"}");
    tree_write(tree, V1 "cpu/job/cpu.cfs_quota_us", "-1\n");
    tree_write(tree, V1 "memory/job/memory.limit_in_bytes", "9223372036854771712\n");
    assert_described(tree, "{\"version\": 1, \"quota_cpus\": null, \"memory_limit_bytes\": null, "
                           "\"cpuset_cpus\": \"0-7\"}");
}

static void test_path_outside_of_the_mount_falls_back_to_what_is_there(void **state)
{
    const char *tree = *state;

    tree_write(tree, "proc/self/cgroup", "0::/kubepods/pod1/c1\n");
    tree_write(tree, V1 "cgroup.controllers", "cpu\n");
    tree_write(tree, V1 "cpu.max", "200000 100000\n");
    assert_described(tree, "{\"version\": 2, \"quota_cpus\": 2.0, \"memory_limit_bytes\": null, "
                           "\"cpuset_cpus\": null}");
}

static void test_malformed_lines_name_no_group(void **state)
{
    const char *tree = *state;

    tree_write(tree, "proc/self/cgroup", "no colons\none:colon\n\n");
    tree_write(tree, V1 "cpu/cpu.cfs_quota_us", "50000\n");
    tree_write(tree, V1 "cpu/cpu.cfs_period_us", "100000\n");
    assert_described(tree, "{\"version\": 1, \"quota_cpus\": null, \"memory_limit_bytes\": null, "
                           "\"cpuset_cpus\": null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_no_control_group_is_unknown),
        TREE_TEST(test_lowest_limit_on_the_way_up_holds_in_version_2),
        TREE_TEST(test_version_1_reads_each_controllers_own_hierarchy),
        TREE_TEST(test_path_outside_of_the_mount_falls_back_to_what_is_there),
        TREE_TEST(test_malformed_lines_name_no_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
