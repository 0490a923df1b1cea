/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the MPI world once per process, and leaves it at exit, as MPI demands: sessions come and
 * go, MPI cannot be initialised twice. Not the operations, which are in mpi.c. */
#include "world.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FINALIZE_SECONDS_MAX 20

/* One per process, because MPI is. */
static struct {
    MPI_Comm comm;
    bool     is_joined, is_broken;
} world;

#define MPI_TRY(core, name, ...)                       \
    do {                                               \
        int mpi_code = name(__VA_ARGS__);              \
        if (mpi_code != MPI_SUCCESS) {                 \
            return cx_mpi_fail(core, #name, mpi_code); \
        }                                              \
    } while (0)

cx_status_t cx_mpi_fail(const cx_core_t *core, const char *call, int code)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int  length                     = 0;

    world.is_broken = true;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) {
        text[0] = '\0';
    }
    return CX_CORE_FAIL(core, CX_BACKEND, "%s failed with code %d: %s", call, code, text);
}

/* Finalising waits for every rank. After a failed call some rank may never come, so leaving
 * without it is the right report to the MPI launcher; a peer that dies silently is bounded by an
 * alarm, whose default action ends the process. */
static void leave_at_exit(void)
{
    int is_finalized = 0;

    if (world.is_broken || MPI_Finalized(&is_finalized) != MPI_SUCCESS || is_finalized) {
        return;
    }
    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(FINALIZE_SECONDS_MAX);
    (void)MPI_Finalize();
    (void)alarm(0);
}

static cx_status_t initialize(const cx_core_t *core)
{
    int is_initialized = 0, is_finalized = 0, provided = MPI_THREAD_SINGLE;

    MPI_TRY(core, MPI_Initialized, &is_initialized);
    MPI_TRY(core, MPI_Finalized, &is_finalized);
    if (is_finalized) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "MPI was already finalised in this process and cannot start again");
    }
    if (!is_initialized) {
        /* A rank process has one thread. To promise less (FUNNELED) makes Open MPI 4.1 lock in
         * every call, which costs an operation up to 100 ns. */
        MPI_TRY(core, MPI_Init_thread, NULL, NULL, MPI_THREAD_SINGLE, &provided);
        if (atexit(leave_at_exit) != 0) {
            return CX_CORE_FAIL(core, CX_RESOURCE, "cannot register MPI_Finalize for the exit");
        }
    }
    return CX_OK;
}

/* MPI numbers ranks in its launcher's order, CollectiveX in its own: the split makes them one.
 * A size that differs means that the ranks do not share an MPI world: the silent singleton. */
static cx_status_t split_by_rank(const cx_core_t *core, MPI_Comm *out)
{
    int      world_size = 0, rank = -1;
    MPI_Comm comm;

    MPI_TRY(core, MPI_Comm_set_errhandler, MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_TRY(core, MPI_Comm_size, MPI_COMM_WORLD, &world_size);
    if (world_size != core->rank_count) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                            "started as %d ranks by collectivex but MPI sees a world of %d: start "
                            "through mpirun: mpirun -n %d collectivex run ...",
                            core->rank_count, world_size, core->rank_count);
    }
    MPI_TRY(core, MPI_Comm_split, MPI_COMM_WORLD, 0, core->rank, &comm);
    MPI_TRY(core, MPI_Comm_rank, comm, &rank);
    if (rank != core->rank) {
        return CX_CORE_FAIL(core, CX_INVALID,
                            "rank %d of collectivex is rank %d of MPI even after ordering: two "
                            "processes claim one rank",
                            core->rank, rank);
    }
    *out = comm;
    return CX_OK;
}

cx_status_t cx_mpi_world_join(const cx_core_t *core, MPI_Comm *out)
{
    cx_status_t status;

    if (!world.is_joined) {
        status = initialize(core);
        if (status == CX_OK) {
            status = split_by_rank(core, &world.comm);
        }
        if (status != CX_OK) {
            return status;
        }
        world.is_joined = true;
    }
    *out = world.comm;
    return CX_OK;
}
