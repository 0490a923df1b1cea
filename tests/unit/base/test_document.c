/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reading YAML and JSON as a tree with places. */
#include "base/document.h"

#include "support/expect.h"

static cx_status_t parse(const char *text, cx_arena_t *arena, cx_node_t **root)
{
    return cx_document_parse("d.yaml", text, strlen(text), arena, root);
}

static void test_tree_remembers_places(void **state)
{
    (void)state;
    cx_arena_t arena;
    cx_node_t *root;

    cx_arena_init(&arena);
    EXPECT_OK(parse("a: 1\nb:\n  - x\n  - {c: y}\n", &arena, &root));
    assert_int_equal(root->kind, CX_NODE_MAP);
    assert_int_equal(root->item_count, 2);
    assert_string_equal(root->keys[1].text, "b");
    assert_int_equal(root->items[1].kind, CX_NODE_LIST);
    assert_string_equal(root->items[1].items[0].text, "x");
    assert_int_equal(root->items[1].items[0].line, 3);
    assert_int_equal(root->items[1].items[0].column, 5);
    assert_string_equal(root->items[1].items[1].items[0].text, "y");
    cx_arena_fini(&arena);
}

static void test_json_is_read_too(void **state)
{
    (void)state;
    cx_arena_t arena;
    cx_node_t *root;

    cx_arena_init(&arena);
    EXPECT_OK(parse("{\"a\": [1, true, null], \"b\": {}}", &arena, &root));
    assert_int_equal(root->items[0].item_count, 3);
    assert_string_equal(root->items[0].items[1].text, "true");
    assert_int_equal(root->items[1].item_count, 0);
    cx_arena_fini(&arena);
}

static void test_what_is_refused_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "d.yaml:1:1: the file is empty"},
        {"a: 1\na: 2\n", "d.yaml:2:1: duplicate key \"a\", first given on line 1"},
        {"a: &x 1\nb: *x\n", "anchors"},
        {"a: 1\n--- \nb: 2\n", "one document"},
        {"a: [1\n", "d.yaml:2:1:"},
        {"[a]: 1\n", "a key must be a word"},
        {"a: \"x\\0y\"\n", "NUL"},
        {"[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]", "nested too deeply"},
        {"\t\n\x01", "d.yaml:"},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_arena_t arena;
        cx_node_t *root = NULL;

        cx_arena_init(&arena);
        EXPECT_FAIL(CX_INVALID, rows[i].words, parse(rows[i].text, &arena, &root));
        assert_null(root);
        cx_arena_fini(&arena);
    }
}

static void test_too_many_keys_are_refused(void **state)
{
    (void)state;
    static char text[32000];
    size_t      used = 0;
    cx_arena_t  arena;
    cx_node_t  *root;

    for (int i = 0; i < 1001; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "k%d: 1\n", i);
    }
    cx_arena_init(&arena);
    EXPECT_FAIL(CX_INVALID, "more than 1000 keys", parse(text, &arena, &root));
    cx_arena_fini(&arena);
}

static void test_a_file_that_is_not_there(void **state)
{
    (void)state;
    cx_arena_t arena;
    cx_node_t *root;

    cx_arena_init(&arena);
    EXPECT_FAIL(CX_INVALID, "no-such.yaml", cx_document_read("/no-such.yaml", &arena, &root));
    cx_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_remembers_places),
        cmocka_unit_test(test_json_is_read_too),
        cmocka_unit_test(test_what_is_refused_and_where),
        cmocka_unit_test(test_too_many_keys_are_refused),
        cmocka_unit_test(test_a_file_that_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
