/* SPDX-License-Identifier: Apache-2.0 */
/* One row per launcher; each is read and checked alone, then they are held against each other. */
#include "peers/env.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/units.h"
#include "peers/address.h"
#include "peers/env_slurm.h"
#include "peers/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNKNOWN (-1)
/* Steps that are not started by srun: pending, extern, batch and interactive (slurm.h, 0xfffffffa
 * to 0xfffffffd). */
#define SLURM_STEP_SPECIAL INT64_C(0xfffffff0)
#define SLURM_PORT_FIRST 20000
#define SLURM_PORT_COUNT 20000

/* What one launcher says. */
typedef struct cx_facts {
    bool    is_there;
    int64_t rank, rank_count, local_rank, local_rank_count; /* local ones may be UNKNOWN */
} cx_facts_t;

typedef struct cx_launcher {
    const char *name;
    /* Variables of rank, count, local rank, local count. */
    const char *variables[4];
    /* Variables that together name a launch; the first is needed, the others may be missing. */
    const char *identity[4];
} cx_launcher_t;

enum { COLLECTIVEX, TORCHRUN, OPENMPI, PMI, SLURM, LAUNCHER_COUNT };

/* Innermost first. Slurm's counts are not plain numbers: see read_slurm(). */
static const cx_launcher_t launchers[LAUNCHER_COUNT] = {
    [COLLECTIVEX] = {"collectivex",
                     {"CX_RANK", "CX_RANK_COUNT", "CX_LOCAL_RANK", "CX_LOCAL_RANK_COUNT"},
                     {NULL}},
    [TORCHRUN]    = {"torchrun",
                     {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
                     {"MASTER_PORT", "MASTER_ADDR", "TORCHELASTIC_RUN_ID",
                      "TORCHELASTIC_RESTART_COUNT"}},
    [OPENMPI]     = {"openmpi",
                     {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                      "OMPI_COMM_WORLD_LOCAL_SIZE"},
                     {"PMIX_NAMESPACE"}},
    [PMI]         = {"pmi", {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"}, {NULL}},
    [SLURM]       = {"slurm",
                     {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID",
                      "SLURM_STEP_TASKS_PER_NODE"},
                     {"SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_STEPID"}},
};

static const char *get(const cx_env_source_t *source, const char *name)
{
    const char *text = source->get(source->context, name);

    return text && text[0] != '\0' ? text : NULL;
}

static cx_status_t read_number(const cx_env_source_t *source, const char *name, int64_t *out)
{
    const char *text = get(source, name);
    int64_t     value;

    if (!text) {
        *out = UNKNOWN;
        return CX_OK;
    }
    if (cx_units_parse_int(text, &value) || value < 0 || value > INT32_MAX) {
        return CX_FAIL(CX_INVALID, "environment: %s=%s is not a number of ranks", name, text);
    }
    *out = value;
    return CX_OK;
}

static cx_status_t read_plain(const cx_env_source_t *source, const cx_launcher_t *launcher,
                              cx_facts_t *out)
{
    CX_TRY(read_number(source, launcher->variables[0], &out->rank));
    CX_TRY(read_number(source, launcher->variables[1], &out->rank_count));
    CX_TRY(read_number(source, launcher->variables[2], &out->local_rank));
    CX_TRY(read_number(source, launcher->variables[3], &out->local_rank_count));
    out->is_there = out->rank != UNKNOWN || out->rank_count != UNKNOWN ||
                    out->local_rank != UNKNOWN || out->local_rank_count != UNKNOWN;
    return CX_OK;
}

static bool is_slurm_step(const cx_env_source_t *source)
{
    const char *text = get(source, "SLURM_STEP_ID");
    int64_t     step;

    text = text ? text : get(source, "SLURM_STEPID");
    return text && !cx_units_parse_int(text, &step) && step >= 0 && step < SLURM_STEP_SPECIAL;
}

static cx_status_t read_slurm(const cx_env_source_t *source, cx_facts_t *out)
{
    const char *tasks = get(source, "SLURM_STEP_TASKS_PER_NODE");
    int64_t     node_index, all;

    if (!is_slurm_step(source) || !get(source, "SLURM_PROCID")) {
        return CX_OK;
    }
    out->is_there = true;
    CX_TRY(read_number(source, "SLURM_PROCID", &out->rank));
    CX_TRY(read_number(source, "SLURM_STEP_NUM_TASKS", &out->rank_count));
    if (out->rank_count == UNKNOWN) {
        CX_TRY(read_number(source, "SLURM_NTASKS", &out->rank_count));
    }
    CX_TRY(read_number(source, "SLURM_LOCALID", &out->local_rank));
    CX_TRY(read_number(source, "SLURM_NODEID", &node_index));
    out->local_rank_count = UNKNOWN;
    if (!tasks) {
        return CX_OK;
    }
    node_index = node_index == UNKNOWN ? 0 : node_index;
    if (!cx_slurm_tasks(tasks, node_index, &out->local_rank_count, &all)) {
        return CX_FAIL(CX_INVALID,
                       "environment: SLURM_STEP_TASKS_PER_NODE=%s says nothing about node %" PRId64,
                       tasks, node_index);
    }
    if (out->rank_count != UNKNOWN && all != out->rank_count) {
        return CX_FAIL(CX_INVALID,
                       "environment: SLURM_STEP_TASKS_PER_NODE=%s makes %" PRId64
                       " ranks, Slurm's task count says %" PRId64,
                       tasks, all, out->rank_count);
    }
    return CX_OK;
}

/* Two variables that only mean something together. */
static cx_status_t check_pair(const cx_launcher_t *launcher, int first, int64_t rank,
                              int64_t rank_count)
{
    const char *rank_name  = launcher->variables[first],
               *count_name = launcher->variables[first + 1];

    if ((rank == UNKNOWN) != (rank_count == UNKNOWN)) {
        return CX_FAIL(CX_INVALID,
                       "environment: %s is set but %s is not; set both, or unset both if %s did "
                       "not start this process",
                       rank == UNKNOWN ? count_name : rank_name,
                       rank == UNKNOWN ? rank_name : count_name, launcher->name);
    }
    if (rank != UNKNOWN && rank >= rank_count) {
        return CX_FAIL(CX_INVALID,
                       "environment: %s=%" PRId64 " does not fit %s, which says %" PRId64,
                       rank_name, rank, count_name, rank_count);
    }
    return CX_OK;
}

static cx_status_t read_launcher(const cx_env_source_t *source, int index, cx_facts_t *out)
{
    const cx_launcher_t *launcher = &launchers[index];

    CX_TRY(index == SLURM ? read_slurm(source, out) : read_plain(source, launcher, out));
    if (!out->is_there) {
        return CX_OK;
    }
    CX_TRY(check_pair(launcher, 0, out->rank, out->rank_count));
    CX_TRY(check_pair(launcher, 2, out->local_rank, out->local_rank_count));
    if (out->rank == UNKNOWN) {
        return CX_FAIL(CX_INVALID,
                       "environment: %s is set but %s is not; unset it if %s did not start this "
                       "process",
                       launcher->variables[2], launcher->variables[0], launcher->name);
    }
    if (out->local_rank == UNKNOWN && out->rank_count == 1) {
        out->local_rank       = 0;
        out->local_rank_count = 1;
    }
    if (out->local_rank_count > out->rank_count) {
        return CX_FAIL(CX_INVALID,
                       "environment: %s says %" PRId64 " ranks on this host, %s %" PRId64 " in all",
                       launcher->variables[3], out->local_rank_count, launcher->variables[1],
                       out->rank_count);
    }
    return CX_OK;
}

/* Holds the believed launcher against one around it; borrows local facts it lacks. */
static cx_status_t reconcile(const char *inner_name, cx_facts_t *inner, const char *outer_name,
                             const cx_facts_t *outer)
{
    bool is_container = outer->rank_count < inner->rank_count;
    bool is_same      = outer->rank_count == inner->rank_count && outer->rank == inner->rank;

    if (is_container) {
        return CX_OK;
    }
    if (!is_same) {
        return CX_FAIL(CX_INVALID,
                       "environment: %s says rank %" PRId64 " of %" PRId64 ", %s says rank %" PRId64
                       " of %" PRId64
                       "; start the ranks with one of them, or unset the variables of the other",
                       outer_name, outer->rank, outer->rank_count, inner_name, inner->rank,
                       inner->rank_count);
    }
    if (inner->local_rank == UNKNOWN) {
        inner->local_rank       = outer->local_rank;
        inner->local_rank_count = outer->local_rank_count;
    } else if (outer->local_rank != UNKNOWN &&
               (outer->local_rank != inner->local_rank ||
                outer->local_rank_count != inner->local_rank_count)) {
        return CX_FAIL(CX_INVALID,
                       "environment: %s says local rank %" PRId64 " of %" PRId64
                       ", %s says local rank %" PRId64 " of %" PRId64,
                       outer_name, outer->local_rank, outer->local_rank_count, inner_name,
                       inner->local_rank, inner->local_rank_count);
    }
    return CX_OK;
}

/* The believed launcher, its facts complete; LAUNCHER_COUNT when there is none. */
static cx_status_t choose_launcher(const cx_env_source_t *source, int *index_out, cx_facts_t *out)
{
    cx_facts_t facts[LAUNCHER_COUNT] = {0};
    int        inner                 = LAUNCHER_COUNT;

    for (int index = 0; index < LAUNCHER_COUNT; index++) {
        CX_TRY(read_launcher(source, index, &facts[index]));
        if (facts[index].is_there && inner == LAUNCHER_COUNT) {
            inner = index;
        } else if (facts[index].is_there) {
            CX_TRY(reconcile(launchers[inner].name, &facts[inner], launchers[index].name,
                             &facts[index]));
        }
    }
    *index_out = inner;
    if (inner == LAUNCHER_COUNT) {
        return CX_OK;
    }
    *out = facts[inner];
    if (out->local_rank == UNKNOWN) {
        return CX_FAIL(CX_INVALID,
                       "environment: %s says rank %" PRId64 " of %" PRId64
                       " but not which ranks share this host; set %s and %s",
                       launchers[inner].name, out->rank, out->rank_count,
                       launchers[inner].variables[2], launchers[inner].variables[3]);
    }
    return CX_OK;
}

/* The identity a launcher gives a launch; false when it has none. */
static bool identify_launch(const cx_env_source_t *source, int index, uint64_t *out)
{
    const cx_launcher_t *launcher = &launchers[index];
    const char          *first = launcher->identity[0] ? get(source, launcher->identity[0]) : NULL;
    char                 text[512] = "";
    int                  length;

    if (index == OPENMPI && !first) {
        first = get(source, "OMPI_MCA_ess_base_jobid"); /* before version 5 */
    }
    if (!first) {
        return false;
    }
    length = snprintf(text, sizeof text, "%s|%s", launcher->name, first);
    for (int part = 1; part < 4 && launcher->identity[part]; part++) {
        const char *more = get(source, launcher->identity[part]);

        if (length < (int)sizeof text) {
            length +=
                snprintf(text + length, sizeof text - (size_t)length, "|%s", more ? more : "");
        }
    }
    *out = cx_token_of(text);
    return true;
}

static cx_status_t find_token(const cx_env_source_t *source, int index, uint64_t *out)
{
    const char *text    = get(source, "CX_TOKEN");
    const char *address = get(source, "CX_ADDRESS");
    char       *end;

    if (text) {
        uint64_t token = strtoull(text, &end, 16);

        if (strlen(text) > 16 || strspn(text, "0123456789abcdefABCDEF") != strlen(text)) {
            return CX_FAIL(CX_INVALID, "environment: CX_TOKEN=%s is not 1 to 16 hexadecimal digits",
                           text);
        }
        *out = token;
    } else if (!identify_launch(source, index, out)) {
        *out = address ? cx_token_of(address) : source->parent_token;
    }
    return CX_OK;
}

static cx_status_t find_slurm_place(const cx_env_source_t *source, uint64_t token, char *out,
                                    size_t out_bytes)
{
    const char *list = get(source, "SLURM_STEP_NODELIST");
    char        host[64];

    if (!list || !cx_slurm_first_host(list, host, sizeof host)) {
        return CX_FAIL(CX_INVALID,
                       "environment: no first host in SLURM_STEP_NODELIST=%s; set "
                       "CX_ADDRESS=tcp:HOST:PORT to a port of rank 0's host",
                       list ? list : "");
    }
    (void)snprintf(out, out_bytes, "tcp:%s:%" PRIu64, host,
                   SLURM_PORT_FIRST + token % SLURM_PORT_COUNT);
    return CX_OK;
}

static cx_status_t find_torchrun_place(const cx_env_source_t *source, char *out, size_t out_bytes)
{
    const char *host = get(source, "MASTER_ADDR");
    const char *port = get(source, "MASTER_PORT");
    int64_t     number;
    bool        is_bare_ipv6 = host && strchr(host, ':') && host[0] != '[';

    if (!host || !port || cx_units_parse_int(port, &number) || number < 1 || number >= 65535 ||
        strlen(host) > 100) {
        return CX_FAIL(CX_INVALID,
                       "environment: MASTER_ADDR=%s and MASTER_PORT=%s give no meeting place; set "
                       "CX_ADDRESS=tcp:HOST:PORT to a port of rank 0's host",
                       host ? host : "", port ? port : "");
    }
    (void)snprintf(out, out_bytes, is_bare_ipv6 ? "tcp:[%s]:%" PRId64 : "tcp:%s:%" PRId64, host,
                   number + 1);
    return CX_OK;
}

static cx_status_t find_address(const cx_env_source_t *source, int index, cx_launch_env_t *out)
{
    const char  *given = get(source, "CX_ADDRESS");
    size_t       bytes = sizeof out->address;
    cx_address_t parsed;

    if (given) {
        CX_TRY(cx_address_parse(given, &parsed));
        (void)snprintf(out->address, bytes, "%s", given);
        return CX_OK;
    }
    if (out->rank_count == 1) {
        return CX_OK;
    }
    if (out->local_rank_count == out->rank_count) {
        (void)snprintf(out->address, bytes, "unix:collectivex-%" PRIu32 "-%016" PRIx64, source->uid,
                       out->token);
        return CX_OK;
    }
    if (index == SLURM) {
        return find_slurm_place(source, out->token, out->address, bytes);
    }
    if (index == TORCHRUN) {
        return find_torchrun_place(source, out->address, bytes);
    }
    return CX_FAIL(CX_INVALID,
                   "%s started %" PRId32 " ranks on several hosts and does not say where rank 0 "
                   "is; set CX_ADDRESS=tcp:HOST:PORT to a port of rank 0's host on all ranks",
                   out->launcher, out->rank_count);
}

cx_status_t cx_env_detect_from(const cx_env_source_t *source, cx_launch_env_t *out)
{
    cx_launch_env_t env   = {.launcher = "none", .rank_count = 1, .local_rank_count = 1};
    cx_facts_t      facts = {0};
    int             index;

    CX_TRY(choose_launcher(source, &index, &facts));
    if (index < LAUNCHER_COUNT) {
        env.launcher         = launchers[index].name;
        env.rank             = (int32_t)facts.rank;
        env.rank_count       = (int32_t)facts.rank_count;
        env.local_rank       = (int32_t)facts.local_rank;
        env.local_rank_count = (int32_t)facts.local_rank_count;
        CX_TRY(find_token(source, index, &env.token));
        CX_TRY(find_address(source, index, &env));
    }
    *out = env;
    return CX_OK;
}

static const char *get_from_process(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

/* A pid is used again, a pid with its start time is not. Field 22 of stat is the start in ticks;
 * the command's name, field 2, is in parentheses and may hold blanks. */
static uint64_t identify_parent(void)
{
    char        path[64], text[128];
    char       *bytes = NULL;
    const char *field = NULL;
    size_t      byte_count;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)getppid());
    if (cx_file_read(path, 4096, &bytes, &byte_count) == CX_OK) {
        field = strrchr(bytes, ')');
    }
    for (int number = 2; field && number < 22; number++) {
        field = strchr(field + 1, ' ');
    }
    (void)snprintf(text, sizeof text, "%ld|%.*s", (long)getppid(),
                   field ? (int)strcspn(field + 1, " ") : 0, field ? field + 1 : "");
    free(bytes);
    return cx_token_of(text);
}

cx_status_t cx_env_detect(cx_launch_env_t *out)
{
    cx_env_source_t source = {
        .get = get_from_process, .uid = (uint32_t)geteuid(), .parent_token = identify_parent()};

    return cx_env_detect_from(&source, out);
}
