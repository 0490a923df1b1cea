/* SPDX-License-Identifier: Apache-2.0 */
/* Tests reading names and values out of a text. */
#include "target/view.h"

#include "tree.h"

static void test_pair_is_read_in_every_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *value; /* no name: no pair */
    } rows[] = {
        {"name=value", "name", "value"},
        {"name: value more", "name", "value"},
        {"\"name\": \"value\",", "name", "value"},
        {"\\\"name\\\": \\\"value\\\"", "name", "value"},
        {"--name value", "--name", "value"},
        {"\"--name\", \"value\"", "--name", "value"},
        {"name = 'value'", "name", "value"},
        {"name=value;next", "name", "value"},
        {"name=", "name", ""},
        {"name value", NULL, NULL},
        {"--name", NULL, NULL},
        {"name", NULL, NULL},
    };

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        const size_t    at   = strspn(rows[i].text, "\"\\");
        const cx_view_t view = {rows[i].text, strlen(rows[i].text)};
        cx_pair_t       pair;
        char            part[32];

        assert_int_equal(cx_view_pair(view, at, &pair), rows[i].name != NULL);
        if (rows[i].name) {
            (void)snprintf(part, sizeof part, "%.*s", (int)pair.name_length,
                           view.text + pair.name_at);
            assert_string_equal(part, rows[i].name);
            (void)snprintf(part, sizeof part, "%.*s", (int)pair.value_length,
                           view.text + pair.value_at);
            assert_string_equal(part, rows[i].value);
        }
    }
}

static void test_pair_does_not_begin_inside_a_name(void **state)
{
    (void)state;
    const cx_view_t view = {"name=value", 10};
    cx_pair_t       pair;

    assert_false(cx_view_pair(view, 1, &pair));
    assert_false(cx_view_pair(view, 4, &pair));
}

static void test_nothing_is_read_past_the_end(void **state)
{
    (void)state;
    const cx_view_t view = {"name=value", 4};
    cx_pair_t       pair;

    assert_false(cx_view_pair(view, 0, &pair));
    assert_true(cx_view_starts(view, 0, "name"));
    assert_false(cx_view_starts(view, 0, "name="));
    assert_false(cx_view_starts(view, 5, "value"));
    assert_true(cx_view_has_word((cx_view_t){"NaMe", 4}, 0, "name"));
    assert_false(cx_view_has_word((cx_view_t){"NaM", 3}, 0, "name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pair_is_read_in_every_spelling),
        cmocka_unit_test(test_pair_does_not_begin_inside_a_name),
        cmocka_unit_test(test_nothing_is_read_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
