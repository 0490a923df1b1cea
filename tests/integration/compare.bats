#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `compare`: what got slower is found and named, what did not is left in peace.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() { kit_setup; }
teardown() { kit_teardown; }

# measure DIR ARGUMENT...: on the virtual clock, so that two runs have the same numbers.
measure() {
    local dir=$1
    shift
    cx run -n 2 --device sim --backend null --null-script 12.5us,13us,12.7us --sizes 8B,1KiB "${quick[@]}" \
        -o "$dir" "$@" >/dev/null
}

# edit DIR STATEMENT: the Python statement is done to every record r (of launch l) of DIR.
edit() {
    python3 - "$1" "$2" <<'END'
import glob, json, sys
for path in sorted(glob.glob(sys.argv[1] + "/records/*.json")):
    r = json.load(open(path))
    l = r["identity"]["launch"]
    exec(sys.argv[2])
    json.dump(r, open(path, "w"))
END
}

slow_down='
for row in r["rows"]:
    if row["requested_bytes"] == 1024: row["time_us_p50"] *= 1.2 + 0.01 * l
'

@test "the same work measured twice is the same" {
    measure a --op all_reduce,broadcast --launches 4
    measure b --op all_reduce,broadcast --launches 4
    kit_run 0 cx compare a b --fail-on 1%
    kit_has out "Of 4 rows 0 are slower, 0 faster, 4 the same within 3.0%, 0 not certain." "same"
}

@test "a slower row is found in medians of launches, in both directions, and ends with 4 when asked" {
    measure a --op all_reduce --launches 4
    cp -r a b
    edit b "$slow_down"
    kit_run 4 cx compare a b --fail-on 10%
    kit_has out "Of 2 rows 1 are slower, 0 faster, 1 the same" "at 1 KiB takes 1.21 times as"
    # The name of a case stands above its table, so that this fits a narrow terminal.
    kit_run 0 cx compare a b --width 80
    [ "$(grep -c '^all_reduce\.[^ ]*$' out)" -eq 1 ]
    [ "$(grep -c '.\{81\}' out)" -eq 0 ]
    kit_run 0 cx compare a b --fail-on 50%
    kit_run 0 cx compare a b
    kit_run 0 cx compare b a --fail-on 1%
    kit_has out "0 are slower, 1 faster"
    kit_run 0 cx compare a b --threshold 50%
    kit_has out "0 are slower, 0 faster, 2 the same within 50"
}

@test "one launch is no proof" {
    measure a --op all_reduce
    cp -r a b
    edit b "$slow_down"
    kit_run 0 cx compare a b --fail-on 1%
    kit_has out "0 are slower, 0 faster, 0 the same" "2 not certain" "--launches 5" "1.20"
}

@test "what changed around the work is named" {
    measure a --op all_reduce
    cp -r a b
    edit b 'r["environment"]["kernel"] = "7.0"'
    kit_run 0 cx compare a b
    kit_has out "What else changed:" "kernel: " " -> 7.0"
}

@test "what cannot be compared is listed with the reason" {
    measure a --op all_reduce,broadcast
    measure b --op all_reduce,reduce
    edit b '
for row in r["rows"]:
    if row["requested_bytes"] == 8: row["status"] = "unstable"'
    kit_run 0 cx compare a b
    kit_has out "Of 1 rows" "Not compared:" "at 8 B: b: unstable" "only in a" "only in b"
}

@test "programs and job summaries get it, too" {
    measure a --op all_reduce --launches 4
    cp -r a b
    edit b "$slow_down"
    kit_run 0 cx compare a b --format json
    python3 - <<'END'
import json
document = json.load(open("out"))
assert document["schema"] == "collectivex-compare/1"
assert [row["verdict"] for row in document["rows"]] == ["same", "slower"], document["rows"]
assert document["rows"][1]["before_count"] == 4 and 1.2 < document["rows"][1]["ratio"] < 1.24
END
    kit_run 0 cx compare a b --format md
    kit_has out "| case |" "| slower |"
}

@test "nothing in common, no folder, one folder: refused in one line" {
    measure a --op all_reduce
    measure b --op broadcast
    kit_run 2 cx compare a b
    kit_has err "a and b have no case in common"
    kit_run 2 cx compare a missing
    kit_has err "missing/records: not a folder of records"
    kit_run 2 cx compare a
    kit_run 2 cx compare a a --threshold 3x
}
