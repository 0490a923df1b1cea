#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The conformance suite: backends that keep every promise, and planted faults, each found by the
# check that is there for it.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() { kit_setup; }
teardown() { kit_teardown; }

# conform ARGUMENT...: the whole suite, which takes seconds on an idle machine.
conform() {
    timeout --kill-after=5 240 "$CX_BUILD/collectivex" conform "$@"
}

# said CHECK TEXT: the outcome of that check contains the text.
said() {
    grep -E "^$1 +" out | grep -qF -e "$2" && return
    echo "check $1 did not say '$2':"
    cat out err
    return 1
}

# finds FAULT [--device DEVICE] CHECK TEXT [CHECK TEXT...]: conform fails with the fault, and those
# checks say so.
finds() {
    local fault=$1 device=()
    shift
    if [ "$1" = --device ]; then
        device=("$1" "$2")
        shift 2
    fi
    kit_run 1 conform faulty --timeout 1s --faulty-fault "$fault" "${device[@]}" || return 1
    while [ $# -gt 0 ]; do
        said "$1" "FAILED: " && said "$1" "$2" || return 1
        shift 2
    done
}

has_audit() {
    [ -e "$CX_BUILD/cx-audit.so" ]
}

@test "null keeps every promise that applies, and the harness measures itself" {
    kit_run 0 conform null --device sim
    said abi "ok"
    said declared "ok"
    said back-to-back "not applicable: the backend moves no data"
    said harness "ok"
    kit_has out "the harness, measured by itself:" "spin_slope_ratio" "[ok, 0.99 to 1.01]" " 0 failed"
}

@test "hostref keeps every promise" {
    kit_run 0 conform hostref
    said declared "ok"
    said device-failure "ok"
    said absent-peer "ok"
    said harness "not applicable"
    said experts "ok"
    kit_has out " 0 failed"
}

# on_stub COMMAND...: with the GPUs and libraries of the tests, which are host memory.
on_stub() {
    local gpu=$CX_BUILD/test-gpu libraries=$CX_BUILD/test-libraries
    CX_PLUGIN_PATH=$gpu:$CX_PLUGIN_PATH CX_CUDA_PATH=$gpu/libcuda.so.1 CX_HIP_PATH=$gpu/libamdhip64.so \
        CX_NVML_PATH=$gpu/libnvidia-ml.so.1 CX_ROCM_SMI_PATH=$gpu/librocm_smi64.so \
        CX_NCCL_PATH=$libraries/nccl-22809 CX_RCCL_PATH=$libraries/rccl STUB_NCCL_PATIENCE_MS=700 "$@"
}

@test "nccl keeps every promise between GPUs of the stub" {
    on_stub kit_run 0 conform nccl --device cuda
    said declared "ok"
    said declared "[sessions: 131, " # so that any two choices meet, of 721 cases
    said same-bytes "ok"
    said absent-peer "ok"
    kit_has out " 0 failed"
}

@test "rccl on hip, unvalidated on hardware, keeps them on the stub" {
    on_stub kit_run 0 conform rccl --device hip
    said declared "ok"
    said same-bytes "ok"
    said absent-peer "ok"
    kit_has out " 0 failed"
}

@test "device keeps the promises of limits, on the host and between GPUs of the stub" {
    kit_run 0 conform device
    said declared "[sessions: 5, " # what a host has: copies of one and of all, a flag
    said back-to-back "ok"
    said device-failure "ok"
    said wrong-input "not applicable: no operation is offered whose size the point alone says"
    said absent-peer "not applicable: neither all_reduce nor barrier is offered"
    kit_has out " 0 failed"
    kit_run 0 conform device -n 1
    said device-failure "not applicable: copy_engine is between ranks"
    on_stub kit_run 0 conform device --device cuda
    said declared "[sessions: 14, "
    kit_has out " 0 failed"
}

@test "wrong outputs in a device's memory are found by those checks that look at them" {
    on_stub finds stale_buffer --device cuda declared "" same-bytes "run 2" back-to-back "stale"
    on_stub finds skipped_send --device cuda declared "" same-bytes "run 5"
}

@test "one rank has no absent peer" {
    kit_run 0 conform null -n 1 --device sim
    kit_run 0 conform hostref -n 1
    said absent-peer "not applicable: there is one rank"
}

@test "a backend without faults passes with three ranks" {
    kit_run 0 conform faulty -n 3
    said absent-peer "ok"
}

@test "wrong outputs are found by those checks that look at them" {
    finds skipped_send declared "cases, the first: all_reduce" same-bytes "run 5" back-to-back ""
    finds off_by_one declared "" back-to-back "shifted by 1 element"
    finds stale_buffer declared "" same-bytes "run 2" back-to-back "stale"
    finds corrupted_byte declared "bit flip" same-bytes "run 7" back-to-back "bit flip"
    finds wrong_type declared "" back-to-back "reduced in bf16 instead of fp32"
}

@test "lost, misplaced and stray bytes are found" {
    finds lost_block declared "" back-to-back "contribution of rank 0 missing"
    finds swapped_blocks declared "" back-to-back ""
    finds overrun declared "guard after the receive buffer" back-to-back "guard after"
    finds modified_input declared "input modified"
    finds wrong_root declared "" back-to-back ""
}

# experts FAULT TEXT: the check of expert parallelism says so, and no other check fails.
experts() {
    kit_run 1 conform spoiled --spoiled-fault "$1" || return 1
    said experts "FAILED: mode normal, bf16 out and bf16 home: " && said experts "$2" &&
        kit_has out " 1 failed"
}

@test "expert parallelism that is right passes, and what is not is found by its check" {
    kit_run 0 conform spoiled
    said experts "ok"
    said declared "not applicable: no collective is offered"
    experts flipped-output "combine-values: token"
    experts stale-output "combine-values: token"
    experts overrun "guard after the output"
    experts duplicated-row "16 tokens: combine-values"
}

@test "a failure is reported in the words of the rank that failed" {
    finds error declared "injected failure of call 3" window "injected failure of call 3"
    said open-close "ok"
    said absent-peer "ok"
}

@test "an allocation in a window is found by the check of windows alone" {
    has_audit || skip "no audit library in a sanitizer build"
    finds alloc_in_window window "32 allocations or file operations in a window of 16 operations"
    kit_has out " 1 failed"
}

@test "a hang is named and survived" {
    finds hang declared "rank 1" window "rank 1" # said by its partner or, later, by itself
    said undeclared "ok"
    said absent-peer "ok"
}

@test "a crash is named and survived" {
    finds crash declared 'rank 1 killed by signal 9 (Killed) in phase "operation"'
    said open-close "ok"
    said absent-peer "ok"
    [ -z "$(kit_processes)" ]
}

@test "a rank that hears nothing is killed, named and survived" {
    finds deaf_rank declared 'rank 1 did not come back from phase "operation"'
    said undeclared "ok"
    said absent-peer "ok"
    [ -z "$(kit_processes)" ]
}

@test "a slow rank breaks no promise" {
    kit_run 0 conform faulty --faulty-fault slow_rank
}

@test "mpi says what Open MPI does: it allocates, and waits for ever" {
    [ -e "$CX_BUILD/plugins/cx-backend-mpi.so" ] || skip "no MPI"
    command -v mpirun >/dev/null || skip "no mpirun"
    kit_run 1 conform mpi --timeout 2s
    said open-close "ok"
    said same-bytes "ok"
    said back-to-back "ok"
    said wrong-input "ok"
    said absent-peer "FAILED: rank 0 did not come back from phase \"waiting in vain\""
    [ "$(grep -c '^abi' out)" -eq 1 ]
}

@test "a file that is no plugin fails, by the loader's words" {
    mkdir plugins
    echo nonsense >plugins/cx-backend-broken.so
    CX_PLUGIN_PATH=$PWD/plugins:$CX_PLUGIN_PATH kit_run 1 conform broken
    said abi "FAILED: "
    said abi "cannot be loaded"
    said declared "FAILED: nothing to check"
}

@test "a plugin under another name is found" {
    mkdir plugins
    cp "$CX_BUILD/plugins/cx-backend-null.so" plugins/cx-backend-nix.so
    CX_PLUGIN_PATH=$PWD/plugins:$CX_PLUGIN_PATH kit_run 1 conform nix --device sim
    said name 'the file is cx-backend-nix.so, the table says "null"'
    said options 'is not called "nix-..."'
}

@test "bad requests run nothing" {
    kit_run 2 conform
    kit_has err "too few words"
    kit_run 2 conform hostreff
    kit_has err 'no backend called "hostreff"; did you mean "hostref"?'
    kit_run 2 conform null --nul-script 1us
    kit_has err "has an option --nul-script"
    kit_run 2 conform null --timeout 5
    kit_run 2 conform null --ranks 0x
    [ ! -s out ]
}

@test "an interrupt ends it at once, with nothing left" {
    "$CX_BUILD/collectivex" conform faulty --faulty-fault hang --timeout 50s >out 2>err 3>&- &
    pid=$!
    for _ in $(seq 100); do
        grep -q '^probe' out && break
        sleep 0.1
    done
    kill -INT "$pid" 2>/dev/null || kill -TERM "$pid"
    rc=0
    wait "$pid" || rc=$?
    [ "$rc" -eq 130 ]
    [ -z "$(kit_processes)" ]
}
