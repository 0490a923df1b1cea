#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The gate sees every way a folder of records can have been tampered with or come to harm.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    # The virtual clock: exact numbers, and every case ends ok on any machine.
    cx run -n 2 --device sim --backend null --null-script 12.5us,13us --op all_reduce,broadcast,reduce \
        --sizes 8B,1KiB --samples-max 60 --budget 20ms --progress none -o results >out 2>err
    first=$(find results/records -name 'all_reduce*')
    second=$(find results/records -name 'broadcast*')
}
teardown() { kit_teardown; }

# edit FILE STATEMENT: changes the document `d` of a JSON file.
edit() {
    python3 - "$1" "$2" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(d, open(sys.argv[1], "w"), indent=1)
END
}

# finds WORD...: check ends with 1, and with a finding that has each word.
finds() {
    kit_run 1 cx check results
    kit_has out "$@"
}

@test "an untouched folder is complete" {
    kit_run 0 cx check results
    kit_has out '3 cases planned, 3 records checked, 0 findings'
}

@test "a deleted record" {
    rm "$first"
    finds missing-case 'all_reduce'
}

@test "a record and its samples deleted, and the case taken out of the plan" {
    rm "$first" results/samples/all_reduce*
    edit results/plan.json 'd["cases"] = d["cases"][1:]'
    kit_run 0 cx check results
    # The plan itself is then another one: there is no trace, but no claim either.
    kit_has out '2 cases planned'
}

@test "a case that was never run" {
    edit results/plan.json 'd["cases"][0]["options"]["op"] = "gather"'
    finds plan-edited
}

@test "an edited latency" {
    edit "$first" 'd["rows"][0]["time_us_p50"] = 1.0'
    finds number time_us_p50
}

@test "an edited bandwidth" {
    edit "$first" 'd["rows"][1]["busbw_bytes_per_s"] *= 2'
    finds number busbw
}

@test "an edited environment" {
    edit "$first" 'd["environment"]["rank_count"] = "4"'
    finds all_reduce
}

@test "a status made ok" {
    edit "$first" 'd["rows"][0]["status"] = "incorrect"'
    finds status
}

@test "a better publication class" {
    edit "$first" 'd["publication"] = {"class": "official", "reasons": []}'
    finds publication
}

@test "two records that changed places" {
    mv "$first" held
    mv "$second" "$first"
    mv held "$second"
    finds swapped-record 'it is the record of broadcast'
}

@test "edited samples" {
    sidecar=$(find results/samples -name 'all_reduce*')
    python3 -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-9] ^= 1
open(sys.argv[1], "wb").write(data)' "$sidecar"
    finds samples digest
}

@test "samples that are gone" {
    rm results/samples/broadcast*
    finds samples
}

@test "a truncated record" {
    head -c 300 "$first" >short
    cp short "$first"
    finds record-unreadable 'premature end' all_reduce
}

@test "a record with a member too many, and one with a member too few" {
    edit "$first" 'd["note"] = 1'
    finds record-invalid 'members that the schema does not know'
    edit "$first" 'del d["note"], d["harness"]'
    finds record-invalid harness
}

@test "a key twice in a record" {
    sed -i 's/^ "status": "ok",$/&\n "status": "ok",/' "$first"
    finds record-unreadable duplicate
}

@test "a file that does not belong there" {
    touch results/records/notes.txt
    finds foreign-file notes.txt
}

@test "a secret in a record" {
    edit "$first" 'd["command"].append("--token=ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a")'
    finds secret
}

@test "no plan, no folder" {
    rm results/plan.json
    finds plan
    kit_run 2 cx check nowhere
    [ "$(wc -l <err)" -eq 1 ]
}
