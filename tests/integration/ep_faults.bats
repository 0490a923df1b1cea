#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Faults planted between real processes: each is found, in every mode and precision, by the check
# that is there for it. Faults of arithmetic are in tests/unit/family/ep/test_faults.c.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() { kit_setup; }
teardown() { kit_teardown; }

# The table: fault, the pass that sees it first, and the check that names it.
faults=(
    "flipped-payload pre payload"
    "swapped-rows pre metadata|payload|source-set"
    "duplicated-row pre source-set|metadata"
    "last-row-not-written pre source-set"
    "skipped-send-in-a-chain timed combine-values|payload|source-set"
    "modified-input pre payload|source-set"
    "spoiled-message pre combine-values"
    "flipped-output pre combine-values"
    "stale-output pre combine-values"
    "skipped-combine-in-a-chain timed combine-values"
    "wrong-when-free-running timed combine-values"
    "overrun pre guard"
    "lost-row pre source-set"
    "count-off-by-one pre counts|source-set"
    "local-expert-numbers pre metadata"
)

# suite FAULT...: a suite of those faults in both modes and three precisions.
suite() {
    local fault mode precision
    echo "suite: spoiled"
    echo "summary: planted faults"
    echo "defaults: {family: ep, backend: spoiled, regime: steady, sampling: fast, tokens: '4,16', hidden: 256}"
    echo "cases:"
    for fault in "$@"; do
        for mode in normal low-latency; do
            for precision in bf16 e4m3fn-block128 nvfp4; do
                case $fault-$mode in
                spoiled-message-low-latency | local-expert-numbers-low-latency) continue ;;
                esac
                echo "  - {mode: $mode, precision: $precision, backend_options: spoiled-fault=$fault}"
            done
        done
    done
}

@test "every planted fault is caught by the right check, in every mode and precision" {
    suite "${faults[@]%% *}" >suite.yaml
    printf '%s\n' "${faults[@]}" >table
    kit_run 1 timeout --kill-after=5 200 "$program" run ./suite.yaml -n 2 --progress none -o out.d
    python3 - <<'END'
import glob, json
table = {line.split()[0]: line.split()[1:] for line in open("table")}
caught, missed, seen = 0, [], set()
for path in sorted(glob.glob("out.d/records/*.json")):
    record = json.load(open(path))
    fault = record["case"]["backend_options"]["value"].split("=")[1]
    passing, checks = table[fault]
    detail = record["detail"] or ""
    seen.add(fault)
    if record["status"] == "incorrect" and detail.startswith(f"pass {passing} ") and any(
            f": {check}: " in detail for check in checks.split("|")):
        caught += 1
    else:
        missed.append((record["identity"]["case_id"], fault, record["status"], detail))
print(f"planted faults: caught {caught} of {caught + len(missed)}")
assert not missed, missed
assert seen == set(table), set(table) - seen
END
}

@test "without a fault the same cases are right" {
    suite none >suite.yaml
    kit_run 0 timeout --kill-after=5 100 "$program" run ./suite.yaml -n 2 --progress none -o out.d
    kit_run 0 cx check out.d
}
