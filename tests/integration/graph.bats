#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Regime graph: exact on the virtual clock, right on the stub GPUs, refused where it cannot be.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    gpu=$CX_BUILD/test-gpu libraries=$CX_BUILD/test-libraries
}
teardown() { kit_teardown; }

# on_stub COMMAND...: with the GPUs and libraries of the tests, which are host memory.
on_stub() {
    CX_PLUGIN_PATH=$gpu:$CX_PLUGIN_PATH CX_CUDA_PATH=$gpu/libcuda.so.1 CX_HIP_PATH=$gpu/libamdhip64.so \
        CX_NVML_PATH=$gpu/libnvidia-ml.so.1 CX_ROCM_SMI_PATH=$gpu/librocm_smi64.so \
        CX_NCCL_PATH=${nccl:-$libraries/nccl-22809} CX_RCCL_PATH=$libraries/rccl "$@"
}

@test "a graph of three is a third of what it takes, and its first replay is no sample" {
    kit_run 0 cx run -n 2 --device sim --backend null --null-script 12.5us,13us,40.25us --regime graph \
        --graph-ops 3 --sizes 8B --samples-max 60 --target 0% --warmup-min 0 --progress none -o results
    kit_is results 'r["contract"]["name"]' collective.graph
    kit_is results 'r["rows"][0]["time_us_p50"]' 21.9166666667
    kit_is results 'r["rows"][0]["timed_count"]' $((2 * 3 * 60))
    kit_is results 'r["rows"][0]["arrival_skew_us_p50"]' 0.0
    kit_has out 'graph · null'
    kit_checks results
}

@test "check computes the rows of a graph again" {
    kit_run 0 cx run -n 2 --device sim --backend null --null-script 5us --regime graph --sizes 8B "${quick[@]}" -o results
    kit_run 0 cx check results
    sed -i 's/"time_us_p90": 5.0/"time_us_p90": 4.0/' results/records/*.json
    kit_run 1 cx check results
    kit_has out 'time_us_p90 is 4, computed again it is 5'
}

@test "every operation of nccl, captured and replayed, leaves the right outputs" {
    kit_measures on_stub cx run -n 2 --device cuda --backend nccl --regime graph --sizes 96B,3KiB "${quick[@]}" \
        --op all_reduce,all_gather,reduce_scatter,all_to_all,all_to_all_v,broadcast,reduce,gather,scatter,send_recv,barrier \
        -o results
    kit_is results 'len(records)' 11
    kit_is results 'set(x["rows"][0]["wrong_count"] for x in records)' 0
    kit_is results 'min(x["rows"][0]["verified_count"] for x in records if x["case"]["op"]["value"] != "barrier") > 0' \
        True
    kit_is results 'by("all_reduce")[0]["definition"]["alignment"]' \
        'barrier of the control plane before each replay, then of the devices, behind a spin'
    kit_checks results
}

@test "in place every replay finds fresh inputs" {
    kit_measures on_stub cx run -n 2 --device cuda --backend nccl --regime graph --sizes 96B --buffers hot \
        --op all_reduce,reduce_scatter,reduce --placement in_place --graph-ops 5 --budget 20ms --samples-max 60 --target 0% \
        --progress none -o results
    kit_is results 'set(x["rows"][0]["slot_count"] for x in records)' 5
    kit_is results 'set(x["rows"][0]["wrong_count"] for x in records)' 0
    kit_is results 'set(x["rows"][0]["verified_count"] == x["rows"][0]["timed_count"] for x in records)' True
    kit_checks results
}

@test "rccl on hip is captured, too" {
    kit_measures on_stub cx run -n 2 --device hip --backend rccl --regime graph --op all_reduce --sizes 96B "${quick[@]}" \
        -o results
    kit_is results 'r["rows"][0]["verified_count"] > 0 and r["rows"][0]["wrong_count"] == 0' True
}

@test "work that is done at the capture is found by the check of the outputs" {
    kit_run 1 cx run -n 2 --device sim --backend faulty --regime graph --op all_gather --sizes 96B "${quick[@]}" -o results
    kit_is results 'r["status"]' incorrect
    kit_has out 'never written'
}

@test "what cannot be captured says so" {
    kit_run 1 cx run -n 2 --regime graph --device host --backend hostref --sizes 8B "${quick[@]}" -o host
    kit_has out 'device host has no graphs'
    nccl=$libraries/nccl-2804 on_stub kit_run 1 cx run -n 2 --regime graph --device cuda --backend nccl --sizes 8B \
        "${quick[@]}" -o old
    kit_has out 'backend nccl 2.8.4 cannot be captured in a graph; use regime steady'
    kit_run 2 cx run --family ep --regime graph -o ep
    kit_has err 'family ep has no graph'
    kit_run 2 cx run --regime steady --graph-ops 5 -o steady
    kit_has err 'graph-ops means nothing'
}

@test "suite collectives has a graph where there are graphs" {
    on_stub kit_run 0 cx plan collectives -n 2 --device cuda --backend nccl
    [ "$(grep -c graph out)" -eq 1 ]
    kit_run 0 cx plan collectives -n 2 --device host --backend hostref
    [ "$(grep -c graph out)" -eq 0 ]
}
