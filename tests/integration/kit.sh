# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every test of the whole program needs: source this, kit_setup, kit_teardown.
# Decides nothing about what is right; the tests do.
# shellcheck disable=SC2034 # quick, program and started are for who sources this

# A folder of its own for every test, which is the current one and where temporary files go; and a
# mark in the environment by which its processes are found again.
kit_setup() {
    kit_source=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    : "${CX_BUILD:=$kit_source/build-gcc}"
    export CX_REGISTRY=$kit_source/registry
    export CX_PLUGIN_PATH=$CX_BUILD/test-plugins:$CX_BUILD/plugins
    export TMPDIR=$BATS_TEST_TMPDIR/tmp CX_TEST_MARK=$BATS_TEST_TMPDIR
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_rmaps_base_oversubscribe=1
    # Not in /dev/shm, in which the conformance suite counts what a backend leaves, maybe at this moment.
    export OMPI_MCA_btl_vader_backing_directory=$BATS_TEST_TMPDIR
    unset NO_COLOR FORCE_COLOR
    mkdir -p "$TMPDIR" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
    # As short as it can be on a busy machine; a test overrides what it is about.
    quick=(--budget 20ms --samples-max 60 --target 0% --rotate-bytes 64KiB --progress none)
    program=$CX_BUILD/collectivex
}

# Whatever a failed test left behind must not disturb the next.
kit_teardown() {
    local pid
    for pid in $(kit_processes); do
        kill -KILL "$pid" 2>/dev/null || true
    done
}

# cx ARGUMENT...: the program; no call takes longer than a minute.
cx() {
    timeout --kill-after=5 60 "$program" "$@"
}

# kit_run RC COMMAND...: runs it with stdout and stderr in files `out` and `err`; fails with both unless it
# ends with RC.
kit_run() {
    local want=$1 rc=0
    shift
    "$@" >out 2>err 3>&- || rc=$?
    [ "$rc" -eq "$want" ] && return
    echo "exit $rc instead of $want: $*"
    echo "-- stdout"
    cat out
    echo "-- stderr"
    cat err
    return 1
}

# kit_ask DIR EXPRESSION: prints what the Python expression says about `records`, the list of all
# record documents of DIR in the order of their names; r is the first.
kit_ask() {
    python3 - "$1" "$2" <<'END'
import glob, json, sys
records = [json.load(open(path)) for path in sorted(glob.glob(sys.argv[1] + "/records/*.json"))]
by = lambda word: [x for x in records if word in x["identity"]["case_id"]]
r = records[0] if records else None
answer = eval(sys.argv[2])
print(answer if not isinstance(answer, (list, set)) else " ".join(map(str, answer)))
END
}

# kit_is DIR EXPRESSION TEXT: fails, with both, unless kit_ask prints TEXT.
kit_is() {
    local got
    got=$(kit_ask "$1" "$2")
    [ "$got" = "$3" ] && return
    echo "$2: '$got' instead of '$3'"
    return 1
}

# kit_has FILE TEXT...: fails, with the file, unless it contains each of them.
kit_has() {
    local file=$1 text
    shift
    for text in "$@"; do
        if ! grep -qF -e "$text" "$file"; then
            echo "$file has no '$text':"
            cat "$file"
            return 1
        fi
    done
}

# kit_processes: the processes of this test that run the program, as pids.
kit_processes() {
    local file
    # What has no environment any more has ended.
    grep -lzxF -e "CX_TEST_MARK=$CX_TEST_MARK" /proc/[0-9]*/environ 2>/dev/null |
        while read -r file; do
            if [ "$(readlink "${file%/environ}/exe")" = "$(realpath "$program")" ]; then
                basename "${file%/environ}"
            fi
        done
}

# kit_ranks: those of them that are ranks.
kit_ranks() {
    local pid
    for pid in $(kit_processes); do
        if grep -qzxF __rank "/proc/$pid/cmdline" 2>/dev/null; then
            echo "$pid"
        fi
    done
}

# kit_has_ranks COUNT
kit_has_ranks() {
    [ "$(kit_ranks | wc -l)" -eq "$1" ]
}

kit_has_no_process() {
    [ -z "$(kit_processes)" ]
}

# kit_wait SECONDS COMMAND...: until the command succeeds.
kit_wait() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# kit_is_clean DIR: nothing of the program is left but finished files in DIR.
kit_is_clean() {
    local left
    if ! kit_wait 5 kit_has_no_process; then
        echo "processes are left: $(kit_processes)"
        return 1
    fi
    left=$(find "$1" "$TMPDIR" -mindepth 1 \( -name '*.tmp*' -o -type s -o -type p \))
    left+=$(find "$TMPDIR" -mindepth 1)
    left+=$(find /dev/shm -newer "$BATS_TEST_TMPDIR/work" \( -name '*collectivex*' -o -name 'cx*' \))
    [ -z "$left" ] && return
    echo "left behind: $left"
    return 1
}

# kit_start COMMAND...: in the background; its pid is in $started, its output in `out` and `err`.
kit_start() {
    "$@" >out 2>err 3>&- &
    started=$!
}

# kit_end RC: waits for what kit_start started; it must end with RC within 20 s.
kit_end() {
    local rc=0
    (
        sleep 20 3>&-
        kill -KILL "$started"
    ) 2>/dev/null 3>&- &
    wait "$started" || rc=$?
    kill "$!" 2>/dev/null || true
    [ "$rc" -eq "$1" ] && return
    echo "exit $rc instead of $1"
    cat out err
    return 1
}

# kit_has_records DIR COUNT: that many records are written, or more.
kit_has_records() {
    [ "$(find "$1/records" -name '*.json' 2>/dev/null | wc -l)" -ge "$2" ]
}

# kit_measures COMMAND...: a run that ends with every case measured. On a busy machine a series may be
# `unstable`, which is an outcome (exit 1) and no failure of the program.
kit_measures() {
    local rc=0
    "$@" >out 2>err 3>&- || rc=$?
    kit_is results 'set(x["status"] for x in records) <= {"ok", "unstable"} and len(records) > 0' True &&
        kit_is results "int(set(x['status'] for x in records) != {'ok'})" "$rc" && return
    echo "-- $*"
    cat out err
    kit_ask results '[x["detail"] for x in records]'
    return 1
}

# kit_checks DIR: check finds nothing but what the run said itself.
kit_checks() {
    cx check "$1" >checked 2>&1 3>&- || true
    if grep -v 'not-ok: unstable' checked | grep -qE '^(error|outcome|collectivex)'; then
        cat checked
        return 1
    fi
}
