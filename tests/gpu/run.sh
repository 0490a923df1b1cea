#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What can only be shown on NVIDIA GPUs, in one command and TAP. Builds nothing; every command has a
# time limit. Not a benchmark: bench/handloop.py is called for its claims alone.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
steps=(devices sanitize conform ep hostcost)

usage() {
    cat <<END
usage: tests/gpu/run.sh BUILD [STEP...]      (BUILD: cmake -S . -B BUILD -G Ninja -DCX_BENCH=ON)

  devices   tests/gpu/*_check and cards.sh: what a device promises, and what probe says of it
  sanitize  the same, and a verified run, under compute-sanitizer: memcheck and racecheck on our kernels
  conform   the promises of backend nccl
  ep        the token shuffle of backend nccl, judged by the oracle
  hostcost  bench/handloop.py: periods and host time against a plain loop

RANKS (2) is the number of processes, each with a GPU; SANITIZER (compute-sanitizer) the tool's name.
END
}

if [ $# -eq 0 ] || [ ! -x "$1/collectivex" ]; then
    usage >&2
    exit 2
fi
build=$(realpath "$1")
shift
ranks=${RANKS:-2}
sanitizer=${SANITIZER:-compute-sanitizer}
# NVLink multicast is not ours to use.
export CX_REGISTRY=$PWD/registry CX_PLUGIN_PATH=${CX_PLUGIN_PATH:-$build/plugins} NCCL_NVLS_ENABLE=0
log=$(mktemp)
folder=$(mktemp -d)
trap 'rm -rf "$log" "$folder"' EXIT
number=0
failed=0

# say RC NAME: one line of TAP; what was printed shows on failure. 77 is a reason not to run.
say() {
    number=$((number + 1))
    case $1 in
    0) echo "ok $number $2" ;;
    77) echo "ok $number $2 # skip $(tail -n 1 "$log")" ;;
    *)
        failed=$((failed + 1))
        echo "not ok $number $2 (exit $1)"
        sed 's/^/# /' "$log"
        ;;
    esac
}

# try NAME COMMAND...
try() {
    local name=$1
    shift
    timeout --kill-after=10 540 "$@" >"$log" 2>&1
    say $? "$name"
}

# show NAME COMMAND...: what a command prints is wanted in any case.
show() {
    local name=$1 rc
    shift
    timeout --kill-after=10 540 "$@" 2>&1 | sed 's/^/# /'
    rc=${PIPESTATUS[0]}
    : >"$log"
    say "$rc" "$name"
}

step_devices() {
    local check
    for check in "$build"/tests/gpu/*_check; do
        try "$(basename "$check") cuda" "$check" cuda
    done
    try "cards.sh" bash tests/gpu/cards.sh "$build"
}

# clean TOOL NAME COMMAND...: the tool has looked at the command, and has nothing to say. What the
# command itself says counts in the other steps: under the tool nothing takes the time it should.
clean() {
    local tool=$1 name=$2 rc=0 errors
    shift 2
    timeout --kill-after=10 540 "$sanitizer" --tool "$tool" --target-processes all \
        --report-api-errors no --kernel-name kernel_substring=cx_ --error-exitcode 99 "$@" >"$log" 2>&1
    errors=$(grep -cE 'ERROR SUMMARY: [1-9]|RACECHECK SUMMARY: [1-9]|sanitizer: error' "$log")
    if [ "$errors" -gt 0 ] || ! grep -qE 'SUMMARY: 0 ' "$log"; then
        rc=1
    fi
    say "$rc" "$tool: $name"
}

step_sanitize() {
    local tool check
    if ! command -v "$sanitizer" >/dev/null; then
        echo "there is no $sanitizer (package cuda-sanitizer, or set SANITIZER)" >"$log"
        say 77 sanitize
        return
    fi
    for tool in memcheck racecheck; do
        for check in "$build"/tests/gpu/*_check; do
            clean "$tool" "$(basename "$check") cuda" "$check" cuda 64 # MiB: these tools take their time
        done
        clean "$tool" "a verified run" "$build/collectivex" run -n "$ranks" --device cuda \
            --backend nccl --op all_reduce,all_to_all --sizes 8B:1MiB:x64 --samples-max 20 \
            --budget 10ms --timeout 120s --progress none -o "$folder/$tool"
        clean "$tool" "a verified token shuffle" "$build/collectivex" run -n "$ranks" --family ep \
            --device cuda --backend nccl --sampling fast --hidden 100 --tokens 1,64,1100 \
            --uneven linear --rotate-bytes 1MiB --timeout 300s --progress none -o "$folder/ep-$tool"
    done
}

step_conform() {
    show "conform nccl --device cuda -n $ranks" \
        "$build/collectivex" conform nccl --device cuda -n "$ranks"
}

# shuffle NAME ARGUMENT...: a run of family ep whose every output has to be right.
shuffle() {
    local name=$1
    shift
    show "token shuffle, $name" "$build/collectivex" run -n "$ranks" --family ep --device cuda \
        --backend nccl --sampling fast --timeout 300s --progress none -o "$folder/ep-$number" "$@"
}

step_ep() {
    shuffle "decode" --tokens 1,8,64,512
    shuffle "decode in a chain" --tokens 1,8,64,512 --regime steady
    shuffle "prefill" --tokens 1024,4096
    shuffle "messages as routed" --tokens 64,4096 --nccl-ep-messages routed
    shuffle "known to the library" --tokens 64 --nccl-registration user-buffer
    shuffle "unaligned and uneven" --tokens 5,1100 --hidden 100 --uneven empty-rank --domain-ranks 1
}

step_hostcost() {
    show "bench/handloop.py" python3 bench/handloop.py "$build" --ranks "$ranks"
}

[ $# -gt 0 ] || set -- "${steps[@]}"
for step in "$@"; do
    if [[ " ${steps[*]} " != *" $step "* ]]; then
        usage >&2
        exit 2
    fi
done
for step in "$@"; do
    echo "# $step"
    "step_$step"
done
echo "1..$number"
[ "$failed" -eq 0 ]
