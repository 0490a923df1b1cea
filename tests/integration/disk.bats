#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where results go: a full disk, a folder that takes no files, a folder that has other results.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() { kit_setup; }
teardown() { kit_teardown; }

# mounted OPTIONS COMMAND...: with a tmpfs of these options on ./disk, in a mount namespace of its own.
mounted() {
    mkdir -p disk
    unshare -m sh -c 'mount -t tmpfs -o "$1" tmpfs disk && shift && exec "$@"' sh "$@"
}

needs_mounts() {
    [ "$(id -u)" -eq 0 ] || skip "needs root to mount a file system"
    mounted size=100k true 2>/dev/null || skip "no file system can be mounted here"
}

@test "a full disk keeps what was finished, says so, and leaves no half file" {
    needs_mounts
    # There is room for the plan and two cases or three.
    mounted size=80k sh -c '"$@" >out 2>err; echo $? >rc; cp -r disk/results results' sh timeout 60 "$program" \
        run -n 2 --backend hostref --op all_reduce,broadcast,reduce,gather,scatter,all_gather --sizes 256B:2KiB:x2 \
        "${quick[@]}" -o disk/results
    cat err
    [ "$(cat rc)" -eq 1 ]
    kit_has err 'No space left on device'
    [ "$(wc -l <err)" -eq 1 ]
    kit_is results '1 <= len(records) < 6' True
    kit_is results 'set(x["status"] for x in records) <= {"ok", "unstable"}' True
    kit_is_clean results
    # Whole files only: check can read all there are.
    kit_run 1 cx check results
    kit_has out missing-case
    if grep -qE 'unreadable|invalid|damaged' out; then
        cat out
        return 1
    fi
}

@test "a disk without room for the plan: nothing is run" {
    needs_mounts
    mounted size=8k sh -c 'dd if=/dev/zero of=disk/full bs=1k 2>/dev/null; "$@" >out 2>err; echo $? >rc; ls -R disk >left' \
        sh timeout 60 "$program" run -n 2 --backend null --op all_reduce --sizes 8B --progress none -o disk/results
    [ "$(cat rc)" -ne 0 ]
    [ "$(wc -l <err)" -eq 1 ]
    kit_has err 'No space left on device'
    if grep -q '\.tmp\|\.json' left; then
        cat left
        return 1
    fi
    [ ! -s out ]
}

@test "a read-only folder is refused before anything runs" {
    needs_mounts
    kit_run 2 mounted ro timeout 60 "$program" run -n 2 --backend null --op all_reduce --sizes 8B -o disk/a/b
    kit_has err 'Read-only file system'
    [ "$(wc -l <err)" -eq 1 ]
}

@test "a file where the folder should be is refused" {
    touch results
    for place in results results/deeper; do
        kit_run 2 cx run -n 2 --backend null --op all_reduce --sizes 8B -o $place
        [ "$(wc -l <err)" -eq 1 ]
    done
}

@test "a folder that holds results is not written to" {
    kit_run 0 cx run -n 2 --backend null --op all_reduce --sizes 8B --progress none -o results
    before=$(find results -type f -exec cksum {} + | sort)
    kit_run 2 cx run -n 2 --backend null --op all_reduce --sizes 8B -o results
    kit_has err results --resume
    [ "$(wc -l <err)" -eq 1 ]
    [ "$before" = "$(find results -type f -exec cksum {} + | sort)" ]
}

@test "without -o the folder is cx-results/<suite>-<time>" {
    kit_run 0 cx run -n 2 --backend null --op all_reduce --sizes 8B --progress none
    [ "$(find cx-results -name plan.json | wc -l)" -eq 1 ]
    kit_run 0 cx check cx-results/*
}
