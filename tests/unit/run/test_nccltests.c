/* SPDX-License-Identifier: Apache-2.0 */
/* A case in the words of nccl-tests: arguments, what means nothing to it, and what it makes of a
 * size. No program is started. */
#include "run/nccltests.h"

#include "base/file.h"
#include "unit/run/kit.h"

#include <sys/stat.h>

static cx_arena_t  arena;
static char        folder[] = "/tmp/collectivex-nccltests-XXXXXX";
static const char *path_before;

/* The words of kit_case, for this backend. */
static cx_case_t case_of(const char *words)
{
    return kit_case(
        &arena,
        cx_arena_format(&arena, "backend=nccltests device=cuda regime=loop_mean %s", words));
}

static void put(const char *name)
{
    const char *path = cx_arena_format(&arena, "%s/%s", folder, name);

    EXPECT_OK(cx_file_write(path, "x", 1));
    assert_int_equal(chmod(path, 0700), 0);
}

/* The command of a case without its folders: "all_reduce_perf -t 4 -g 1 ...". */
static const char *command_of(const char *words, int32_t rank_count)
{
    cx_case_t             one = case_of(words);
    cx_external_command_t command;
    const char           *joined = "";

    EXPECT_OK(cx_nccltests.check(&one, &arena));
    EXPECT_OK(cx_nccltests.command(&one, rank_count, "/short", &arena, &command));
    for (const char *const *word = command.argv; *word; word++) {
        const char *slash = strrchr(*word, '/');

        joined = cx_arena_format(&arena, "%s%s%s", joined, *joined ? " " : "",
                                 slash && strncmp(*word, "/short", 6) != 0 ? slash + 1 : *word);
    }
    return joined;
}

static void test_arguments(void **state)
{
    static const struct {
        const char *words, *command;
        int32_t     rank_count;
    } rows[] = {
        {"op=all_reduce sizes=8B:64B:x2",
         "all_reduce_perf -t 2 -g 1 -b 8 -e 64 -f 2 -n 20 -w 5 -c 1 -d float -o sum", 2},
        {"op=reduce redop=max dtype=bf16 root=3 sizes=1KiB:4KiB:+1KiB loop-iters=7 warmup-min=0",
         "reduce_perf -t 4 -g 1 -b 1024 -e 4096 -i 1024 -n 7 -w 0 -c 1 -d bfloat16 -o max -r 3", 4},
        {"op=gather dtype=fp16 root=1 sizes=4GiB verify=false",
         "gather_perf -t 8 -g 1 -b 4294967296 -e 4294967296 -f 2 -n 20 -w 5 -c 0 -d half -r 1", 8},
        {"op=scatter dtype=uint8 sizes=8B,24B,40B",
         "scatter_perf -t 2 -g 1 -b 8 -e 40 -i 16 -n 20 -w 5 -c 1 -d uint8 -r 0", 2},
        {"op=send_recv sizes=8B,24B,72B",
         "sendrecv_perf -t 2 -g 1 -b 8 -e 72 -f 3 -n 20 -w 5 -c 1 -d float", 2},
        {"op=all_to_all dtype=int64 sizes=8B,16B device=hip",
         "alltoall_perf -t 2 -g 1 -b 8 -e 16 -f 2 -n 20 -w 5 -c 1 -d int64", 2},
        {"op=reduce_scatter redop=avg dtype=fp64 placement=in_place sizes=8B",
         "reduce_scatter_perf -t 2 -g 1 -b 8 -e 8 -f 2 -n 20 -w 5 -c 1 -d double -o avg", 2},
        {"op=all_gather dtype=int32 sizes=8B backend-options=nccltests-format=json",
         "all_gather_perf -t 2 -g 1 -b 8 -e 8 -f 2 -n 20 -w 5 -c 1 -d int32 "
         "-J /short/all_gather_perf.json",
         2},
        {"op=broadcast dtype=int8 sizes=8B backend-options=nccltests-launch=mpirun",
         "mpirun -n 4 --bind-to none broadcast_perf_mpi -g 1 -b 8 -e 8 -f 2 -n 20 -w 5 -c 1 -d "
         "int8 -r 0",
         4},
        {"op=all_gather sizes=8B backend-options=nccltests-launch=mpirun",
         "mpirun -n 4 --bind-to none all_gather_perf -g 1 -b 8 -e 8 -f 2 -n 20 -w 5 -c 1 -d float",
         4},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        assert_string_equal(command_of(rows[i].words, rows[i].rank_count), rows[i].command);
    }
}

/* kit_case splits at blanks, so these come by hand. */
static cx_case_t case_with_args(const char *args)
{
    cx_case_t one = case_of("sizes=8B");

    one.backend_options = cx_arena_format(&arena, "nccltests-args=%s", args);
    return one;
}

static void test_more_arguments_come_last_and_as_words(void **state)
{
    cx_case_t             one = case_with_args(" -z 1  --timeout=3 -p $(ls) ");
    cx_external_command_t command;
    size_t                count = 0;

    (void)state;
    EXPECT_OK(cx_nccltests.check(&one, &arena));
    EXPECT_OK(cx_nccltests.command(&one, 2, "/short", &arena, &command));
    while (command.argv[count]) {
        count++;
    }
    assert_string_equal(command.argv[count - 1], "$(ls)");
    assert_string_equal(command.argv[count - 3], "--timeout=3");
    assert_string_equal(command.argv[count - 5], "-z");
    assert_string_equal(command.program, "all_reduce_perf");
    assert_null(command.file);
}

static void test_arguments_that_a_case_says_already_are_refused(void **state)
{
    static const char *const refused[] = {
        "-b 8",  "-e8",           "-z 1 -f 2", "--stepbytes=3", "--minby 8",  "--ngpus 4",
        "-t 2",  "-n5",           "-c 0",      "--check=0",     "-o all",     "--datatype all",
        "-r -1", "-J x.json",     "-C 1",      "--average 3",   "--warm 100", "--iters=100",
        "-N 2",  "--run_cycles=0"};

    (void)state;
    for (int64_t i = 0; i < LENGTH(refused); i++) {
        cx_case_t one = case_with_args(refused[i]);

        EXPECT_FAIL(CX_INVALID, "is not yours to give; use ", cx_nccltests.check(&one, &arena));
    }
}

static void test_what_cannot_be_said_to_it_is_refused(void **state)
{
    static const struct {
        const char *words, *refusal;
    } rows[] = {
        {"sizes=8B regime=isolated", "add --regime loop_mean"},
        {"sizes=8B regime=steady", "regime steady cannot be had"},
        {"sizes=8B device=host", "device cuda or hip, not on host"},
        {"sizes=8B,16B,64B", "FIRST:LAST:xFACTOR"},
        {"sizes=8B,24B,64B", "FIRST:LAST:xFACTOR"},
        {"sizes=0B,8B,16B", "begin above it"},
        {"sizes=8B backend-options=nccltests-launch=srun", "nccltests-launch: unknown value"},
        {"sizes=8B backend-options=eager=1", "no option \"eager\""},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_case_t one = case_of(rows[i].words);

        EXPECT_FAIL(CX_INVALID, rows[i].refusal, cx_nccltests.check(&one, &arena));
    }
}

static void test_what_it_has_not_is_unsupported(void **state)
{
    static const struct {
        const char *words, *reason;
    } rows[] = {
        {"op=barrier", "has no barrier"},
        {"op=all_to_all_v", "has no all_to_all_v"},
        {"op=all_to_all placement=in_place", "does not check all_to_all in place"},
        {"dtype=int16", "does not move int16"},
        {"family=ep regime=steady", "has no ep"},
        {"op=reduce_scatter redop=sum sizes=8B backend-options=nccltests-launch=mpirun",
         "there is no mpirun"},
        {"op=scatter", "scatter_perf is neither in the folder $CX_NCCLTESTS_PATH (not set)"},
    };
    cx_external_command_t command;
    cx_caps_t             caps;

    (void)state;
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    assert_int_equal(unsetenv(CX_ENV_NCCLTESTS_PATH), 0);
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_case_t one = case_of(rows[i].words);

        EXPECT_FAIL(CX_UNSUPPORTED, rows[i].reason,
                    cx_nccltests.command(&one, 2, "/short", &arena, &command));
    }
    EXPECT_FAIL(CX_UNSUPPORTED, "github.com/NVIDIA/nccl-tests", cx_nccltests.probe(&arena, &caps));
    assert_int_equal(setenv("PATH", path_before, 1), 0);
    assert_int_equal(setenv(CX_ENV_NCCLTESTS_PATH, folder, 1), 0);
    EXPECT_OK(cx_nccltests.probe(&arena, &caps));
    assert_string_equal(caps.library_version, "9 of 9 programs");
    assert_string_equal(caps.library_path, folder);
}

/* So that one plan may have them beside what it can. */
static void test_what_it_has_not_is_not_refused_for_its_sizes(void **state)
{
    cx_case_t one = case_of("op=barrier sizes=8B,16B,64B");

    (void)state;
    EXPECT_OK(cx_nccltests.check(&one, &arena));
}

static void test_sizes_as_the_programs_print_them(void **state)
{
    static const struct {
        const char *words;
        int32_t     rank_count;
        int64_t     requested_bytes, moved_bytes;
    } rows[] = {
        {"op=all_reduce dtype=fp32", 4, 8, 8},        {"op=all_reduce dtype=fp64", 4, 12, 8},
        {"op=all_reduce dtype=fp64", 4, 7, 0},        {"op=all_gather dtype=fp32", 4, 32, 0},
        {"op=all_gather dtype=fp32", 4, 128, 128},    {"op=all_gather dtype=fp32", 4, 200, 192},
        {"op=reduce_scatter dtype=int8", 3, 100, 96}, {"op=scatter dtype=fp16", 8, 1024, 1024},
        {"op=send_recv dtype=int8", 4, 7, 7},
    };

    (void)state;
    for (int64_t i = 0; i < LENGTH(rows); i++) {
        cx_case_t one = case_of(rows[i].words);

        assert_int_equal(
            cx_nccltests.moved_bytes(&one, rows[i].rank_count, rows[i].requested_bytes),
            rows[i].moved_bytes);
    }
}

static void test_every_option_it_heeds_is_one(void **state)
{
    (void)state;
    for (const char *const *name = cx_nccltests.heeded; *name; name++) {
        assert_non_null(cx_options_find(cx_case_options, *name));
        assert_string_equal(cx_options_find(cx_case_options, *name)->name, *name);
    }
}

int main(void)
{
    static const char *const programs[] = {
        "all_reduce_perf", "all_gather_perf", "reduce_scatter_perf", "alltoall_perf",
        "broadcast_perf",  "reduce_perf",     "gather_perf",         "scatter_perf",
        "sendrecv_perf",   "mpirun",          "broadcast_perf_mpi"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_more_arguments_come_last_and_as_words),
        cmocka_unit_test(test_arguments_that_a_case_says_already_are_refused),
        cmocka_unit_test(test_what_cannot_be_said_to_it_is_refused),
        cmocka_unit_test(test_what_it_has_not_is_unsupported),
        cmocka_unit_test(test_what_it_has_not_is_not_refused_for_its_sizes),
        cmocka_unit_test(test_sizes_as_the_programs_print_them),
        cmocka_unit_test(test_every_option_it_heeds_is_one),
    };
    int failed;

    cx_arena_init(&arena);
    if (!mkdtemp(folder)) {
        return 1;
    }
    path_before = cx_arena_text(&arena, folder);
    for (int64_t i = 0; i < LENGTH(programs); i++) {
        put(programs[i]);
    }
    (void)setenv("PATH", folder, 1);
    (void)setenv(CX_ENV_NCCLTESTS_PATH, folder, 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (int64_t i = 0; i < LENGTH(programs); i++) {
        (void)unlink(cx_arena_format(&arena, "%s/%s", folder, programs[i]));
    }
    cx_arena_fini(&arena);
    return failed || rmdir(folder);
}
