#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The private Slurm that other tests start really starts tasks, and leaves nothing.

. "$BATS_TEST_DIRNAME/slurm.sh"

setup() {
    slurm_dir=$(mktemp -d "${TMPDIR:-/tmp}/collectivex-slurm.XXXXXX")
    slurm_start "$slurm_dir"
}

teardown() {
    slurm_stop "$slurm_dir"
    rm -rf "$slurm_dir"
}

@test "srun starts four tasks on a node with fewer processors" {
    run srun -n 4 --overcommit sh -c 'echo rank $SLURM_PROCID of $SLURM_NTASKS'
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(sort <<<"$output" | tr '\n' ',')" = "rank 0 of 4,rank 1 of 4,rank 2 of 4,rank 3 of 4," ]
}

@test "sbatch takes a job" {
    cd "$slurm_dir"
    job=$(sbatch --parsable --output=out --wrap 'echo job $SLURM_JOB_ID ran')
    slurm_wait 20 grep -q ran out
    [ "$(cat out)" = "job $job ran" ]
}

@test "after slurm_stop none of its processes is left" {
    pids=$(cat "$slurm_dir"/{munged,slurmctld,slurmd}.pid)
    srun -n 1 true
    slurm_stop "$slurm_dir"
    for pid in $pids; do
        run kill -0 "$pid"
        [ "$status" -ne 0 ]
    done
    run pgrep -f "$slurm_dir"
    [ "$status" -ne 0 ]
}
