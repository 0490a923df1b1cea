/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of launcher detection on invented environments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fail.h"
#include "peers/env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "A=1 B=2" as an environment; a value lives for 15 more calls. */
static const char *get_from_text(void *context, const char *name)
{
    static char     values[16][256];
    static unsigned calls;
    char           *value  = values[calls++ % 16];
    const char     *text   = context;
    size_t          length = strlen(name);

    for (const char *word = text; *word != '\0';) {
        size_t count = strcspn(word, " ");

        if (count > length && strncmp(word, name, length) == 0 && word[length] == '=') {
            (void)snprintf(value, sizeof values[0], "%.*s", (int)(count - length - 1),
                           word + length + 1);
            return value;
        }
        word += count;
        word += *word == ' ';
    }
    return NULL;
}

static cx_status_t detect(const char *text, uint64_t parent_token, cx_launch_env_t *out)
{
    char           *copy   = strdup(text);
    cx_env_source_t source = {
        .get = get_from_text, .context = copy, .uid = 1000, .parent_token = parent_token};
    cx_status_t status;

    cx_detail_clear();
    status = cx_env_detect_from(&source, out);
    free(copy);
    return status;
}

#define SLURM_JOB "SLURM_JOB_ID=77 SLURM_STEP_ID=2 SLURM_STEP_NODELIST=node[01-02],x9 "
#define SLURM_3_OF_8                                                                  \
    SLURM_JOB "SLURM_PROCID=3 SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=8 SLURM_LOCALID=3 " \
              "SLURM_STEP_TASKS_PER_NODE=8 SLURM_NODEID=0"
#define SLURM_5_OF_11                                           \
    SLURM_JOB "SLURM_PROCID=9 SLURM_NTASKS=11 SLURM_LOCALID=1 " \
              "SLURM_STEP_TASKS_PER_NODE=4(x2),3 SLURM_NODEID=2"
#define SLURM_1_OF_2                                           \
    SLURM_JOB "SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_LOCALID=0 " \
              "SLURM_STEP_TASKS_PER_NODE=1(x2) SLURM_NODEID=1"
#define OPENMPI(rank, count, local, locals)                                    \
    "OMPI_COMM_WORLD_RANK=" rank " OMPI_COMM_WORLD_SIZE=" count                \
    " OMPI_COMM_WORLD_LOCAL_RANK=" local " OMPI_COMM_WORLD_LOCAL_SIZE=" locals \
    " PMIX_NAMESPACE=prterun-h-1@1"
#define PMI(rank, count, local, locals) \
    "PMI_RANK=" rank " PMI_SIZE=" count " MPI_LOCALRANKID=" local " MPI_LOCALNRANKS=" locals
#define TORCHRUN(rank, count, local, locals)                                           \
    "RANK=" rank " WORLD_SIZE=" count " LOCAL_RANK=" local " LOCAL_WORLD_SIZE=" locals \
    " MASTER_ADDR=head MASTER_PORT=29500 TORCHELASTIC_RUN_ID=run7"
#define OWN(rank, count, local, locals) \
    "CX_RANK=" rank " CX_RANK_COUNT=" count " CX_LOCAL_RANK=" local " CX_LOCAL_RANK_COUNT=" locals

static const struct {
    const char *text, *launcher;
    int32_t     rank, rank_count, local_rank, local_rank_count;
    const char *address; /* starts with */
} recognised[] = {
    {"", "none", 0, 1, 0, 1, ""},
    {"HOME=/root RANKS=3 CX_ADDRESS=unix:x", "none", 0, 1, 0, 1, ""},
    {"RANK= WORLD_SIZE=", "none", 0, 1, 0, 1, ""},
    {SLURM_3_OF_8, "slurm", 3, 8, 3, 8, "unix:collectivex-1000-"},
    {SLURM_5_OF_11, "slurm", 9, 11, 1, 3, "tcp:node01:"},
    {SLURM_5_OF_11 " CX_ADDRESS=tcp:me:5", "slurm", 9, 11, 1, 3, "tcp:me:5"},
    /* The shell of a batch script, of an interactive allocation, and without any step. */
    {"SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_LOCALID=0 SLURM_JOB_ID=7", "none", 0, 1, 0, 1, ""},
    {"SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_STEPID=4294967291", "none", 0, 1, 0, 1, ""},
    {"SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_STEP_ID=4294967290", "none", 0, 1, 0, 1, ""},
    {"SLURM_NTASKS=8 SLURM_STEP_ID=0", "none", 0, 1, 0, 1, ""},
    /* A single task needs no local facts. */
    {"SLURM_JOB_ID=7 SLURM_STEPID=0 SLURM_PROCID=0 SLURM_NTASKS=1", "slurm", 0, 1, 0, 1, ""},
    {OPENMPI("1", "4", "1", "4"), "openmpi", 1, 4, 1, 4, "unix:collectivex-1000-"},
    {OPENMPI("5", "8", "1", "4") " CX_ADDRESS=tcp:h:9000", "openmpi", 5, 8, 1, 4, "tcp:h:9000"},
    {PMI("2", "4", "2", "4"), "pmi", 2, 4, 2, 4, "unix:collectivex-1000-"},
    {TORCHRUN("7", "8", "7", "8"), "torchrun", 7, 8, 7, 8, "unix:collectivex-1000-"},
    {TORCHRUN("9", "16", "1", "8"), "torchrun", 9, 16, 1, 8, "tcp:head:29501"},
    {"RANK=1 WORLD_SIZE=2 LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 MASTER_ADDR=fd00::1 MASTER_PORT=1000",
     "torchrun", 1, 2, 0, 1, "tcp:[fd00::1]:1001"},
    {OWN("1", "2", "1", "2") " CX_ADDRESS=unix:me", "collectivex", 1, 2, 1, 2, "unix:me"},
    {OWN("1", "2", "1", "2"), "collectivex", 1, 2, 1, 2, "unix:collectivex-1000-"},
    /* The same rank through two launchers. */
    {SLURM_3_OF_8 " " PMI("3", "8", "3", "8"), "pmi", 3, 8, 3, 8, "unix:collectivex-1000-"},
    {SLURM_3_OF_8 " PMI_RANK=3 PMI_SIZE=8", "pmi", 3, 8, 3, 8, "unix:collectivex-1000-"},
    {SLURM_3_OF_8 " " TORCHRUN("3", "8", "3", "8"), "torchrun", 3, 8, 3, 8, "unix:collectivex-"},
    {SLURM_3_OF_8 " " OPENMPI("3", "8", "3", "8") " " TORCHRUN("3", "8", "3", "8"), "torchrun", 3,
     8, 3, 8, "unix:collectivex-"},
    {SLURM_3_OF_8 " RANK=3 WORLD_SIZE=8", "torchrun", 3, 8, 3, 8, "unix:collectivex-1000-"},
    /* Daemons, one per node, around the ranks. */
    {SLURM_1_OF_2 " " TORCHRUN("9", "16", "1", "8"), "torchrun", 9, 16, 1, 8, "tcp:head:29501"},
    {SLURM_1_OF_2 " CX_ADDRESS=tcp:h:1 " OPENMPI("9", "16", "1", "8"), "openmpi", 9, 16, 1, 8,
     "tcp:h:1"},
    {SLURM_1_OF_2 " " OWN("0", "4", "0", "4"), "collectivex", 0, 4, 0, 4, "unix:collectivex-"},
};

static void launchers_are_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recognised / sizeof recognised[0]; i++) {
        cx_launch_env_t env = {0};

        if (detect(recognised[i].text, 5, &env) != CX_OK) {
            fail_msg("%s: %s", recognised[i].text, cx_detail()->text);
        }
        assert_string_equal(env.launcher, recognised[i].launcher);
        assert_int_equal(env.rank, recognised[i].rank);
        assert_int_equal(env.rank_count, recognised[i].rank_count);
        assert_int_equal(env.local_rank, recognised[i].local_rank);
        assert_int_equal(env.local_rank_count, recognised[i].local_rank_count);
        if (strncmp(env.address, recognised[i].address, strlen(recognised[i].address)) != 0 ||
            (env.address[0] != '\0') != (recognised[i].address[0] != '\0')) {
            fail_msg("%s: address %s", recognised[i].text, env.address);
        }
    }
}

static const struct {
    const char *text, *first, *second; /* both in the sentence */
} refused[] = {
    /* Silent singletons. */
    {SLURM_3_OF_8 " " OPENMPI("0", "1", "0", "1"), "slurm says rank 3 of 8",
     "openmpi says rank 0 of 1"},
    {SLURM_3_OF_8 " " TORCHRUN("0", "1", "0", "1"), "slurm says rank 3 of 8",
     "torchrun says rank 0 of 1"},
    {SLURM_3_OF_8 " " PMI("0", "1", "0", "1"), "slurm says rank 3 of 8", "pmi says rank 0 of 1"},
    {OPENMPI("3", "4", "3", "4") " " OWN("0", "1", "0", "1"), "openmpi says rank 3 of 4",
     "collectivex says rank 0 of 1"},
    /* Eight copies of a run of two, and two numberings of eight. */
    {SLURM_3_OF_8 " " TORCHRUN("0", "2", "0", "2"), "slurm says rank 3 of 8", "rank 0 of 2"},
    {SLURM_3_OF_8 " " TORCHRUN("4", "8", "4", "8"), "slurm says rank 3 of 8", "rank 4 of 8"},
    {SLURM_3_OF_8 " " OPENMPI("3", "8", "1", "2"), "slurm says local rank 3 of 8",
     "openmpi says local rank 1 of 2"},
    /* Half of the facts. */
    {"RANK=0", "RANK is set", "WORLD_SIZE is not"},
    {"WORLD_SIZE=4", "WORLD_SIZE is set", "RANK is not"},
    {"PMI_SIZE=4", "PMI_SIZE is set", "PMI_RANK is not"},
    {"LOCAL_RANK=0 LOCAL_WORLD_SIZE=1", "LOCAL_RANK is set", "RANK is not"},
    {"RANK=0 WORLD_SIZE=2 LOCAL_RANK=0", "LOCAL_RANK is set", "LOCAL_WORLD_SIZE is not"},
    {"RANK=0 WORLD_SIZE=2", "rank 0 of 2", "set LOCAL_RANK and LOCAL_WORLD_SIZE"},
    {"CX_RANK_COUNT=2 CX_LOCAL_RANK=0 CX_LOCAL_RANK_COUNT=2", "CX_RANK_COUNT is set",
     "CX_RANK is not"},
    {"SLURM_STEP_ID=0 SLURM_PROCID=1", "SLURM_PROCID is set", "SLURM_STEP_NUM_TASKS is not"},
    {"SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=4 SLURM_LOCALID=1", "SLURM_LOCALID is set",
     "SLURM_STEP_TASKS_PER_NODE is not"},
    /* Numbers that do not fit each other, or are none. */
    {OPENMPI("4", "4", "0", "4"), "OMPI_COMM_WORLD_RANK=4", "says 4"},
    {OPENMPI("0", "4", "4", "4"), "OMPI_COMM_WORLD_LOCAL_RANK=4", "says 4"},
    {OPENMPI("0", "4", "0", "8"), "8 ranks on this host", "4 in all"},
    {"PMI_RANK=-1 PMI_SIZE=2", "PMI_RANK=-1", "not a number of ranks"},
    {"PMI_RANK=x PMI_SIZE=2", "PMI_RANK=x", "not a number of ranks"},
    {"PMI_RANK=0 PMI_SIZE=99999999999", "PMI_SIZE=99999999999", "not a number of ranks"},
    {SLURM_JOB "SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_LOCALID=0 SLURM_STEP_TASKS_PER_NODE=4(x3)",
     "4(x3) makes 12", "task count says 8"},
    {SLURM_JOB "SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_LOCALID=0 SLURM_STEP_TASKS_PER_NODE=8 "
               "SLURM_NODEID=1",
     "SLURM_STEP_TASKS_PER_NODE=8", "node 1"},
    /* No meeting place. */
    {OPENMPI("5", "8", "1", "4"), "openmpi started 8 ranks on several hosts", "set CX_ADDRESS"},
    {PMI("5", "8", "1", "4"), "pmi started 8 ranks on several hosts", "set CX_ADDRESS"},
    {"RANK=1 WORLD_SIZE=2 LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 MASTER_ADDR=h",
     "MASTER_PORT=", "CX_ADDRESS"},
    {"RANK=1 WORLD_SIZE=2 LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 MASTER_ADDR=h MASTER_PORT=65535",
     "MASTER_PORT=65535", "CX_ADDRESS"},
    {"SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_LOCALID=0 SLURM_NODEID=1 "
     "SLURM_STEP_TASKS_PER_NODE=1(x2)",
     "SLURM_STEP_NODELIST", "CX_ADDRESS"},
    {PMI("0", "2", "0", "2") " CX_ADDRESS=here", "address 'here'", "tcp:HOST:PORT"},
    {PMI("0", "2", "0", "2") " CX_TOKEN=xyz", "CX_TOKEN=xyz", "hexadecimal"},
};

static void contradictions_are_refused_with_both_sides_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        cx_launch_env_t env = {.rank = 99};

        if (detect(refused[i].text, 5, &env) != CX_INVALID ||
            !strstr(cx_detail()->text, refused[i].first) ||
            !strstr(cx_detail()->text, refused[i].second)) {
            fail_msg("%s: %s", refused[i].text, cx_detail()->text);
        }
        assert_int_equal(env.rank, 99);
    }
}

static uint64_t token_of(const char *text, uint64_t parent_token)
{
    cx_launch_env_t env;

    assert_int_equal(detect(text, parent_token, &env), CX_OK);
    return env.token;
}

#define OTHER_JOB                                                                    \
    "SLURM_JOB_ID=78 SLURM_STEP_ID=2 SLURM_PROCID=3 SLURM_NTASKS=8 SLURM_LOCALID=3 " \
    "SLURM_STEP_TASKS_PER_NODE=8"
#define OTHER_STEP                                                                   \
    "SLURM_JOB_ID=77 SLURM_STEP_ID=3 SLURM_PROCID=3 SLURM_NTASKS=8 SLURM_LOCALID=3 " \
    "SLURM_STEP_TASKS_PER_NODE=8"

static void tokens_tell_launches_apart_and_ranks_together(void **state)
{
    const char *mpi = PMI("0", "2", "0", "2"), *mpi_other = PMI("1", "2", "1", "2");
    const char *torch = TORCHRUN("0", "2", "0", "2");

    (void)state;
    assert_int_equal(token_of(mpi, 5), token_of(mpi_other, 5));
    assert_int_not_equal(token_of(mpi, 5), token_of(mpi, 6));
    assert_int_equal(token_of(PMI("0", "2", "0", "1") " CX_ADDRESS=tcp:h:1", 5),
                     token_of(PMI("1", "2", "0", "1") " CX_ADDRESS=tcp:h:1", 6));
    assert_int_equal(token_of(torch, 5), token_of(TORCHRUN("1", "2", "1", "2"), 6));
    assert_int_not_equal(token_of(torch, 5),
                         token_of(TORCHRUN("0", "2", "0", "2") " TORCHELASTIC_RESTART_COUNT=1", 5));
    assert_int_equal(token_of(OPENMPI("0", "2", "0", "2"), 5),
                     token_of(OPENMPI("1", "2", "1", "2"), 6));
    assert_int_not_equal(token_of(SLURM_3_OF_8, 5), token_of(OTHER_JOB, 5));
    assert_int_not_equal(token_of(SLURM_3_OF_8, 5), token_of(OTHER_STEP, 5));
    assert_int_not_equal(token_of(OTHER_JOB, 5), token_of(OTHER_STEP, 5));
    assert_true(token_of(PMI("0", "2", "0", "2") " CX_TOKEN=beEf", 5) == 0xbeef);
}

static void open_mpi_before_version_5_names_a_job(void **state)
{
    static const char *const before =
        "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0 "
        "OMPI_COMM_WORLD_LOCAL_SIZE=2 OMPI_MCA_ess_base_jobid=123";

    (void)state;
    assert_int_equal(token_of(before, 5), token_of(before, 6));
}

static void this_process_can_be_asked(void **state)
{
    cx_launch_env_t env, again;

    (void)state;
    assert_int_equal(setenv("CX_RANK", "1", 1), 0);
    assert_int_equal(setenv("CX_RANK_COUNT", "2", 1), 0);
    assert_int_equal(setenv("CX_LOCAL_RANK", "1", 1), 0);
    assert_int_equal(setenv("CX_LOCAL_RANK_COUNT", "2", 1), 0);
    cx_detail_clear();
    assert_int_equal(cx_env_detect(&env), CX_OK);
    assert_int_equal(cx_env_detect(&again), CX_OK);
    assert_string_equal(env.launcher, "collectivex");
    assert_int_equal(env.token, again.token);
    assert_int_not_equal(env.token, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(launchers_are_recognised),
        cmocka_unit_test(contradictions_are_refused_with_both_sides_named),
        cmocka_unit_test(tokens_tell_launches_apart_and_ranks_together),
        cmocka_unit_test(open_mpi_before_version_5_names_a_job),
        cmocka_unit_test(this_process_can_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
