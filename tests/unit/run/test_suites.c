/* SPDX-License-Identifier: Apache-2.0 */
/* Where the registry and its suites are found. */
#include "run/catalog.h"

#include "support/expect.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static cx_arena_t arena;
static char       registry[] = "/tmp/collectivex-registry-XXXXXX";

static char *place(const char *file)
{
    return cx_arena_format(&arena, "%s/%s", registry, file);
}

static void touch(const char *file)
{
    FILE *out = fopen(place(file), "we");

    assert_non_null(out);
    assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
    (void)state;
    cx_arena_init(&arena);
    if (!mkdtemp(registry) || mkdir(place("suites"), 0700) != 0) {
        return -1;
    }
    touch("suites/second.yaml");
    touch("suites/first.yaml");
    touch("suites/notes.txt");
    touch("suites/.yaml");
    return setenv("CX_REGISTRY", registry, 1);
}

static int tear_down(void **state)
{
    static const char *const files[] = {"first.yaml", "second.yaml", "notes.txt", ".yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)unlink(cx_arena_format(&arena, "%s/suites/%s", registry, files[i]));
    }
    (void)rmdir(place("suites"));
    (void)rmdir(registry);
    cx_arena_fini(&arena);
    return 0;
}

static void test_suites_are_the_yaml_files_sorted(void **state)
{
    const char **names;

    (void)state;
    EXPECT_OK(cx_suite_names(&arena, &names));
    assert_string_equal(names[0], "first");
    assert_string_equal(names[1], "second");
    assert_null(names[2]);
}

static void test_a_name_is_in_the_registry_and_a_path_is_a_path(void **state)
{
    const char *path;

    (void)state;
    EXPECT_OK(cx_suite_path("first", &arena, &path));
    assert_string_equal(path, place("suites/first.yaml"));
    EXPECT_OK(cx_suite_path("./mine", &arena, &path));
    assert_string_equal(path, "./mine");
    EXPECT_OK(cx_suite_path("mine.yaml", &arena, &path));
    assert_string_equal(path, "mine.yaml");
    EXPECT_FAIL(CX_INVALID, "no suite called \"firs\"; did you mean \"first\"?",
                cx_suite_path("firs", &arena, &path));
    EXPECT_FAIL(CX_INVALID, "see: collectivex list suites",
                cx_suite_path("somethingelse", &arena, &path));
}

static void test_a_registry_that_is_not_there_is_said_so(void **state)
{
    const char **names;

    (void)state;
    assert_int_equal(setenv("CX_REGISTRY", "/proc/nonexistent", 1), 0);
    EXPECT_FAIL(CX_INVALID, "/proc/nonexistent/suites: there is no such folder; set CX_REGISTRY",
                cx_suite_names(&arena, &names));
}

/* Without a variable: beside the program when installed, else the source tree. */
static void test_the_registry_is_found_without_a_variable(void **state)
{
    const char *folder;

    (void)state;
    assert_int_equal(unsetenv("CX_REGISTRY"), 0);
    folder = cx_registry_folder(&arena);
    assert_non_null(folder);
    assert_int_equal(access(cx_arena_format(&arena, "%s/contracts.json", folder), R_OK), 0);
    assert_int_equal(setenv("CX_REGISTRY", "", 1), 0);
    assert_string_equal(cx_registry_folder(&arena), folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suites_are_the_yaml_files_sorted),
        cmocka_unit_test(test_a_name_is_in_the_registry_and_a_path_is_a_path),
        cmocka_unit_test(test_a_registry_that_is_not_there_is_said_so),
        cmocka_unit_test(test_the_registry_is_found_without_a_variable),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
