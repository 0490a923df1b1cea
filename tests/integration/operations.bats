#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ranks started on this host: any number of them, every operation in both placements, right outputs.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    in_place=all_reduce,all_gather,reduce_scatter,all_to_all,broadcast,reduce,gather,scatter
}
teardown() { kit_teardown; }

# right COUNT RANKS: that many cases were measured by that many ranks; every output that was timed last was
# checked, and none was wrong.
right() {
    kit_is results 'len(records)' "$1"
    kit_is results 'set(x["environment"]["rank_count"] for x in records)' "$2"
    kit_is results 'set(len(x["rows"]) for x in records if x["case"]["op"]["value"] != "barrier")' 2
    kit_is results 'min(row["verified_count"] for x in records for row in x["rows"]) > 0' True
    kit_is results 'sum(row["wrong_count"] for x in records for row in x["rows"])' 0
    kit_checks results
    kit_is_clean results
}

@test "one, two, three and five ranks" {
    for ranks in 1 2 3 5; do
        rm -rf results
        kit_measures cx run -n $ranks --backend hostref --op all_reduce,all_to_all --sizes 256B,1KiB \
            "${quick[@]}" -o results
        right 2 $ranks
    done
}

@test "hostref: every operation out of place" {
    kit_measures cx run -n 3 --backend hostref --op "$in_place,all_to_all_v,send_recv,barrier" --sizes 96B,3KiB \
        "${quick[@]}" -o results
    right 11 3
}

@test "hostref: every operation that can be in place" {
    kit_measures cx run -n 3 --backend hostref --op "$in_place" --placement in_place --sizes 96B,3KiB \
        "${quick[@]}" -o results
    right 8 3
}

@test "mpi: every operation out of place, through an mpirun of its own" {
    kit_measures cx run -n 3 --backend mpi --op "$in_place,all_to_all_v,send_recv,barrier" --sizes 96B,3KiB \
        "${quick[@]}" -o results
    right 11 3
}

@test "mpi: every operation that can be in place" {
    kit_measures cx run -n 3 --backend mpi --op "$in_place" --placement in_place --sizes 96B,3KiB \
        "${quick[@]}" -o results
    right 8 3
}

@test "steady and loop_mean" {
    kit_measures cx run -n 2 --backend hostref --op all_reduce --regime steady,loop_mean --sizes 256B,1KiB \
        "${quick[@]}" -o results
    right 2 2
}

@test "every reduction in every type that has it" {
    kit_measures cx run -n 3 --backend hostref --op all_reduce --redop sum,prod,min,max \
        --dtype int8,uint8,int16,uint16,int32,uint32,int64,uint64,fp16,bf16,fp32,fp64 --sizes 96B,3KiB \
        "${quick[@]}" --samples-max 16 -o results
    right 48 3
}

@test "several launches are shuffled, and their spread is shown" {
    kit_measures cx run -n 2 --backend hostref --op all_reduce,broadcast,reduce,gather --sizes 256B \
        "${quick[@]}" --launches 3 -o results
    kit_is results 'len(records)' 12
    kit_is results 'sorted(set(x["identity"]["launch"] for x in records))' '0 1 2'
    # The order of the cases of one launch, by the time they started.
    kit_ask results '[x["identity"]["case_id"].split(".")[0] + str(x["identity"]["launch"])
        for x in sorted(records, key=lambda x: x["time"]["started_utc"])]' >order
    kit_has out launches
    kit_checks results
}
