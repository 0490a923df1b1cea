#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Expert parallelism over device memory, on the stub drivers and libraries: the oracle sees through
# mirrors what it sees on the host, and finds what is planted in the kernels of a token shuffle
# (tests/support/stub_cuda/shuffle.c). Real kernels need a GPU.

. "$BATS_TEST_DIRNAME/kit.sh"

setup() {
    kit_setup
    export CX_PLUGIN_PATH=$CX_BUILD/test-gpu:$CX_PLUGIN_PATH STUB_GPU_COUNT=4
    export CX_CUDA_PATH=$CX_BUILD/test-gpu/libcuda.so.1 CX_NVML_PATH=$CX_BUILD/test-gpu/libnvidia-ml.so.1
    export CX_HIP_PATH=$CX_BUILD/test-gpu/libamdhip64.so CX_ROCM_SMI_PATH=$CX_BUILD/test-gpu/librocm_smi64.so
    export CX_NCCL_PATH=$CX_BUILD/test-libraries/nccl-22809 CX_RCCL_PATH=$CX_BUILD/test-libraries/rccl
    pairs=(--family ep --sampling fast --hidden 256 --tokens 4,16 --progress none)
}
teardown() { kit_teardown; }

# run_ep RC VENDOR ARGUMENT...: on the vendor's device and backend, into out.d.
run_ep() {
    local rc=$1 device=cuda backend=nccl
    [ "$2" = nvidia ] || device=hip backend=rccl
    shift 2
    rm -rf out.d
    kit_run "$rc" cx run "${pairs[@]}" --device $device --backend $backend "$@" -o out.d
}

@test "both vendors deliver every row and every sum, in both regimes, whoever has the tokens" {
    local vendor
    for vendor in nvidia amd; do
        run_ep 0 $vendor -n 2 --regime steady
        run_ep 0 $vendor -n 4 --uneven linear --domain-ranks 2 --rank-placement striped
        run_ep 0 $vendor -n 3 --experts 48 --hidden 100 --uneven empty-rank --routing zipf
        kit_is out.d '[p["is_right"] for p in r["points"]]' "True True"
        kit_run 0 cx check out.d
    done
}

@test "bytes on the wire are those of the messages: all rows there could be, or those there are" {
    local vendor name
    local rows='[p["dispatch_wire_bytes"] // 512 for p in r["points"]]'
    run_ep 0 nvidia -n 4
    kit_is out.d "$rows" "$((4 * 4 * 3)) $((4 * 16 * 3))"
    for vendor in nvidia amd; do
        name=nccl
        [ $vendor = nvidia ] || name=rccl
        run_ep 0 $vendor -n 4 --$name-ep-messages routed
        kit_is out.d "$rows" "$(kit_ask out.d '[p["copies"] - p["local_copies"] for p in r["points"]]')"
    done
}

@test "what a kernel does wrong is found by the check that is there for it" {
    local fault check
    while read -r fault check; do
        export STUB_SHUFFLE_FAULT=$fault
        run_ep 1 nvidia -n 2
        kit_is out.d '{row["status"] for row in r["rows"]}' incorrect
        kit_is out.d "[p['failed_checks'] for p in r['points'] if '$check' not in p['failed_checks'].split(',')]" ""
    done <<'END'
lost-row source-set
stale-receive payload
wrong-gate weights
wrong-expert-count counts
lost-summand combine-values
swapped-rows combine-values
END
}

@test "what the library cannot do says so, and what it can is listed" {
    run_ep 1 nvidia -n 2 --mode low-latency
    kit_is out.d 'r["status"] + ": " + r["detail"]' "unsupported: backend nccl has no mode low-latency, only normal"
    run_ep 1 nvidia -n 2 --precision mxfp8
    kit_is out.d 'r["detail"]' "backend nccl does not dispatch mxfp8 in mode normal; it can bf16"
    kit_run 0 cx list backends
    kit_has out "yes  collectives and expert parallelism by NVIDIA's NCCL"
}
