#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every format can be read by other programs, has the same numbers, and is free of terminal codes.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    exact=(run -n 2 --device sim --backend null --null-script 12.5us,13us --op all_reduce,broadcast
        --sizes 8B,1KiB --samples-max 60 --progress none)
}
teardown() { kit_teardown; }

@test "json, ndjson, csv and md are read and agree" {
    for format in json ndjson csv md; do
        kit_run 0 cx "${exact[@]}" --format $format -o results-$format
        mv out out.$format
    done
    python3 - <<'END'
import csv, json, math

def agree(got, want):
    assert len(got) == len(want) == 4, (got, want)
    for one, other in zip(got, want):
        assert one[:2] == other[:2] and all(map(math.isclose, one[2:], other[2:])), (one, other)

def rows_of(records):
    return sorted((r["case"]["op"]["value"], row["requested_bytes"], row["time_us_p50"], row["busbw_bytes_per_s"])
                  for r in records for row in r["rows"])

records = json.load(open("out.json"))["records"]
want = rows_of(records)

events = [json.loads(line) for line in open("out.ndjson")]
points = sorted((e["case_id"].split(".")[0], e["row"]["requested_bytes"], e["row"]["time_us_p50"],
                 e["row"]["busbw_bytes_per_s"]) for e in events if e["event"] == "point")
agree(points, want)
assert [e["event"] for e in events].count("case_end") == 2 and events[-1]["event"] == "run_end"

lines = list(csv.DictReader(open("out.csv")))
got = sorted((line["op"], int(line["requested_bytes"]), float(line["time_us_p50"]), float(line["busbw_bytes_per_s"]))
             for line in lines)
agree(got, want)

cells = [line.strip("| \n").split("|") for line in open("out.md") if line.startswith("|")]
assert len({len(row) for row in cells}) <= 2, cells
text = open("out.md").read()
assert "all_reduce" in text and "broadcast" in text and "12.5" in text, text
END
}

@test "nothing that is piped has an escape code or a carriage return" {
    for format in table json ndjson csv md; do
        kit_run 0 cx "${exact[@]}" --format $format --progress auto -o results-$format
        # RFC 4180 ends a line of CSV with both.
        if grep -q $'\033' out err || { [ $format != csv ] && grep -q $'\r' out err; }; then
            echo "$format"
            cat -v out err
            return 1
        fi
    done
}

@test "--color always colours, NO_COLOR does not" {
    kit_run 0 cx "${exact[@]}" --color always -o one
    grep -q $'\033' out
    NO_COLOR=1 kit_run 0 cx "${exact[@]}" -o two
    if grep -q $'\033' out; then
        return 1
    fi
}

@test "--ascii and the C locale keep to ASCII" {
    LC_ALL=C kit_run 0 cx "${exact[@]}" -o one
    LC_ALL=C.UTF-8 kit_run 0 cx "${exact[@]}" --ascii -o two
    if LC_ALL=C grep -q '[^ -~]' out; then
        return 1
    fi
}

@test "no line of a table is wider than --width" {
    for width in 60 80 100 132; do
        kit_run 0 cx "${exact[@]}" --width $width -o results-$width
        # What is to be copied is not wrapped.
        grep -vE '^(repeat|next|data): ' out >table
        [ "$(LC_ALL=C.UTF-8 wc -L <table)" -le $width ]
    done
}

@test "show prints what run printed" {
    kit_run 0 cx "${exact[@]}" -q -o results
    sed -n '/ size /,/^$/p' out >from_run
    kit_run 0 cx show results
    sed -n '/ size /,/^$/p' out >from_show
    [ -s from_run ]
    diff from_run from_show
}

@test "--summary writes Markdown for a CI job beside the table" {
    kit_run 0 cx "${exact[@]}" --summary summary.md -o results
    kit_has summary.md '|' all_reduce
    kit_has out all_reduce
}

@test "stdout that takes nothing is an error, not a silent success" {
    rc=0
    cx "${exact[@]}" -o results >/dev/full 2>err || rc=$?
    [ "$rc" -ne 0 ]
    kit_has err stdout
    kit_run 0 cx check results
}
