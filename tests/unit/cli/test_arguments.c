/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines against a table: what is read, what becomes a setting, what is refused. */
#include "cli/arguments.h"

#include "support/expect.h"

#include <stdlib.h>

typedef struct options {
    int64_t     count;
    int32_t     format;
    bool        is_loud;
    const char *name;
} options_t;

static const char *const formats[] = {"table", "json", NULL};

static const cx_option_t rows[] = {
    CX_OPTION_INT(options_t, count, "how-many", CX_OPTION_FREE, "3", 0, 100, "Count."),
    CX_OPTION_ENUM(options_t, format, "format", CX_OPTION_FREE, "table", formats, "Form."),
    CX_OPTION_BOOL(options_t, is_loud, "loud", CX_OPTION_FREE, "false", "Noise."),
    CX_OPTION_TEXT(options_t, name, "name-of-it", CX_OPTION_FREE, false, "none", "Name."),
    CX_OPTION_END,
};

static const cx_short_flag_t flags[] = {{'c', "how-many"}, {'l', "loud"}, {0, NULL}};

static cx_arena_t     arena;
static options_t      options;
static cx_arguments_t arguments;
static char           kept[1024]; /* settings point into the words */

static cx_status_t read_with(cx_grammar_t *grammar, const char *line)
{
    char *words[32];
    char *rest;
    int   count = 0;

    (void)snprintf(kept, sizeof kept, "%s", line);
    for (char *word = strtok_r(kept, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    grammar->command     = "test";
    grammar->rows        = rows;
    grammar->object      = &options;
    grammar->short_flags = flags;
    return cx_arguments_read(grammar, count, words, &arena, &arguments);
}

static cx_status_t read_line(const char *line)
{
    return read_with(&(cx_grammar_t){.word_count_max = 1}, line);
}

static cx_status_t read_settings(const char *line)
{
    return read_with(&(cx_grammar_t){.takes_settings = true, .word_count_max = 1}, line);
}

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cx_arena_fini(&arena);
    (void)unsetenv("CX_HOW_MANY");
    (void)unsetenv("CX_OP");
    return 0;
}

static void test_nothing_is_the_defaults(void **state)
{
    (void)state;
    EXPECT_OK(read_line(""));
    assert_int_equal(options.count, 3);
    assert_false(options.is_loud);
    assert_string_equal(options.name, "none");
    assert_int_equal(arguments.word_count, 0);
    assert_false(arguments.wants_help);
}

static void test_every_way_to_give_a_value(void **state)
{
    static const struct {
        const char *line;
        int64_t     count;
        bool        is_loud;
    } table[] = {
        {"--how-many 7", 7, false},
        {"--how-many=7", 7, false},
        {"--how_many 7", 7, false},
        {"-c 7", 7, false},
        {"-c7", 7, false},
        {"--loud", 3, true},
        {"--loud true", 3, true},
        {"--loud false", 3, false},
        {"--loud=false", 3, false},
        {"-l", 3, true},
        {"--loud --how-many 5", 5, true},
        {"--how-many 1 --how-many 2", 2, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        EXPECT_OK(read_line(table[i].line));
        assert_int_equal(options.count, table[i].count);
        assert_int_equal(options.is_loud, table[i].is_loud);
    }
    EXPECT_OK(read_line("--json"));
    assert_int_equal(options.format, 1);
    EXPECT_OK(read_line("--name-of-it="));
    assert_string_equal(options.name, "");
    EXPECT_OK(read_line("--loud word"));
    assert_true(options.is_loud);
    assert_string_equal(arguments.words[0], "word");
    EXPECT_OK(read_line("-"));
    assert_string_equal(arguments.words[0], "-");
}

static void test_help_is_wanted_whatever_else(void **state)
{
    static const char *const lines[] = {"--help", "-h", "a b c --help"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        EXPECT_OK(read_line(lines[i]));
        assert_true(arguments.wants_help);
    }
}

static void test_mistakes_are_refused_with_the_nearest(void **state)
{
    static const struct {
        const char *line, *words;
    } table[] = {
        {"--how-manny 3", "command line: unknown option --how-manny; did you mean --how-many?"},
        {"--zzzzzzzzzz 3", "unknown option --zzzzzzzzzz; see: collectivex test --help"},
        {"--how-many", "--how-many needs a value"},
        {"--how-many --loud", "--how-many needs a value"},
        {"-c", "--how-many needs a value"},
        {"--how-many x", "how-many: "},
        {"--how-many -1", "how-many: "},
        {"--how-many 101", "how-many: "},
        {"--loud=maybe", "loud: "},
        {"-lc", "loud: "},
        {"-x", "unknown option -x"},
        {"--", "unknown option --"},
        {"--format yaml", "format: "},
        {"--loud no", "loud: expected true or false, got \"no\""},
        {"one two", "what is \"two\" for?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        EXPECT_FAIL(CX_INVALID, table[i].words, read_line(table[i].line));
    }
    EXPECT_FAIL(CX_INVALID, "too few words; usage: collectivex test",
                read_with(&(cx_grammar_t){.word_count_min = 1, .word_count_max = 1}, ""));
    EXPECT_FAIL(CX_INVALID, "unknown option --op",
                read_line("--op barrier")); /* no settings here, whatever a case knows */
}

static void test_settings_are_kept_for_the_plan(void **state)
{
    (void)state;
    EXPECT_OK(
        read_settings("suite --op barrier,gather --verify --how-many 5 --hostref-eager 8KiB"));
    assert_int_equal(options.count, 5);
    assert_string_equal(arguments.words[0], "suite");
    assert_int_equal(arguments.setting_count, 3);
    assert_string_equal(arguments.settings[0].name, "op");
    assert_string_equal(arguments.settings[0].text, "barrier,gather");
    assert_string_equal(arguments.settings[0].place, "command line");
    assert_int_equal(arguments.settings[0].origin, CX_ORIGIN_COMMAND);
    assert_string_equal(arguments.settings[1].name, "verify");
    assert_string_equal(arguments.settings[1].text, "true");
    assert_string_equal(arguments.settings[2].name, "hostref-eager"); /* a backend's, perhaps */
    /* A near miss of an option of the run is not taken for a backend's. */
    EXPECT_FAIL(CX_INVALID, "did you mean --how-many?", read_settings("--how-man 5"));
    EXPECT_FAIL(CX_INVALID, "--op needs a value", read_settings("--op"));
}

static void test_the_environment_comes_before_the_command_line(void **state)
{
    (void)state;
    (void)setenv("CX_HOW_MANY", "9", 1);
    (void)setenv("CX_OP", "gather", 1);
    EXPECT_OK(read_settings("--op barrier"));
    assert_int_equal(options.count, 9);
    assert_int_equal(arguments.setting_count, 2);
    assert_string_equal(arguments.settings[0].text, "gather");
    assert_string_equal(arguments.settings[0].place, "CX_OP");
    assert_int_equal(arguments.settings[0].origin, CX_ORIGIN_ENVIRONMENT);
    assert_string_equal(arguments.settings[1].text, "barrier");
    EXPECT_OK(read_line("--how-many 2"));
    assert_int_equal(options.count, 2);
    assert_int_equal(arguments.setting_count, 0);
    (void)setenv("CX_HOW_MANY", "many", 1);
    EXPECT_FAIL(CX_INVALID, "CX_HOW_MANY: ", read_line("--how-many 2"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_the_defaults),
        TEST(test_every_way_to_give_a_value),
        TEST(test_help_is_wanted_whatever_else),
        TEST(test_mistakes_are_refused_with_the_nearest),
        TEST(test_settings_are_kept_for_the_plan),
        TEST(test_the_environment_comes_before_the_command_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
