#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A backend whose results are wrong is never published: each planted fault is found, and named.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() { kit_setup; }
teardown() { kit_teardown; }

# finds FAULT OP WORD...: three ranks, two sizes; status incorrect, exit 1, the words in the detail of the
# record, in stdout and in what check says.
finds() {
    local fault=$1 op=$2 word
    shift 2
    kit_run 1 cx run -n 3 --backend faulty --faulty-fault "$fault" --op "$op" --sizes 96B,3KiB \
        "${quick[@]}" --width 400 -o results
    kit_is results '[x["status"] for x in records]' incorrect
    kit_is results '[x["publication"]["class"] for x in records]' invalid
    kit_ask results 'r["detail"]' >detail
    kit_has out incorrect
    for word in "$@"; do
        kit_has detail "$word"
        kit_has out "$word"
    done
    kit_run 1 cx check results
    kit_has out incorrect
    if grep -q '^error' out; then
        cat out
        return 1
    fi
    kit_is_clean results
}

@test "without a fault the same backend is right" {
    kit_run 0 cx run -n 3 --backend faulty --op all_reduce --sizes 96B,3KiB --samples-max 20000 --budget 500ms \
        --progress none -o results
    kit_is results 'r["status"]' ok
    kit_is results 'min(row["verified_count"] for row in r["rows"]) > 0' True
    kit_run 0 cx check results
}

@test "a skipped send leaves an output unwritten" {
    finds skipped_send all_reduce 'never written' 'skipped send' 'rank 2'
}

@test "a wrong root is named with the root there should be" {
    finds wrong_root broadcast 'wrong root' 'root is 0' 'rank 2'
}

@test "a reduction that went to the wrong root never reached the right one" {
    finds wrong_root reduce 'never written' 'on rank 0'
}

@test "elements off by one are shifted" {
    finds off_by_one all_gather 'shifted by 1 element' 'rank 2'
}

@test "the result of an earlier call is stale" {
    finds stale_buffer all_reduce stale 'slot 0' 'rank 2'
}

@test "one flipped bit in one call of seven is found, with element and byte" {
    finds corrupted_byte all_reduce 'bit 0' 'element 23' '1 of 24 elements' 'rank 2'
}

@test "a sum in a narrower type is named with both types" {
    finds wrong_type all_reduce 'reduced in bf16 instead of fp32' 'rank 2'
}

@test "a lost block is unwritten, a lost contribution is missing" {
    finds lost_block all_gather 'never written' 'rank 2'
    rm -r results
    finds lost_block reduce_scatter 'contribution of rank 0 missing' 'rank 2'
}

@test "blocks that changed places are named" {
    finds swapped_blocks all_to_all 'blocks of ranks 0 and 2 swapped'
}

@test "a write past the end of the output is seen by its guard" {
    finds overrun all_gather 'guard after the receive buffer' 'rank 2'
}

@test "a changed input is found" {
    finds modified_input reduce_scatter 'input modified' 'send buffer' 'rank 2'
}

@test "the next case is measured after an incorrect one" {
    kit_run 1 cx run -n 2 --backend faulty,hostref --faulty-fault off_by_one --op all_reduce --sizes 1KiB \
        "${quick[@]}" -o results
    kit_is results '[x["status"] for x in by(".faulty.")]' incorrect
    kit_is results 'by(".hostref.")[0]["status"] in ("ok", "unstable")' True
}

@test "--verify false sees nothing and publishes nothing" {
    kit_run 0 cx run -n 2 --backend faulty --faulty-fault off_by_one --op all_reduce --sizes 1KiB --verify false \
        --budget 500ms --progress none -o results
    kit_is results 'r["status"], r["publication"]["class"], r["rows"][0]["verified_count"]' \
        "('ok', 'diagnostic', 0)"
}
