/* SPDX-License-Identifier: Apache-2.0 */
/* Starting through mpirun, without a shell. */
#include "launch/mpirun.h"

#include "base/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEADING_WORD_COUNT 4

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

void cx_mpirun_permit(void)
{
    (void)setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
    if (geteuid() == 0) {
        (void)setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
        (void)setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    }
}

cx_status_t cx_mpirun_become(int32_t rank_count, const char *const *argv, cx_arena_t *arena)
{
    const char  *program = cx_program_path(arena);
    const char **arguments;
    size_t       word_count = 1;

    while (argv[word_count]) {
        word_count++;
    }
    arguments = cx_arena_grab(arena, (LEADING_WORD_COUNT + word_count) * sizeof *arguments);
    if (!program || !arguments) {
        return CX_FAIL(CX_RESOURCE, "the program cannot find itself under /proc, or no memory");
    }
    arguments[0] = "mpirun";
    arguments[1] = "-n";
    arguments[2] = cx_arena_format(arena, "%d", rank_count);
    arguments[3] = program;
    /* With the NULL behind them. */
    memcpy(arguments + LEADING_WORD_COUNT, argv + 1, word_count * sizeof *arguments);
    cx_mpirun_permit();
    (void)execvp("mpirun", (char *const *)(uintptr_t)arguments);
    return CX_FAIL(CX_UNSUPPORTED,
                   "backend mpi needs mpirun to start %d ranks: %s (Debian: apt-get install "
                   "openmpi-bin)",
                   rank_count, strerror(errno));
}
