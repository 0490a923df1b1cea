#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ranks that hang, die or fail: the record says which, the rest is measured, nothing is left.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    two=(--op all_reduce --sizes 8B,1KiB "${quick[@]}" --timeout 2s --grace 500ms -o results)
}
teardown() { kit_teardown; }

# fails FAULT STATUS: a run of the faulty backend and then of hostref. The first case ends in STATUS, of
# operation 3; the second is measured by new ranks.
fails() {
    kit_run 1 cx run -n 3 --backend faulty,hostref --faulty-fault "$1" "${two[@]}"
    kit_is results 'by(".faulty.")[0]["status"]' "$2"
    kit_is results 'by(".faulty.")[0]["failure"]["phase"]' isolated
    kit_is results 'by(".faulty.")[0]["failure"]["operation_index"]' 3
    kit_is results 'by(".faulty.")[0]["failure"]["requested_bytes"]' 8
    kit_is results 'len(by(".hostref.")[0]["rows"]), by(".hostref.")[0]["failure"]' '(2, None)'
    kit_ask results 'by(".faulty.")[0]["detail"]' >detail
    kit_has out "$2"
    kit_is_clean results
    kit_run 1 cx check results
    kit_has out "$2"
    if grep -q '^error' out; then
        cat out
        return 1
    fi
}

@test "a rank that hangs in the library is a timeout" {
    fails hang timeout
    kit_has detail 'rank 2'
}

@test "a rank that hears nobody is killed and named" {
    fails deaf_rank timeout
    kit_is results 'by(".faulty.")[0]["failure"]["rank"]' 2
    kit_has detail 'rank 2 did not come back from phase "isolated"'
}

@test "a rank killed in the middle of an operation is a lost peer" {
    fails crash peer
    kit_is results 'by(".faulty.")[0]["failure"]["rank"]' 1
    kit_has detail 'rank 1 killed by signal 9' 'phase "isolated"'
}

@test "an error of the library keeps its words" {
    fails error backend
    kit_is results 'by(".faulty.")[0]["failure"]["rank"]' 2
    kit_has detail 'injected failure of call 3'
}

@test "a rank killed from outside is a lost peer, and the other cases are measured" {
    kit_start cx run -n 3 --backend hostref --op all_reduce,broadcast --sizes 8B \
        --budget 1500ms --target 0% --samples-max 10000000 --progress none -o results
    kit_wait 10 test -e results/plan.json
    kit_wait 10 kit_has_ranks 3
    sleep 0.5
    victim=$(kit_ranks | tail -n 1)
    kill -KILL "$victim"
    kit_end 1
    kit_is results 'len(records)' 2
    kit_is results 'sorted(x["status"] == "peer" for x in records)' 'False True'
    kit_is results '[x for x in records if x["status"] == "peer"][0]["detail"].split(" in ")[0][7:]' \
        'killed by signal 9 (Killed)'
    kit_is_clean results
}

@test "ranks do not outlive a supervisor that is killed" {
    kit_start "$program" run -n 3 --backend hostref --op all_reduce --sizes 8B --budget 20s --target 0% \
        --samples-max 10000000 --progress none -o results
    kit_wait 10 kit_has_ranks 3
    kill -KILL "$started"
    kit_end 137
    kit_is_clean results
}

@test "ranks that spin in a library do not outlive a killed supervisor either" {
    kit_start "$program" run -n 3 --backend faulty --faulty-fault deaf_rank --op all_reduce --sizes 8B \
        "${quick[@]}" --timeout 60s -o results
    kit_wait 10 kit_has_ranks 3
    sleep 0.3
    kill -KILL "$started"
    kit_end 137
    kit_is_clean results
}
