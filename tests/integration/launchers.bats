#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ranks that somebody else started: they meet without being told how, or say what does not fit.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    what=(run --op all_reduce --sizes 256B,1KiB "${quick[@]}" -o results)
}
teardown() { kit_teardown; }

# joined RANKS LAUNCHER: they were one run of that many ranks, with one set of records.
joined() {
    kit_is results 'len(records), r["environment"]["rank_count"], r["environment"]["launcher"]' \
        "(1, '$1', '$2')"
    [ "$(grep -c '^data: results' out)" -eq 1 ]
    kit_checks results
    kit_is_clean results
}

# refused RC_WANTED WORD...: all ranks say it, in a line each, and nothing is written.
refused() {
    local word
    for word in "$@"; do
        kit_has err "$word"
    done
    [ ! -e results ]
}

@test "mpirun -n 2 with hostref" {
    kit_measures timeout 60 mpirun -n 2 "$program" "${what[@]}" --backend hostref
    joined 2 openmpi
}

@test "mpirun -n 4 with mpi" {
    kit_measures timeout 60 mpirun -n 4 "$program" "${what[@]}" --backend mpi
    joined 4 openmpi
}

@test "mpirun with hostref and mpi side by side" {
    kit_measures timeout 60 mpirun -n 2 "$program" "${what[@]}" --backend hostref,mpi
    kit_is results '[x["case"]["backend"]["value"] for x in records]' 'hostref mpi'
}

@test "mpiexec.hydra of MPICH, which speaks PMI" {
    command -v mpiexec.hydra || skip "mpiexec.hydra is not installed"
    kit_measures timeout 60 mpiexec.hydra -n 3 "$program" "${what[@]}" --backend hostref
    joined 3 pmi
}

@test "two processes with the environment of torchrun" {
    port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
    ranks() {
        WORLD_SIZE=2 LOCAL_WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port RANK=$1 LOCAL_RANK=$1 \
            timeout 60 "$program" "${what[@]}" --backend hostref
    }
    ranks 1 >out.1 2>&1 3>&- &
    kit_measures ranks 0
    wait $!
    joined 2 torchrun
    [ ! -s out.1 ]
}

@test "a world of one under a launcher that started eight is no silent singleton" {
    export SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_PROCID=3 SLURM_STEP_NUM_TASKS=8 SLURM_LOCALID=3
    export SLURM_STEP_TASKS_PER_NODE=8 SLURM_STEP_NODELIST=localhost
    export OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_LOCAL_RANK=0
    export OMPI_COMM_WORLD_LOCAL_SIZE=1
    kit_run 2 cx "${what[@]}" --backend hostref
    refused 'slurm says rank 3 of 8' 'openmpi says rank 0 of 1'
}

@test "a rank beyond its world is refused" {
    OMPI_COMM_WORLD_RANK=4 OMPI_COMM_WORLD_SIZE=2 kit_run 2 cx "${what[@]}" --backend hostref
    refused 'OMPI_COMM_WORLD_RANK=4' OMPI_COMM_WORLD_SIZE
}

@test "half of an environment is refused" {
    RANK=0 kit_run 2 cx "${what[@]}" --backend hostref
    refused RANK WORLD_SIZE
}

@test "-n beside a launcher with another number is refused" {
    OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=2 \
        kit_run 2 cx "${what[@]}" --backend hostref -n 4
    refused ranks
    [ "$(wc -l <err)" -eq 1 ]
}

@test "a rank that fails under mpirun ends the job with a record" {
    rc=0
    timeout 60 mpirun -n 2 "$program" "${what[@]}" --backend faulty --faulty-fault crash --timeout 3s \
        --grace 500ms >out 2>err 3>&- || rc=$?
    [ "$rc" -ne 0 ]
    kit_is results 'r["status"]' peer
    kit_is_clean results
}
