/* SPDX-License-Identifier: Apache-2.0 */
/* A small folder of planted /proc and /sys files for tests, made and removed by each test.
 * Not the captured machines (tests/data/machines). */
#ifndef CX_TEST_TARGET_TREE_H
#define CX_TEST_TARGET_TREE_H

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) ((int64_t)(sizeof(array) / sizeof((array)[0])))
#define TREE_BYTES 64

static inline void tree_make(char tree[TREE_BYTES])
{
    (void)snprintf(tree, TREE_BYTES, "/tmp/cx-test-tree-XXXXXX");
    assert_non_null(mkdtemp(tree));
}

static inline int tree_remove_entry(const char *path, const struct stat *about, int kind,
                                    struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void tree_remove(const char *tree)
{
    (void)nftw(tree, tree_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of `name` in the tree, with all folders above it. */
static inline char *tree_path(const char *tree, const char *name, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s/%s", tree, name);
    for (char *slash = strchr(path + strlen(tree) + 1, '/'); slash;
         slash       = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    return path;
}

static inline void tree_write(const char *tree, const char *name, const char *text)
{
    char  path[PATH_MAX];
    FILE *file = fopen(tree_path(tree, name, path), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void tree_link(const char *tree, const char *name, const char *target)
{
    char path[PATH_MAX];

    assert_int_equal(symlink(target, tree_path(tree, name, path)), 0);
}

/* A tree of its own for each test, as its state. */
static inline int tree_set_up(void **state)
{
    static char tree[TREE_BYTES];

    tree_make(tree);
    *state = tree;
    return 0;
}

static inline int tree_tear_down(void **state)
{
    tree_remove(*state);
    return 0;
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up, tree_tear_down)

#endif
