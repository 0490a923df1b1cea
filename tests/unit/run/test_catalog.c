/* SPDX-License-Identifier: Apache-2.0 */
/* What is there on this machine, and why something is not. */
#include "run/catalog.h"

#include "base/file.h"
#include "unit/run/kit.h"

#include <sys/stat.h>

static cx_arena_t arena;
static char       registry[] = "/tmp/collectivex-catalog-XXXXXX";

static void write_registry(const char *text)
{
    EXPECT_OK(
        cx_file_write(cx_arena_format(&arena, "%s/backends.json", registry), text, strlen(text)));
}

/* A driver with devices, and a library for them, that lie beside the plugins. */
static void use_stubs(void)
{
    char *folder = cx_arena_text(&arena, getenv("CX_PLUGIN_PATH"));

    *strchrnul(folder, ':') = '\0';
    assert_int_equal(
        setenv("CX_PLUGIN_PATH",
               cx_arena_format(&arena, "%s/../test-gpu:%s", folder, getenv("CX_PLUGIN_PATH")), 1),
        0);
    assert_int_equal(
        setenv("CX_CUDA_PATH", cx_arena_format(&arena, "%s/../test-gpu/libcuda.so.1", folder), 1),
        0);
    assert_int_equal(setenv("CX_NCCL_PATH",
                            cx_arena_format(&arena, "%s/../test-libraries/nccl-22809", folder), 1),
                     0);
}

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    kit_use_test_plugins();
    use_stubs();
    return mkdtemp(registry) ? setenv("CX_REGISTRY", registry, 1) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(cx_arena_format(&arena, "%s/backends.json", registry));
    cx_arena_fini(&arena);
    return rmdir(registry);
}

static const cx_catalog_entry_t *entry_of(const cx_catalog_entry_t *entries, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(entries[i].name, name) == 0) {
            return &entries[i];
        }
    }
    fail_msg("no entry %s", name);
    return NULL;
}

static cx_plan_choice_t chosen;

static cx_status_t choose(const char *backend, const char *device, int32_t host_rank_count)
{
    chosen = (cx_plan_choice_t){backend, device};
    return cx_catalog_choose(host_rank_count, CX_FAMILY_COLLECTIVE, &arena, &chosen);
}

static void test_known_and_present_backends_are_listed_once(void **state)
{
    cx_catalog_entry_t       *entries;
    const cx_catalog_entry_t *entry;
    size_t                    count;

    (void)state;
    write_registry("{\"backends\": [{\"name\": \"warp\", \"summary\": \"not of this world\","
                   " \"remedy\": \"install warp\"}, {\"name\": \"null\", \"summary\": \"other\"},"
                   " {\"name\": [1]}]}");
    EXPECT_OK(cx_catalog_backends(2, &arena, &entries, &count));
    entry = entry_of(entries, count, "warp");
    assert_false(entry->is_usable);
    assert_string_equal(entry->summary, "not of this world");
    assert_string_equal(entry->reason, "install warp");
    entry = entry_of(entries, count, "null");
    assert_true(entry->is_usable);
    assert_non_null(strstr(entry->summary, "does nothing")); /* the plugin's own words win */
    assert_true(entry->caps.moves_no_data);
    assert_true(entry_of(entries, count, "faulty")->is_usable);
    for (size_t i = 1; i < count; i++) {
        assert_true(strcmp(entries[i - 1].name, entries[i].name) < 0);
    }
    assert_string_equal(cx_detail()->text, "");
}

static void test_a_registry_that_is_none_is_refused(void **state)
{
    static const char *const texts[] = {"[]", "{\"backends\": 3}", "{\"a\": [], \"b\": []}"};
    cx_catalog_entry_t      *entries;
    size_t                   count;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_registry(texts[i]);
        EXPECT_FAIL(CX_INVALID, "backends.json: expected {\"backends\": [...]}",
                    cx_catalog_backends(2, &arena, &entries, &count));
        EXPECT_FAIL(CX_INVALID, "backends.json", choose("auto", "auto", 2));
    }
}

static void test_a_registry_of_anything_else_breaks_nothing(void **state)
{
    cx_catalog_entry_t *entries;
    size_t              count;

    (void)state;
    write_registry("{\"backends\": [3, [1, 2], {\"summary\": \"nameless\"}]}");
    EXPECT_OK(cx_catalog_backends(2, &arena, &entries, &count));
}

static void test_devices_are_listed(void **state)
{
    cx_catalog_entry_t *entries;
    size_t              count;

    (void)state;
    EXPECT_OK(cx_catalog_devices(&arena, &entries, &count));
    assert_true(entry_of(entries, count, "host")->is_usable);
    assert_true(entry_of(entries, count, "sim")->is_usable);
}

static void expect_choice(const char *backend, const char *device)
{
    assert_string_equal(chosen.backend, backend);
    assert_string_equal(chosen.device, device);
}

static void test_auto_is_the_first_that_can_run_and_may_be_chosen(void **state)
{
    (void)state;
    write_registry("{\"backends\": [{\"name\": \"faulty\"},"
                   " {\"name\": \"warp\", \"is_automatic\": \"true\"},"
                   " {\"name\": \"null\", \"is_automatic\": \"true\"},"
                   " {\"name\": \"hostref\", \"is_automatic\": \"true\"}]}");
    EXPECT_OK(choose("auto", "host", 2));
    expect_choice("null", "host");
    EXPECT_OK(choose("auto", "sim", 2));
    expect_choice("null", "sim");
    write_registry("{\"backends\": [{\"name\": \"hostref\", \"is_automatic\": \"true\"}]}");
    EXPECT_FAIL(CX_UNSUPPORTED,
                "no backend can run family collective on device sim here; see: collectivex list "
                "backends",
                choose("auto", "sim", 2));
    write_registry("{\"backends\": [{\"name\": \"null\"}]}");
    EXPECT_FAIL(CX_UNSUPPORTED,
                "no backend can run family collective here; see: collectivex list backends",
                choose("auto", "auto", 2));
}

static void test_a_named_backend_decides_on_the_device_alone(void **state)
{
    (void)state;
    EXPECT_OK(choose("null", "auto", 2));
    expect_choice("null", "host");
    EXPECT_OK(choose("null", "sim", 2));
    expect_choice("null", "sim");
    EXPECT_OK(choose("warp", "auto", 2)); /* whose absence is told with the place it was named at */
    expect_choice("warp", "host");
    EXPECT_OK(choose("nccltests", "auto", 2));
    expect_choice("nccltests", "host");
    assert_string_equal(cx_detail()->text, "");
}

static void test_accelerators_come_before_the_host_where_each_rank_has_one(void **state)
{
    static const struct {
        const char *devices, *backend, *device, *want_backend, *want_device;
        int32_t     ranks;
    } rows[] = {
        {"2", "auto", "auto", "nccl", "cuda", 2},       {"2", "auto", "auto", "hostref", "host", 3},
        {"2", "auto", "host", "hostref", "host", 2},    {"2", "nccl", "auto", "nccl", "cuda", 2},
        {"2", "hostref", "auto", "hostref", "host", 2}, {"0", "auto", "auto", "hostref", "host", 2},
        {"0", "nccl", "auto", "nccl", "host", 2},
    };

    (void)state;
    write_registry("{\"backends\": [{\"name\": \"hostref\", \"is_automatic\": \"true\"},"
                   " {\"name\": \"nccl\", \"is_automatic\": \"true\"}]}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(setenv("STUB_GPU_COUNT", rows[i].devices, 1), 0);
        EXPECT_OK(choose(rows[i].backend, rows[i].device, rows[i].ranks));
        expect_choice(rows[i].want_backend, rows[i].want_device);
        assert_int_equal(cx_catalog_accelerator_count("cuda"), strtol(rows[i].devices, NULL, 10));
    }
    assert_int_equal(cx_catalog_accelerator_count("host"), 0);
    assert_int_equal(cx_catalog_accelerator_count("warp"), 0);
}

static void test_a_device_that_was_named_says_why_it_is_none(void **state)
{
    (void)state;
    write_registry("{\"backends\": [{\"name\": \"hostref\", \"is_automatic\": \"true\"}]}");
    assert_int_equal(setenv("STUB_GPU_COUNT", "0", 1), 0);
    EXPECT_FAIL(CX_UNSUPPORTED,
                "no backend can run family collective on device cuda here: no cuda device",
                choose("auto", "cuda", 2));
}

static void test_only_names_of_devices_are_known(void **state)
{
    static const char *const names[] = {"cuda", "hip", "host", "sim"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        EXPECT_OK(cx_catalog_check_device(NULL, names[i], "line 2"));
    }
    EXPECT_FAIL(CX_INVALID, "line 2: no device called \"hosts\"; did you mean \"host\"?",
                cx_catalog_check_device(NULL, "hosts", "line 2"));
}

static void test_options_of_a_backend_are_its_table(void **state)
{
    const cx_option_t *rows;
    size_t             bytes;

    (void)state;
    EXPECT_OK(cx_catalog_backend_rows(NULL, "null", "test", &rows, &bytes));
    assert_string_equal(rows[0].name, "null-script");
    assert_true(bytes > 0);
    EXPECT_FAIL(CX_INVALID, "line 4: no backend called \"warp\"",
                cx_catalog_backend_rows(NULL, "warp", "line 4", &rows, &bytes));
}

static const char shape_path[] = "/tmp/collectivex-catalog-shape.json";
static const char shape_text[] = "{\"name\": \"a\", \"version\": 1, \"model\": \"m\", \"source\": "
                                 "\"s\", \"hidden\": 64, \"topk\": 2, \"experts\": 8}";

static void test_a_shape_is_three_numbers(void **state)
{
    cx_plan_shape_t shape;

    (void)state;
    EXPECT_OK(cx_file_write(shape_path, shape_text, strlen(shape_text)));
    EXPECT_OK(cx_catalog_shape(NULL, shape_path, "test", &shape));
    assert_int_equal(shape.hidden_elems, 64);
    assert_int_equal(shape.topk, 2);
    assert_int_equal(shape.expert_count, 8);
    EXPECT_FAIL(CX_INVALID, "suite.yaml:3: shape: ",
                cx_catalog_shape(NULL, "/nowhere/a.json", "suite.yaml:3", &shape));
    assert_int_equal(unlink(shape_path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_and_present_backends_are_listed_once),
        cmocka_unit_test(test_a_registry_that_is_none_is_refused),
        cmocka_unit_test(test_a_registry_of_anything_else_breaks_nothing),
        cmocka_unit_test(test_devices_are_listed),
        cmocka_unit_test(test_auto_is_the_first_that_can_run_and_may_be_chosen),
        cmocka_unit_test(test_a_named_backend_decides_on_the_device_alone),
        cmocka_unit_test(test_accelerators_come_before_the_host_where_each_rank_has_one),
        cmocka_unit_test(test_a_device_that_was_named_says_why_it_is_none),
        cmocka_unit_test(test_only_names_of_devices_are_known),
        cmocka_unit_test(test_options_of_a_backend_are_its_table),
        cmocka_unit_test(test_a_shape_is_three_numbers),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
