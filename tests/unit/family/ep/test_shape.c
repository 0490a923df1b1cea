/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of the registry are read, and what is wrong with a file is said. */
#include "family/ep/shape.h"

#include "unit/family/ep/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOOD "\"name\": \"a\", \"version\": 1, \"model\": \"A\", \"source\": \"s\", "

/* The registry the tests run with. */
static const char *registry_folder(void)
{
    static char path[512];
    const char *folder = getenv("CX_REGISTRY");

    (void)snprintf(path, sizeof path, "%s/shapes", folder ? folder : "registry");
    return path;
}

static void test_the_registry_has_the_published_shapes(void **state)
{
    static const struct {
        const char *name;
        int64_t     hidden_elems, topk, expert_count;
        bool        is_to_verify;
    } rows[] = {
        {"deepseek-v3", 7168, 8, 256, false}, {"deepseek-v4-pro", 7168, 6, 384, false},
        {"kimi-k2", 7168, 8, 384, true},      {"minimax", 6144, 8, 256, true},
        {"qwen", 4096, 8, 128, true},         {"glm", 5120, 8, 160, true},
        {"gpt-oss", 2880, 4, 128, true},
    };
    const char **names;
    cx_arena_t   arena;

    (void)state;
    cx_arena_init(&arena);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_shape_t shape;

        assert_int_equal(cx_ep_shape_read(registry_folder(), rows[i].name, &arena, &shape), CX_OK);
        assert_string_equal(shape.name, rows[i].name);
        assert_int_equal(shape.hidden_elems, rows[i].hidden_elems);
        assert_int_equal(shape.topk, rows[i].topk);
        assert_int_equal(shape.expert_count, rows[i].expert_count);
        assert_int_equal(shape.is_to_verify, rows[i].is_to_verify);
        assert_true(shape.version >= 1 && shape.source[0] && shape.model[0]);
    }
    assert_int_equal(cx_ep_shape_names(registry_folder(), &arena, &names), CX_OK);
    assert_string_equal(names[0], "deepseek-v3");
    assert_null(names[sizeof rows / sizeof rows[0]]);
    cx_arena_fini(&arena);
}

static void test_a_wrong_name_gets_the_nearest_or_the_list(void **state)
{
    cx_ep_shape_t shape;
    cx_arena_t    arena;

    (void)state;
    cx_arena_init(&arena);
    assert_int_equal(cx_ep_shape_read(registry_folder(), "deepseek-v2", &arena, &shape),
                     CX_INVALID);
    assert_non_null(strstr(cx_detail()->text, "did you mean \"deepseek-v3\"?"));
    cx_detail_clear();
    assert_int_equal(cx_ep_shape_read(registry_folder(), "llama", &arena, &shape), CX_INVALID);
    assert_non_null(strstr(cx_detail()->text, "there are deepseek-v3, deepseek-v4-pro"));
    cx_detail_clear();
    assert_int_equal(cx_ep_shape_read("/no/such/folder", "glm", &arena, &shape), CX_INVALID);
    cx_detail_clear();
    cx_arena_fini(&arena);
}

static void test_wrong_files_are_refused_with_the_place(void **state)
{
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"[1]", "a shape is one object"},
        {"{" GOOD "\"hidden\": 64, \"topk\": 2}", "has no \"experts\""},
        {"{" GOOD "\"hidden\": 64, \"topk\": 2, \"expert\": 8}",
         "unknown key \"expert\"; did you mean \"experts\"?"},
        {"{" GOOD "\"hidden\": \"wide\", \"topk\": 2, \"experts\": 8}", "hidden: expected a whole"},
        {"{" GOOD "\"hidden\": 64, \"topk\": 0, \"experts\": 8}", "topk: expected at least 1"},
        {"{" GOOD "\"hidden\": 64, \"topk\": 2, \"experts\": [8]}", "experts: expected a whole"},
        {"{" GOOD "\"hidden\": 64, \"topk\": 2, \"experts\": 8, \"to_verify\": 1}",
         "to_verify: expected true or false"},
        {"{\"name\": \"\"}", "name: expected a text"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_ep_shape_t shape;
        cx_arena_t    arena;

        cx_arena_init(&arena);
        assert_int_equal(cx_ep_shape_read("", files_text("a.json", rows[i].text), &arena, &shape),
                         CX_INVALID);
        assert_non_null(strstr(cx_detail()->text, rows[i].word));
        assert_non_null(strstr(cx_detail()->text, "a.json"));
        cx_detail_clear();
        cx_arena_fini(&arena);
    }
}

static void test_a_file_of_the_user_works_the_same(void **state)
{
    cx_ep_shape_t shape;
    cx_arena_t    arena;

    (void)state;
    cx_arena_init(&arena);
    assert_int_equal(
        cx_ep_shape_read(
            "", files_text("a.json", "{" GOOD "\"hidden\": 64, \"topk\": 2, \"experts\": 8}"),
            &arena, &shape),
        CX_OK);
    assert_int_equal(shape.hidden_elems, 64);
    assert_false(shape.is_to_verify);
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_registry_has_the_published_shapes),
        cmocka_unit_test(test_a_wrong_name_gets_the_nearest_or_the_list),
        cmocka_unit_test(test_wrong_files_are_refused_with_the_place),
        cmocka_unit_test(test_a_file_of_the_user_works_the_same),
    };

    return cmocka_run_group_tests(tests, files_open, files_close);
}
