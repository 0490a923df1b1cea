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

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    kit_use_test_plugins();
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
    const char              *name;
    size_t                   count;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_registry(texts[i]);
        EXPECT_FAIL(CX_INVALID, "backends.json: expected {\"backends\": [...]}",
                    cx_catalog_backends(2, &arena, &entries, &count));
        EXPECT_FAIL(CX_INVALID, "backends.json",
                    cx_catalog_auto_backend(2, CX_FAMILY_COLLECTIVE, &arena, &name));
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

static void test_auto_is_the_first_that_can_run_and_may_be_chosen(void **state)
{
    const char *name = NULL;

    (void)state;
    write_registry("{\"backends\": [{\"name\": \"faulty\"},"
                   " {\"name\": \"warp\", \"is_automatic\": \"true\"},"
                   " {\"name\": \"null\", \"is_automatic\": \"true\"},"
                   " {\"name\": \"hostref\", \"is_automatic\": \"true\"}]}");
    EXPECT_OK(cx_catalog_auto_backend(2, CX_FAMILY_COLLECTIVE, &arena, &name));
    assert_string_equal(name, "null");
    write_registry("{\"backends\": [{\"name\": \"null\"}]}");
    EXPECT_FAIL(CX_UNSUPPORTED,
                "no backend can run family collective here; see: collectivex list backends",
                cx_catalog_auto_backend(2, CX_FAMILY_COLLECTIVE, &arena, &name));
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
        cmocka_unit_test(test_options_of_a_backend_are_its_table),
        cmocka_unit_test(test_a_shape_is_three_numbers),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
