#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run --audit: what happens inside timed windows that must not.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    [ -e "$CX_BUILD/cx-audit.so" ] || skip "no audit library in a sanitizer build"
}
teardown() { kit_teardown; }

# audit RC DIR BACKEND ARGUMENT...: one size of all_reduce, audited.
audit() {
    local rc=$1 folder=$2 backend=$3
    shift 3
    kit_run "$rc" cx run -n 2 --audit --backend "$backend" --op all_reduce --sizes 4KiB "${quick[@]}" \
        -o "$folder" "$@"
}

@test "an allocation in a window makes the record invalid, with the count" {
    audit 1 out.d faulty --faulty-fault alloc_in_window
    kit_is out.d 'r["status"]' invalid
    kit_is out.d 'r["detail"].split(" ", 1)[1]' "allocations or file operations inside timed windows"
    # one malloc and one free of one of two ranks in every timed operation
    kit_is out.d 'int(r["detail"].split()[0]) % 2' 0
    kit_is out.d 'int(r["detail"].split()[0]) > 0' True
}

@test "without --audit the same fault goes unseen" {
    kit_run 0 cx run -n 2 --backend faulty --op all_reduce --sizes 4KiB "${quick[@]}" -o out.d \
        --faulty-fault alloc_in_window
    kit_is out.d 'r["status"]' ok
}

@test "hostref and null do nothing in a window but their work" {
    for backend in hostref null; do
        for op in all_reduce all_to_all broadcast barrier; do
            shape=("${quick[@]}" --sizes "8B,64KiB")
            [ "$op" != barrier ] || shape=(--budget 20ms --samples-max 60 --target 0% --progress none)
            # Exit 1 is for samples that did not settle on a busy machine.
            cx run -n 2 --audit --backend "$backend" --op "$op" "${shape[@]}" \
                -o "$backend-$op.d" >out 2>err || [ $? -eq 1 ] || cat out err
            kit_is "$backend-$op.d" 'r["status"] in ("ok", "unstable")' True
        done
    done
}

@test "Open MPI allocates in its operations, and the record says so" {
    [ -e "$CX_BUILD/plugins/cx-backend-mpi.so" ] || skip "no MPI"
    command -v mpirun >/dev/null || skip "no mpirun"
    cx run -n 2 --audit --backend mpi --op all_reduce --sizes 4KiB "${quick[@]}" -o out.d >out 2>err || true
    kit_is out.d 'r["status"] in ("invalid", "ok", "unstable")' True
    kit_is out.d 'r["status"] != "invalid" or "inside timed windows" in r["detail"]' True
}

@test "the program works the same under the audit library" {
    kit_run 0 env LD_PRELOAD="$CX_BUILD/cx-audit.so" "$program" list backends
    mv out audited
    kit_run 0 cx list backends
    cmp out audited
}

@test "--audit without the library is refused" {
    mkdir alone
    cp "$program" alone/collectivex
    CX_PLUGIN_PATH=$CX_BUILD/plugins kit_run 2 alone/collectivex run -n 2 --audit --backend null --op barrier \
        --device sim -o out.d
    kit_has err "cx-audit.so is not installed beside the program"
}
