/* SPDX-License-Identifier: Apache-2.0 */
/* `collectivex list`: what is there, and why something cannot run. */
#include "unit/cli/command.h"

#include "base/file.h"

#include <sys/stat.h>

static heard_t heard;

static void expect_list(const char *what, const char *const *words)
{
    command_run(cx_cmd_list, what, &heard);
    assert_int_equal(heard.code, CX_EXIT_OK);
    for (; *words; words++) {
        if (!strstr(heard.out, *words)) {
            fail_msg("list %s lacks \"%s\":\n%s", what, *words, heard.out);
        }
    }
}

static void test_every_list_has_its_things(void **state)
{
    (void)state;
    expect_list("backends", (const char *const[]){"hostref          yes", "null ", "mpi ", NULL});
    expect_list("devices", (const char *const[]){"host             yes", "sim ", NULL});
    expect_list("suites", (const char *const[]){"quick            the main collectives", NULL});
    expect_list("options", (const char *const[]){"--op ", "--samples-max ", "--timeout ",
                                                 "\nOf backend null:\n  --null-script ",
                                                 "\nOf backend nccltests:\n", NULL});
    expect_list("--help", (const char *const[]){"usage: collectivex list", NULL});
}

/* Whether anybody ran it is a fact about the program, and does not depend on what is here. */
static void test_what_no_hardware_has_seen_says_so(void **state)
{
    static const char device[] = "AMD GPUs through the HIP runtime, unvalidated on hardware";
    static const char backend[] =
        "collectives and expert parallelism by AMD's RCCL; unvalidated on hardware";

    (void)state;
    expect_list("devices", (const char *const[]){"hip  ", device, NULL});
    assert_non_null(strstr(heard.out, "NVIDIA GPUs through the CUDA driver;"));
    expect_list("backends", (const char *const[]){"rccl  ", backend, NULL});
}

/* A registry with a backend that is nowhere, and a suite that is no map. */
static void test_what_cannot_run_says_why(void **state)
{
    static const char registry_text[] =
        "{\"backends\": [{\"name\": \"warp\", \"summary\": \"s\", \"remedy\": \"install warp\"}]}";
    char        folder[] = "/tmp/collectivex-list-XXXXXX", suites[64], backends[64], suite[96];
    const char *kept     = getenv("CX_REGISTRY");
    char       *copy     = kept ? strdup(kept) : NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(suites, sizeof suites, "%s/suites", folder);
    (void)snprintf(backends, sizeof backends, "%s/backends.json", folder);
    (void)snprintf(suite, sizeof suite, "%s/odd.yaml", suites);
    assert_int_equal(mkdir(suites, 0700), 0);
    EXPECT_OK(cx_file_write(backends, registry_text, sizeof registry_text - 1));
    EXPECT_OK(cx_file_write(suite, "- a\n- b\n", 8));
    (void)setenv("CX_REGISTRY", folder, 1);
    expect_list("backends", (const char *const[]){"warp             no ", "install warp", NULL});
    expect_list("suites", (const char *const[]){"odd ", NULL});
    assert_int_equal(unlink(backends), 0);
    command_run(cx_cmd_list, "backends", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_int_equal(unlink(suite), 0);
    assert_int_equal(rmdir(suites), 0);
    command_run(cx_cmd_list, "suites", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_int_equal(rmdir(folder), 0);
    if (copy) {
        (void)setenv("CX_REGISTRY", copy, 1);
    }
    free(copy);
}

static void test_other_lists_are_refused_with_the_nearest(void **state)
{
    (void)state;
    command_run(cx_cmd_list, "backend", &heard);
    assert_int_equal(heard.code, CX_EXIT_BAD_REQUEST);
    assert_non_null(strstr(heard.err, "did you mean \"backends\"?"));
    command_run(cx_cmd_list, "zzzzzzzzz", &heard);
    assert_non_null(strstr(heard.err, "is none of backends, devices, suites, options\n"));
    command_run(cx_cmd_list, "", &heard);
    assert_non_null(strstr(heard.err, "usage: collectivex list backends|devices"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_list_has_its_things),
        cmocka_unit_test(test_what_no_hardware_has_seen_says_so),
        cmocka_unit_test(test_what_cannot_run_says_why),
        cmocka_unit_test(test_other_lists_are_refused_with_the_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
