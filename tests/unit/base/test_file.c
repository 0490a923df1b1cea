/* SPDX-License-Identifier: Apache-2.0 */
/* Tests whole files in and out. */
#include "base/file.h"

#include "support/expect.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/collectivex-file-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static char *path_of(const char *name)
{
    static char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int entry_count(void)
{
    DIR *dir   = opendir(folder);
    int  count = 0;

    while (dir && readdir(dir)) {
        count++;
    }
    (void)closedir(dir);
    return count - 2;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    static char content[200000];
    char       *bytes;
    size_t      count;

    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = (char)(i * 7);
    }
    EXPECT_OK(cx_file_write(path_of("a"), content, sizeof content));
    EXPECT_OK(cx_file_read(path_of("a"), sizeof content, &bytes, &count));
    assert_int_equal(count, sizeof content);
    assert_memory_equal(bytes, content, sizeof content);
    assert_int_equal(bytes[count], 0);
    free(bytes);
    EXPECT_OK(cx_file_write(path_of("a"), "", 0));
    EXPECT_OK(cx_file_read(path_of("a"), 0, &bytes, &count));
    assert_int_equal(count, 0);
    free(bytes);
    assert_int_equal(entry_count(), 1);
    assert_int_equal(unlink(path_of("a")), 0);
}

static void test_larger_than_allowed_is_refused(void **state)
{
    (void)state;
    char  *bytes;
    size_t count;

    EXPECT_OK(cx_file_write(path_of("b"), "12345", 5));
    EXPECT_FAIL(CX_INVALID, "larger", cx_file_read(path_of("b"), 4, &bytes, &count));
    assert_int_equal(unlink(path_of("b")), 0);
}

static void test_failures_leave_nothing_behind(void **state)
{
    (void)state;
    char  *bytes;
    size_t count;

    EXPECT_FAIL(CX_INVALID, "none", cx_file_read(path_of("none"), 10, &bytes, &count));
    EXPECT_FAIL(CX_INVALID, "", cx_file_read(folder, 10, &bytes, &count));
    EXPECT_FAIL(CX_RESOURCE, "no/file", cx_file_write(path_of("no/file"), "x", 1));
    assert_int_equal(mkdir(path_of("taken"), 0755), 0);
    EXPECT_FAIL(CX_RESOURCE, "taken", cx_file_write(path_of("taken"), "x", 1));
    assert_int_equal(rmdir(path_of("taken")), 0);
    assert_int_equal(entry_count(), 0);
}

static void test_folders_are_made_with_their_parents(void **state)
{
    (void)state;
    EXPECT_OK(cx_folder_make(path_of("x/y/z")));
    assert_true(cx_file_exists(path_of("x/y/z")));
    EXPECT_OK(cx_folder_make(path_of("x/y/z")));
    assert_int_equal(rmdir(path_of("x/y/z")), 0);
    EXPECT_OK(cx_file_write(path_of("x/y/f"), "", 0));
    EXPECT_FAIL(CX_RESOURCE, "x/y/f", cx_folder_make(path_of("x/y/f/g")));
    assert_int_equal(unlink(path_of("x/y/f")), 0);
    assert_int_equal(rmdir(path_of("x/y")), 0);
    assert_int_equal(rmdir(path_of("x")), 0);
    assert_false(cx_file_exists(path_of("x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_larger_than_allowed_is_refused),
        cmocka_unit_test(test_failures_leave_nothing_behind),
        cmocka_unit_test(test_folders_are_made_with_their_parents),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
