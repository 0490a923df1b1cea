#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Under a real Slurm the ranks of srun find each other without configuration.

. "$BATS_TEST_DIRNAME/kit.sh"
. "$BATS_TEST_DIRNAME/slurm.sh"

setup() {
    kit_setup
    # Not below $TMPDIR, which must be empty at the end; and short, for the name of a socket.
    slurm_dir=$(TMPDIR=/tmp mktemp -d /tmp/collectivex-slurm.XXXXXX)
    slurm_start "$slurm_dir"
    what=(run --backend hostref --op all_reduce --sizes 256B,1KiB "${quick[@]}" -o results)
}

teardown() {
    slurm_stop "$slurm_dir"
    rm -rf "$slurm_dir"
    kit_teardown
}

@test "srun -n 2 is one run of two ranks; a contradiction in it is refused by both" {
    kit_measures timeout 60 srun -n 2 --overcommit "$program" "${what[@]}"
    kit_is results 'len(records), r["environment"]["rank_count"], r["environment"]["launcher"]' \
        "(1, '2', 'slurm')"
    kit_checks results
    kit_is_clean results
    rm -r results
    kit_run 2 timeout 60 srun -n 2 --overcommit env OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1 \
        "$program" "${what[@]}"
    [ "$(grep -c 'slurm says rank . of 2, openmpi says rank 0 of 1' err)" -eq 2 ]
    [ ! -e results ]
}

@test "a script of sbatch" {
    printf '#!/bin/sh\nsrun -n 2 --overcommit "$@"\necho ended with $?\n' >job.sh
    sbatch --parsable --output=job.out job.sh "$program" "${what[@]}"
    kit_wait 50 grep -q 'ended with' job.out
    cat job.out
    kit_is results 'len(records), r["status"] in ("ok", "unstable")' '(1, True)'
    kit_checks results
}

@test "inside an allocation but not under srun, -n starts local ranks" {
    SLURM_JOB_ID=5 SLURM_NTASKS=8 kit_measures cx "${what[@]}" -n 2
    kit_is results 'r["environment"]["launcher"]' none
}
