#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests of CollectiveX, in named stages. Each stage is a function below; tools/stages.sh has them.
set -euo pipefail
cd "$(dirname "$0")"
. tools/packages.sh
. tools/stages.sh

# what_of STAGE: the words behind its name in tools/stages.sh.
what_of() {
    sed -n "s/^# $1: //p" tools/stages.sh
}

mapfile -t stages < <(sed -n 's/^# \([a-z]*\): .*/\1/p' tools/stages.sh)

usage() {
    cat <<END
usage: ./test.sh [--no-install] [STAGE...]

Installs the Debian packages that are missing (and says which), then runs the named stages, or all:
  ${stages[*]}

  --no-install  print the missing packages and stop: exit 0 if there are none, 2 otherwise
  --list        print each stage with what it does
  -h, --help    print this
FUZZ_SECONDS (default 60) is the time of each fuzzer.
END
}

list_stages() {
    local stage
    for stage in "${stages[@]}"; do
        printf '%-12s %s\n' "$stage" "$(what_of "$stage")"
    done
}

mode=install
wanted=()
while [ $# -gt 0 ]; do
    case $1 in
    --no-install) mode=check ;;
    --list)
        list_stages
        exit 0
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        if [[ " ${stages[*]} " != *" $1 "* ]]; then
            echo "error: '$1' is neither an option nor a stage (--list shows the stages)" >&2
            exit 2
        fi
        wanted+=("$1")
        ;;
    esac
    shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${stages[@]}")

packages_need "$mode" build mpi test

# tally RC LOG: adds what one stage proved to `passed` and `failed`: the tests that ctest and TAP
# report there, or else the stage itself.
tally() {
    local counts stage_passed stage_failed
    counts=$(awk '
        match($0, /tests? failed out of [0-9]+/) {
            total = substr($0, RSTART + 0, RLENGTH); sub(/.* /, "", total)
            lost = $0; sub(/ tests? failed out of.*/, "", lost); sub(/.* /, "", lost)
            passed += total - lost; failed += lost
        }
        /^ok [0-9]+/ && !/# skip/ { passed++ }
        /^not ok [0-9]+/ { failed++ }
        END { print passed + 0, failed + 0 }' "$2")
    read -r stage_passed stage_failed <<<"$counts"
    if [ "$1" -eq 0 ]; then
        [ "$stage_passed" -gt 0 ] || stage_passed=1
    else
        [ "$stage_failed" -gt 0 ] || stage_failed=1
    fi
    passed=$((passed + stage_passed))
    failed=$((failed + stage_failed))
}

passed=0
failed=0
broken=()
log=$(mktemp "${TMPDIR:-/tmp}/collectivex-stage.XXXXXX")
trap 'rm -f "$log"' EXIT
for stage in "${wanted[@]}"; do
    echo "==> $stage: $(what_of "$stage")"
    started=$SECONDS
    rc=0
    # A new shell, so that `set -e` holds inside the stage although its end is looked at here.
    bash -c 'set -euo pipefail; . tools/stages.sh; "stage_$1"' stage "$stage" </dev/null 2>&1 |
        tee "$log" || rc=1
    tally "$rc" "$log"
    if [ "$rc" -eq 0 ]; then
        echo "<== $stage: passed in $((SECONDS - started)) s"
    else
        echo "<== $stage: FAILED after $((SECONDS - started)) s; again with: ./test.sh $stage"
        broken+=("$stage")
    fi
done

if [ ${#broken[@]} -gt 0 ]; then
    echo "failed stages: ${broken[*]}"
fi
echo "$passed passed, $failed failed"
[ ${#broken[@]} -eq 0 ]
