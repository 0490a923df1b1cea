/* SPDX-License-Identifier: Apache-2.0 */
/* Starting again through mpirun: when, with what words, and what if there is none. This program is
 * its own mpirun. */
#include "launch/mpirun.h"

#include "support/expect.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_when_mpirun_is_needed(void **state)
{
    cx_case_t cases[] = {{.backend = "hostref"}, {.backend = "mpi"}};
    static const struct {
        size_t      first, count;
        const char *launcher;
        int32_t     rank_count;
        bool        is_needed;
    } rows[] = {
        {0, 2, "none", 2, true},     {1, 1, "none", 8, true},  {0, 1, "none", 2, false},
        {0, 2, "openmpi", 2, false}, {0, 2, "none", 1, false}, {0, 0, "none", 2, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cx_plan_t plan = {.cases = cases + rows[i].first, .case_count = rows[i].count};

        assert_int_equal(cx_mpirun_is_needed(&plan, rows[i].launcher, rows[i].rank_count),
                         rows[i].is_needed);
    }
}

static void test_no_mpirun_is_said_with_a_remedy(void **state)
{
    static const char *const argv[] = {"collectivex", "run", NULL};
    cx_arena_t               arena;

    (void)state;
    cx_arena_init(&arena);
    assert_int_equal(setenv("PATH", "/proc/nonexistent", 1), 0);
    EXPECT_FAIL(CX_UNSUPPORTED, "backend mpi needs mpirun to start 3 ranks",
                cx_mpirun_become(3, argv, &arena));
    EXPECT_FAIL(CX_UNSUPPORTED, "openmpi-bin", cx_mpirun_become(3, argv, &arena));
    cx_arena_fini(&arena);
}

/* In a fork, with a folder on the PATH where mpirun is this very program. */
static int become(const char *const *argv)
{
    char folder[]    = "/tmp/collectivex-mpirun-XXXXXX", path[PATH_MAX], self[PATH_MAX];
    int  exit_status = -1;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/mpirun", folder);
    memset(self, 0, sizeof self);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    assert_int_equal(symlink(self, path), 0);
    if (fork() == 0) {
        cx_arena_t arena;

        cx_arena_init(&arena);
        (void)setenv("PATH", folder, 1);
        (void)cx_mpirun_become(2, argv, &arena);
        (void)fprintf(stderr, "%s\n", cx_detail()->text);
        _exit(98);
    }
    assert_true(wait(&exit_status) > 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    return WIFEXITED(exit_status) ? WEXITSTATUS(exit_status) : 99;
}

static void test_the_same_words_go_to_mpirun(void **state)
{
    static const char *const argv[] = {"./cx", "run", "it's quick; $HOME", "-n", "2", NULL};

    (void)state;
    assert_int_equal(become(argv), 0);
}

#define MANY 3000

static void test_no_word_is_lost_however_many_there_are(void **state)
{
    const char *argv[MANY + 1];

    (void)state;
    argv[0] = "./cx";
    for (size_t i = 1; i < MANY; i++) {
        argv[i] = "word";
    }
    argv[MANY] = NULL;
    assert_int_equal(become(argv), 0);
}

/* What mpirun is called with: -n 2 PROGRAM and the words behind the first. */
static int check_words(int argc, char **argv)
{
    static const char *const wanted[] = {"-n", "2", NULL, "run", "it's quick; $HOME", "-n", "2"};

    if (argc == MANY + 3) {
        return strcmp(argv[argc - 1], "word") == 0 ? 0 : 3;
    }
    if (argc != 8 || !getenv("OMPI_MCA_rmaps_base_oversubscribe") ||
        (geteuid() == 0 && !getenv("OMPI_ALLOW_RUN_AS_ROOT"))) {
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        if (wanted[i - 1] ? strcmp(argv[i], wanted[i - 1]) != 0 : argv[i][0] != '/') {
            return 2;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when_mpirun_is_needed),
        cmocka_unit_test(test_the_same_words_go_to_mpirun),
        cmocka_unit_test(test_no_word_is_lost_however_many_there_are),
        cmocka_unit_test(test_no_mpirun_is_said_with_a_remedy),
    };

    if (strcmp(argv[0], "mpirun") == 0) {
        return check_words(argc, argv);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
