#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Family allreduce: one operation in the ways in which it is done, what it does to the bits, and where `auto`
# goes.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    quick+=(--timeout 20s)
}
teardown() { kit_teardown; }

# A driver with GPUs and a library for them, on host memory.
use_stubs() {
    export CX_PLUGIN_PATH=$CX_BUILD/test-gpu:$CX_PLUGIN_PATH
    export CX_CUDA_PATH=$CX_BUILD/test-gpu/libcuda.so.1 CX_NVML_PATH=$CX_BUILD/test-gpu/libnvidia-ml.so.1
    export CX_NCCL_PATH=$CX_BUILD/test-libraries/nccl-22809
    export STUB_GPU_COUNT=$1
}

# bits MEMBER: what the rows of all records say of it, each once.
bits() {
    kit_ask results "sorted(set(str(row['$1']) for x in records for row in x['rows']))"
}

@test "hostref: every algorithm sums in fp32, equally on all ranks and every time" {
    kit_measures cx run -n 3 --family allreduce --backend hostref --algorithm default,one-shot,two-shot \
        --sizes 1KiB,8KiB "${quick[@]}" -o results
    kit_is results 'len(records)' 3
    [ "$(bits accumulation) $(bits is_rank_equal) $(bits is_repeatable)" = "fp32 1 1" ]
    kit_is results 'set(x["contract"]["name"] for x in records)' allreduce.isolated
    kit_is results 'set(x["case"]["dtype"]["value"] for x in records)' bf16
    kit_is results 'min(x["time"]["backend_open_us"] for x in records) > 0' True
    kit_is results 'sum(row["wrong_count"] for x in records for row in x["rows"])' 0
    kit_checks results
}

@test "two ranks round once; verbose output says how long opening took" {
    kit_measures cx run -n 2 --family allreduce --backend hostref --sizes 1KiB --verbose "${quick[@]}" -o results
    [ "$(bits accumulation)" = exact ]
    kit_has out 'backend open'
}

@test "ways of summing that are planted are told by the records" {
    for fault in rounded_steps/dtype/1/1 order_by_rank/dtype/0/1 order_by_call/dtype/1/0; do
        IFS=/ read -r name accumulation equal repeatable <<<"$fault"
        rm -rf results
        kit_measures cx run -n 3 --family allreduce --backend faulty --faulty-fault "$name" --sizes 4KiB \
            "${quick[@]}" -o results
        [ "$(bits accumulation) $(bits is_rank_equal) $(bits is_repeatable)" = \
            "$accumulation $equal $repeatable" ]
    done
}

@test "nccl: each case gets the algorithm it asks for, in one process" {
    use_stubs 3
    kit_measures cx run -n 3 --family allreduce --algorithm default,ring,tree,symmetric --sizes 1KiB \
        "${quick[@]}" -o results
    kit_is results 'set(x["case"]["backend"]["value"] for x in records)' nccl
    kit_is results 'by(".ring.")[0]["rows"][0]["accumulation"]' dtype
    for algorithm in default tree symmetric; do
        kit_is results "by('.$algorithm.')[0]['rows'][0]['accumulation']" fp32
    done
    kit_checks results
}

@test "an algorithm that is not there is refused with those that are" {
    kit_run 1 cx run -n 2 --family allreduce --backend hostref --algorithm ring --sizes 1KiB "${quick[@]}" -o results
    kit_is results 'r["status"]' unsupported
    kit_has out 'backend hostref has no algorithm ring; it has default, one-shot, two-shot'
}

@test "what is not of the family is a bad request" {
    kit_run 2 cx run -n 2 --family allreduce --op gather "${quick[@]}" -o results
    kit_has err 'family allreduce has all_reduce alone; gather is of family collective'
    kit_run 2 cx run -n 2 --family allreduce --regime loop_mean "${quick[@]}" -o results
    kit_has err 'family allreduce has no loop_mean'
    kit_run 2 cx run -n 2 --op all_reduce --algorithm ring "${quick[@]}" -o results
    kit_has err 'algorithm means nothing for any case of this request'
}

@test "auto goes to the GPUs where each rank has one, and to the host elsewhere" {
    kit_run 0 cx plan --family allreduce
    kit_has out '.hostref.host.'
    use_stubs 2
    kit_run 0 cx plan --family allreduce
    kit_has out '.nccl.cuda.'
    kit_run 0 cx plan -n 3 --family allreduce
    kit_has out '.hostref.host.'
    kit_run 0 cx plan --device host --family allreduce
    kit_has out '.hostref.host.'
    kit_measures cx run --family allreduce --sizes 1KiB "${quick[@]}" -o results
    kit_is results 'r["environment"]["rank_count"]' 2
}
