/* SPDX-License-Identifier: Apache-2.0 */
/* How this process was started: rank, count and meeting place from the environment of a launcher.
 * Not the meeting itself (meet.h), and not how ranks are started. */
#ifndef CX_PEERS_ENV_H
#define CX_PEERS_ENV_H

#include "collectivex/status.h"

#include <stdint.h>

/**
 * What the environment says. `launcher` is "none" (rank 0 of 1, no address) when it says nothing.
 *
 * address  where the ranks meet (meet.h); empty for one rank
 * token    the same on all ranks of this launch, different in another launch
 */
typedef struct cx_launch_env {
    const char *launcher; /* "none", "slurm", "pmi", "openmpi", "torchrun", "collectivex" */
    int32_t     rank, rank_count, local_rank, local_rank_count;
    char        address[128];
    uint64_t    token;
} cx_launch_env_t;

/* Where the facts come from; a test gives its own. */
typedef struct cx_env_source {
    const char *(*get)(void *context, const char *name); /* NULL: not set */
    void    *context;
    uint32_t uid;
    uint64_t parent_token; /* names the parent process: pid and start time, hashed */
} cx_env_source_t;

/**
 * Recognise the launcher that started this process.
 *
 * Variables, innermost launcher first (the first one that is there is the one believed):
 *   collectivex  CX_RANK CX_RANK_COUNT CX_LOCAL_RANK CX_LOCAL_RANK_COUNT; CX_TOKEN (hexadecimal)
 *   torchrun     RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE; MASTER_ADDR MASTER_PORT
 *                TORCHELASTIC_RUN_ID TORCHELASTIC_RESTART_COUNT
 *   openmpi      OMPI_COMM_WORLD_{RANK,SIZE,LOCAL_RANK,LOCAL_SIZE}; PMIX_NAMESPACE or
 *                OMPI_MCA_ess_base_jobid
 *   pmi          PMI_RANK PMI_SIZE MPI_LOCALRANKID MPI_LOCALNRANKS (MPICH, Hydra, Intel MPI)
 *   slurm        SLURM_PROCID SLURM_STEP_NUM_TASKS (or SLURM_NTASKS) SLURM_LOCALID
 *                SLURM_STEP_TASKS_PER_NODE SLURM_NODEID; SLURM_JOB_ID SLURM_STEP_ID
 *                SLURM_STEP_NODELIST. Only inside an srun step: without SLURM_STEP_ID (or
 *                SLURM_STEPID), or with the number of the batch, extern or interactive step, the
 *                shell of a job is not a rank
 * CX_ADDRESS is the meeting place whatever the launcher. Empty variables count as not set.
 *
 * A launcher is there when one of its first four variables is. Each is checked on its own: rank and
 * count both there, 0 <= rank < count, likewise for the local pair, local count <= count. Then
 * every outer one is held against the believed one, and must be either
 *   the same       equal rank and equal count (and equal local facts where both state them; one
 *                  that does not state them borrows them), as mpirun through PMI inside srun; or
 *   a container    fewer outer processes than inner ranks, as torchrun or mpirun daemons started by
 *                  srun, one per node.
 * Anything else, as rank 0 of 1 inside `srun -n 8`, is a contradiction.
 *
 * Address, without CX_ADDRESS: all ranks local "unix:collectivex-<uid>-<token>"; else slurm
 * "tcp:<first host of the step>:<20000 + token % 20000>", torchrun
 * "tcp:<MASTER_ADDR>:<MASTER_PORT + 1>" (the port itself belongs to torch's store); the others
 * cannot know a host and need CX_ADDRESS.
 *
 * Token: CX_TOKEN, else the launch's own identity (job and step; run, restart and master; PMIx
 * namespace). pmi and collectivex have none, and an Open MPI may come without: then the text of
 * CX_ADDRESS, and without that the common parent process of the ranks of one host.
 *
 * errors  CX_INVALID, naming both sides and a remedy; `out` is written on success only
 */
cx_status_t cx_env_detect(cx_launch_env_t *out);
cx_status_t cx_env_detect_from(const cx_env_source_t *source, cx_launch_env_t *out);

#endif
