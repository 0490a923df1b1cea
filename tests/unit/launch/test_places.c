/* SPDX-License-Identifier: Apache-2.0 */
/* Programs in the folders of a variable and of PATH, and folders for short-lived files. */
#include "launch/places.h"

#include "base/file.h"
#include "support/expect.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "CX_TEST_PLACES"

static cx_arena_t  arena;
static const char *first, *second;

static const char *put(const char *folder, const char *name, mode_t mode)
{
    const char *path = cx_arena_format(&arena, "%s/%s", folder, name);

    EXPECT_OK(cx_file_write(path, "#!/bin/true\n", 12));
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void test_the_variable_comes_before_the_path_and_only_programs_count(void **state)
{
    const char *own   = put(first, "both", 0700);
    const char *other = put(second, "both", 0700);
    const char *data  = put(first, "data", 0600);
    const char *late  = put(second, "data", 0700);

    (void)state;
    (void)unsetenv(VARIABLE);
    assert_int_equal(setenv("PATH", second, 1), 0);
    assert_string_equal(cx_places_find(VARIABLE, "both", &arena), other);
    assert_string_equal(cx_places_text(VARIABLE), "not set");
    assert_int_equal(setenv(VARIABLE, cx_arena_format(&arena, "/nowhere::%s", first), 1), 0);
    assert_string_equal(cx_places_find(VARIABLE, "both", &arena), own);
    assert_string_equal(cx_places_find(NULL, "both", &arena), other);
    assert_string_equal(cx_places_find(VARIABLE, "data", &arena),
                        late); /* the other is no program */
    assert_null(cx_places_find(VARIABLE, "..", &arena));
    assert_null(cx_places_find(VARIABLE, "neither", &arena));
    assert_non_null(strstr(cx_places_text(VARIABLE), first));
    assert_int_equal(unlink(own) | unlink(other) | unlink(data) | unlink(late), 0);
}

static void test_a_temporary_folder_is_ours_alone(void **state)
{
    const char *folder;
    struct stat facts;

    (void)state;
    assert_int_equal(setenv("TMPDIR", first, 1), 0);
    EXPECT_OK(cx_places_make_temporary(&arena, &folder));
    assert_int_equal(strncmp(folder, first, strlen(first)), 0);
    assert_int_equal(stat(folder, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(setenv("TMPDIR", "/proc/nowhere", 1), 0);
    EXPECT_FAIL(CX_RESOURCE, "/proc/nowhere", cx_places_make_temporary(&arena, &folder));
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_variable_comes_before_the_path_and_only_programs_count),
        cmocka_unit_test(test_a_temporary_folder_is_ours_alone),
    };
    char folders[2][64];
    int  failed;

    cx_arena_init(&arena);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(folders[i], sizeof folders[i], "/tmp/collectivex-places-XXXXXX");
        if (!mkdtemp(folders[i])) {
            return 1;
        }
    }
    first  = folders[0];
    second = folders[1];
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    cx_arena_fini(&arena);
    return failed || rmdir(first) || rmdir(second);
}
