/* SPDX-License-Identifier: Apache-2.0 */
/* Starting through mpirun, without a shell. */
#include "launch/mpirun.h"

#include "base/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENT_COUNT_MAX 1024

bool cx_mpirun_is_needed(const cx_plan_t *plan, const char *launcher, int32_t rank_count)
{
    if (strcmp(launcher, "none") != 0 || rank_count < 2) {
        return false;
    }
    for (size_t i = 0; i < plan->case_count; i++) {
        if (strcmp(plan->cases[i].backend, "mpi") == 0) {
            return true;
        }
    }
    return false;
}

/* Open MPI refuses root and more ranks than cores unless told; a benchmark of one's own machine may
 * do both. Other implementations do not read these. */
static void permit(void)
{
    (void)setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
    if (geteuid() == 0) {
        (void)setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
        (void)setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    }
}

cx_status_t cx_mpirun_become(int32_t rank_count, const char *const *argv, cx_arena_t *arena)
{
    const char *arguments[ARGUMENT_COUNT_MAX] = {"mpirun", "-n"};
    const char *program                       = cx_program_path(arena);
    char        count[16];
    size_t      used = 2;

    if (!program) {
        return CX_FAIL(CX_RESOURCE, "the program cannot find itself under /proc");
    }
    (void)snprintf(count, sizeof count, "%d", rank_count);
    arguments[used++] = count;
    arguments[used++] = program;
    for (size_t i = 1; argv[i] && used + 1 < ARGUMENT_COUNT_MAX; i++) {
        arguments[used++] = argv[i];
    }
    permit();
    (void)execvp("mpirun", (char *const *)(uintptr_t)arguments);
    return CX_FAIL(CX_UNSUPPORTED,
                   "backend mpi needs mpirun to start %d ranks: %s (Debian: apt-get install "
                   "openmpi-bin)",
                   rank_count, strerror(errno));
}
