/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that a salt is made once, kept private and read back, with planted bad files. */
#include "target/salt.h"

#include "tree.h"

#include "base/fail.h"

#include <sys/wait.h>

#define GOOD_SALT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static void test_salt_is_created_once_and_only_for_its_owner(void **state)
{
    const char *tree = *state;
    char        path[PATH_MAX];
    uint8_t     first[CX_SALT_BYTES], second[CX_SALT_BYTES];
    uint8_t     zeros[CX_SALT_BYTES] = {0};
    struct stat about;

    (void)snprintf(path, sizeof path, "%s/state/collectivex/salt", tree);
    assert_int_equal(cx_salt_load(path, first), CX_OK);
    assert_int_equal(cx_salt_load(path, second), CX_OK);
    assert_memory_equal(first, second, sizeof first);
    assert_memory_not_equal(first, zeros, sizeof first);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(about.st_nlink, 1);
}

static void test_users_salt_lies_in_the_state_folder(void **state)
{
    const char *tree = *state;
    char        path[PATH_MAX];
    uint8_t     salt[CX_SALT_BYTES], again[CX_SALT_BYTES];
    char       *home = strdup(getenv("HOME") ? getenv("HOME") : "/");

    assert_int_equal(setenv("XDG_STATE_HOME", tree, 1), 0);
    assert_int_equal(cx_salt_load(NULL, salt), CX_OK);
    (void)snprintf(path, sizeof path, "%s/collectivex/salt", tree);
    assert_int_equal(access(path, R_OK), 0);
    /* Without XDG_STATE_HOME it is below HOME, and without either there is no place. */
    assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
    assert_int_equal(setenv("HOME", tree, 1), 0);
    assert_int_equal(cx_salt_load(NULL, again), CX_OK);
    (void)snprintf(path, sizeof path, "%s/.local/state/collectivex/salt", tree);
    assert_int_equal(access(path, R_OK), 0);
    assert_memory_not_equal(salt, again, sizeof salt);
    assert_int_equal(unsetenv("HOME"), 0);
    cx_detail_clear();
    assert_int_equal(cx_salt_load(NULL, again), CX_RESOURCE);
    assert_non_null(strstr(cx_detail()->text, "HOME"));
    assert_int_equal(setenv("HOME", home, 1), 0);
    free(home);
}

static void test_salt_file_is_read_as_hex(void **state)
{
    const char *tree = *state;
    char        path[PATH_MAX];
    uint8_t     salt[CX_SALT_BYTES];

    tree_write(tree, "salt", GOOD_SALT);
    assert_int_equal(chmod(tree_path(tree, "salt", path), 0600), 0);
    assert_int_equal(cx_salt_load(path, salt), CX_OK);
    for (int i = 0; i < CX_SALT_BYTES; i++) {
        assert_int_equal(salt[i], i);
    }
}

static void test_bad_salt_files_are_refused(void **state)
{
    const char *tree = *state;
    static const struct {
        const char *text;
        mode_t      mode;
    } rows[] = {
        {"", 0600},
        {"00", 0600},
        {"zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0600},
        {GOOD_SALT, 0644},
        {GOOD_SALT, 0660},
    };
    char    path[PATH_MAX];
    uint8_t salt[CX_SALT_BYTES] = {7};

    for (int64_t i = 0; i < LENGTH(rows); i++) {
        tree_write(tree, "salt", rows[i].text);
        assert_int_equal(chmod(tree_path(tree, "salt", path), rows[i].mode), 0);
        cx_detail_clear();
        assert_int_equal(cx_salt_load(path, salt), CX_INVALID);
        assert_int_equal(salt[0], 7);
    }
}

static void test_place_that_cannot_hold_a_salt_is_named(void **state)
{
    const char *tree = *state;
    char        path[PATH_MAX];
    uint8_t     salt[CX_SALT_BYTES];

    tree_write(tree, "file", "");
    cx_detail_clear();
    assert_int_equal(cx_salt_load(tree_path(tree, "file/salt", path), salt), CX_RESOURCE);
    assert_non_null(strstr(cx_detail()->text, "file"));
}

static void test_processes_that_start_together_get_one_salt(void **state)
{
    const char *tree = *state;
    enum { PROCESS_COUNT = 6 };
    char    path[PATH_MAX];
    int     ends[2];
    uint8_t salts[PROCESS_COUNT][CX_SALT_BYTES];

    (void)snprintf(path, sizeof path, "%s/a/b/salt", tree);
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < PROCESS_COUNT; i++) {
        const pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            uint8_t    mine[CX_SALT_BYTES];
            const bool is_written = cx_salt_load(path, mine) == CX_OK &&
                                    write(ends[1], mine, sizeof mine) == (ssize_t)sizeof mine;

            _exit(is_written ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESS_COUNT; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        assert_int_equal(read(ends[0], salts[i], CX_SALT_BYTES), CX_SALT_BYTES);
        assert_memory_equal(salts[i], salts[0], CX_SALT_BYTES);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_salt_is_created_once_and_only_for_its_owner),
        TREE_TEST(test_users_salt_lies_in_the_state_folder),
        TREE_TEST(test_salt_file_is_read_as_hex),
        TREE_TEST(test_bad_salt_files_are_refused),
        TREE_TEST(test_place_that_cannot_hold_a_salt_is_named),
        TREE_TEST(test_processes_that_start_together_get_one_salt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
