/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the whole description: captured machines against their expected.json (CX_BLESS=1 rewrites
 * it), the running machine, and every lost allocation. */
#include "target/probe.h"

#include "machine.h"

#include "target/redact.h"

#include "base/fail.h"

static const char *const machines[] = {"vm-2cpu", "server-2socket"};

static json_t *probe_machine(const char *name)
{
    static char text[8192];
    static char root[PATH_MAX], topology[PATH_MAX];
    const char *variables[MACHINE_VARIABLES_MAX];
    json_t     *out = NULL;

    machine_environment(name, text, sizeof text, variables);
    const cx_target_options_t options = {
        .root         = machine_path(name, "", root),
        .topology_xml = machine_path(name, "topology.xml", topology),
        .environment  = variables,
    };

    assert_int_equal(cx_target_probe(&options, &out), CX_OK);
    return out;
}

static void test_captured_machines_are_described_as_expected(void **state)
{
    (void)state;
    for (int64_t i = 0; i < LENGTH(machines); i++) {
        char    path[PATH_MAX];
        json_t *out = probe_machine(machines[i]);

        (void)machine_path(machines[i], "expected.json", path);
        if (getenv("CX_BLESS")) {
            assert_int_equal(json_dump_file(out, path, JSON_INDENT(2)), 0);
        }
        json_t *expected = json_load_file(path, 0, NULL);

        assert_non_null(expected);
        if (!json_equal(out, expected)) {
            char *text = json_dumps(out, JSON_INDENT(2));

            fail_msg("%s is described as %s", machines[i], text);
        }
        json_decref(expected);
        json_decref(out);
    }
}

static void test_description_has_the_same_keys_everywhere(void **state)
{
    (void)state;
    json_t     *out      = NULL;
    json_t     *captured = probe_machine("server-2socket");
    const char *key;
    json_t     *member;

    assert_int_equal(cx_target_probe(&(cx_target_options_t){0}, &out), CX_OK);
    assert_int_equal(json_object_size(out), json_object_size(captured));
    json_object_foreach(captured, key, member)
    {
        const json_t *mine = json_object_get(out, key);
        const char   *inner_key;
        json_t       *inner;

        assert_non_null(mine);
        if (json_is_object(member) && strcmp(key, "environment") != 0) {
            assert_int_equal(json_object_size(mine), json_object_size(member));
            json_object_foreach(member, inner_key, inner)
            {
                assert_non_null(json_object_get(mine, inner_key));
            }
        }
    }
    json_decref(out);
    json_decref(captured);
}

static void test_running_machine_has_processors_and_libraries(void **state)
{
    (void)state;
    json_t *out = NULL;

    assert_int_equal(cx_target_probe(&(cx_target_options_t){.root = "/"}, &out), CX_OK);
    const json_t *cpu = json_object_get(out, "cpu");

    assert_true(json_integer_value(json_object_get(cpu, "thread_count")) >= 1);
    assert_true(json_integer_value(json_object_get(cpu, "allowed_cpu_count")) >= 1);
    assert_true(json_array_size(json_object_get(out, "libraries")) >= 1);
    json_decref(out);
}

static void test_empty_root_is_all_unknown_and_no_failure(void **state)
{
    (void)state;
    char        tree[TREE_BYTES];
    const char *no_variables[] = {NULL};
    json_t     *out            = NULL;
    const char *key;
    json_t     *member;

    tree_make(tree);
    assert_int_equal(
        cx_target_probe(&(cx_target_options_t){.root = tree, .environment = no_variables}, &out),
        CX_OK);
    json_object_foreach(json_object_get(out, "cpu"), key, member)
    {
        assert_true(json_is_null(member));
    }
    json_object_foreach(json_object_get(out, "host"), key, member)
    {
        assert_true(json_is_null(member));
    }
    json_decref(out);
    tree_remove(tree);
}

static void test_other_spellings_are_understood(void **state)
{
    (void)state;
    char        tree[TREE_BYTES];
    const char *no_variables[] = {NULL};
    json_t     *out            = NULL;

    tree_make(tree);
    tree_write(tree, "etc/os-release", "PRETTY_NAME=Plain\n");
    tree_write(tree, "proc/cpuinfo", "CPU implementer\t: 0x41\nCPU part\t: 0xd4f\n");
    tree_write(tree, "sys/devices/system/cpu/cpufreq/boost", "1\n");
    tree_write(tree, "sys/kernel/mm/transparent_hugepage/enabled", "no brackets\n");
    assert_int_equal(
        cx_target_probe(&(cx_target_options_t){.root = tree, .environment = no_variables}, &out),
        CX_OK);
    const json_t *cpu = json_object_get(out, "cpu");

    assert_string_equal(json_string_value(json_object_get(json_object_get(out, "host"), "os")),
                        "Plain");
    assert_string_equal(json_string_value(json_object_get(cpu, "model")),
                        "implementer 0x41 part 0xd4f");
    assert_true(json_is_true(json_object_get(cpu, "is_boost_enabled")));
    assert_true(
        json_is_null(json_object_get(json_object_get(out, "virtualisation"), "is_virtual")));
    assert_true(
        json_is_null(json_object_get(json_object_get(out, "memory"), "transparent_hugepages")));
    json_decref(out);
    tree_remove(tree);
}

static void test_redacted_server_tells_nobody(void **state)
{
    (void)state;
    static const char *const planted[] = {"gpu17", "jdoe", "10.20.30.40", "b83f:d203"};
    const cx_identity_t      identity  = {"gpu17.cluster.example", "jdoe", "/home/jdoe"};
    json_t                  *out       = probe_machine("server-2socket");
    cx_secret_hit_t          hit;

    assert_int_equal(cx_redact_as(out, "salt", &identity), CX_OK);
    char *text = json_dumps(out, JSON_INDENT(2));

    for (int64_t i = 0; i < LENGTH(planted); i++) {
        assert_null(strstr(text, planted[i]));
    }
    assert_int_equal(cx_secret_scan(text, strlen(text), &hit), CX_OK);
    assert_int_equal(hit.kind, CX_SECRET_NONE);
    free(text);
    json_decref(out);
}

static void test_bad_root_or_topology_is_invalid(void **state)
{
    (void)state;
    json_t *out = NULL;

    cx_detail_clear();
    assert_int_equal(cx_target_probe(&(cx_target_options_t){.root = "/nowhere"}, &out), CX_INVALID);
    cx_detail_clear();
    assert_int_equal(cx_target_probe(&(cx_target_options_t){.topology_xml = "/nowhere.xml"}, &out),
                     CX_INVALID);
    assert_null(out);
}

static int64_t allocations_left;

static void *failing_malloc(size_t bytes)
{
    return allocations_left-- > 0 ? malloc(bytes) : NULL;
}

/* Fails the n-th allocation and all after it, for every n until the probe gets by. */
static void test_every_lost_allocation_is_reported_and_nothing_leaks(void **state)
{
    (void)state;
    static char text[8192];
    static char root[PATH_MAX];
    const char *variables[MACHINE_VARIABLES_MAX];
    cx_status_t status = CX_RESOURCE;

    machine_environment("server-2socket", text, sizeof text, variables);
    const cx_target_options_t options = {.root        = machine_path("server-2socket", "", root),
                                         .environment = variables};

    for (int64_t count = 0; status != CX_OK; count++) {
        json_t *out = NULL;

        assert_true(count < 10000);
        cx_detail_clear();
        allocations_left = count;
        json_set_alloc_funcs(failing_malloc, free);
        status = cx_target_probe(&options, &out);
        assert_true(status == CX_OK || (status == CX_RESOURCE && !out));
        json_decref(out);
        json_set_alloc_funcs(malloc, free);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captured_machines_are_described_as_expected),
        cmocka_unit_test(test_description_has_the_same_keys_everywhere),
        cmocka_unit_test(test_running_machine_has_processors_and_libraries),
        cmocka_unit_test(test_empty_root_is_all_unknown_and_no_failure),
        cmocka_unit_test(test_other_spellings_are_understood),
        cmocka_unit_test(test_redacted_server_tells_nobody),
        cmocka_unit_test(test_bad_root_or_topology_is_invalid),
        cmocka_unit_test(test_every_lost_allocation_is_reported_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
